"""Wait for jobs: one schedule for all of them, backing off, never aborting."""

from __future__ import annotations

import math
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


@dataclass(slots=True)
class Waiting:
    """How to wait: with which clock, how often to ask, and for how long in all, however often one waits."""

    clock: Clock
    polling: Polling
    seconds: float | None = None
    rng: random.Random = field(default_factory=random.Random)
    _until: float | None = field(default=None, init=False)

    def pauses(self) -> Iterator[float]:
        """Yield the pauses between questions, in seconds, without end."""
        pause = self.polling.interval_seconds
        while True:
            yield pause * self.rng.uniform(1 - _JITTER, 1 + _JITTER)
            pause = min(pause * _GROWTH, self.polling.cap_seconds)

    def left(self) -> float:
        """Return how many seconds of the wait are left; it begins when this is asked first."""
        now = self.clock.monotonic()
        if self._until is None:
            self._until = now + (math.inf if self.seconds is None else self.seconds)
        return self._until - now


def watch(ask: Callable[[str], JobInfo | None], job_ids: Sequence[str], waiting: Waiting) -> Iterator[JobInfo]:
    """Ask for jobs until each has ended, and yield every answer.

    Parameters
    ----------
    ask : callable
        Job id -> JobInfo; one API call. None of a job that is to be asked for no more.
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
        When ``waiting.seconds`` have passed, and each job was asked at least once; the jobs are left alone.
    """
    running, pauses = list(job_ids), waiting.pauses()
    while running:
        waiting.clock.sleep(max(min(next(pauses), waiting.left()), 0))
        for job_id in tuple(running):
            job = ask(job_id)
            if job is None or job.state.is_terminal:
                running.remove(job_id)
            if job is not None:
                yield job
        if running and waiting.left() <= 0:
            raise still_running(running, waiting.seconds or 0)


def still_running(job_ids: Sequence[str], seconds: float) -> StillRunning:
    """Build the error that says which jobs go on and how to come back to them."""
    named = ", ".join(job_ids)
    return StillRunning(
        f"{len(job_ids)} job(s) still running after {seconds:g} s: {named}",
        hint="they go on in Salesforce: call .resume() of this error to wait again, or org.abort(job_id) to stop one",
        job_ids=tuple(job_ids),
    )


def still_due(rows: int, seconds: float) -> StillRunning:
    """Build the error that says that rows were not sent again yet, and how to come back to them."""
    return StillRunning(
        f"after {seconds:g} s, {rows:,} row(s) that failed in passing still wait to be sent again; no job is running",
        hint="call .resume() of this error to go on; .result tells what became of every row so far",
    )
