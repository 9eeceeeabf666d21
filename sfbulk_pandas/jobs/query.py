"""Run a bulk query: create, wait, page by locator, count every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.codec.decode import read_batches
from sfbulk_pandas.errors import ConnectionFailed, IncompleteResult, SfBulkError, StillRunning, UsageError
from sfbulk_pandas.jobs.columns import result_schema
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.poll import Waiting, watch
from sfbulk_pandas.progress.choose import Dispatcher, listener_for
from sfbulk_pandas.progress.events import PageRead, QueryFinished, QueryPolled, QueryStarted
from sfbulk_pandas.salesforce.soql import SoqlError, bind
from sfbulk_pandas.wire.jobs import read_job
from sfbulk_pandas.wire.query import build_create_query, build_page, build_query_info, read_page_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.options import Progress
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.transport.session import Session

_PAGE_TRIES = 3  # a page can be read again by its locator as often as one likes


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """How long to wait for a query job, and who watches."""

    wait_seconds: float | None = None
    progress: Progress = None


def run_query(loading: Loading, soql: str, options: QueryOptions) -> pa.Table:
    """Run a query as a Bulk API 2.0 job and return all of its rows.

    Costs one API call to create the job, one a poll, one a page, and one an object whose
    describe is not known yet.

    Raises
    ------
    UsageError
        Where the text is no query, or names an object the org does not have.
    InvalidQuery
        Where Salesforce refuses the query; no job was made.
    JobFailed, JobAborted, StillRunning
        Where the job does not end well, or not in time.
    IncompleteResult
        Where the rows received are not as many as the job says; ``.partial`` holds them.
    """
    schema = result_schema(soql, loading.describes)
    job = read_job(loading.session.send(build_create_query(loading.session.api_version, soql)))
    return _Query(loading, schema, job, options).finish(options.wait_seconds)


class _Query:
    """One query job under way."""

    def __init__(self, loading: Loading, schema: pa.Schema, job: JobInfo, options: QueryOptions) -> None:
        self._loading = loading
        self._schema = schema
        self._job = job
        self._progress = options.progress

    def finish(self, wait_seconds: float | None) -> pa.Table:
        with listener_for(self._progress) as notify:
            notify(QueryStarted(self._job))
            self._wait(notify, wait_seconds)
            table = _Pages(self._loading.session, self._job, self._schema).read(notify)
            notify(QueryFinished(table.num_rows))
            return table

    def _wait(self, notify: Dispatcher, wait_seconds: float | None) -> None:
        waiting = Waiting(self._loading.session.clock, self._loading.polling, wait_seconds)
        try:
            for job in watch(self._ask, [self._job.id], waiting):
                self._job = job
                notify(QueryPolled(job))
        except StillRunning as error:
            error._resume = self.finish  # noqa: SLF001 - the error hands the caller the way back
            raise
        failure = failure_of(self._job)
        if failure is not None:
            raise failure

    def _ask(self, job_id: str) -> JobInfo:
        session = self._loading.session
        return read_job(session.send(build_query_info(session.api_version, job_id)))


@dataclass(frozen=True, slots=True)
class _Page:
    batches: list[pa.RecordBatch]
    rows: int
    rows_announced: int | None
    locator: str | None
    size_bytes: int

    @property
    def is_whole(self) -> bool:
        return self.rows_announced in {None, self.rows}


class _Pages:
    """The result pages of a job that has completed."""

    def __init__(self, session: Session, job: JobInfo, schema: pa.Schema) -> None:
        self._session = session
        self._job = job
        self._schema = schema
        self._types = {name.lower(): type_ for name, type_ in zip(schema.names, schema.types, strict=True)}
        self._batches: list[pa.RecordBatch] = []

    def read(self, notify: Dispatcher) -> pa.Table:
        number, rows, locator = 0, 0, None
        while number == 0 or locator is not None:
            page = self._page(number + 1, locator)
            number, rows, locator = number + 1, rows + page.rows, page.locator
            self._batches.extend(page.batches)
            notify(PageRead(number, page.rows, rows, self._job.number_records_processed, page.size_bytes))
        if self._job.number_records_processed not in {None, rows}:
            raise self._incomplete(f"{rows:,} rows came, the job says {self._job.number_records_processed:,}")
        return self._table()

    def _page(self, number: int, locator: str | None) -> _Page:
        try:
            page = _retried(lambda: self._fetch(locator))
        except SfBulkError as error:
            error.partial = self._table()
            error.add_note(f"query job {self._job.id}: page {number} did not come; what came before is in .partial")
            raise
        if not page.is_whole:
            raise self._incomplete(f"page {number} has {page.rows:,} rows instead of {page.rows_announced:,}")
        return page

    def _fetch(self, locator: str | None) -> _Page:
        request = build_page(self._session.api_version, self._job.id, locator, None)
        with self._session.stream(request) as answer:
            head = read_page_head(answer.headers)
            batches = list(read_batches(answer.raw, self._types))
            rows = sum(batch.num_rows for batch in batches)
            return _Page(batches, rows, head.rows, head.locator, answer.raw.received_bytes)

    def _table(self) -> pa.Table:
        if not self._batches:
            return self._schema.empty_table()
        names = self._batches[0].schema.names  # a later page may bring its columns in another order
        return pa.Table.from_batches([batch.select(names) for batch in self._batches])

    def _incomplete(self, what: str) -> IncompleteResult:
        return IncompleteResult(
            f"query job {self._job.id}: {what}",
            hint="results stay for 7 days: query again; what was received is in .partial",
            partial=self._table(),
        )


def _retried(fetch: Callable[[], _Page]) -> _Page:
    """Read a page, again where it broke off or is not whole; the last try decides."""
    for _ in range(_PAGE_TRIES - 1):
        try:
            page = fetch()
        except ConnectionFailed:
            continue
        if page.is_whole:
            return page
    return fetch()


def bound(soql: str, params: Mapping[str, Any]) -> str:
    """Put values into the ``{name}`` places of a query, quoted safely; missing values are null.

    Raises
    ------
    UsageError
        For a value SOQL cannot write, a name without a value, or a value without its place.
    """
    try:
        return bind(soql, {name: _plain(value) for name, value in params.items()})
    except SoqlError as error:
        raise UsageError(f"the query cannot be bound: {error}") from None


def _plain(value: Any) -> Any:
    """Return Python's own value for one of numpy's or pandas'."""
    if isinstance(value, str) or not pd.api.types.is_scalar(value):
        return [_plain(each) for each in value] if pd.api.types.is_list_like(value) else value
    if pd.isna(value):
        return None
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    return value.item() if isinstance(value, np.generic) else value
