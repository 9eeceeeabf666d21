"""Wait for jobs: one schedule for all of them, backing off, never aborting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import StillRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sfbulk_pandas.jobs.options import Polling
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.transport.clock import Clock

_GROWTH = 1.5
_JITTER = 0.2  # so that many waiting notebooks do not ask in step


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to wait: with which clock, how often to ask, and for how long in all."""

    clock: Clock
    polling: Polling
    seconds: float | None = None
    rng: random.Random = field(default_factory=random.Random)

    def pauses(self) -> Iterator[float]:
        """Yield the pauses between questions, in seconds, without end."""
        pause = self.polling.interval_seconds
        while True:
            yield pause * self.rng.uniform(1 - _JITTER, 1 + _JITTER)
            pause = min(pause * _GROWTH, self.polling.cap_seconds)


def watch(ask: Callable[[str], JobInfo], job_ids: Sequence[str], waiting: Waiting) -> Iterator[JobInfo]:
    """Ask for jobs until each has ended, and yield every answer.

    Parameters
    ----------
    ask : callable
        Job id -> JobInfo; one API call.
    job_ids : sequence of str
        The jobs to wait for.
    waiting : Waiting
        The schedule. The jobs are asked about together, then one pause follows.

    Yields
    ------
    JobInfo
        Each answer; the last one of a job has a terminal state.

    Raises
    ------
    StillRunning
        When ``waiting.seconds`` have passed; the jobs are left alone.
    """
    started = waiting.clock.monotonic()
    running = list(job_ids)
    for pause in waiting.pauses():
        waiting.clock.sleep(_within(pause, started, waiting, running))
        for job_id in tuple(running):
            job = ask(job_id)
            if job.state.is_terminal:
                running.remove(job_id)
            yield job
        if not running:
            return


def _within(pause: float, started: float, waiting: Waiting, running: Sequence[str]) -> float:
    if waiting.seconds is None:
        return pause
    left = started + waiting.seconds - waiting.clock.monotonic()
    if left <= 0:
        raise still_running(running, waiting.seconds)
    return min(pause, left)


def still_running(job_ids: Sequence[str], seconds: float) -> StillRunning:
    """Build the error that says which jobs go on and how to come back to them."""
    named = ", ".join(job_ids)
    return StillRunning(
        f"{len(job_ids)} job(s) still running after {seconds:g} s: {named}",
        hint="they go on in Salesforce: call .resume() of this error to wait again, or org.abort(job_id) to stop one",
        job_ids=tuple(job_ids),
    )
