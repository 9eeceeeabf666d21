"""Encode slices of rows, of a size that suits the processor and bounds the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from sfbulk_pandas.writing.texts import count_byte, stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLICE_ROWS = 65_536  # rows encoded at a time: the measured optimum
SLICE_BYTES = 16_000_000  # where rows are long, a slice has fewer
_FREED_BYTES = (
    16_000_000  # after so many bytes Arrow gives back what it holds for later: in all, it would be half a part
)
_FIRST_ROWS, _FIRST_CELLS = 1_024, 65_536  # as long as it is not known how long rows are
_QUOTE = ord('"')
_WRITE = csv.WriteOptions(include_header=False, batch_size=16_384, quoting_style="needed")


class Pace:
    """Choose how many rows a slice has, by what rows came out as so far, and what the next ones hold at least.

    Parameters
    ----------
    columns : int
        How many cells a row has.
    held : callable
        Returns how many bytes some rows are known to hold, without reading them: long ones may follow short ones, and
        several slices are handed out before the first of them is noted.
    """

    def __init__(self, columns: int, held: Callable[[range], int]) -> None:
        self._held = held
        self._rows = min(SLICE_ROWS, _FIRST_ROWS, max(1, _FIRST_CELLS // max(1, columns)))
        self._largest = 1.0
        self._size = 0

    def note(self, rows: int, size: int) -> None:
        """Take into account how many bytes some rows have become."""
        self._size += size
        self._largest = max(self._largest, size / rows, 1.0)
        self._rows = min(SLICE_ROWS, max(1, int(SLICE_BYTES / self._largest)))

    def release(self) -> None:
        """Give memory back to the system that Arrow holds for a second, where much was encoded since the last time."""
        if self._size >= _FREED_BYTES:
            self._size = 0
            pa.default_memory_pool().release_unused()

    def pieces(self, rows: range) -> Iterator[range]:
        """Yield the rows in pieces, each as large as seems right when it is asked for."""
        start = rows.start
        while start < rows.stop:
            piece = range(start, min(start + self._rows, rows.stop))
            while len(piece) > 1 and self._held(piece) > SLICE_BYTES:
                piece = piece[: len(piece) // 2]
            yield piece
            start = piece.stop


def encode_rows(table: pa.Table) -> pa.Buffer:
    """Encode a table of texts as CSV lines without a header.

    A missing value is an empty cell; in a table of one column it is ``""``, because readers skip an empty line.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of ``large_string``, each in one chunk.
    """
    if table.num_columns == 1:
        table = pa.table([table.column(0).fill_null("")], names=table.column_names)
    room = pa.allocate_buffer(_size(table))  # a stream that grows would touch half as much memory again
    with pa.FixedSizeBufferWriter(room) as out:
        csv.write_csv(table, out, _WRITE)
        written = out.tell()
    return room.slice(0, written)


def _size(table: pa.Table) -> int:
    """Return how many bytes the lines have at most: each cell quoted, its quotes doubled, and a mark after it."""
    texts = [column.chunk(0) for column in table.columns if column.num_chunks]
    return sum(_column_size(each) for each in texts)


def _column_size(text: pa.Array) -> int:
    data = stretch(text)[1]
    return int(data.size) + count_byte(data, _QUOTE) + 3 * len(text)
