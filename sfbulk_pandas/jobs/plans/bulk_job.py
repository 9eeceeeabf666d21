"""One query job of Bulk API 2.0, from its creation to its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.poll import Waiting, watch
from sfbulk_pandas.progress.events import QueryPolled, QueryStarted
from sfbulk_pandas.salesforce.job import JobState
from sfbulk_pandas.wire.jobs import read_job
from sfbulk_pandas.wire.query import build_abort_query, build_create_query, build_query_info

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.salesforce.job import JobInfo

log = logging.getLogger("sfbulk_pandas")


class Abandonable(Protocol):
    """What can be aborted unless it has ended."""

    def abandon(self) -> None:
        """Abort it."""
        ...


class BulkJob:
    """A query job that is made when it is needed, or was made by an earlier run.

    Parameters
    ----------
    question : Question
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self.info: JobInfo | None = None

    def ended(self) -> JobInfo:
        """Make the job where there is none yet, wait for it, and return it.

        Raises
        ------
        JobFailed, JobAborted, StillRunning, ApiError, TransportError
        """
        asked = self._question
        job = self.begun()
        for polled in watch(lambda _: self.asked(), [job.id], Waiting(asked.clock, asked.polling, asked.wait_seconds)):
            job = polled
        failure = failure_of(job)
        if failure is not None:
            raise failure
        return job

    def begun(self) -> JobInfo:
        """Return the job, made now where there is none yet."""
        return self.info or self._taken_up() or self._made()

    def asked(self) -> JobInfo:
        """Ask how the job stands."""
        before = self.begun()
        self.info = self._ask(before.id)
        if self.info.state.is_terminal and not before.state.is_terminal:
            rows = self.info.number_records_processed or 0
            log.info("job %s ended, %s: %d rows", self.info.id, self.info.state, rows)
        self._question.notify(QueryPolled(self.info))
        return self.info

    def abandon(self) -> None:
        """Abort the job, unless it has ended."""
        job, session = self.info, self._question.session
        if job is not None and not job.state.is_terminal:
            session.send(build_abort_query(self.api_version, job.id))
            log.info("job %s aborted", job.id)

    @property
    def api_version(self) -> str:
        """The version that made the job: results are read with no other."""
        return (self.info and self.info.api_version) or self._question.session.api_version

    def _made(self) -> JobInfo:
        asked = self._question
        request = build_create_query(asked.session.api_version, asked.soql, asked.query_all)
        self.info = read_job(asked.session.send(request))
        log.info("job %s created: %s %s", self.info.id, self.info.operation, self.info.object)
        asked.remember({"job_id": self.info.id})
        asked.notify(QueryStarted(self.info))
        return self.info

    def _taken_up(self) -> JobInfo | None:
        job_id = self._question.memory.get("job_id")
        if job_id is None:
            return None
        self.info = self._ask(job_id)
        self._question.notify(QueryStarted(self.info))
        return self.info

    def _ask(self, job_id: str) -> JobInfo:
        return read_job(self._question.session.send(build_query_info(self.api_version, job_id)))


def abandon_all(jobs: Iterable[Abandonable]) -> None:
    """Abort all jobs that have not ended; what went wrong with one is raised after the others."""
    problem: SfBulkError | None = None
    for job in jobs:
        try:
            job.abandon()
        except SfBulkError as error:  # it may just have ended by itself
            problem = problem or error
    if problem is not None:
        raise problem


def rows_of(job: JobInfo | None) -> int | None:
    """Return how many rows a job that is complete has, as Salesforce says."""
    return job.number_records_processed if job is not None and job.state is JobState.JOB_COMPLETE else None
