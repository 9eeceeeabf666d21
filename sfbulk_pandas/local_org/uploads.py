"""Take uploads: a CSV file straight to disk, or job and rows together in one multipart call.

Source: Bulk API 2.0 guide, "Upload Job Data" and "Create a Job"; App Limits cheat sheet, "Bulk API 2.0".
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.bodies import at_most, pieces_of, unzipped
from sfbulk_pandas.salesforce.limits import MAX_CSV_BYTES, MAX_MULTIPART_CHARS

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.switches import Switches


def receive(call: Call, path: Path, switches: Switches) -> None:
    """Write the body of a call of Bulk API 2.0 to disk, piece by piece.

    Parameters
    ----------
    call : Call
    path : Path
        There is a file only when all of it has come.
    switches : Switches

    Raises
    ------
    Fault
        413 (or what the switch says) above 150 MB in base64, 415 for a compressed body, 400 for gzip that is none.
    """
    too_large = faults.entity_too_large()
    too_large.status = switches.oversize_status
    write_body(call, path, Bounds(MAX_CSV_BYTES, too_large, switches.gzip_uploads))


@dataclass(frozen=True)
class Bounds:
    """What a body may be: its most bytes, the answer to more, and whether it may be gzip."""

    max_bytes: int
    too_large: faults.Fault
    gzip: bool


def write_body(call: Call, path: Path, bounds: Bounds) -> None:
    """Write the body of a call to disk, piece by piece; there is a file only when all of it has come.

    Raises
    ------
    Fault
        Above the bounds; 415 for a body compressed in another way, 400 for gzip that is none.
    """
    encoding = call.headers.get("content-encoding", "identity").lower()
    if encoding != "identity" and not (encoding == "gzip" and bounds.gzip):
        raise faults.unsupported_media(f"Content-Encoding {encoding} is not supported")
    if (call.content_length or 0) > bounds.max_bytes:
        raise bounds.too_large
    pieces = pieces_of(call.stream)
    if encoding == "gzip":
        pieces = unzipped(pieces)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.writelines(at_most(pieces, bounds.max_bytes, bounds.too_large))
    except zlib.error as error:
        raise faults.api_error(f"The body is not gzip: {error}") from None
    part.replace(path)


def is_multipart(call: Call) -> bool:
    """Whether a create call brings its rows along."""
    return call.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _small_body(call: Call) -> bytes:
    """Read a body of at most 100,000 characters; one that comes chunked does not say its size before."""
    body = b""
    for piece in pieces_of(call.stream):
        body += piece
        if len(body) > MAX_MULTIPART_CHARS and len(body.decode("utf-8", "ignore")) > MAX_MULTIPART_CHARS:
            raise faults.api_error(f"The multipart request exceeds {MAX_MULTIPART_CHARS} characters")
    return body


def read_multipart(call: Call) -> tuple[bytes, bytes]:
    """Read a multipart create call.

    Parameters
    ----------
    call : Call

    Returns
    -------
    tuple of bytes
        The parts ``job`` (JSON) and ``content`` (CSV).

    Raises
    ------
    Fault
        400 for a body above 100,000 characters, or without one of the parts.
    """
    _, options = parse_options_header(call.headers["content-type"])
    body = _small_body(call)
    try:
        parser = MultiPartParser(lambda *_, **__: io.BytesIO())  # no file that a bad body leaves open
        form, files = parser.parse(io.BytesIO(body), options.get("boundary", "").encode(), len(body))
    except ValueError as error:
        raise faults.api_error(f"The multipart request cannot be read: {error}") from None
    found = {**{name: text.encode() for name, text in form.items()}, **{name: f.read() for name, f in files.items()}}
    for file in files.values():
        file.close()
    missing = [name for name in ("job", "content") if name not in found]
    if missing:
        raise faults.api_error(f"The multipart request has no part '{missing[0]}'")
    return found["job"], found["content"]
