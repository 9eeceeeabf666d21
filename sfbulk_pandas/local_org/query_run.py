"""Running a bulk query: from the database to CSV lines on disk, so that a page of any size is a slice of bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from sfbulk_pandas.local_org.csv_text import csv_header, csv_lines, text_column
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.on_demand.outcomes import OnDemand
from sfbulk_pandas.local_org.soql.compile import Settings, compile_soql
from sfbulk_pandas.local_org.soql.compiled import KEY
from sfbulk_pandas.local_org.store import to_batches
from sfbulk_pandas.salesforce.job import LineEnding, Operation
from sfbulk_pandas.salesforce.limits import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.soql.compiled import Column, Compiled
    from sfbulk_pandas.local_org.store import Store
    from sfbulk_pandas.local_org.switches import Switches

_HEADER, _LATER_HEADER = b"header", b"later header"
_LINE_ENDS = {LineEnding.LF: "\n", LineEnding.CRLF: "\r\n"}
_PIECE_BYTES = 1 << 20
_SELECT_ORDER_SINCE = 50.0  # Bulk API 2.0 guide, "Get Results for a Query Job"


def compile_job(store: Store, operation: Operation, soql: str, now: float) -> Compiled:
    """Compile the query of a bulk job.

    Raises
    ------
    Fault
        400 where the SOQL is wrong, or right but refused in bulk.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    return compile_soql(store, soql, Settings(today, operation is Operation.QUERY_ALL), bulk=True)


def _columns(job: Job, compiled: Compiled) -> Sequence[Column]:
    """Return the columns in the order of the result: as selected, before version 50 by name."""
    if float(job.api_version) >= _SELECT_ORDER_SINCE:
        return compiled.columns
    return sorted(compiled.columns, key=lambda each: each.name.lower())


class LineWriter(Protocol):
    """Write the rows of one query as text."""

    @property
    def header(self) -> str:
        """What stands before the first row of each page."""

    def lines(self, batch: pa.RecordBatch) -> pa.LargeStringArray:
        """Return one text a row, its end included."""


class CsvWriter:
    """Write rows as CSV, every value quoted.

    Parameters
    ----------
    job : Job
    columns : sequence of Column
        In the order of the result.
    switches : Switches
    as_written : bool
        Whether columns are named as the query spelled them, rather than as the describe does.
    """

    def __init__(self, job: Job, columns: Sequence[Column], switches: Switches, *, as_written: bool = False) -> None:
        self._delimiter, self._end = job.column_delimiter.char, _LINE_ENDS[job.line_ending]
        self._columns = columns
        self._zone = switches.query_datetime_zone
        self._as_written = as_written

    @property
    def header(self) -> str:
        """The header line."""
        names = [each.written if self._as_written else each.name for each in self._columns]
        return csv_header(names, self._delimiter, self._end)

    def lines(self, batch: pa.RecordBatch) -> pa.LargeStringArray:
        """Return one line a row."""
        texts = [text_column(batch.column(each.sql_name), self._zone) for each in self._columns]
        return csv_lines(texts, self._delimiter, self._end)


@dataclass(frozen=True)
class QueryRunner:
    """Run query jobs, a batch a step.

    Attributes
    ----------
    store : Store
    switches : Switches
    clock : callable
        Seconds since the epoch, for date literals.
    rows : int
        About how many rows a step reads.
    on_demand : OnDemand
        Which queries are to fail.
    """

    store: Store
    switches: Switches
    clock: Callable[[], float]
    rows: int = BATCH_ROWS
    on_demand: OnDemand = field(default_factory=OnDemand)

    def __call__(self, job: Job) -> Generator[None, None, None]:
        """Write a job's result file, about ``rows`` rows between two yields.

        Raises
        ------
        JobFailure
            Where the query is wrong by now, and where it is to fail.
        """
        try:
            compiled = compile_job(self.store, job.operation, job.soql, self.clock())
        except Fault as fault:
            raise JobFailure(f"{fault.error_code} : {fault.message}") from None
        columns = _columns(job, compiled)
        first = CsvWriter(job, columns, self.switches, as_written=not self.switches.canonical_query_header)
        yield from self.write(job, compiled, first, self._later(job, columns))

    def _later(self, job: Job, columns: Sequence[Column]) -> CsvWriter | None:
        """Return what writes every page but the first, where that is another."""
        if self.switches.later_pages == "same":
            return None
        if self.switches.later_pages == "as written":
            return CsvWriter(job, columns, self.switches, as_written=True)
        return CsvWriter(job, sorted(columns, key=lambda each: each.name.lower()), self.switches)

    def write(
        self, job: Job, compiled: Compiled, first: LineWriter, later: LineWriter | None = None
    ) -> Generator[None, None, None]:
        """Write the rows of a query, as ``first`` does, and for later pages as ``later`` does.

        Raises
        ------
        JobFailure
            Where the query is to fail.
        """
        failure = self.on_demand.take_query_failure(job.soql)
        writers = [first, later] if later else [first]
        metadata = {_HEADER: first.header.encode(), _LATER_HEADER: (later or first).header.encode()}
        schema = pa.schema([(f"line{place}", pa.large_string()) for place in range(len(writers))], metadata=metadata)
        with (
            self.store.cursor() as cursor,
            pa.OSFile(str(result_path(job)), "wb") as sink,
            pa.ipc.new_file(sink, schema) as file,
        ):
            for batch in to_batches(cursor, self._sql(compiled), rows=self.rows):
                if failure and job.processed + batch.num_rows > failure.after_rows:
                    raise JobFailure(failure.error)
                file.write_batch(pa.record_batch([each.lines(batch) for each in writers], schema=schema))
                job.processed += batch.num_rows
                yield
        if failure:
            raise JobFailure(failure.error)

    def _sql(self, compiled: Compiled) -> str:
        if not self.switches.shuffle_query_rows or compiled.is_ordered:
            return compiled.sql
        return f'SELECT * FROM ({compiled.sql}) ORDER BY hash("{KEY}")'  # noqa: S608 - our own SQL


def result_path(job: Job) -> Path:
    """Return where a query job's result lies: an Arrow file, a text column or two, a CSV line each row."""
    return job.folder / "result.arrow"


def read_header(job: Job, *, later: bool = False) -> bytes:
    """Return the header line of a result's first page, or of a later one."""
    with pa.memory_map(str(result_path(job))) as source:
        metadata = pa.ipc.open_file(source).schema.metadata
    header: bytes = metadata[_LATER_HEADER if later else _HEADER]
    return header


def read_lines(job: Job, start: int, stop: int, *, later: bool = False) -> Iterator[bytes]:
    """Yield the lines of rows ``start`` to ``stop`` in pieces of about a megabyte, straight from the mapped file."""
    with pa.memory_map(str(result_path(job))) as source:
        reader = pa.ipc.open_file(source)
        first = 0
        for number in range(reader.num_record_batches):
            lines = reader.get_batch(number).columns[-1 if later else 0]
            low, high = max(start - first, 0), min(stop - first, len(lines))
            first += len(lines)
            if low < high:
                yield from _pieces(lines, low, high)
            if first >= stop:
                return


def _pieces(lines: pa.LargeStringArray, low: int, high: int) -> Iterator[bytes]:
    """Cut the data buffer itself: in it the lines stand one behind the other."""
    _, places, data = lines.buffers()
    offsets = np.frombuffer(places, np.int64, len(lines) + 1, lines.offset * 8)
    begin, end = int(offsets[low]), int(offsets[high])
    view = memoryview(data)
    for place in range(begin, end, _PIECE_BYTES):
        yield bytes(view[place : min(place + _PIECE_BYTES, end)])
