"""The three result files of an ingest job, on disk as they are answered.

Sources: Bulk API 2.0 guide, "Get Job Successful Record Results", "Get Job Failed Record Results", "Get Job
Unprocessed Record Results"; recorded files of API versions 49 to 60 for quoting, order and number forms.
"""

from __future__ import annotations

import io
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from sfbulk_pandas.local_org.csv_check import offset_of_row
from sfbulk_pandas.local_org.values import write_cells
from sfbulk_pandas.salesforce.job import LineEnding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sfbulk_pandas.local_org.apply import Outcome
    from sfbulk_pandas.local_org.csv_check import CsvFile
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.switches import Switches
    from sfbulk_pandas.local_org.targets import Target

SUCCESSFUL, FAILED, UNPROCESSED = "successful.csv", "failed.csv", "unprocessed.csv"
_LEADS = {SUCCESSFUL: ("sf__Id", "sf__Created"), FAILED: ("sf__Id", "sf__Error"), UNPROCESSED: ()}
_WRITE_ROWS = 16_384  # a batch that stays in the cache


def header_line(name: str, job: Job, places: Sequence[int] = ()) -> bytes:
    """Return a result file's first line: the sf__ columns quoted, then the header as it was sent.

    Parameters
    ----------
    name : str
    job : Job
    places : sequence of int
        The order of the columns, where it is another than that of the upload.
    """
    sent = _sent_header(job.upload)
    if places and list(places) != sorted(places):
        tokens = sent.split(job.column_delimiter.char.encode())
        sent = job.column_delimiter.char.encode().join(tokens[place] for place in places)
    own = [f'"{each}"'.encode() for each in _LEADS[name]]
    end = b"\r\n" if job.line_ending is LineEnding.CRLF else b"\n"
    return job.column_delimiter.char.encode().join([*own, *([sent] if sent else [])]) + end


def _alphabetical(names: Sequence[str]) -> list[int]:
    return sorted(range(len(names)), key=lambda place: names[place].lower())


def _sent_header(upload: Path) -> bytes:
    if not upload.exists():
        return b""
    with upload.open("rb") as file:
        return file.readline().rstrip(b"\r\n")


def result_file(name: str, job: Job) -> Path:
    """Return a result file of a job that has ended, making the ones that no row was written to.

    A job that ended before its first row has no rows in the first two files, and all of its upload, verbatim, in
    ``unprocessedrecords``.
    """
    path = job.folder / name
    with job.lock:  # two callers at once: nobody reads a file that is half made
        if not path.exists():
            is_upload = name == UNPROCESSED and job.upload.exists() and job.state != "JobComplete"
            with (
                job.upload.open("rb") if is_upload else io.BytesIO(header_line(name, job)) as source,
                _whole(path) as sink,
            ):
                shutil.copyfileobj(source, sink)
    return path


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is there whole, or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as sink:
        yield sink
    part.replace(path)


def write_unprocessed(job: Job, *, complete: bool = False) -> None:
    """Write the rows that were not processed, verbatim.

    Parameters
    ----------
    job : Job
        One whose file has passed :func:`~sfbulk_pandas.local_org.csv_check.check_structure`.
    complete : bool
        Whether every row was processed, so that nobody needs to look for the rest.
    """
    with _whole(job.folder / UNPROCESSED) as sink, job.upload.open("rb") as source:
        sink.write(header_line(UNPROCESSED, job))
        if not complete:
            source.seek(offset_of_row(job.upload, job.processed))
            shutil.copyfileobj(source, sink)


@dataclass(frozen=True)
class Told:
    """How result files are written.

    Attributes
    ----------
    switches : Switches
    seed : int
        Of the rows' order.
    """

    switches: Switches
    seed: int = 0


