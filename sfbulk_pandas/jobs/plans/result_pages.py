"""Bulk API 2.0, all pages at once: from version 58 on, Salesforce lists their addresses."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.plans.bulk_job import rows_of
from sfbulk_pandas.jobs.plans.locator import LocatorPlan
from sfbulk_pandas.wire.query import build_result_pages, read_result_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import CsvPage, Question
    from sfbulk_pandas.transport.session import Streamed

_NO_LIST = frozenset({400, 404, 405})  # what orgs and versions without such lists answer


class ResultPagesPlan(LocatorPlan):
    """One job, a chain a page. Where the org lists no pages, they are read one after the other by their locators.

    Source: Bulk API 2.0 guide, "Get Parallel Results for a Query Job".
    """

    name = "result_pages"

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self._is_listed = False

    def chains(self) -> Iterator[Chain]:
        """Wait for the job, and yield its pages as they are listed."""
        job = self._job.ended()
        if rows_of(job) == 0:
            return
        lists = self._lists(job.id)
        first = self._first_of(lists)
        self._is_listed = bool(first)
        if not first:
            yield Chain(0, self._request(None), job.id)
        for order, path in enumerate(chain(first, chain.from_iterable(lists))):
            yield Chain(order, self.page(path), job.id, order)

    def open(self, answer: Streamed, todo: Todo) -> CsvPage:
        """Read the head of a page; one that was listed is the only one of its chain."""
        page = super().open(answer, todo)
        if self._is_listed:
            page.following = None
        return page

    @staticmethod
    def _first_of(lists: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
        try:
            return next(lists)
        except ApiError as error:
            if error.status_code not in _NO_LIST:
                raise
            return ()

    def _lists(self, job_id: str) -> Iterator[tuple[str, ...]]:
        session = self._question.session
        following: str | None = None
        asked: set[str | None] = set()
        while following not in asked:  # an answer that names itself as the next one would be read for ever
            asked.add(following)
            paths, following = read_result_pages(
                session.send(build_result_pages(self._job.api_version, job_id, following))
            )
            yield paths
            if following is None:
                return
