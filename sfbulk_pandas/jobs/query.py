"""Run a query: choose how, fetch its pages, count every row, hand the rows over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.blocks import BLOCK_BYTES, KEPT_BLOCK_BYTES, Buffers
from sfbulk_pandas.errors import SfBulkError, StillRunning
from sfbulk_pandas.jobs.columns import result_schema, settle_query
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.jobs.extract.bad import warn_of_bad_cells, with_bad_cells
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.facts import with_facts
from sfbulk_pandas.jobs.extract.fetched import fetched
from sfbulk_pandas.jobs.extract.handing import hand_over
from sfbulk_pandas.jobs.extract.run import ExtractRun, default_parallel_pages
from sfbulk_pandas.jobs.plans.auto import AutoPlan
from sfbulk_pandas.jobs.plans.base import ASKED_FOR, Question
from sfbulk_pandas.jobs.plans.id_ranges import IdRangesPlan
from sfbulk_pandas.jobs.plans.locator import LocatorPlan
from sfbulk_pandas.jobs.plans.pk_chunks import PkChunksPlan
from sfbulk_pandas.jobs.plans.refused import refused_in_bulk
from sfbulk_pandas.jobs.plans.rest import RestPlan
from sfbulk_pandas.jobs.plans.result_pages import ResultPagesPlan
from sfbulk_pandas.jobs.stopping import StoppableClock
from sfbulk_pandas.jobs.wide.groups import groups_of
from sfbulk_pandas.progress.choose import listener_for
from sfbulk_pandas.progress.events import QueryFinished
from sfbulk_pandas.sinks.stream import BatchStream
from sfbulk_pandas.sinks.table import TableSink

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import pyarrow as pa

    from sfbulk_pandas.jobs.extract.pages import Plan
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.query_options import QueryOptions
    from sfbulk_pandas.jobs.wide.groups import ColumnGroup
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.salesforce.soql import Query
    from sfbulk_pandas.transport.pool import Threads

_PLANS = {plan.name: plan for plan in (LocatorPlan, ResultPagesPlan, IdRangesPlan, PkChunksPlan, RestPlan)}
_AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Extract:
    """A query that can be run.

    Attributes
    ----------
    loading : Loading
    query : Query
        With its values bound.
    schema : pyarrow.Schema
        Of the rows.
    options : QueryOptions
    refused : str or None
        Why Bulk API does not take the query, in words.
    memory : dict
        What an earlier try has left in Salesforce, such as its job.
    remember : callable or None
        Writes such things down; by default into the memory.
    groups : tuple of ColumnGroup
        Where the query is too long for one: what it is fetched in, and joined by Id.
    group : tuple of (int, int)
        Of one group's own extract: which it is, from 1, and how many there are.
    """

    loading: Loading
    query: Query
    schema: pa.Schema
    options: QueryOptions
    refused: str | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    remember: Callable[[Mapping[str, Any]], None] | None = None
    groups: tuple[ColumnGroup, ...] = ()
    group: tuple[int, int] = (1, 1)

    def run(self, notify: Dispatcher, *, is_streamed: bool, leaves_jobs: bool) -> ExtractRun:
        """Return a run that has not begun.

        Parameters
        ----------
        notify : Dispatcher
        is_streamed : bool
            Whether its rows are handed on while others come, rather than kept in memory.
        leaves_jobs : bool
            Whether jobs go on in Salesforce where the run is stopped early.
        """
        options, pool = self.options, core_threads()
        question = self._question(notify, pool, is_streamed=is_streamed)
        if options.plan == _AUTO:
            plan: Plan = AutoPlan(question)
        else:
            plan = _PLANS[options.plan](question)
            question.tell_plan(self.query.sobject, options.plan, ASKED_FOR)
        return ExtractRun(
            question.session,
            plan,
            question.clock,
            notify,
            options.parallel_pages or default_parallel_pages(),
            options.keep_order or bool(self.query.order),
            leaves_jobs=leaves_jobs,
            pool=pool,
        )

    def _question(self, notify: Dispatcher, pool: Threads, *, is_streamed: bool) -> Question:
        session, options = self.loading.session, self.options
        return Question(
            session=session,
            clock=StoppableClock(session.clock),
            polling=self.loading.polling,
            notify=notify,
            soql=self.query.soql,
            schema=self.schema,
            query_all=options.query_all,
            page_rows=options.page_rows,
            chunk_rows=options.chunk_rows,
            chunk_parent=options.chunk_parent,
            chunk_start=options.chunk_start,
            on_bad_value=options.on_bad_value,
            wait_seconds=options.wait_seconds,
            refused=self.refused,
            is_streamed=is_streamed,
            group=self.group,
            memory=self.memory,
            remember=self.remember or self.memory.update,
            mapper=pool.map,
            buffers=Buffers(BLOCK_BYTES if is_streamed else KEPT_BLOCK_BYTES),
        )

    def listener(self) -> Dispatcher:
        """Return who is told of events; to be closed at the end."""
        session = self.loading.session
        return listener_for(self.options.progress, lambda: session.calls)

    def waiting(self, seconds: float | None) -> Extract:
        """Return the same, with the jobs it has made, and so many seconds to wait for them."""
        return replace(self, options=replace(self.options, wait_seconds=seconds, restart=False, budget=None))


def prepare_query(loading: Loading, soql: str, options: QueryOptions) -> Extract:
    """Settle what a query returns.

    Raises
    ------
    QueryRefused
        Where the text is no query, names what the org does not have, or the plan does not take it.
    UsageError
        Where it is too long for one query, and cannot be fetched in several.
    """
    refused = refused_in_bulk(soql)
    goes_by_rest = options.plan == "rest" or (options.plan == _AUTO and refused is not None)
    query = settle_query(soql, loading.describes, bulk=not goes_by_rest)
    schema = result_schema(query, loading.describes, options.types)
    groups = groups_of(query, loading.describes, options.types, bulk=not goes_by_rest)
    return Extract(loading, query, schema, options, refused, groups=groups)


def read_table(extract: Extract) -> pa.Table:
    """Run a query and return all of its rows, in the order of the result.

    Raises
    ------
    OverBudget
        Where it would take more than its budget; no job was made.
    InvalidQuery
        Where Salesforce refuses the query; no job was made.
    JobFailed, JobAborted, StillRunning
        Where a job does not end well, or not in time.
    IncompleteResult, ApiError, TransportError, DecodeError
        Where the rows do not come, or not all of them; ``.partial`` holds those that did.
    """
    sink = TableSink()
    sink.open(extract.schema)
    with extract.listener() as notify:
        try:
            with fetched(extract, notify, is_streamed=False) as rows:
                hand_over(rows.items, sink)
                table, bad = sink.close()
                facts = rows.facts()
        except StillRunning as error:
            error._resume = lambda seconds: read_table(extract.waiting(seconds))  # noqa: SLF001 - the way back
            raise
        except SfBulkError as error:
            error.partial = sink.partial()
            raise
        notify(QueryFinished(table.num_rows))
    warn_of_bad_cells(bad)
    return with_facts(with_bad_cells(table, bad), facts)


def stream_of(extract: Extract) -> BatchStream:
    """Return a stream that runs a query when it is first asked for rows.

    Raises
    ------
    SfBulkError
        From the stream, as :func:`read_table`.
    """
    bad = BadCells()
    return BatchStream(extract.schema, _batches(extract, bad), bad)


def _batches(extract: Extract, bad: BadCells) -> Generator[pa.RecordBatch, None, None]:
    with extract.listener() as notify:
        with fetched(extract, notify, is_streamed=True) as rows:
            count = 0
            for item in rows.items:
                if isinstance(item, Rows):
                    if item.bad_cells is not None:
                        bad.add(item.bad_cells)
                    count += item.batch.num_rows
                    yield item.batch
        notify(QueryFinished(count))
    warn_of_bad_cells(bad.table())
