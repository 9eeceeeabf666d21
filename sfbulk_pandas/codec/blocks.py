"""Cut a stream of CSV into blocks that end where a row ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 8 << 20
_QUOTE = ord('"')


class Readable(Protocol):
    """Any binary file-like; ``read`` may return fewer bytes than asked, and none at the end."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to ``size`` bytes."""
        ...


def row_blocks(raw: Readable, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the stream in blocks of whole rows; a row larger than a block makes a larger block.

    A newline ends a row where the quotes before it are even in number. Blocks can be parsed again, which a stream
    cannot: so one odd value costs one block a second look, and no row is lost to a block that was too small.
    """
    pending = b""
    while fresh := _read(raw, max(block_bytes, len(pending))):
        pending += fresh
        end = _last_row_end(pending)
        if end:
            yield pending[:end]
            pending = pending[end:]
    if pending:
        yield pending


def _read(raw: Readable, size: int) -> bytes:
    """Read until there are ``size`` bytes or the stream ends: sockets hand out less than asked."""
    chunks: list[bytes] = []
    while size > 0 and (chunk := raw.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _last_row_end(data: bytes) -> int:
    """Return the position after the last newline outside quotes; 0 where there is none."""
    quotes = _quotes(data)
    end = len(data)
    while (newline := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= _quotes(data[newline:end])
        if quotes % 2 == 0:
            return newline + 1
        end = newline
    return 0


def _quotes(data: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _QUOTE))
