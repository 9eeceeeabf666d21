"""Which rows of a frame, and in which order: slices where they lie side by side, positions where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sfbulk_pandas.writing.held import PLAIN, decoded, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.integer[Any]]
    Rows = slice | Positions


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The order in which rows of a frame are sent; rows that are not in it stay behind.

    Attributes
    ----------
    positions : numpy.ndarray of int32 or int64
        Positions in the frame.
    starts : numpy.ndarray of bool or None
        As long as ``positions``: True where a group of rows begins that belong into one part. None: every row
        stands for itself.
    """

    positions: Positions
    starts: NDArray[np.bool_] | None = None


def position_type(largest: int) -> type[np.int32 | np.int64]:
    """Return the type of positions up to this one: those of a large load take more memory than all but its parts."""
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64


def short(positions: Positions) -> Positions:
    """Return positions in 32 bits where they fit."""
    return positions.astype(position_type(int(positions.max(initial=0))), copy=False)


def rows_of(order: RowOrder | None, start: int, stop: int) -> Rows:
    """Return the frame's rows at ``start`` to ``stop`` of an order, as a slice where they lie side by side."""
    if order is None:
        return slice(start, stop)
    positions = order.positions[start:stop]
    if len(positions) and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions


def position_of(rows: Rows, offset: int) -> int:
    """Return the frame's position of the row at an offset."""
    return int(rows.start + offset) if isinstance(rows, slice) else int(rows[offset])


def take_chunked(column: pa.ChunkedArray, rows: Rows) -> pa.Array:
    """Return rows of a column as one array, dictionaries decoded; what is not asked for is not copied."""
    if isinstance(rows, slice):
        return joined(column.slice(rows.start, rows.stop - rows.start).chunks, column.type)
    if column.num_chunks == 1:
        return _taken(column.chunk(0), rows)
    return _take_by_chunk(column, rows)


def _taken(array: pa.Array, positions: Positions) -> pa.Array:
    if array.type not in PLAIN:
        return decoded(array.take(pa.array(positions)))
    _, views, *data = array.buffers()  # Arrow takes from anything but views, which are 16 bytes each
    taken = np.frombuffer(views, "V16")[array.offset + positions]
    seen = array.is_valid().take(pa.array(positions)).buffers()[1]
    return decoded(pa.Array.from_buffers(array.type, len(positions), [seen, pa.py_buffer(taken), *data]))


def _take_by_chunk(column: pa.ChunkedArray, positions: Positions) -> pa.Array:
    """Take from each chunk by itself: Arrow would join all chunks of a large column first, for every slice."""
    firsts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
    by_place = np.argsort(positions, kind="stable")
    placed = positions[by_place]
    cuts = np.searchsorted(placed, firsts)
    taken = [
        _taken(chunk, placed[low:high] - first)
        for chunk, first, low, high in zip(column.chunks, firsts[:-1], cuts[:-1], cuts[1:], strict=True)
        if high > low
    ]
    back = np.empty_like(by_place)
    back[by_place] = np.arange(len(by_place))
    return joined(taken, column.type).take(pa.array(back))
