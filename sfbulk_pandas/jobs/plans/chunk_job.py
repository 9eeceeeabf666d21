"""One query job of Bulk API 1.0 that Salesforce cuts into batches, from its creation to its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, SfBulkError
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.ingest import may_have_arrived
from sfbulk_pandas.progress.events import QueryPolled, QueryStarted
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.limits import MAX_PK_CHUNK_ROWS
from sfbulk_pandas.salesforce.soql import parse
from sfbulk_pandas.wire import query_v1 as wire

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.wire.http import Request
    from sfbulk_pandas.wire.query_v1 import BatchV1, JobV1

log = logging.getLogger("sfbulk_pandas")


class ChunkJob:
    """A job with one batch of ours, which Salesforce replaces by others.

    Parameters
    ----------
    question : Question

    Attributes
    ----------
    id : str
        Empty before :meth:`begin`.
    whole_id : str
        The batch that holds the whole query.
    """

    def __init__(self, question: Question) -> None:
        self.id = ""
        self.whole_id = ""
        self._question = question
        self._sobject = parse(question.soql).sobject
        self._version = question.session.api_version
        self._has_ended = False

    def begin(self) -> None:
        """Make the job and its batch, unless an earlier run has."""
        asked = self._question
        known = asked.memory.get("job_id")
        if known is None:
            self.id = self._made().id
            log.info("job %s created: query %s, Bulk API 1.0", self.id, self._sobject)
            asked.remember({"job_id": self.id, "api_version": self._version})
        else:
            self.id = str(known)
            self._version = str(asked.memory["api_version"])  # which is part of each page's path
        asked.notify(QueryStarted(self.info(JobState.IN_PROGRESS)))
        found = asked.memory.get("batch_id") or (None if known is None else self._found_whole())
        self.whole_id = str(found or self._added())
        asked.remember({"batch_id": self.whole_id})

    def batches(self) -> tuple[BatchV1, ...]:
        """List the batches there are by now."""
        return wire.read_batches_v1(self._question.session.send(wire.build_batches(self._version, self.id)))

    def result_ids(self, batch: BatchV1) -> tuple[str, ...]:
        """List the results of a batch."""
        request = wire.build_result_list(self._version, self.id, batch.id)
        return wire.read_result_list(self._question.session.send(request))

    def result(self, batch: BatchV1, result_id: str) -> Request:
        """Return the request for a result."""
        return wire.build_result(self._version, self.id, batch.id, result_id)

    def soql_of(self, batch_id: str) -> str:
        """Ask what a batch runs: of a chunk, the query with its range of Ids."""
        request = wire.build_batch_query(self._version, self.id, batch_id)
        return self._question.session.send(request).body.decode("utf-8-sig").strip()

    def is_cut(self, soql: str) -> bool:
        """Whether a batch's query has more conditions than the whole: those of its range."""
        return _conditions(soql) > _conditions(self._question.soql)

    def is_settled(self, batches: int) -> bool:
        """Close the job, after which no batch comes, and see that none has come meanwhile.

        Raises
        ------
        JobAborted
            Where somebody else has aborted it: it is not known then whether every batch was made.
        """
        job = self._closed()
        self._has_ended = job.batches in {None, batches} and len(self.batches()) == batches
        state = JobState.JOB_COMPLETE if self._has_ended else JobState.IN_PROGRESS
        if self._has_ended:
            log.info("job %s ended, %s: %d batches", self.id, job.state, batches)
        self._question.notify(QueryPolled(self.info(state)))
        return self._has_ended

    def check_not_aborted(self) -> None:
        """Raise JobAborted where somebody has aborted the job."""
        self._check(self._asked())

    def abandon(self) -> None:
        """Abort the job, unless it has ended."""
        if self.id and not self._has_ended:
            self._question.session.send(wire.build_state_v1(self._version, self.id, "Aborted"))
            log.info("job %s aborted", self.id)

    def info(self, state: JobState) -> JobInfo:
        """Return the job as events and errors show it."""
        operation = Operation.QUERY_ALL if self._question.query_all else Operation.QUERY
        return JobInfo(self.id, operation, self._sobject, state)

    def _made(self) -> JobV1:
        """Make the job; once more where the answer is lost, for a job without a batch does nothing."""
        asked = self._question
        request = wire.build_create_job_v1(self._version, self._sobject, asked.query_all, self._chunking())
        try:
            return wire.read_job_v1(asked.session.send(request))
        except SfBulkError as error:
            if not may_have_arrived(error):
                raise
        return wire.read_job_v1(asked.session.send(request))

    def _chunking(self) -> str:
        asked = self._question
        parts = {
            "chunkSize": min(asked.chunk_rows, MAX_PK_CHUNK_ROWS),
            "parent": asked.chunk_parent,
            "startRow": asked.chunk_start,
        }
        return "; ".join(f"{name}={value}" for name, value in parts.items() if value)

    def _added(self) -> str:
        """Add the batch; where the answer is lost, the list tells whether it has arrived."""
        session = self._question.session
        request = wire.build_add_query(self._version, self.id, self._question.soql)
        try:
            return wire.read_batch(session.send(request)).id
        except SfBulkError as error:
            if getattr(error, "error_code", "") == "InvalidJobState":
                self.check_not_aborted()
            found = self._found_whole() if may_have_arrived(error) else None
            if found is None:  # not added again: a request that comes late would bring every row twice
                raise
            return found

    def _found_whole(self) -> str | None:
        """Return the batch whose query has no range of Ids; the list may hold its chunks already."""
        batches = self.batches()
        if len(batches) < 2:  # noqa: PLR2004 - none, or the one that there is
            return batches[0].id if batches else None
        ids = [each.id for each in batches]
        return next((each for each in ids if not self.is_cut(self.soql_of(each))), ids[0])

    def _closed(self) -> JobV1:
        session = self._question.session
        try:
            return wire.read_job_v1(session.send(wire.build_state_v1(self._version, self.id, "Closed")))
        except ApiError as error:  # closed by an earlier run, or by this one, whose answer was lost
            job = self._asked()
            self._check(job)
            if job.state != "Closed":
                raise error from None
            return job

    def _asked(self) -> JobV1:
        return wire.read_job_v1(self._question.session.send(wire.build_job_info_v1(self._version, self.id)))

    def _check(self, job: JobV1) -> None:
        failure = failure_of(self.info(JobState.ABORTED)) if job.state == "Aborted" else None
        if failure is not None:
            raise failure


def _conditions(soql: str) -> int:
    where = parse(soql).where
    return 0 if where is None else len(where.comparisons)
