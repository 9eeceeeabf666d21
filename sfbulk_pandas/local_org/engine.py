"""What moves jobs: from state to state by Salesforce's table, a step at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from sfbulk_pandas.local_org.pacing import Immediate, Life
from sfbulk_pandas.salesforce.ids import to_15
from sfbulk_pandas.salesforce.job import TRANSITIONS, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from sfbulk_pandas.local_org.jobs import Job, Jobs
    from sfbulk_pandas.local_org.pacing import Pacing

    Runner = Callable[[Job], Generator[None, None, None]]
    Doom = Literal["stuck", "failing"]

# Bulk API 2.0 guide, "How Requests Are Processed": after so many tries a job is given up.
_GIVEN_UP = "InternalServerError : Retried more than 20 times"


class JobFailure(Exception):  # noqa: N818 - what a runner says, not an error of the org's
    """Fail a whole job; the message is its ``errorMessage``."""


class Engine:
    """Run jobs as fast as the pacing allows.

    Parameters
    ----------
    jobs : Jobs
    runners : mapping of str to callable
        A kind of job (``"ingest"``, ``"query"``) to what does it: called with the job, it returns a generator that
        does one step between two yields, ends when the job is done, and raises :class:`JobFailure` to fail it.
        Closed early, it leaves the rest unprocessed.
    pacing : Pacing
    clock : callable
        Seconds since the epoch.

    Notes
    -----
    Safe to call from several threads: each job has its lock, and a poll never waits for a step under way.
    """

    def __init__(
        self,
        jobs: Jobs,
        runners: Mapping[str, Runner],
        pacing: Pacing | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._runners = runners
        self._clock = clock
        self._lives: dict[str, Life] = {}
        self._running: dict[str, Generator[None, None, None]] = {}
        self._dooms: dict[str, Doom] = {}
        self.pacing = pacing or Immediate()

    def recover(self) -> None:
        """Take up the jobs of an org that was stopped: waiting ones run, those cut short have failed."""
        for job in self._jobs.all():
            if job.state is JobState.UPLOAD_COMPLETE:
                self.submit(job)
            elif job.state is JobState.IN_PROGRESS:
                self._fail(job, _GIVEN_UP)

    def stop(self) -> None:
        """Let go of the jobs under way: what they wrote stays, their files and cursors are closed.

        The next :meth:`recover` fails them, with the rest of their rows unprocessed.
        """
        for job in self._jobs.all():
            with job.lock:
                self._lives.pop(job.id, None)
                if runner := self._running.pop(job.id, None):
                    runner.close()

    def move(self, job: Job, state: JobState) -> None:
        """Bring a job into another state.

        Raises
        ------
        ValueError
            Where Salesforce's table has no such step.
        """
        if state not in TRANSITIONS[job.state]:
            raise ValueError(f"a job in state {job.state} never becomes {state}")
        job.state = state
        job.modified = self._clock()
        self._jobs.save(job)

    def submit(self, job: Job) -> None:
        """Start a job that is in UploadComplete; with immediate pacing it is done on return.

        One that was aborted in the meantime stays so.
        """
        with job.lock:
            if job.state is not JobState.UPLOAD_COMPLETE:
                return
            self._lives[job.id] = Life(submitted=self._clock())
            self._take_due(job)

    def observe(self, job: Job) -> None:
        """Count a poll, and take the steps that are due with it."""
        if not job.lock.acquire(blocking=False):
            return
        try:
            if job.id in self._lives:
                self._lives[job.id].polls += 1
                self._take_due(job)
        finally:
            job.lock.release()

    def advance(self, job_id: str | None = None) -> None:
        """Take one step of a job, or of every job that runs; one that has ended stays as it is."""
        for each in self._jobs.all():
            if job_id and to_15(each.id) != to_15(job_id):
                continue
            with each.lock:
                if each.id in self._lives:
                    self._step(each)

    def abort(self, job: Job) -> None:
        """Stop a job between two steps: what is written stays, the rest is unprocessed.

        Raises
        ------
        ValueError
            Where the job has ended.
        """
        with job.lock:
            self.move(job, JobState.ABORTED)
            runner = self._running.pop(job.id, None)
            self._lives.pop(job.id, None)
            if runner:
                runner.close()

    def forget(self, job: Job) -> None:
        """Stop moving a job that is about to be deleted."""
        with job.lock:
            self._lives.pop(job.id, None)

    def doom(self, job_id: str, doom: Doom) -> None:
        """Let a job, and the batches of one of Bulk API 1.0, go no further, or fail with their next step."""
        self._dooms[to_15(job_id)] = doom

    def release(self) -> None:
        """Take every doom back: what was stuck goes on when it is asked for."""
        self._dooms.clear()

    def _doom(self, job: Job) -> Doom | None:
        return self._dooms.get(to_15(job.id)) or self._dooms.get(to_15(job.parent))

    def _take_due(self, job: Job) -> None:
        if self._doom(job) == "stuck":
            return
        due = self.pacing.steps_due(self._lives[job.id], self._clock)
        while job.id in self._lives and (due is None or due > 0):
            self._step(job)
            due = due and due - 1

    def _step(self, job: Job) -> None:
        started = time.perf_counter()
        self._lives[job.id].steps += 1
        if job.state is JobState.UPLOAD_COMPLETE:
            self.move(job, JobState.IN_PROGRESS)
            self._running[job.id] = self._runners[job.kind](job)
        try:
            self._run(job)
        finally:
            job.active_ms += int((time.perf_counter() - started) * 1000)
            self._jobs.save(job)

    def _run(self, job: Job) -> None:
        try:
            self._go_on(job)
        except StopIteration:
            self._end(job, JobState.JOB_COMPLETE)
        except JobFailure as failure:
            self._fail(job, str(failure))
        except BaseException:
            self._fail(job, _GIVEN_UP)
            raise

    def _go_on(self, job: Job) -> None:
        runner = self._running[job.id]
        if self._doom(job) == "failing":
            runner.close()
            raise JobFailure(_GIVEN_UP)
        next(runner)

    def _fail(self, job: Job, message: str) -> None:
        job.error_message = message
        self._end(job, JobState.FAILED)

    def _end(self, job: Job, state: JobState) -> None:
        self._lives.pop(job.id, None)
        self._running.pop(job.id, None)
        job.total_ms = max(1, int((self._clock() - job.modified) * 1000)) if job.processed else 0
        self.move(job, state)
