"""Ranges of Ids, each a query job of its own: several run at a time, and each can be read again by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.plans.base import ASKED_FOR, CsvPage
from sfbulk_pandas.jobs.plans.bulk_job import BulkJob, abandon_all, rows_of
from sfbulk_pandas.jobs.plans.divisible import check_divisible
from sfbulk_pandas.jobs.plans.segments import find_segments
from sfbulk_pandas.jobs.poll import Waiting, still_running
from sfbulk_pandas.ranges import IdRange, cut_ranges
from sfbulk_pandas.salesforce.soql import add_condition, parse
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_CSV
from sfbulk_pandas.wire.query import build_page, read_page_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.transport.session import Streamed

_JOBS_AT_A_TIME = 5  # an org runs few query jobs side by side; more of them only wait in Salesforce


class IdRangesPlan:
    """A job a range, a chain a job.

    The last range has no end, so that records made meanwhile are not lost between ranges. Source: Bulk API guide,
    "PK Chunking", for how Ids are cut.

    Parameters
    ----------
    question : Question

    Raises
    ------
    UsageError
        For a query that is not the sum of its ranges: with ORDER BY, LIMIT or OFFSET.
    """

    name = "id_ranges"
    reason = ASKED_FOR
    is_stable = True

    def __init__(self, question: Question) -> None:
        self._question = question
        self._query = parse(question.soql)
        check_divisible(question.soql)
        self._jobs: dict[int, BulkJob] = {}

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far."""
        return tuple(job.info.id for _, job in sorted(self._jobs.items()) if job.info is not None)

    def chains(self) -> Iterator[Chain]:
        """Run the jobs, several at a time, and yield the pages of each as soon as it has ended."""
        asked = self._question
        ranges = self._ranges()
        waiting = Waiting(asked.clock, asked.polling, asked.wait_seconds)
        started = asked.clock.monotonic()
        left, running = list(range(len(ranges))), list[int]()
        pauses = waiting.pauses()
        while left or running:
            while left and len(running) < _JOBS_AT_A_TIME:
                running.append(self._begin(left.pop(0), ranges))
            asked.clock.sleep(next(pauses))
            for number in tuple(running):
                job = self._jobs[number].asked()
                failure = failure_of(job)
                if failure is not None:
                    raise failure
                if job.state.is_terminal:
                    running.remove(number)
                    pauses = waiting.pauses()
                    yield Chain(number, build_page(self._version(number), job.id, None, asked.page_rows), job.id)
            if running and asked.wait_seconds is not None and asked.clock.monotonic() >= started + asked.wait_seconds:
                raise still_running([self._id(number) for number in running], asked.wait_seconds)

    def open(self, answer: Streamed, todo: Todo) -> CsvPage:
        """Read the head of a page."""
        locator = read_page_head(answer.headers).locator
        asked, chain = self._question, todo.chain
        following = None
        if locator is not None:
            following = build_page(self._version(chain.order), chain.source, locator, asked.page_rows)
        return CsvPage(answer, asked, todo, following)

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        return Request("GET", path, ACCEPT_CSV)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows each job has."""
        infos = [job.info for job in tuple(self._jobs.values())]
        return {info.id: rows_of(info) for info in infos if info is not None}

    def abandon(self) -> None:
        """Abort the jobs that have not ended."""
        abandon_all(tuple(self._jobs.values()))

    def _ranges(self) -> list[IdRange]:
        """Return the ranges of an earlier run, else cut them."""
        known = self._question.memory.get("ranges")
        if known is None:
            segments = find_segments(self._question, self._query.sources[0].path.text)
            known = [[each.start, each.stop] for each in cut_ranges(segments, self._question.chunk_rows)]
            self._question.remember({"ranges": known})
        return [IdRange(start, stop) for start, stop in known]

    def _begin(self, number: int, ranges: list[IdRange]) -> int:
        condition = ranges[number].condition
        soql = self._question.soql if condition is None else add_condition(self._query, condition).soql
        key = f"range_{number}"

        def remember(values: Mapping[str, Any]) -> None:
            self._question.remember({key: values["job_id"]})

        memory = {"job_id": self._question.memory[key]} if key in self._question.memory else {}
        job = BulkJob(replace(self._question, soql=soql, memory=memory, remember=remember))
        self._jobs[number] = job
        job.begun()
        return number

    def _version(self, number: int) -> str:
        return self._jobs[number].api_version

    def _id(self, number: int) -> str:
        info = self._jobs[number].info
        return "" if info is None else info.id
