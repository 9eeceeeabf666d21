"""REST, page by page: for small results, and for what Bulk API refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.records import record_texts
from sfbulk_pandas.codec.row_typer import ReadOptions, RowTyper
from sfbulk_pandas.jobs.columns import json_keys
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.plans.base import ASKED_FOR
from sfbulk_pandas.salesforce.limits import MAX_REST_PAGE_BYTES
from sfbulk_pandas.salesforce.soql import parse
from sfbulk_pandas.transport.body import whole_answer
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON
from sfbulk_pandas.wire.rest_query import build_rest_query, read_rest_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.transport.session import Streamed
    from sfbulk_pandas.wire.rest_query import RestPage

_SOURCE = "the REST query"


class RestPlan:
    """No job, one chain of JSON pages; each costs one API call and holds up to 2,000 records.

    Source: REST API guide, "Query". A page's address is good for two days.
    """

    name = "rest"
    reason = ASKED_FOR
    is_stable = False  # each first page is a query of its own
    job_ids: tuple[str, ...] = ()

    def __init__(self, question: Question) -> None:
        self._question = question
        self._query = parse(question.soql)
        self._keys = json_keys(self._query)
        self._total: int | None = None

    def chains(self) -> Iterator[Chain]:
        """Yield the one chain; nothing is sent before its first page is read."""
        session = self._question.session
        yield Chain(0, build_rest_query(session.api_version, self._question.soql, self._question.query_all), _SOURCE)

    def open(self, answer: Streamed, todo: Todo) -> JsonPage:
        """Read a page whole: its end names the next one."""
        page = read_rest_page(whole_answer(answer.status_code, answer.headers, answer.raw, MAX_REST_PAGE_BYTES))
        self._total = 1 if self._query.is_count else page.total_size
        following = None if page.following is None else self.page(page.following)
        return JsonPage(self._texts(page), self._question, todo, following)

    def _texts(self, page: RestPage) -> pa.RecordBatch:
        names = self._question.schema.names
        if self._query.is_count:
            return pa.record_batch({names[0]: pa.array([str(page.total_size)])})
        return record_texts(page.records, dict(zip(names, self._keys, strict=True)))

    def page(self, path: str) -> Request:
        """Return the request for a page."""
        return Request("GET", path, ACCEPT_JSON)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows there are, once the first page has said so."""
        return {_SOURCE: self._total}

    def abandon(self) -> None:
        """Do nothing: no job runs."""


class JsonPage:
    """A page that was read whole.

    Parameters
    ----------
    texts : pyarrow.RecordBatch
    question : Question
        Says what the rows become.
    todo : Todo
        Says which page it is.
    following : Request or None
    """

    def __init__(self, texts: pa.RecordBatch, question: Question, todo: Todo, following: Request | None) -> None:
        self.rows: int | None = texts.num_rows
        self.read_rows = texts.num_rows
        self.following = following
        self._texts = texts
        self._question = question
        self._todo = todo

    def batches(self, skip_rows: int, bad_cells: BadCells) -> Iterator[pa.RecordBatch]:
        """Return the rows without the first ones."""
        options = ReadOptions(self._todo.key, self._todo.name, skip_rows, self._question.on_bad_value)
        yield from RowTyper(self._question.schema, bad_cells, options).handed_out(self._texts)
