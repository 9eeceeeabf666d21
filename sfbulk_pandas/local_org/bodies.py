"""Bodies of requests, piece by piece: unpacked as they come, and no longer than allowed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfbulk_pandas.local_org.faults import Fault

_PIECE_BYTES = 1 << 20
_GZIP_OR_ZLIB = 47  # wbits: the header tells which


def pieces_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what comes, a piece at a time."""
    while piece := stream.read(_PIECE_BYTES):
        yield piece


def unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a gzip body, of all its members; a few packed ones may become any number.

    Raises
    ------
    zlib.error
        Where it is no gzip, or has no end.
    """
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_begun = False
    for packed in pieces:
        rest = packed
        while rest:
            is_begun = True
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
            yield unpacker.decompress(rest, _PIECE_BYTES)
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    yield unpacker.flush()
    if is_begun and not unpacker.eof:
        raise zlib.error("it ends too early")


def at_most(pieces: Iterable[bytes], most_bytes: int, too_large: Fault) -> Iterator[bytes]:
    """Yield pieces, and raise the fault once they are more than so many bytes."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most_bytes:
            raise too_large
        yield piece