class ResultFiles:
    """Write a job's result files while it runs.

    Parameters
    ----------
    job : Job
    file : CsvFile
        Its upload.
    targets : sequence of Target
    told : Told

    Notes
    -----
    :meth:`close` may be called twice; the one who made the object calls it.
    """

    def __init__(self, job: Job, file: CsvFile, targets: Sequence[Target], told: Told) -> None:
        self._job = job
        self._targets = targets
        self._switches = told.switches
        self._places = _alphabetical(file.names) if told.switches.alphabetical_results else list(range(len(file.names)))
        self._random = np.random.default_rng([told.seed, int.from_bytes(job.id.encode(), "big")])
        self._open = ExitStack()
        self._sinks = {name: self._open.enter_context((job.folder / name).open("wb")) for name in (SUCCESSFUL, FAILED)}
        for name, sink in self._sinks.items():
            sink.write(header_line(name, job, self._places))

    def write(self, outcome: Outcome, columns: Sequence[pa.StringArray]) -> None:
        """Add a slice's rows to the files of the successful and the failed."""
        failed = outcome.errors.failed
        texts = [self._texts(outcome, place, columns[place]) for place in self._places]
        good = self._order(~failed)
        created = np.where(outcome.created[good], "true", "false") if outcome.created.any() else None
        flags = pa.array(created, pa.string()) if created is not None else pa.repeat("false", len(good))
        self._append(SUCCESSFUL, [outcome.ids.take(good), flags, *(each.take(good) for each in texts)])
        if failed.any():
            self._write_failed(outcome, texts)

    def _write_failed(self, outcome: Outcome, texts: Sequence[pa.StringArray]) -> None:
        bad = pa.array(np.flatnonzero(outcome.errors.failed))
        order = (
            pa.array(self._random.permutation(len(bad)))
            if self._switches.shuffle_results
            else pa.array(np.arange(len(bad)))
        )
        rows = bad.take(order)
        ids = self._failed_ids(outcome).take(rows)
        errors = outcome.errors.texts().take(order)
        self._append(FAILED, [ids, errors, *(each.take(rows) for each in texts)])

    def _failed_ids(self, outcome: Outcome) -> pa.StringArray:
        """Return the Ids of records that a failed row means; guide: filled for updates and deletes since version 53."""
        rows = len(outcome.created)
        id_column = next((each.place for each in self._targets if each.header.lower() == "id"), None)
        if not self._switches.failed_row_ids or self._job.operation == "insert":
            return pa.repeat("", rows)
        if id_column is not None:
            return outcome.cells[id_column].raw
        return pc.fill_null(outcome.ids, "")

    def _texts(self, outcome: Outcome, place: int, column: pa.StringArray) -> pa.StringArray:
        target = next((each for each in self._targets if each.place == place), None)
        if target is None:
            return column
        java = self._switches.java_numbers
        return write_cells(outcome.cells[place], target.cell_field.type, java_numbers=java)

    def _order(self, rows: np.ndarray) -> pa.Array:
        places = np.flatnonzero(rows)
        return pa.array(self._random.permutation(places) if self._switches.shuffle_results else places)

    def _append(self, name: str, columns: Sequence[pa.Array]) -> None:
        table = pa.table(dict(zip(map(str, range(len(columns))), columns, strict=True)))
        options = pacsv.WriteOptions(
            include_header=False,
            batch_size=_WRITE_ROWS,
            delimiter=self._job.column_delimiter.char,
            quoting_style="all_valid",
        )
        if self._job.line_ending is LineEnding.LF:
            pacsv.write_csv(table, self._sinks[name], write_options=options)
            return
        buffer = io.BytesIO()
        pacsv.write_csv(table, buffer, write_options=options)
        # In a CRLF file a break inside a value is CRLF too, or the file was refused.
        self._sinks[name].write(buffer.getvalue().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def sizes(self) -> dict[str, int]:
        """Bring what was written to the files, and return the bytes of each by its name."""
        for sink in self._sinks.values():
            sink.flush()
        return {name: sink.tell() for name, sink in self._sinks.items()}

    def close(self, *, complete: bool = False) -> None:
        """Write what is unprocessed, verbatim, and close the files.

        Parameters
        ----------
        complete : bool
            Whether every row was processed, so that nobody needs to look for the rest.
        """
        self._open.close()
        write_unprocessed(self._job, complete=complete)
