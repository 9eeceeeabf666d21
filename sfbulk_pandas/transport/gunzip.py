"""Unpack gzip piece by piece: with isal where it is installed (extra ``speed``), else with zlib.

Both merely stop where a stream is cut off, and both leave what follows a member to their caller.
"""

from __future__ import annotations

import zlib
from typing import Any

try:
    from isal import isal_zlib
except ImportError:
    inflater: Any = zlib
else:
    inflater = isal_zlib

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Gunzip:
    """Unpack no more than is asked for at a time; several members may follow each other.

    Zero bytes after a member are padding, as for ``gunzip``: servers were seen to send them. Anything else there is
    an error: urllib3 drops it, and rows with it.
    """

    def __init__(self) -> None:
        self.errors: tuple[type[Exception], ...] = (zlib.error, inflater.error)
        self._member = inflater.decompressobj(_GZIP_WINDOW)
        self._packed = b""
        self._fed = False

    @property
    def complete(self) -> bool:
        """Whether the stream has come to its end, checksum and length looked at; nothing at all is whole too."""
        return not self._packed and (self._member.eof or not self._fed)

    def feed(self, packed: bytes) -> None:
        """Take more packed bytes."""
        self._packed += packed

    def take(self, size: int) -> bytes:
        """Return up to ``size`` unpacked bytes; none where more packed ones are needed first.

        Raises
        ------
        Exception
            One of ``errors``, where this is no gzip.
        """
        while self._begun():
            data: bytes = self._member.decompress(self._packed, size)
            self._packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if data:
                return data
        # Either may hold unpacked bytes back that did not fit into the size asked for.
        held: bytes = b"" if self._member.eof else self._member.decompress(b"", size)
        return held

    def _begun(self) -> bool:
        """Return whether there is something to unpack; after a member's end, begin the next."""
        if self._member.eof:
            self._packed = self._packed.lstrip(b"\0")
            if self._packed:
                self._member = inflater.decompressobj(_GZIP_WINDOW)
        self._fed = self._fed or bool(self._packed)
        return bool(self._packed)
