"""Rows on disk that can be read by ranges of their Ids, whatever order they came in; memory stays bounded."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import DataError
from sfbulk_pandas.sinks.buffer import ROWS_PER_FILE, DiskBuffer
from sfbulk_pandas.sinks.disk import durable, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sfbulk_pandas.sinks.base import PageEnd, Place
    from sfbulk_pandas.sinks.partial import Partial

_ID = "Id"
_SAMPLES = 64  # Ids of a file that are held in memory: one for each megabyte of it, or more


class SortedSink:
    """Write rows to files, each sorted by Id; a later run goes on from what is there.

    Parameters
    ----------
    partial : Partial
        The folder, which is this sink's own.
    rows_per_file : int
        The most rows of a file; it may be less where they are wide.
    """

    def __init__(self, partial: Partial, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._partial = partial
        self._schema = pa.schema([])
        self._buffer = DiskBuffer(partial, self._write_files, rows_per_file)

    def open(self, schema: pa.Schema) -> None:
        """Get ready for rows of this schema, which has an Id."""
        self._schema = schema

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None = None) -> None:
        """Take rows of a page, and write a file where there are enough."""
        self._buffer.write(batch, place, bad_cells)

    def end_page(self, end: PageEnd) -> None:
        """Take note that a page is whole."""
        self._buffer.end_page(end)

    def close(self, details: Mapping[str, Any] | None = None) -> SortedRows:
        """Write the rest, hold the rows on disk against the pages, and return them.

        Parameters
        ----------
        details : mapping, optional
            What is noted with them, for a later run that finds them whole: plain JSON values.

        Raises
        ------
        IncompleteResult
            Where rows are missing.
        DataError
            Where the disk does not take them.
        """
        self._buffer.flush()
        self._buffer.check_whole()
        checkpoint = self._partial.checkpoint
        checkpoint.close_with({"rows": sum(checkpoint.files.values()), **(details or {})})
        return SortedRows.of(self._partial, self._schema)

    def abort(self) -> None:
        """Leave what has come, for a later run to go on from."""
        self._buffer.leave()

    def _write_files(self, number: int, batches: list[pa.RecordBatch]) -> dict[str, int]:
        table = pa.Table.from_batches(batches, self._schema).unify_dictionaries()
        table = table.take(pc.sort_indices(table.column(_ID)))
        name = f"{number:05}.arrow"
        with durable(self._partial.rows_folder / name) as file, pa.ipc.new_stream(file, self._schema) as writer:
            writer.write_table(table.combine_chunks())
        sync_folder(self._partial.rows_folder)
        return {name: table.num_rows}


@dataclass(frozen=True, slots=True)
class _File:
    """A file of sorted rows: some of its Ids, the first and the last among them."""

    path: Path
    rows: int
    nbytes: int
    ids: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> _File:
        batch = _read(path)
        rows = batch.num_rows
        places = sorted({*range(0, rows, -(-rows // _SAMPLES)), rows - 1})
        return cls(path, rows, batch.nbytes, tuple(batch.column(_ID).take(places).to_pylist()))

    def between(self, start: str | None, stop: str | None) -> pa.RecordBatch | None:
        """Return the rows of a half-open range of Ids, as a view of the file; None where there are none."""
        if (start is not None and self.ids[-1] < start) or (stop is not None and self.ids[0] >= stop):
            return None
        batch = _read(self.path)
        ids = batch.column(_ID)

        def place(text: str | None, otherwise: int) -> int:
            if text is None:
                return otherwise
            return bisect_left(range(self.rows), text, key=lambda row: ids[row].as_py())

        first = place(start, 0)
        found = batch.slice(first, place(stop, self.rows) - first)
        return found if found.num_rows else None


def _read(path: Path) -> pa.RecordBatch:
    """Read a file, of which only that comes into memory which is looked at."""
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            return reader.read_next_batch()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class SortedRows:
    """Rows that lie in sorted files.

    Attributes
    ----------
    schema : pyarrow.Schema
    """

    schema: pa.Schema
    _files: tuple[_File, ...]

    @classmethod
    def of(cls, partial: Partial, schema: pa.Schema) -> SortedRows:
        """Take up the files of a folder.

        Raises
        ------
        DataError
            Where one cannot be read.
        """
        return cls(schema, tuple(_File.of(partial.rows_folder / name) for name in partial.checkpoint.files))

    def between(self, start: str | None, stop: str | None) -> pa.Table:
        """Return the rows from one Id up to, not with, another; None is no bound."""
        parts = [part for file in self._files if (part := file.between(start, stop)) is not None]
        return pa.Table.from_batches(parts, self.schema).unify_dictionaries()

    def sampled(self) -> Iterator[tuple[str, float]]:
        """Yield Ids, each with about the bytes of the rows from it to the next."""
        for file in self._files:
            for text in file.ids:
                yield text, file.nbytes / len(file.ids)


def id_spans(sources: Sequence[SortedRows], span_bytes: int) -> list[tuple[str | None, str | None]]:
    """Cut all possible Ids into half-open ranges, of each of which the sources hold about so many bytes together.

    Returns
    -------
    list of (first Id or None, Id behind the last or None)
        In their order; no Id falls between them.
    """
    cuts: list[str | None] = [None]
    held = 0.0
    for text, nbytes in sorted(sample for source in sources for sample in source.sampled()):
        if held >= span_bytes and text != cuts[-1]:
            cuts.append(text)
            held = 0.0
        held += nbytes
    return list(pairwise([*cuts, None]))
