"""Pack encoded rows into parts, measured in real bytes; nothing is estimated and no row is ever cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

FULL_ENOUGH = 0.97  # a part this full is closed rather than topped up with halves of the next piece


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows in the frame's order, as texts and as the CSV lines they become.

    Attributes
    ----------
    start : int
        Position of the first row in the frame.
    rows : pyarrow.Table
    data : pyarrow.Buffer
    """

    start: int
    rows: pa.Table
    data: pa.Buffer

    @property
    def stop(self) -> int:
        """Position after the last row."""
        return self.start + int(self.rows.num_rows)


@dataclass(slots=True)
class _Open:
    """The part being filled."""

    max_bytes: int
    max_rows: int | None
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.size += piece.data.size

    @property
    def rows_left(self) -> int | None:
        return None if self.max_rows is None else self.max_rows - sum(piece.rows.num_rows for piece in self.pieces)

    @property
    def is_full_enough(self) -> bool:
        return self.rows_left == 0 or self.size >= FULL_ENOUGH * self.max_bytes


def pack(
    pieces: Iterable[Piece],
    encode: Callable[[pa.Table], pa.Buffer],
    max_bytes: int,
    max_rows: int | None,
    too_large: Callable[[Piece], Exception],
) -> Iterator[list[Piece]]:
    """Fill parts one after the other; a piece that does not fit is halved until it does.

    Parameters
    ----------
    pieces : iterable of Piece
        In the frame's order, without gaps.
    encode : callable
        Table of rows -> CSV lines, for the halves.
    max_bytes : int
        Bytes of CSV lines that a part may hold.
    max_rows : int or None
        Rows that a part may hold.
    too_large : callable
        The exception for a piece of one row that is larger than ``max_bytes``.

    Yields
    ------
    list of Piece
        The pieces of one part, never empty.
    """
    part = _Open(max_bytes, max_rows)
    waiting: list[Piece] = []
    for incoming in pieces:
        waiting.append(incoming)
        while waiting:
            piece = waiting.pop()
            if _fits(piece, part):
                part.add(piece)
            elif part.pieces and (part.is_full_enough or piece.rows.num_rows == 1):
                yield part.pieces
                part = _Open(max_bytes, max_rows)
                waiting.append(piece)
            elif piece.rows.num_rows == 1:
                raise too_large(piece)
            else:
                waiting.extend(reversed(_cut(piece, encode, part.rows_left)))
    if part.pieces:
        yield part.pieces


def _fits(piece: Piece, part: _Open) -> bool:
    rows_left = part.rows_left
    return part.size + piece.data.size <= part.max_bytes and (rows_left is None or piece.rows.num_rows <= rows_left)


def _cut(piece: Piece, encode: Callable[[pa.Table], pa.Buffer], rows_left: int | None) -> tuple[Piece, Piece]:
    """Cut where the rows run out, else in the middle."""
    rows = piece.rows.num_rows
    at = rows_left if rows_left is not None and 0 < rows_left < rows else rows // 2
    first, second = piece.rows.slice(0, at), piece.rows.slice(at)
    return Piece(piece.start, first, encode(first)), Piece(piece.start + at, second, encode(second))
