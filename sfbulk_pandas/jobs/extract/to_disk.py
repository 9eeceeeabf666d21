"""Extracts whose rows go to files, and never into memory as a whole."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.errors import SfBulkError, StillRunning, UsageError
from sfbulk_pandas.jobs.cost import keep_within_budget
from sfbulk_pandas.jobs.extract.bad import warn_of_bad_cells
from sfbulk_pandas.jobs.extract.fetched import fetched
from sfbulk_pandas.jobs.extract.handing import hand_over, tell_where_it_goes_on
from sfbulk_pandas.jobs.extract.resumable import ResumableRun, head_of
from sfbulk_pandas.jobs.wide.run import WideRun
from sfbulk_pandas.progress.events import QueryFinished
from sfbulk_pandas.sinks.csv import CsvSink, text_schema, unfinished_of
from sfbulk_pandas.sinks.folder import finished, refuse_existing
from sfbulk_pandas.sinks.parquet import ParquetSink
from sfbulk_pandas.sinks.partial import locked, opened, partial_of, remove_left
from sfbulk_pandas.sinks.partitions import check_partition

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.folder import ParquetFolder
    from sfbulk_pandas.sinks.parquet import ParquetOptions
    from sfbulk_pandas.sinks.partial import Partial


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a target that holds something, before anything is sent.

    One beside which an extract has left its notes may be its own, published just before it was killed.

    Raises
    ------
    UsageError
    """
    if not partial_of(target).exists():
        refuse_existing(target, overwrite=overwrite)


def to_parquet(extract: Extract, target: Path, options: ParquetOptions, *, overwrite: bool) -> ParquetFolder:
    """Run a query and write its rows as a folder of Parquet files, or go on with that.

    Raises
    ------
    UsageError
        Where the target holds something, or what an earlier call has left is of another query.
    JournalBusy
        Where this or another process is at it.
    SfBulkError
        As :func:`read_table`; what has come stays on disk.
    """
    column = check_partition(extract.schema, options.partition_by)
    keep_within_budget(extract)
    with (
        extract.listener() as notify,
        opened(partial_of(target), restart=extract.options.restart) as partial,
    ):
        head = head_of(extract, partition_by=column)
        partial.begin(head)
        result = finished(partial, target, extract.schema, overwrite=overwrite)
        if result is None:
            refuse_existing(target, overwrite=overwrite)
            partial.begin(head)
            run = (WideRun if extract.groups else ResumableRun)(extract, partial, notify)
            sink = ParquetSink(partial, target, options, run.origin, overwrite=overwrite)
            sink.open(extract.schema)
            try:
                result = _filled(run, sink, partial)
            except StillRunning as error:
                error._resume = lambda seconds: to_parquet(  # noqa: SLF001 - the way back
                    extract.waiting(seconds), target, options, overwrite=overwrite
                )
                raise
        notify(QueryFinished(result.rows))
    warn_of_bad_cells(result.bad_cells)
    return result


def _filled(run: ResumableRun | WideRun, sink: ParquetSink, partial: Partial) -> ParquetFolder:
    try:
        with closing(run.items()) as items:
            hand_over(items, sink)
        return sink.close()
    except BaseException as error:
        with suppress(SfBulkError):  # what ended the extract is what the caller must hear of
            sink.abort()
        tell_where_it_goes_on(error, partial)
        raise


def to_csv(extract: Extract, target: Path, *, overwrite: bool) -> Path:
    """Run a query and write its rows as a CSV file.

    Raises
    ------
    UsageError
        Where something is there already, or values should become what no CSV has.
    JournalBusy
        Where this or another process writes it.
    SfBulkError
        As :func:`read_table`; nothing is left, but for a spool.
    """
    for name in ("decimals", "categories", "lists"):
        if getattr(extract.options, name):
            raise UsageError(f"{name}=True is nothing for a CSV file, whose values are text", hint=f"leave {name} out")
    moments = frozenset(field.name for field in extract.schema if pa.types.is_timestamp(field.type))
    as_text = replace(extract, schema=text_schema(extract.schema))
    folder = unfinished_of(target)
    with extract.listener() as notify:
        with locked(folder):
            sink = CsvSink(folder, target, moments, overwrite=overwrite)
            try:
                rows = _written(as_text, sink, notify)
            except StillRunning as error:
                error._resume = lambda seconds: to_csv(extract.waiting(seconds), target, overwrite=overwrite)  # noqa: SLF001 - the way back
                raise
            finally:
                sink.abort()  # what was put where it belongs stays
        remove_left(folder)
        notify(QueryFinished(rows))
    return target


def _written(extract: Extract, sink: CsvSink, notify: Dispatcher) -> int:
    sink.open(extract.schema)
    with fetched(extract, notify, is_streamed=True) as rows:
        count = hand_over(rows.items, sink)
        sink.close()
    return count
