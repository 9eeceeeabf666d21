"""Bulk API 2.0, page by page: each names the next one by its locator, which is fetched while this one is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.plans.base import ASKED_FOR, CsvPage
from sfbulk_pandas.jobs.plans.bulk_job import BulkJob, rows_of
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_CSV
from sfbulk_pandas.wire.query import build_page, read_page_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.transport.session import Streamed


class LocatorPlan:
    """One job, one chain. Source: Bulk API 2.0 guide, "Get Results for a Query Job"."""

    name = "locator"
    reason = ASKED_FOR
    is_stable = True

    def __init__(self, question: Question) -> None:
        self._question = question
        self._job = BulkJob(question)

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far."""
        return () if self._job.info is None else (self._job.info.id,)

    def chains(self) -> Iterator[Chain]:
        """Wait for the job, and yield its pages as one chain; none where it has no rows."""
        job = self._job.ended()
        if rows_of(job) != 0:
            yield Chain(0, self._request(None), job.id)

    def looked_at(self) -> JobInfo:
        """Make the job where there is none yet, and ask once how it stands."""
        return self._job.asked()

    def open(self, answer: Streamed, todo: Todo) -> CsvPage:
        """Read the head of a page."""
        locator = read_page_head(answer.headers).locator
        return CsvPage(answer, self._question, todo, None if locator is None else self._request(locator))

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        return Request("GET", path, ACCEPT_CSV)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows the job has."""
        job = self._job.info
        return {} if job is None else {job.id: rows_of(job)}

    def abandon(self) -> None:
        """Abort the job, unless it has ended."""
        self._job.abandon()

    def _request(self, locator: str | None) -> Request:
        (job_id,) = self.job_ids
        return build_page(self._job.api_version, job_id, locator, self._question.page_rows)
