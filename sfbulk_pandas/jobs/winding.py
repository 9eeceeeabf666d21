"""End an attempt early because somebody asked: abort its jobs and account for their rows, or leave them running."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import JobAborted, StillRunning
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.progress.control import Wish
from sfbulk_pandas.salesforce.job import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.jobs.attempt import Attempt
    from sfbulk_pandas.jobs.sending import PartRun

_NAMED = 3  # the error has all of them
_LOOKS = 5  # at jobs that were aborted, until their counters rest
_LOOK_SECONDS = 1.0  # between two of them, at most
_ENDED = frozenset({Step.ENDED, Step.COLLECTED})


@dataclass(frozen=True, slots=True)
class Winding:
    """Wind an attempt down; nothing of it is being sent any more."""

    attempt: Attempt

    def heed(self, wish: Wish) -> None:
        """Do what was asked for; nothing where it came too late, after the last row was accounted for.

        Raises
        ------
        StillRunning
            Where the jobs are to run on.
        """
        attempt = self.attempt
        attempt.abandon_unclosed()
        begun = [run for run in attempt.runs if run.may_be_processed and run.outcome is None]
        if wish is Wish.DETACH:
            if begun or self._unsent:
                raise detached([run.record.job_id for run in begun if run.may_run and run.record.job_id], self._unsent)
            return
        self._abort(begun)
        stopped = [run for run in begun if run.job is not None and run.job.state is JobState.ABORTED]
        if stopped or self._unsent:
            attempt.stop(aborted(stopped, self._unsent))
        for run in begun:
            job = run.job
            if job is not None and job.state.is_terminal:
                attempt.collect(run, job)

    @property
    def _unsent(self) -> int:
        """How many rows no job was told to begin with."""
        begun = sum(run.rows for run in self.attempt.runs if run.may_be_processed)
        return len(self.attempt.plan.cargo) - begun if self.attempt.plan.sends else 0

    def _abort(self, begun: Sequence[PartRun]) -> None:
        attempt = self.attempt
        moving: list[PartRun] = []
        for run in begun:
            if not attempt.is_cut_off:
                attempt.guarded(partial(self._abort_one, run, moving))
        pauses = islice(attempt.waiting.pauses(), _LOOKS)
        while moving and not attempt.is_cut_off and (pause := next(pauses, None)) is not None:
            clock = attempt.sender.ingest.session.clock  # that of the attempt does not wait any more
            clock.sleep(min(pause, _LOOK_SECONDS))
            for run in tuple(moving):
                attempt.guarded(partial(self._look_again, run, moving))

    def _abort_one(self, run: PartRun, moving: list[PartRun]) -> None:
        sender = self.attempt.sender
        if run.record.step in _ENDED:
            run.job = sender.remembered(run.record)
        elif run.job is None or not run.job.state.is_terminal:
            run.job = sender.aborted(run.record.job_id or "")
            self.attempt.tell(run, run.job)
            moving.append(run)

    def _look_again(self, run: PartRun, moving: list[PartRun]) -> None:
        """Ask for a job until its counters rest: Salesforce may bring the rows to an end that it was just at."""
        before = run.job
        run.job = self.attempt.sender.ingest.info(run.record.job_id or "")
        self.attempt.tell(run, run.job)
        if before is not None and before.number_records_processed == run.job.number_records_processed:
            moving.remove(run)


def aborted(stopped: Sequence[PartRun], unsent: int) -> JobAborted:
    """Build the error of a load that was aborted because somebody asked for it."""
    jobs = named([run.record.job_id for run in stopped if run.record.job_id])
    done = f"job(s) {jobs} were aborted" if jobs else "no job was running"
    rest = f", and {unsent:,} row(s) were not sent" if unsent else ""
    return JobAborted(
        f"aborted, as asked: {done}{rest}",
        hint="rows written before that stay written; .result tells which, and .result.retry() sends the rest",
        job=stopped[0].job if stopped else None,
        was_asked_for=True,
    )


def detached(job_ids: Sequence[str], unsent: int) -> StillRunning:
    """Build the error of a load that was left because somebody asked for it."""
    jobs = f"{len(job_ids)} job(s) go on in Salesforce: {named(job_ids)}" if job_ids else "no job is running"
    rest = f"; {unsent:,} row(s) were not sent yet" if unsent else ""
    return StillRunning(
        f"detached, as asked: {jobs}{rest}",
        hint="call .resume() of this error to come back, or org.abort(job_id) to stop a job",
        job_ids=tuple(job_ids),
        was_asked_for=True,
    )


def named(job_ids: Sequence[str]) -> str:
    """Name a few jobs, and say how many others there are."""
    more = len(job_ids) - _NAMED
    return ", ".join(job_ids[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
