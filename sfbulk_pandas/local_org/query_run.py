"""Running a bulk query: from the database to CSV lines on disk, so that a page of any size is a slice of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.local_org.csv_text import csv_header, csv_lines, text_column
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.soql.compile import Settings, compile_soql
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

_HEADER = b"header"
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
    """

    store: Store
    switches: Switches
    clock: Callable[[], float]
    rows: int = BATCH_ROWS

    def __call__(self, job: Job) -> Generator[None, None, None]:
        """Write a job's result file, about ``rows`` rows between two yields."""
        try:
            compiled = compile_job(self.store, job.operation, job.soql, self.clock())
        except Fault as fault:
            raise JobFailure(f"{fault.error_code} : {fault.message}") from None
        with (
            self.store.cursor() as cursor,
            pa.OSFile(str(result_path(job)), "wb") as sink,
            pa.ipc.new_file(sink, self._schema(job, compiled)) as writer,
        ):
            for batch in to_batches(cursor, compiled.sql, rows=self.rows):
                writer.write_batch(self._lines(job, compiled, batch))
                job.processed += batch.num_rows
                yield

    def _schema(self, job: Job, compiled: Compiled) -> pa.Schema:
        names = [
            each.name if self.switches.canonical_query_header else each.written for each in _columns(job, compiled)
        ]
        header = csv_header(names, job.column_delimiter.char, _LINE_ENDS[job.line_ending])
        return pa.schema([("line", pa.large_string())], metadata={_HEADER: header.encode()})

    def _lines(self, job: Job, compiled: Compiled, batch: pa.RecordBatch) -> pa.RecordBatch:
        zone = self.switches.query_datetime_zone
        texts = [text_column(batch.column(each.sql_name), zone) for each in _columns(job, compiled)]
        lines = csv_lines(texts, job.column_delimiter.char, _LINE_ENDS[job.line_ending])
        return pa.record_batch([lines], names=["line"])


def result_path(job: Job) -> Path:
    """Return where a query job's result lies: an Arrow file, one text column, a CSV line each row."""
    return job.folder / "result.arrow"


def read_header(job: Job) -> bytes:
    """Return the header line of a result."""
    with pa.memory_map(str(result_path(job))) as source:
        metadata = pa.ipc.open_file(source).schema.metadata
    header: bytes = metadata[_HEADER]
    return header


def read_lines(job: Job, start: int, stop: int) -> Iterator[bytes]:
    """Yield the lines of rows ``start`` to ``stop`` in pieces of about a megabyte, straight from the mapped file."""
    with pa.memory_map(str(result_path(job))) as source:
        reader = pa.ipc.open_file(source)
        first = 0
        for number in range(reader.num_record_batches):
            lines = reader.get_batch(number).column(0)
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
