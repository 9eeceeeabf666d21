"""Run an ingest job: check the file, then validate, write and report its rows, a step at a time."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
from pyarrow import csv as pacsv

from sfbulk_pandas.local_org.apply import write_rows
from sfbulk_pandas.local_org.csv_check import check_structure, form_of
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.on_demand.outcomes import OnDemand
from sfbulk_pandas.local_org.progress import Progress, forget, note
from sfbulk_pandas.local_org.results import ResultFiles, Told
from sfbulk_pandas.local_org.targets import read_targets
from sfbulk_pandas.local_org.writing import Write
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.limits import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sfbulk_pandas.local_org.apply import Outcome
    from sfbulk_pandas.local_org.csv_check import CsvFile
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.store import Cursor, Store
    from sfbulk_pandas.local_org.switches import Switches
    from sfbulk_pandas.local_org.targets import Target

_BLOCK_BYTES = 1 << 24  # a record has at most 400,000 characters, so every one fits a block
_COLUMNS_DIFFER = re.compile(r"Expected (\d+) columns, got (\d+)")


class Results(Protocol):
    """Where the outcome of rows is written while a job runs."""

    def write(self, outcome: Outcome, columns: Sequence[pa.StringArray]) -> None:
        """Add a slice's rows."""

    def sizes(self) -> dict[str, int]:
        """Bring what was written to the files, and return the bytes of each by its name."""

    def close(self, *, complete: bool) -> None:
        """End; not complete where rows of the upload are unprocessed."""


@dataclass(frozen=True)
class IngestRunner:
    """Run ingest jobs on a store; an :class:`~sfbulk_pandas.local_org.engine.Engine` calls it with each job.

    Attributes
    ----------
    store : Store
    switches : Switches
    clock : callable
        Seconds since the epoch.
    rows_per_step : int
        Rows of a step, whole chunks of 200.
    seed : int
        Of the order of rows in result files.
    on_demand : OnDemand
        Which rows are to fail.
    results : callable
        Makes what writes the outcome of a job's rows.
    """

    store: Store
    switches: Switches
    clock: Callable[[], float]
    rows_per_step: int = BATCH_ROWS
    seed: int = 0
    on_demand: OnDemand = field(default_factory=OnDemand)
    results: Callable[[Job, CsvFile, Sequence[Target], Told], Results] = ResultFiles

    def __call__(self, job: Job) -> Generator[None, None, None]:
        """Do a job; closed early, it leaves the rest unprocessed.

        Raises
        ------
        JobFailure
            Where the job fails as a whole.
        """
        file = check_structure(job.upload, form_of(job)) if job.uploaded else None
        if file is None:
            return
        described = self.store.describe(job.sobject)
        if described is None:
            raise JobFailure(f"InvalidJob : Unable to find object: {job.sobject}")
        duplicates_fail = self.switches.duplicate_columns_fail
        targets = read_targets(file.names, described, self.store, job.operation, duplicates_fail=duplicates_fail)
        results = self.results(job, file, targets, Told(self.switches, self.seed))
        complete = False
        try:
            yield from self._rows(job, file, targets, results)
            complete = True
        finally:
            results.close(complete=complete)
            if self.store.path:
                forget(self.store, job.id)

    def _rows(
        self, job: Job, file: CsvFile, targets: Sequence[Target], results: Results
    ) -> Generator[None, None, None]:
        # While one slice is validated and written, the next is parsed and the result rows of the last go to disk.
        slices = read_slices(file, self.rows_per_step)
        with ThreadPoolExecutor(2) as aside:
            reading = aside.submit(next, slices, None)
            reporting: Future[None] | None = None
            try:
                while columns := reading.result():
                    reading = aside.submit(next, slices, None)
                    struck = self.on_demand.strike(job.sobject, file.names, columns)
                    note = self._noting(job, results, columns)
                    outcome = write_rows(self.store, self._write(job), targets, columns, struck, note)
                    if note is None:
                        if reporting:
                            reporting.result()
                        reporting = aside.submit(results.write, outcome, columns)
                    self._count(job, outcome)
                    yield
            finally:
                if reporting:
                    reporting.result()

    def _noting(
        self, job: Job, results: Results, columns: Sequence[pa.StringArray]
    ) -> Callable[[Outcome, Cursor], None] | None:
        """Return what writes the result rows within the transaction of a slice, where the org may outlive a kill."""
        if not self.store.path:
            return None

        def told(outcome: Outcome, cursor: Cursor) -> None:
            results.write(outcome, columns)
            processed, failed = _counted(outcome)
            note(cursor, job.id, Progress(job.processed + processed, job.failed + failed, results.sizes()))

        return told

    def _write(self, job: Job) -> Write:
        described = self.store.describes[job.sobject.lower()]
        key = described.model.get(job.external_id_field_name or "") if job.operation is Operation.UPSERT else None
        fail = self.switches.duplicate_in_chunk_fails
        return Write(described, job.operation, job.created_by, self.clock(), key, fail)

    def _count(self, job: Job, outcome: Outcome) -> None:
        processed, failed = _counted(outcome)
        job.processed += processed
        job.failed += failed


def _counted(outcome: Outcome) -> tuple[int, int]:
    return len(outcome.created), int(outcome.errors.failed.sum())


def read_slices(file: CsvFile, rows_per_step: int) -> Iterator[list[pa.StringArray]]:
    """Read a file's rows as text, in slices of whole chunks of 200.

    Parameters
    ----------
    file : CsvFile
    rows_per_step : int
        Rows of a slice; a slice of less than 10,000 rows ends with its batch.

    Yields
    ------
    list of pyarrow.StringArray
        One array a column; no nulls.

    Raises
    ------
    JobFailure
        Where the file cannot be read on: a row of another number of columns, or text that is not UTF-8.
    """
    waiting: list[pa.RecordBatch] = []
    held = done = 0
    for batch in _batches(file):
        waiting.append(batch)
        held += len(batch)
        while held >= (wanted := _wanted(done, rows_per_step)):
            table = pa.Table.from_batches(waiting)
            yield _columns(table.slice(0, wanted))
            waiting = table.slice(wanted).to_batches()
            held, done = held - wanted, done + wanted
    if held:
        yield _columns(pa.Table.from_batches(waiting))


def _wanted(done: int, rows_per_step: int) -> int:
    return min(rows_per_step, BATCH_ROWS - done % BATCH_ROWS) if rows_per_step < BATCH_ROWS else rows_per_step


def _columns(table: pa.Table) -> list[pa.StringArray]:
    return [column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) for column in table.columns]


def _batches(file: CsvFile) -> Iterator[pa.RecordBatch]:
    if not file.has_rows:
        return
    names = [str(place) for place in range(len(file.names))]
    try:
        reader = pacsv.open_csv(
            file.path,
            pacsv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES),
            pacsv.ParseOptions(delimiter=file.form.delimiter.char, newlines_in_values=file.quoted),
            pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[]),
        )
        yield from reader
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise JobFailure(f"InvalidBatch : Failed to parse CSV. {_reason(str(error))}") from None


def _reason(text: str) -> str:
    differ = _COLUMNS_DIFFER.search(text)
    if differ:
        return f"Found a row with {differ[2]} values under a header with {differ[1]}"
    return "The file is not UTF-8" if "UTF8" in text else "Found a row that cannot be read"
