"""Rows on their way to disk: gathered page by page until there are enough for a file, then written and noted."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.errors import DataError, IncompleteResult
from sfbulk_pandas.sinks.checkpoint import Segment, WholePage, Written
from sfbulk_pandas.sinks.disk import sync_folder, write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.sinks.base import PageEnd, Place
    from sfbulk_pandas.sinks.partial import Partial

ROWS_PER_FILE = 250_000
MOST_BYTES = 64 << 20  # of a file's rows in memory
_FULL = {errno.ENOSPC, errno.EDQUOT}
_BAD_CELLS = BAD_CELLS.set(0, pa.field("page", pa.string()))  # its path: numbers may differ after a restart


class WriteFiles(Protocol):
    """Write rows into new files, durably."""

    def __call__(self, number: int, batches: list[pa.RecordBatch]) -> Mapping[str, int]:
        """Return the rows of each file by its name.

        Parameters
        ----------
        number : int
            Of the step; no other step has it.
        batches : list of pyarrow.RecordBatch
            Page by page.
        """
        ...


@dataclass(slots=True)
class _Held:
    """What is there of one page."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0


class DiskBuffer:
    """Gather rows, and bring them to disk a file at a time; in one thread.

    Parameters
    ----------
    partial : Partial
        Where the files lie, and the notes.
    write_files : WriteFiles
    rows_per_file : int
    """

    def __init__(self, partial: Partial, write_files: WriteFiles, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._partial = partial
        self._write_files = write_files
        self._rows_per_file = rows_per_file
        self._on_disk = partial.checkpoint.rows
        self._noted = set(partial.checkpoint.whole)
        self._ended: dict[str, int] = {}
        self._is_broken = False
        self._clear()

    def _clear(self) -> None:
        self._pages: dict[str, _Held] = {}
        self._whole: list[WholePage] = []
        self._bad: list[pa.Table] = []
        self._rows = self._bytes = 0

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None) -> None:
        """Take rows; write a file whenever there are enough.

        Raises
        ------
        DataError
            Where the disk does not take them.
        """
        self._is_broken = True  # stopped in here, rows may be kept that are not counted, or without their bad cells
        while batch.num_rows:
            part = batch.slice(0, self._rows_per_file - self._rows)
            batch = batch.slice(part.num_rows)
            stop = self._keep(part, place.path)
            if bad_cells is not None:  # each with its own rows: what follows may be read again after a kill
                self._keep_bad(bad_cells.filter(pc.less(bad_cells.column("row"), stop)), place.path)
                bad_cells = bad_cells.filter(pc.greater_equal(bad_cells.column("row"), stop))
            if self._rows >= self._rows_per_file or self._bytes >= MOST_BYTES:
                self.flush()
                self._is_broken = True
        self._is_broken = False

    def _keep(self, part: pa.RecordBatch, path: str) -> int:
        """Keep rows, and return how many rows of their page there are now."""
        held = self._pages.setdefault(path, _Held())
        held.batches.append(part)
        held.rows += part.num_rows
        self._rows += part.num_rows
        self._bytes += part.nbytes
        return self._on_disk.get(path, 0) + held.rows

    def _keep_bad(self, cells: pa.Table, path: str) -> None:
        if cells.num_rows:
            paths = pa.array([path] * cells.num_rows, pa.string())
            self._bad.append(pa.table([paths, *cells.columns[1:]], schema=_BAD_CELLS))

    def end_page(self, end: PageEnd) -> None:
        """Take note that all rows of a page were given, in this run or an earlier one."""
        self._ended[end.place.path] = end.rows
        if end.place.path not in self._noted:
            self._whole.append(WholePage(end.place.path, end.rows, end.following))

    def flush(self) -> None:
        """Write what is there, and note it.

        Raises
        ------
        DataError
            Where the disk does not take it.
        """
        if not (self._pages or self._whole):
            return
        self._is_broken = True  # stopped in here, nobody can tell what is noted
        step = self._written(len(self._partial.checkpoint.steps))
        self._partial.checkpoint.wrote(step)
        self._on_disk.update({each.path: each.start + each.rows for each in step.segments})
        self._clear()
        self._is_broken = False

    def _written(self, number: int) -> Written:
        batches = [batch for held in self._pages.values() for batch in held.batches]
        segments = [Segment(path, self._on_disk.get(path, 0), held.rows) for path, held in self._pages.items()]
        try:
            files = self._write_files(number, batches) if batches else {}
            self._write_bad_cells(number)
        except OSError as error:
            remedy = "with more room" if error.errno in _FULL else "once that is mended"
            raise DataError(
                f"the rows could not be written to {self._partial.folder}: {error}",
                hint=f"{remedy}, the same call goes on from here",
            ) from error
        return Written(files, tuple(segments), tuple(self._whole), sum(each.num_rows for each in self._bad))

    def _write_bad_cells(self, number: int) -> None:
        if self._bad:
            write_parquet(pa.concat_tables(self._bad), self._partial.bad_folder / f"{number:05}.parquet")
            sync_folder(self._partial.bad_folder)

    def leave(self) -> None:
        """Bring to disk what can be, so that a later run goes on from there; nothing where that was interrupted."""
        if not self._is_broken:
            self.flush()

    def check_whole(self) -> None:
        """Hold what is on disk against the pages that this run was told of.

        Raises
        ------
        IncompleteResult
            Where rows are missing, or belong to pages that there are no more.
        """
        expected = {path: rows for path, rows in self._ended.items() if rows}
        if self._on_disk != expected:
            paths = [path for path in {*self._on_disk, *expected} if self._on_disk.get(path) != expected.get(path)]
            first = min(paths)
            raise IncompleteResult(
                f"{first}: {self._on_disk.get(first, 0):,} rows are on disk, {expected.get(first, 0):,} are there now; "
                f"{len(paths)} page(s) differ",
                hint="Salesforce no longer gives the result that this began with: restart=True begins anew",
            )


def read_bad_cells(partial: Partial) -> pa.Table:
    """Return all bad cells on disk, by the paths of their pages."""
    files = sorted(partial.bad_folder.glob("*.parquet"))
    return pa.concat_tables([_BAD_CELLS.empty_table(), *(pq.read_table(path, schema=_BAD_CELLS) for path in files)])
