"""Cut a stream of CSV into blocks that end where a row ends, without looking at every byte.

Blocks can be parsed again, which a stream cannot: so one odd value costs one block a second look, and a row longer
than a block costs a larger block. Arrow's own streaming reader can do neither, and is no faster.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.limits import MAX_ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 8 << 20
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


def row_blocks(raw: Readable, block_bytes: int = BLOCK_BYTES, delimiter: str = COMMA) -> Iterator[memoryview]:
    """Yield the stream in blocks of whole rows; a row larger than a block makes a larger block.

    A byte order mark is left out. All blocks lie in one buffer: each is good until the next is asked for.

    Raises
    ------
    DecodeError
        Where the stream ends inside quotes, or a row is larger than any of Salesforce's.
    """
    closing = re.compile(rb'[^"\r\n%b]"' % re.escape(delimiter.encode()))
    buffer = bytearray(max(block_bytes, _LEAST_BYTES))
    held = _fill(raw, memoryview(buffer)[: len(_BOM)])
    if buffer.startswith(_BOM):
        held = 0
    while True:
        held += _fill(raw, memoryview(buffer)[held:])
        if held < len(buffer):
            break
        end = _row_end(buffer, held, closing)
        if end:
            yield memoryview(buffer)[:end]
            held = _moved(buffer, end, held)
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


def _moved(buffer: bytearray, start: int, end: int) -> int:
    """Move what is left to the front of the buffer, and return its length."""
    view = memoryview(buffer)
    view[: end - start] = view[start:end]
    return end - start


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
