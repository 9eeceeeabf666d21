"""The bytes of an answer as they came, received into memory that is there already.

urllib3 receives into memory of its own and copies that, also in its ``readinto`` (2.6): a twentieth of an extract's
time. What lies under it, http.client's answer, does not.
"""

from __future__ import annotations

from http.client import HTTPResponse
from typing import Protocol


class Wire(Protocol):
    """The part of urllib3's response that is used here."""

    def read(self, amt: int, decode_content: bool) -> bytes:
        """Return up to ``amt`` bytes as they came; nothing at the end."""
        ...

    def release_conn(self) -> object:
        """Let the connection be used again."""
        ...


class Received(Protocol):
    """The bytes as they came."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; nothing at the end."""
        ...

    def readinto(self, buffer: memoryview, /) -> int:
        """Put the next bytes into a buffer, and return how many they are; none at the end."""
        ...


def received(wire: Wire) -> Received:
    """Return what gives the bytes of an answer, not copied where that can be.

    Parameters
    ----------
    wire : urllib3.HTTPResponse
        Not to be read besides. Its connection goes back to the pool at the end of the body.
    """
    under = getattr(wire, "_original_response", None)  # a private name; requests relies on it as well, for cookies
    return _Uncopied(wire, under) if isinstance(under, HTTPResponse) else _Copied(wire)


class _Copied:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def read(self, size: int, /) -> bytes:
        return self._wire.read(size, decode_content=False)

    def readinto(self, buffer: memoryview, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Uncopied:
    def __init__(self, wire: Wire, under: HTTPResponse) -> None:
        self._wire = wire
        self._under = under

    def read(self, size: int, /) -> bytes:
        data = self._under.read(size)
        self._release_at_end()
        return data

    def readinto(self, buffer: memoryview, /) -> int:
        size = self._under.readinto(buffer)
        self._release_at_end()
        return size

    def _release_at_end(self) -> None:
        if self._under.isclosed():
            self._wire.release_conn()
