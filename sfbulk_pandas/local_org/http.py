"""What an endpoint is handed, and what it hands back: plain values, no server."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from sfbulk_pandas.local_org.bodies import at_most, pieces_of, unzipped
from sfbulk_pandas.local_org.faults import Fault, entity_too_large, json_parser_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfbulk_pandas.local_org.state import OrgState

JSON_TYPE = "application/json;charset=UTF-8"
CSV_TYPE = "text/csv; charset=UTF-8"
MAX_BODY_BYTES = 50_000_000  # REST API guide, "Insert or Update Blob Data": 50 MB of text in a request without parts


@dataclass(frozen=True)
class Call:
    """One request, routed.

    Attributes
    ----------
    method : str
        Upper case.
    segments : tuple of str
        The path after ``/services/data/vXX.X`` (or after ``/services`` where there is no version), percent-decoded,
        each as the client spelled it.
    version : str
        API version of the path, such as ``"66.0"``; empty where the path has none.
    query : mapping of str to str
        Decoded query string; names as sent.
    headers : mapping of str to str
        Names in lower case.
    stream : binary file-like
        The body, read at most once.
    content_length : int or None
        Bytes of the body; None where it comes chunked.
    user : str
        Id of the user whose token the call carries; empty where none is asked for.
    path : str
        The path as sent.
    """

    method: str
    segments: tuple[str, ...]
    version: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    stream: BinaryIO
    content_length: int | None
    user: str = ""
    path: str = ""

    @property
    def base_url(self) -> str:
        """The scheme, host and port the client called."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def body(self) -> bytes:
        """Read the whole body, gzip undone; for the small ones, never for a CSV upload.

        Raises
        ------
        Fault
            400 JSON_PARSER_ERROR for a body that is not the gzip it says it is, 413 for one above 50 MB.
        """
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise entity_too_large()
        pieces = pieces_of(self.stream)
        if self.headers.get("content-encoding", "").lower() == "gzip":
            pieces = unzipped(pieces)
        try:
            return b"".join(at_most(pieces, MAX_BODY_BYTES, entity_too_large()))
        except zlib.error as error:
            raise json_parser_error(str(error)) from None

    def json(self) -> Any:
        """Read the body as JSON.

        Raises
        ------
        Fault
            400 JSON_PARSER_ERROR where it is none.
        """
        body = self.body()
        try:
            return read_json(body)
        except ValueError as error:
            raise json_parser_error(str(error)) from None

    def json_object(self) -> dict[str, Any]:
        """Read the body as a JSON object, or raise the Fault that says it is none."""
        value = self.json()
        if not isinstance(value, dict):
            raise json_parser_error(f"expected an object, found {type(value).__name__}")
        return value

    def param(self, name: str) -> str | None:
        """Return a query parameter by its name in any case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.query.items() if key.lower() == wanted), None)


@dataclass(frozen=True)
class Answer:
    """One response: a whole body, or its pieces as they become ready.

    Pieces are sent chunked. The server closes the iterator when it is done or the client has gone.
    With ``cut_at``, the connection ends after so many bytes of the body, as they are sent.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None


def read_json(body: bytes) -> Any:
    """Read JSON that can be stored and answered again.

    Raises
    ------
    ValueError
        Where it is none, where it is nested too deeply, and where it escapes half a character.
    """
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def json_answer(value: Any, status: int = 200) -> Answer:
    """Answer a value as compact JSON, UTF-8."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": JSON_TYPE})


def csv_answer(body: bytes | Iterable[bytes], headers: Mapping[str, str] | None = None) -> Answer:
    """Answer CSV, whole or in pieces."""
    return Answer(200, body, {"Content-Type": CSV_TYPE, **(headers or {})})


def fault_answer(fault: Fault) -> Answer:
    """Answer a fault with Salesforce's array of one error."""
    return json_answer(fault.body(), fault.status)


if TYPE_CHECKING:
    Endpoint = Callable[[OrgState, Call], Answer]
