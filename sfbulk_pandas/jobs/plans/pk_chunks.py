"""Bulk API 1.0 with PK chunking: Salesforce itself cuts the query into batches by ranges of Ids."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import JobFailed
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.plans.base import ASKED_FOR, CsvPage
from sfbulk_pandas.jobs.plans.bulk_job import abandon_all
from sfbulk_pandas.jobs.plans.chunk_job import ChunkJob
from sfbulk_pandas.jobs.plans.divisible import check_divisible
from sfbulk_pandas.jobs.plans.locator import LocatorPlan
from sfbulk_pandas.jobs.poll import Waiting, still_running
from sfbulk_pandas.salesforce.job import JobState
from sfbulk_pandas.wire.http import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.transport.session import Streamed
    from sfbulk_pandas.wire.query_v1 import BatchV1

log = logging.getLogger("sfbulk_pandas")
# How often in a row all batches must have been seen over, and no new one: the guide says that the first batch is
# NotProcessed once its chunks are there, not that the list shows them at that moment.
_POLLS_CALM = 1
_POLLS_ALONE = 3  # where the first batch stands alone: it has no chunks, or none yet


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
    reason = ASKED_FOR
    is_stable = True

    def __init__(self, question: Question) -> None:
        check_divisible(question.soql)
        self._question = question
        self._job = ChunkJob(question)
        self._rows: dict[str, int | None] = {}
        self._page_rows: dict[str, int] = {}
        self._again: list[LocatorPlan] = []
        self._again_by_job: dict[str, LocatorPlan] = {}
        self._is_cut: bool | None = None  # whether there are chunks, as far as that is known

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far."""
        own = (self._job.id,) if self._job.id else ()
        return own + tuple(job_id for plan in tuple(self._again) for job_id in plan.job_ids)

    def chains(self) -> Iterator[Chain]:
        """Run the batches, and yield the results of each as soon as it has ended."""
        self._job.begin()
        order = 0
        for batch in self._ended_batches():
            for number, (first, source) in enumerate(self._results(batch)):
                yield Chain(order, first, source, number)
                order += 1

    def open(self, answer: Streamed, todo: Todo) -> CsvPage:
        """Read the head of a result; a batch that was run again has pages with locators."""
        again = self._again_by_job.get(todo.chain.source)  # by the id of its job, where others have that of a batch
        if again is not None:
            return again.open(answer, todo)
        page = CsvPage(answer, self._question, todo, None)
        page.rows = self._page_rows.get(todo.request.path)  # results of Bulk API 1.0 do not say so themselves
        return page

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        return Request("GET", path)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows each batch has."""
        return dict(self._rows)

    def abandon(self) -> None:
        """Abort the job, and those of batches that were run again, unless they have ended."""
        abandon_all([self._job, *self._again])

    def _ended_batches(self) -> Iterator[BatchV1]:
        """Yield batches as they end, until the list grows no more."""
        asked = self._question
        waiting = Waiting(asked.clock, asked.polling, asked.wait_seconds)
        started, pauses = asked.clock.monotonic(), waiting.pauses()
        seen, calm, size = set[str](), 0, 0
        while True:
            asked.clock.sleep(next(pauses))
            batches = self._job.batches()
            self._look_at_whole(batches)
            for batch in batches:
                if batch.is_over and batch.id not in seen:
                    seen.add(batch.id)
                    pauses = waiting.pauses()
                    yield from self._usable(batch)
            calm = calm + 1 if len(seen) == len(batches) == size else 0
            size = len(batches)
            if len(seen) == size and calm >= self._calm_polls(batches) and self._job.is_settled(size):
                return
            if asked.wait_seconds is not None and asked.clock.monotonic() >= started + asked.wait_seconds:
                raise still_running([self._job.id], asked.wait_seconds)

    def _look_at_whole(self, batches: tuple[BatchV1, ...]) -> None:
        state = next((each.state for each in batches if each.id == self._job.whole_id), None)
        if state in {"NotProcessed", "Completed"}:
            self._is_cut = state == "NotProcessed"

    def _is_repeated(self, batch: BatchV1) -> bool:
        """Whether a batch that has run is the query itself once more, where something on the way has sent it twice."""
        if self._is_cut is None and batch.state == "Completed":
            self._is_cut = self._job.is_cut(self._job.soql_of(batch.id))
        return self._is_cut is False

    def _calm_polls(self, batches: tuple[BatchV1, ...]) -> int:
        states = {each.id: each.state for each in batches}
        if states.get(self._job.whole_id) == "Completed":  # the query itself was run, and nothing is cut
            return 0
        return _POLLS_ALONE if len(states) < 2 else _POLLS_CALM  # noqa: PLR2004 - itself and a chunk

    def _usable(self, batch: BatchV1) -> Iterator[BatchV1]:
        is_whole = batch.id == self._job.whole_id
        if batch.state == "Failed" and is_whole:
            raise JobFailed(
                f"job {self._job.id}: batch {batch.id} failed: {batch.message or 'Salesforce gave no reason'}",
                hint='the query itself is wrong, or the object cannot be cut: try plan="id_ranges"',
                job=self._job.info(JobState.FAILED),
            )
        if batch.state == "NotProcessed" and not is_whole:  # so end batches that wait when a job is aborted
            self._job.check_not_aborted()
        if is_whole:
            if batch.state != "NotProcessed":
                yield batch
        elif self._is_repeated(batch):
            log.warning("batch %s of job %s is the query once more: its rows are left out", batch.id, self._job.id)
        else:
            yield batch

    def _results(self, batch: BatchV1) -> Iterator[tuple[Request, str]]:
        if batch.state != "Completed":
            yield from self._run_again(batch)
            return
        requests = [self._job.result(batch, each) for each in self._job.result_ids(batch)]
        self._rows[batch.id] = batch.rows or None  # 0 was seen of batches that have rows
        if len(requests) == 1 and batch.rows:
            self._page_rows[requests[0].path] = batch.rows
        for request in requests:
            yield request, batch.id

    def _run_again(self, batch: BatchV1) -> Iterator[tuple[Request, str]]:
        """Run the range of a batch that failed as a job of its own."""
        plan = self._plan_again(batch)
        self._again.append(plan)
        for chain in plan.chains():
            self._again_by_job[chain.source] = plan
            self._rows |= plan.expected_rows()
            yield chain.first, chain.source

    def _plan_again(self, batch: BatchV1) -> LocatorPlan:
        asked = self._question
        soql = self._job.soql_of(batch.id)
        if not self._job.is_cut(soql):
            raise JobFailed(
                f"job {self._job.id}: batch {batch.id} is {batch.state}: {batch.message}, and does not say its range",
                hint='try plan="id_ranges"',
                job=self._job.info(JobState.FAILED),
            )
        key = f"again_{batch.id}"
        memory = {"job_id": asked.memory[key]} if key in asked.memory else {}

        def remember(values: Mapping[str, object]) -> None:
            asked.remember({key: values["job_id"]})

        return LocatorPlan(replace(asked, soql=soql, memory=memory, remember=remember))
