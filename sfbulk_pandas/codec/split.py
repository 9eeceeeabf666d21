"""Pack encoded rows into parts, measured in real bytes; nothing is estimated and no row is ever cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from sfbulk_pandas.writing.texts import places_of_byte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

_QUOTE, _NEWLINE = ord('"'), ord("\n")


@dataclass(frozen=True)
class Encoded:
    """Some rows as CSV lines.

    Attributes
    ----------
    start, rows : int
        Place of the first row in the order of sending, and how many there are.
    data : pyarrow.Buffer
    """

    start: int
    rows: int
    data: pa.Buffer

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where each row ends, in bytes, with a 0 before the first: found only where rows must be told apart."""
        characters = np.frombuffer(self.data, np.uint8)
        newlines = places_of_byte(characters, _NEWLINE)
        if len(newlines) > self.rows:  # some lie between quotes: before those, the quotes are odd in number
            quotes = places_of_byte(characters, _QUOTE)
            newlines = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        return np.concatenate([[0], newlines + 1])


@dataclass(frozen=True, slots=True)
class Run:
    """Rows ``start`` to ``stop`` of the order of sending, which stand side by side in one encoded slice."""

    encoded: Encoded
    start: int
    stop: int

    @property
    def data(self) -> pa.Buffer:
        """The CSV lines, not copied."""
        first, last = self._span()
        return self.encoded.data.slice(first, last - first)

    @property
    def size(self) -> int:
        """How many bytes they are."""
        first, last = self._span()
        return last - first

    def _span(self) -> tuple[int, int]:
        if self.stop - self.start == self.encoded.rows:
            return 0, self.encoded.data.size
        return self.end_of(self.start), self.end_of(self.stop)

    def end_of(self, row: int) -> int:
        """Return the byte of the slice at which the row begins, and the one before it ends."""
        return int(self.encoded.ends[row - self.encoded.start])

    def reach(self, size: int) -> int:
        """Return the row up to which (not included) the run's bytes are no more than ``size``."""
        if self.size <= size:
            return self.stop
        return self.encoded.start + int(np.searchsorted(self.encoded.ends, self._span()[0] + size, "right")) - 1

    def cut(self, row: int) -> tuple[Run, Run]:
        """Cut before a row."""
        return Run(self.encoded, self.start, row), Run(self.encoded, row, self.stop)


@dataclass(frozen=True, slots=True)
class Packing:
    """How rows are packed.

    Attributes
    ----------
    max_bytes : int
        Bytes of CSV lines that a part may hold.
    max_rows : int or None
        Rows that a part may hold.
    starts : numpy.ndarray of bool or None
        True where a group of rows begins that is to stay in one part where it fits; None: every row.
    too_large : callable
        The exception for a row that alone is larger than ``max_bytes``: place in the order, bytes -> exception.
    """

    max_bytes: int
    max_rows: int | None
    starts: NDArray[np.bool_] | None
    too_large: Callable[[int, int], Exception]

    def has_start(self, first: int, last: int) -> bool:
        """Whether a group begins at one of these rows."""
        return self.starts is None or bool(self.starts[first:last].any())

    def cut_at(self, start: int, reach: int) -> int:
        """Return where a part ends that could reach up to a row: where the last group in it begins, if any does."""
        if self.starts is None:
            return reach
        begun = np.flatnonzero(self.starts[start + 1 : reach + 1])
        return start + 1 + int(begun[-1]) if len(begun) else reach


@dataclass(slots=True)
class Filled:
    """A part being filled, and what its bytes add up to so far.

    The digest runs behind: it takes up a run as soon as no group can pull the part's end back into it. So most of a
    part is digested while its last rows are still being encoded.
    """

    packing: Packing
    header: bytes
    runs: list[Run] = field(default_factory=list)
    _digested: int = 0
    _hash: xxhash.xxh3_128 = field(init=False)

    def __post_init__(self) -> None:
        self._hash = xxhash.xxh3_128(self.header)

    @property
    def start(self) -> int:
        """Its first row."""
        return self.runs[0].start

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.runs[-1].stop

    def add(self, encoded: Encoded) -> None:
        """Take in a slice that follows."""
        self.runs.append(Run(encoded, encoded.start, encoded.start + encoded.rows))

    def reach(self) -> int | None:
        """Return the row before which the limits cut; None while everything fits."""
        left, last_row = self.packing.max_bytes, self.start + (self.packing.max_rows or self.stop)
        for run in self.runs:
            row = min(run.reach(left), last_row)
            if row < run.stop:
                return row
            left -= run.size
        return None

    def settle(self) -> None:
        """Digest what will stay: the runs before one in which a group begins."""
        last = self.runs[-1]
        if self.packing.has_start(last.start, last.stop):
            self._digest(len(self.runs) - 1)

    def _digest(self, count: int) -> None:
        for run in self.runs[self._digested : count]:
            self._hash.update(run.data)
        self._digested = max(self._digested, count)

    def digest(self) -> str:
        """Digest what is left, and return all of it in hexadecimal digits."""
        self._digest(len(self.runs))
        return self._hash.hexdigest()

    def cut(self, row: int) -> Filled:
        """Keep the rows before ``row``; return a part that begins with the others."""
        rest = Filled(self.packing, self.header)
        kept: list[Run] = []
        for run in self.runs:
            first, second = run.cut(min(max(row, run.start), run.stop))
            kept += [first] if first.stop > first.start else []
            rest.runs += [second] if second.stop > second.start else []
        self.runs = kept
        return rest


def pack(slices: Iterable[Encoded], header: bytes, packing: Packing) -> Iterator[Filled]:
    """Fill parts one after the other.

    Parameters
    ----------
    slices : iterable of Encoded
        In the order of sending, without gaps.
    header : bytes
        What each part begins with.
    packing : Packing
        How much a part may hold, and which rows belong together.

    Yields
    ------
    Filled
        With one row at least.
    """
    part = Filled(packing, header)
    for encoded in slices:
        part.add(encoded)
        while (reach := part.reach()) is not None:
            if reach == part.start:
                raise packing.too_large(reach, part.runs[0].end_of(reach + 1) - part.runs[0].end_of(reach))
            # In a list: a variable would hold the part, which may be long sent, until the next one is asked for.
            full, part = [part], part.cut(packing.cut_at(part.start, reach))
            yield full.pop()
        part.settle()
    full = [part]
    del part
    if full[0].runs:
        yield full.pop()
