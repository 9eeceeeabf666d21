"""Encode slices of rows, of a size that suits the processor and bounds the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from sfbulk_pandas.codec.rows import rows_of
from sfbulk_pandas.writing.sizes import pieces
from sfbulk_pandas.writing.texts import count_byte, stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.codec.frame import FrameTexts
    from sfbulk_pandas.codec.rows import RowOrder

SLICE_ROWS = 65_536  # rows encoded at a time: the measured optimum
SLICE_BYTES = 16_000_000  # where rows are long, a slice has fewer
_FREED_BYTES = (
    16_000_000  # after so many bytes Arrow gives back what it holds for later: in all, it would be half a part
)
_QUOTE = ord('"')
_WRITE = csv.WriteOptions(include_header=False, batch_size=16_384, quoting_style="needed")


def slices_of(texts: FrameTexts, order: RowOrder | None, rows: range) -> Iterator[range]:
    """Yield rows of an order in slices to be encoded."""
    return pieces(rows, SLICE_ROWS, SLICE_BYTES, lambda each: texts.size(rows_of(order, each.start, each.stop)))


class Release:
    """Gives memory back to the system that Arrow holds for a second, each time much was made since the last time."""

    def __init__(self) -> None:
        self._size = 0

    def note(self, size: int) -> None:
        """Take into account that so many bytes were made."""
        self._size += size
        if self._size >= _FREED_BYTES:
            self._size = 0
            pa.default_memory_pool().release_unused()


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
