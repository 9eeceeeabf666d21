"""Bulk API 1.0 with PK chunking: Salesforce itself cuts the query into batches by ranges of Ids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, JobFailed, SfBulkError
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.ingest import may_have_arrived
from sfbulk_pandas.jobs.plans.base import CsvPage
from sfbulk_pandas.jobs.plans.divisible import check_divisible
from sfbulk_pandas.jobs.plans.locator import LocatorPlan
from sfbulk_pandas.jobs.poll import Waiting, still_running
from sfbulk_pandas.progress.events import QueryPolled, QueryStarted
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.limits import MAX_PK_CHUNK_ROWS
from sfbulk_pandas.salesforce.soql import parse
from sfbulk_pandas.wire import query_v1 as wire
from sfbulk_pandas.wire.http import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.transport.session import Streamed
    from sfbulk_pandas.wire.query_v1 import BatchV1

_POLLS_ALONE = 3  # so often the first batch may be seen NotProcessed without others, before there are none to come


class PkChunksPlan:
    """One job, a chain a result of a batch.

    The batch that holds the query itself ends ``NotProcessed``, which is success: batches of ranges have taken its
    place. A batch that fails is run again, alone, as a job of Bulk API 2.0 with the same range.

    Parameters
    ----------
    question : Question

    Raises
    ------
    UsageError
        For a query that cannot be cut: with ORDER BY, LIMIT or OFFSET.
    """

    name = "pk_chunks"

    def __init__(self, question: Question) -> None:
        check_divisible(question.soql)
        self._question = question
        self._sobject = parse(question.soql).sobject
        self._version = question.session.api_version
        self._job_id = ""
        self._is_over = False
        self._rows: dict[str, int | None] = {}
        self._again: dict[str, LocatorPlan] = {}

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far."""
        return ((self._job_id,) if self._job_id else ()) + tuple(
            job_id for plan in self._again.values() for job_id in plan.job_ids
        )

    def chains(self) -> Iterator[Chain]:
        """Run the batches, and yield the results of each as soon as it has ended."""
        order = 0
        for batch in self._ended_batches(self._begun()):
            for first, source in self._results(batch):
                yield Chain(order, first, source)
                order += 1

    def open(self, answer: Streamed, todo: Todo) -> CsvPage:
        """Read the head of a result; a batch that was run again has pages with locators."""
        again = self._again.get(todo.chain.source)  # by the id of its job, where others have that of a batch
        return CsvPage(answer, self._question, todo.key, None) if again is None else again.open(answer, todo)

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        return Request("GET", path)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows each batch has."""
        return dict(self._rows)

    def abandon(self) -> None:
        """Abort the job, and those of batches that were run again, unless they have ended."""
        for plan in self._again.values():
            plan.abandon()
        if self._job_id and not self._is_over:
            self._question.session.send(wire.build_state_v1(self._version, self._job_id, "Aborted"))

    def _begun(self) -> str:
        """Return the id of the batch that holds the whole query; made now, unless an earlier run has."""
        asked, session = self._question, self._question.session
        self._job_id = str(asked.memory.get("job_id") or "")
        if not self._job_id:
            request = wire.build_create_job_v1(self._version, self._sobject, asked.query_all, self._chunking())
            self._job_id = wire.read_job_v1(session.send(request)).id
            asked.remember({"job_id": self._job_id})
        asked.notify(QueryStarted(self._info(JobState.IN_PROGRESS)))
        return self._whole_batch()

    def _chunking(self) -> str:
        asked = self._question
        parts = {
            "chunkSize": min(asked.chunk_rows, MAX_PK_CHUNK_ROWS),
            "parent": asked.chunk_parent,
            "startRow": asked.chunk_start,
        }
        return "; ".join(f"{name}={value}" for name, value in parts.items() if value)

    def _whole_batch(self) -> str:
        """Return the first batch of the job; where the answer to its creation is lost, the list tells."""
        session = self._question.session
        batches = self._list() if "job_id" in self._question.memory else ()
        if batches:
            return batches[0].id
        try:
            return wire.read_batch(
                session.send(wire.build_add_query(self._version, self._job_id, self._question.soql))
            ).id
        except SfBulkError as error:
            if not may_have_arrived(error):
                raise
            batches = self._list()
            if not batches:
                raise
            return batches[0].id

    def _ended_batches(self, whole_id: str) -> Iterator[BatchV1]:
        """Yield batches as they end, until the list grows no more."""
        asked = self._question
        waiting = Waiting(asked.clock, asked.polling, asked.wait_seconds)
        started, seen, alone = asked.clock.monotonic(), set[str](), 0
        for pause in waiting.pauses():
            asked.clock.sleep(pause)
            batches = self._list()
            alone += [each.state for each in batches] == ["NotProcessed"]
            for batch in batches:
                if batch.is_over and batch.id not in seen:
                    seen.add(batch.id)
                    yield from self._usable(batch, is_whole=batch.id == whole_id)
            has_chunks = alone in {0, _POLLS_ALONE} or len(batches) > 1
            if has_chunks and len(seen) == len(batches) and self._is_settled(len(batches)):
                return
            if asked.wait_seconds is not None and asked.clock.monotonic() >= started + asked.wait_seconds:
                raise still_running([self._job_id], asked.wait_seconds)

    def _is_settled(self, batches: int) -> bool:
        """Close the job, after which no batch comes, and see that none has come meanwhile."""
        session = self._question.session
        try:
            session.send(wire.build_state_v1(self._version, self._job_id, "Closed"))
        except ApiError as error:
            if wire.read_job_v1(session.send(wire.build_job_info_v1(self._version, self._job_id))).state != "Closed":
                raise error from None
        self._is_over = len(self._list()) == batches
        self._question.notify(QueryPolled(self._info(JobState.JOB_COMPLETE if self._is_over else JobState.IN_PROGRESS)))
        return self._is_over

    def _usable(self, batch: BatchV1, *, is_whole: bool) -> Iterator[BatchV1]:
        if batch.state == "Failed" and is_whole:
            raise JobFailed(
                f"job {self._job_id}: batch {batch.id} failed: {batch.message or 'Salesforce gave no reason'}",
                hint='the query itself is wrong, or the object cannot be cut: try plan="id_ranges"',
                job=self._info(JobState.FAILED),
            )
        if batch.state != "NotProcessed" or not is_whole:
            yield batch

    def _results(self, batch: BatchV1) -> Iterator[tuple[Request, str]]:
        if batch.state == "Completed":
            session = self._question.session
            ids = wire.read_result_list(session.send(wire.build_result_list(self._version, self._job_id, batch.id)))
            self._rows[batch.id] = batch.rows or None  # 0 was seen of batches that have rows
            for each in ids:
                yield wire.build_result(self._version, self._job_id, batch.id, each), batch.id
            return
        plan = self._run_again(batch)
        for chain in plan.chains():
            self._again[chain.source] = plan
            self._rows |= plan.expected_rows()
            yield chain.first, chain.source

    def _run_again(self, batch: BatchV1) -> LocatorPlan:
        """Run the range of a batch that failed as a job of its own."""
        asked = self._question
        answer = asked.session.send(wire.build_batch_query(self._version, self._job_id, batch.id))
        soql = answer.body.decode()
        if not parse(soql).filters_id:
            raise JobFailed(
                f"job {self._job_id}: batch {batch.id} is {batch.state}: {batch.message}, and does not say its range",
                hint='try plan="id_ranges"',
                job=self._info(JobState.FAILED),
            )
        key = f"again_{batch.id}"
        memory = {"job_id": asked.memory[key]} if key in asked.memory else {}

        def remember(values: Mapping[str, object]) -> None:
            asked.remember({key: values["job_id"]})

        return LocatorPlan(replace(asked, soql=soql, memory=memory, remember=remember))

    def _list(self) -> tuple[BatchV1, ...]:
        return wire.read_batches_v1(self._question.session.send(wire.build_batches(self._version, self._job_id)))

    def _info(self, state: JobState) -> JobInfo:
        operation = Operation.QUERY_ALL if self._question.query_all else Operation.QUERY
        return JobInfo(self._job_id, operation, self._sobject, state)
