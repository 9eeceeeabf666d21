"""Which rows of a frame, and in which order: slices where they lie side by side, positions where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The order in which rows of a frame are sent; rows that are not in it stay behind.

    Attributes
    ----------
    positions : numpy.ndarray of int64
        Positions in the frame.
    starts : numpy.ndarray of bool or None
        As long as ``positions``: True where a group of rows begins that belong into one part. None: every row
        stands for itself.
    """

    positions: NDArray[np.int64]
    starts: NDArray[np.bool_] | None = None


def rows_of(order: RowOrder | None, start: int, stop: int) -> slice | NDArray[np.int64]:
    """Return the frame's rows at ``start`` to ``stop`` of an order, as a slice where they lie side by side."""
    if order is None:
        return slice(start, stop)
    positions = order.positions[start:stop]
    if len(positions) and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions


def position_of(rows: slice | NDArray[np.int64], offset: int) -> int:
    """Return the frame's position of the row at an offset."""
    return int(rows.start + offset) if isinstance(rows, slice) else int(rows[offset])


def take_chunked(column: pa.ChunkedArray, rows: slice | NDArray[np.int64]) -> pa.Array:
    """Return rows of a column as one array; what is not asked for is not copied."""
    if isinstance(rows, slice):
        return _joined(column.slice(rows.start, rows.stop - rows.start))
    if column.num_chunks == 1:
        return column.chunk(0).take(pa.array(rows))
    return _take_by_chunk(column, rows)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # which copies even a single chunk


def _take_by_chunk(column: pa.ChunkedArray, positions: NDArray[np.int64]) -> pa.Array:
    """Take from each chunk by itself: Arrow would join all chunks of a large column first, for every slice."""
    firsts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
    by_place = np.argsort(positions, kind="stable")
    placed = positions[by_place]
    cuts = np.searchsorted(placed, firsts)
    taken = [
        chunk.take(pa.array(placed[low:high] - first))
        for chunk, first, low, high in zip(column.chunks, firsts[:-1], cuts[:-1], cuts[1:], strict=True)
        if high > low
    ]
    back = np.empty_like(by_place)
    back[by_place] = np.arange(len(by_place))
    return pa.concat_arrays(taken or [pa.array([], column.type)]).take(pa.array(back))
