"""Cut a stream of CSV into blocks that end where a row ends, without looking at every byte.

Blocks can be parsed again, which a stream cannot: so one odd value costs one block a second look, and a row longer
than a block costs a larger block. Arrow's own streaming reader can do neither, and is no faster.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.limits import MAX_ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is parsed together. With 1 MB a page takes a third longer, for each block costs a millisecond and threads that
# wait for each other. With 5 MB it takes a tenth less time than with 2.5 MB, but 80 to 90 MB of memory on two cores
# instead of 60: for rows that are kept, which take more anyway. From 8 MB on it is slower again: caches end (2026-11).
BLOCK_BYTES = 5 << 19
KEPT_BLOCK_BYTES = 5 << 20
COMMA = ","
_LEAST_BYTES = 16
_STRIDE_BYTES = 1 << 20  # what is looked at together: the places of its line ends and quotes take eight times as much
_WINDOW_BYTES = 1 << 16  # hundreds of rows, of which one cell that is neither empty nor a comma is enough
_BOM = b"\xef\xbb\xbf"
_QUOTE, _NEWLINE = ord('"'), ord("\n")


class Readable(Protocol):
    """Any binary file-like; it may give fewer bytes than asked for, and gives none at its end."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to ``size`` bytes."""
        ...

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill a buffer from its start, and return how many bytes went in."""
        ...


class Buffers:
    """The memory that blocks of any number of streams lie in, used again and again; for any thread.

    Fresh memory for each page cost a fifteenth of the processor's time (2026-11).

    Parameters
    ----------
    block_bytes : int
        How large a block is, where its rows fit.
    """

    def __init__(self, block_bytes: int = BLOCK_BYTES) -> None:
        self._block_bytes = max(block_bytes, _LEAST_BYTES)
        self._spare: deque[bytearray] = deque()

    def begun(self, beginning: bytes = b"") -> bytearray:
        """Return a buffer that begins so and has room for more."""
        try:
            buffer = self._spare.pop()
        except IndexError:
            buffer = bytearray(self._block_bytes)
        while len(buffer) <= len(beginning):
            buffer = bytearray(2 * len(buffer))
        buffer[: len(beginning)] = beginning
        return buffer

    def give_back(self, block: memoryview) -> None:
        """Let the memory of a block be used again."""
        self._spare.append(cast("bytearray", block.obj))


def row_blocks(raw: Readable, buffers: Buffers, delimiter: str = COMMA) -> Iterator[memoryview]:
    """Yield the stream in blocks of whole rows; a row larger than a block makes a larger block.

    A byte order mark is left out.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed.
    buffers : Buffers
        A block lies in one of them until it is given back.
    delimiter : str
        What separates the columns.

    Raises
    ------
    DecodeError
        Where the stream ends inside quotes, or a row is larger than any of Salesforce's.
    """
    closing = re.compile(rb'[^"\r\n%b]"' % re.escape(delimiter.encode()))
    buffer = buffers.begun()
    held = _fill(raw, memoryview(buffer)[: len(_BOM)])
    if buffer[:held] == _BOM:  # behind what came lies what the buffer held before
        held = 0
    while True:
        held += _fill(raw, memoryview(buffer)[held:])
        if held < len(buffer):
            break
        end = _row_end(buffer, held, closing)
        if end:
            rest = bytes(memoryview(buffer)[end:held])
            yield memoryview(buffer)[:end]
            buffer, held = buffers.begun(rest), len(rest)
        else:
            buffer = _grown(buffer)
    if buffer.count(b'"', _row_end(buffer, held, closing), held) % 2:
        raise DecodeError("the answer's CSV cannot be read: it ends inside quotes")
    if held:
        yield memoryview(buffer)[:held]


def _grown(buffer: bytearray) -> bytearray:
    """Return a buffer of twice the size with the same beginning: a new one, for a view of the old may still be held."""
    if len(buffer) >= MAX_ROW_BYTES:
        raise DecodeError(
            f"the answer's CSV cannot be read: one row has more than {MAX_ROW_BYTES >> 20} MB",
            hint="a quote without its counterpart makes one row of all that follows it; try again",
        )
    grown = bytearray(min(2 * len(buffer), MAX_ROW_BYTES))
    grown[: len(buffer)] = buffer
    return grown


def _fill(raw: Readable, view: memoryview) -> int:
    """Read until the view is full or the stream ends: sockets hand out less than asked."""
    filled = 0
    while filled < len(view) and (got := raw.readinto(view[filled:])):
        filled += got
    return filled


def _row_end(buffer: bytearray, size: int, closing: re.Pattern[bytes]) -> int:
    """Return the position after the last newline outside quotes; 0 where there is none.

    What stands before a quote tells where it is: only inside a quoted cell can it be anything but a delimiter, a line
    end or a quote. From the first such place near the end on, an odd number of quotes is outside. Where there is none
    near the end, more is looked at, at last the whole block, which begins outside.
    """
    width = _WINDOW_BYTES
    while width < size:
        has_line_end = buffer.rfind(b"\n", size - width, size) >= 0  # the quicker look, where a row is long
        found = closing.search(buffer, size - width, size) if has_line_end else None
        end = _last_newline(buffer, found.start() + 1, size, quotes_before=1) if found else 0
        if end:
            return end
        width *= 2
    return _last_newline(buffer, 0, size, quotes_before=0)


def _last_newline(buffer: bytearray, start: int, size: int, quotes_before: int) -> int:
    end, before = 0, quotes_before
    for at in range(start, size, _STRIDE_BYTES):
        data = np.frombuffer(buffer, np.uint8, min(size - at, _STRIDE_BYTES), at)
        newlines, quotes = np.flatnonzero(data == _NEWLINE), np.flatnonzero(data == _QUOTE)
        outside = newlines[(np.searchsorted(quotes, newlines) + before) % 2 == 0]
        end = at + int(outside[-1]) + 1 if outside.size else end
        before += quotes.size
    return end
