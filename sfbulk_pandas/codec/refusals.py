"""Find every cell of a frame that cannot travel, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sfbulk_pandas.codec.encode import PartLimits, checked_header
from sfbulk_pandas.codec.frame import FrameTexts
from sfbulk_pandas.codec.rules import Refusal, record_refusals
from sfbulk_pandas.codec.slices import encode_rows, slices_of
from sfbulk_pandas.codec.split import Encoded
from sfbulk_pandas.salesforce.limits import MAX_RECORD_CHARS
from sfbulk_pandas.writing.sizes import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.codec.source import Source
    from sfbulk_pandas.salesforce.columns import Column, EncodeOptions

SAMPLES = 5
_BLOCK_ROWS, _BLOCK_BYTES = 262_144, 64_000_000  # looked at together; of columns of texts, one at a time is copied

Found = tuple[int, Refusal]  # the column's number, and rows by their position in the frame


@dataclass(frozen=True, slots=True)
class RefusedCells:
    """The cells of one column that cannot travel for one reason.

    Attributes
    ----------
    column : Column
        Where a whole row is too large: the column of its largest cell.
    positions : numpy.ndarray of int64
        Positions in the frame, ascending.
    reason : str
        Why, in words that fit all of them.
    values : list
        The first few of the cells, as the frame holds them.
    """

    column: Column
    positions: NDArray[np.int64]
    reason: str
    values: list[Any]


def refused_cells(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    options: EncodeOptions | None = None,
    limits: PartLimits | None = None,
) -> Iterator[RefusedCells]:
    """Find what would make ``encode_parts`` raise, in the whole frame at once.

    Typed columns are not written for it: they are asked for infinities or for times without a place, texts for
    ``#N/A`` and for their length. Only columns of mixed values are looked at cell by cell. That is too little for
    several threads, which would take longer (2026-11).

    Parameters
    ----------
    frame, columns, options, limits
        As for :func:`~sfbulk_pandas.codec.encode.encode_parts`.

    Yields
    ------
    RefusedCells
        One for each column and reason.

    Raises
    ------
    EncodeError
        Where the header alone cannot travel.
    """
    limits = limits or PartLimits()
    room = limits.bytes - len(checked_header(columns, limits))
    texts = FrameTexts(frame, columns, options)
    together: dict[tuple[int, str], list[NDArray[np.int64]]] = {}

    def size(rows: range) -> int:
        return texts.size(slice(rows.start, rows.stop))

    for rows in pieces(range(len(frame)), _BLOCK_ROWS, _BLOCK_BYTES, size):
        for number, refusal in _in_block(texts, slice(rows.start, rows.stop), room):
            together.setdefault((number, refusal.reason), []).append(refusal.offsets)
    for (number, reason), positions in together.items():
        yield _gathered(texts.sources[number], np.concatenate(positions), reason)


def _gathered(source: Source, positions: NDArray[np.int64], reason: str) -> RefusedCells:
    values = [source.value(int(position)) for position in positions[:SAMPLES]]
    return RefusedCells(source.column, positions, reason, values)


def _in_block(texts: FrameTexts, rows: slice, room: int) -> list[Found]:
    """Return what is found in some rows."""
    found: list[Found] = []
    looks = [source.look(rows) for source in texts.sources]
    for number, look in enumerate(looks):
        found += [(number, Refusal(each.offsets + rows.start, each.reason)) for each in look.refusals]
    # Only where the longest cells of all columns together could pass a limit of rows are the rows written.
    longest = sum(look.longest for look in looks)
    if longest > MAX_RECORD_CHARS or 2 * longest + 3 * len(looks) > room:
        for part in slices_of(texts, None, range(rows.start, rows.stop)):
            found += _large_rows(texts, slice(part.start, part.stop), room)
    return found


def _large_rows(texts: FrameTexts, rows: slice, room: int) -> Iterator[Found]:
    table = texts.written(rows)
    sizes = np.diff(Encoded(rows.start, table.num_rows, encode_rows(table)).ends)
    over = Refusal(np.flatnonzero(sizes > room), f"the row alone is more CSV than a part may hold: {room:,} bytes")
    for refusal in (*record_refusals(table), over):
        for offset in refusal.offsets:
            place = np.array([rows.start + offset], np.int64)
            yield texts.widest(table, int(offset)), Refusal(place, refusal.reason)
