"""The body of an answer as a file: unpacked while it is read, and never silently short.

``http.client`` ends a cut body without a word, and a cut gzip stream merely stops; a CSV reader behind either
would give fewer rows and no complaint. So the bytes are counted here, and the packing is looked at to its end.
"""

from __future__ import annotations

import io
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3.exceptions as u3

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.transport.failures import cut_off, map_error
from sfbulk_pandas.transport.gunzip import Gunzip
from sfbulk_pandas.transport.received import received
from sfbulk_pandas.wire.http import Response, header_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.transport.received import Wire
    from sfbulk_pandas.wire.http import Headers

A = TypeVar("A")
T = TypeVar("T")
_BLOCK_BYTES = 256 * 1024  # what is taken off the wire at a time where memory is to follow what comes
_MOST_BYTES = 4 << 20  # and where it is there already; with copies, 256 kB took a twentieth more time (2026-11)
_PLAIN = frozenset({"", "identity"})


class BodyFile(io.RawIOBase):
    """Read the body of an answer; fit for ``pyarrow.PythonFile`` and ``pyarrow.csv.open_csv``.

    One reader at a time; closing it ends the request.

    Parameters
    ----------
    wire : Wire
        urllib3's response.
    headers : Headers
        Content-Length and Content-Encoding are looked at.
    what : str
        The request, for errors.
    close : callable
        Ends the request; called once, with the bytes received and what ``problem`` is.

    Attributes
    ----------
    received_bytes : int
        As they came, packed.
    problem : str
        The name of the error that reading has ended with; empty where there was none.
    """

    def __init__(self, wire: Wire, headers: Headers, what: str, close: Callable[[int, str], object]) -> None:
        super().__init__()
        self._received = received(wire)
        self._what = what
        self._on_close = close
        self.received_bytes = 0
        self.problem = ""
        self._expected = _length(headers)
        self._gzip: Gunzip | None = None
        self._ended = False
        try:
            self._gzip = Gunzip() if _is_gzip(headers, what) else None
        except SfBulkError as error:
            self._noted(error)
            self.close()
            raise

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes of the body, unpacked; nothing at its end.

        Raises
        ------
        ConnectionFailed
            Where the body was cut off, or cannot be unpacked.
        ReadTimedOut
            Where Salesforce stopped sending.
        """
        if size is None or size < 0:
            return self.readall()
        if size == 0:
            return b""
        return self._taken(size) if self._gzip is None else self._unpacked(self._gzip, size)

    def readall(self) -> bytes:
        """Return all that is left."""
        return b"".join(iter(lambda: self.read(_BLOCK_BYTES), b""))

    def up_to(self, size: int) -> bytes:
        """Return what is left, or the first ``size`` bytes of it; memory follows what comes, not ``size``."""
        pieces, missing = [], size
        while missing and (piece := self.read(min(missing, _BLOCK_BYTES))):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any, /) -> int:
        """Put the next bytes into a buffer, not always as many as fit, and return how many they are."""
        view = memoryview(buffer).cast("B")
        size = min(len(view), _MOST_BYTES)
        if size == 0:
            return 0
        if self._gzip is None:
            return self._filled(view[:size])
        data = self._piece(self._gzip, size)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """End the request. May be called twice."""
        if not self.closed:
            super().close()
            self._on_close(self.received_bytes, self.problem)

    def _taken(self, size: int) -> bytes:
        data = b"" if self._ended else self._outcome(self._received.read, size)
        self._count(len(data))
        return data

    def _filled(self, view: memoryview) -> int:
        size = 0 if self._ended else self._outcome(self._received.readinto, view)
        self._count(size)
        return size

    def _outcome(self, receive: Callable[[A], T], argument: A) -> T:
        try:
            return receive(argument)
        except (u3.HTTPError, requests.RequestException, HTTPException, OSError) as error:
            failure = map_error(error, self._what)
        raise self._noted(failure)

    def _count(self, size: int) -> None:
        self.received_bytes += size
        if size == 0 and not self._ended:
            self._end()

    def _end(self) -> None:
        self._ended = True
        if self._expected is not None and self.received_bytes != self._expected:
            raise self._noted(cut_off(self._what, f"{self.received_bytes} of {self._expected} bytes came"))
        if self._gzip is not None and not self._gzip.complete:
            raise self._noted(cut_off(self._what, "its gzip stream has no end"))

    def _noted(self, error: SfBulkError) -> SfBulkError:
        self.problem = type(error).__name__
        return error

    def _unpacked(self, gzip: Gunzip, size: int) -> bytes:
        # Filled up to the size asked for: a CSV reader takes a short block for one that ends in mid-row.
        pieces: list[bytes] = []
        missing = size
        while missing and (piece := self._piece(gzip, missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _piece(self, gzip: Gunzip, size: int) -> bytes:
        while True:
            try:
                data = gzip.take(size)
            except gzip.errors as error:
                failure = map_error(u3.DecodeError(str(error)), self._what)
            else:
                if data or not (packed := self._taken(_BLOCK_BYTES)):
                    return data
                gzip.feed(packed)
                continue
            raise self._noted(failure)


def whole_answer(status_code: int, headers: Headers, file: BodyFile, most_bytes: int) -> Response:
    """Read an answer into memory, unless it is longer than an answer can be: a few kB of gzip may unpack to any size.

    Raises
    ------
    SalesforceBroken
        Where there is more than ``most_bytes``, unpacked.
    TransportError
        Where it was cut off, or came too slowly.
    """
    body = file.up_to(most_bytes + 1)
    if len(body) > most_bytes:
        raise Response(status_code, headers, body[:most_bytes]).broken(f"has more than {most_bytes:,} bytes")
    return Response(status_code, headers, body)


def _length(headers: Headers) -> int | None:
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    return None if chunked else header_count(headers.get("content-length", ""))


def _is_gzip(headers: Headers, what: str) -> bool:
    packing = headers.get("content-encoding", "").strip().lower()
    if packing in _PLAIN:
        return False
    if packing in {"gzip", "x-gzip"}:
        return True
    raise map_error(u3.DecodeError(f"it is packed as {packing!r}, which was not asked for"), what)
