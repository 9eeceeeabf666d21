"""The org as one WSGI callable: a request in, the endpoint's answer out."""

from __future__ import annotations

import logging
import socket
import struct
import zlib
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_input_stream

from sfbulk_pandas.local_org.faults import Fault, invalid_session, unknown_error
from sfbulk_pandas.local_org.http import Answer, Call, fault_answer
from sfbulk_pandas.local_org.on_demand.kinds import ConnectionLost
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.routes import find_route, is_async, read_path
from sfbulk_pandas.local_org.usage import MAXIMA
from sfbulk_pandas.local_org.v1 import faults as v1_faults
from sfbulk_pandas.local_org.v1.answers import async_fault
from sfbulk_pandas.salesforce.limits import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from sfbulk_pandas.local_org.state import OrgState

_LOG = logging.getLogger(__name__)
_COUNTED = ("/services/data/", "/services/async/")
_DAILY_CALLS = MAXIMA["DailyApiRequests"]
_KEPT_EXCHANGES = 10_000
_DRAIN_BYTES = 1 << 20
_GZIP_WBITS = 31
_NO_LINGER = struct.pack("ii", 1, 0)  # closing the connection resets it


@dataclass(frozen=True)
class Exchange:
    """One request that has come; its status is 0 where the connection broke and nothing was done."""

    method: str
    path: str
    status: int


class App:
    """Answer requests for one org.

    Parameters
    ----------
    org : OrgState

    Attributes
    ----------
    exchanges : deque of Exchange
        The last ten thousand requests, oldest first.
    """

    def __init__(self, org: OrgState) -> None:
        self._org = org
        self.exchanges: deque[Exchange] = deque(maxlen=_KEPT_EXCHANGES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request."""
        call = read_call(environ)
        try:
            answer = self._finish(call, self._struck(call))
        except ConnectionLost as lost:
            self.exchanges.append(Exchange(call.method, call.path, lost.answer.status if lost.answer else 0))
            return _hung_up(environ, start_response)
        self._drain(call)
        self.exchanges.append(Exchange(call.method, call.path, answer.status))
        status = f"{answer.status} {HTTP_STATUS_CODES.get(answer.status, 'Unknown')}"
        start_response(status, list(answer.headers.items()))
        body = [answer.body] if isinstance(answer.body, bytes) else answer.body
        return body if answer.cut_at is None else _broken_off(environ, body, answer.cut_at)

    def _struck(self, call: Call) -> Answer:
        """Answer as the fault has it that strikes the request, or as the endpoint does."""
        fault = self._org.faults.strike(call.method, call.path)
        return self._answer(call) if fault is None else fault.applied(self._org, call, self._answer)

    def _answer(self, call: Call) -> Answer:
        try:
            return self._routed(call)
        except Fault as fault:
            return _faulty(call, fault)
        except ClientDisconnected:
            return Answer(400)
        except Exception:  # noqa: BLE001 - a server answers 500 and goes on; the log has the cause
            reference = f"{id(call):x}-{self._org.usage.calls}"
            _LOG.exception("%s %s failed in the local org (%s)", call.method, call.path, reference)
            return _faulty(call, unknown_error(reference))

    def _routed(self, call: Call) -> Answer:
        where = read_path(call.path)
        if where.needs_token:
            call = replace(call, user=self._user(call, is_async=where.is_async))
        endpoint = find_route(where, call.method)
        return endpoint(self._org, replace(call, segments=where.segments, version=where.version))

    def _user(self, call: Call, *, is_async: bool) -> str:
        if is_async:
            return self._session_user(call)
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not self._org.sign_in.is_good(token.strip()):
            raise invalid_session()
        return USER_ID

    def _session_user(self, call: Call) -> str:
        session = call.headers.get("x-sfdc-session", "").strip()
        if not session:
            raise v1_faults.no_session()
        if not self._org.sign_in.is_good(session):
            raise v1_faults.invalid_session()
        return USER_ID

    def _finish(self, call: Call, answer: Answer) -> Answer:
        path = call.path.lower()
        number = self._org.usage.add_call(counts=path.startswith(_COUNTED))
        headers = {"X-SFDC-Request-Id": f"{number:032x}", "X-Request-Id": f"{number:032x}", **answer.headers}
        if path.startswith("/services/data/"):
            headers["Sforce-Limit-Info"] = f"api-usage={min(self._org.usage.calls, _DAILY_CALLS)}/{_DAILY_CALLS}"
        if isinstance(answer.body, bytes) and not answer.body and answer.status != 204:  # noqa: PLR2004 - No Content
            headers["Content-Length"] = "0"
        if self._org.switches.gzip_answers and answer.body != b"" and "gzip" in call.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return replace(answer, body=_gzip(answer.body), headers=headers)
        return replace(answer, headers=headers)

    def _drain(self, call: Call) -> None:
        """Read what an endpoint left of the body: closing on unread bytes would cut off the answer too.

        Of a body beyond all limits not all is read: whoever sends that may miss the answer.
        """
        left = MAX_UPLOAD_BYTES
        try:
            while left > 0 and (piece := call.stream.read(_DRAIN_BYTES)):
                left -= len(piece)
        except ClientDisconnected:
            return  # nobody is left to read the answer


def _faulty(call: Call, fault: Fault) -> Answer:
    return async_fault(call, fault) if is_async(call.path) else fault_answer(fault)


def _hung_up(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Reset a connection without an answer; whoever called without one gets an empty 500."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        raise ConnectionResetError
    start_response("500 Internal Server Error", [("Content-Length", "0")])
    return []


def _broken_off(environ: WSGIEnvironment, body: Iterable[bytes], to_bytes: int) -> Iterator[bytes]:
    """Send the beginning of a body, then break the connection."""
    left = to_bytes
    for piece in body:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            break
    if (connection := environ.get("werkzeug.socket")) is not None:
        connection.shutdown(socket.SHUT_RDWR)


def read_call(environ: WSGIEnvironment) -> Call:
    """Read a WSGI request into a Call that is not routed yet."""
    names = (name for name in environ if name.startswith("HTTP_"))
    headers = {name[5:].replace("_", "-").lower(): str(environ[name]) for name in names}
    headers |= {"content-type": environ.get("CONTENT_TYPE", ""), "host": environ.get("HTTP_HOST", "127.0.0.1")}
    length: Any = environ.get("CONTENT_LENGTH")
    return Call(
        method=environ["REQUEST_METHOD"].upper(),
        segments=(),
        version="",
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        stream=get_input_stream(environ),  # type: ignore[arg-type]  # all that is asked of it is read
        content_length=int(length) if length and str(length).isdigit() else None,
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
    )


def _gzip(body: bytes | Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=_GZIP_WBITS)
    for piece in [body] if isinstance(body, bytes) else body:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
