"""One request, one answer, through requests: no repetition, no decisions."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as u3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from sfbulk_pandas.errors import TransportError, mask_secrets
from sfbulk_pandas.salesforce.limits import MAX_ANSWER_BYTES, MAX_FAULT_BYTES
from sfbulk_pandas.transport.body import BodyFile, whole_answer
from sfbulk_pandas.transport.failures import map_error
from sfbulk_pandas.wire.hosts import is_loopback
from sfbulk_pandas.wire.http import Headers, Response
from sfbulk_pandas.wire.query_v1 import is_async

if TYPE_CHECKING:
    from sfbulk_pandas.transport.clock import Clock
    from sfbulk_pandas.wire.http import Request
    from sfbulk_pandas.wire.oauth import AccessToken

log = logging.getLogger("sfbulk_pandas")
POOL_SIZE = 32  # connections kept for one host: more than the parts and pages that are ever on their way at once
_NO_PROXIES: dict[str, Any] = {"http": None, "https": None, "all": None}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a connection, and for the next bytes of an answer.

    Attributes
    ----------
    connect_seconds : float
    read_seconds : float
        First pages of large queries were seen to take 17 s.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 120.0


class _Bearer(AuthBase):
    """Put the token on a request, or nothing; either way requests leaves ``.netrc`` alone."""

    def __init__(self, token: AccessToken | None) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers.pop("Authorization", None)
        if self._token is not None and is_async(prepared.path_url):
            prepared.headers["X-SFDC-Session"] = self._token.token
        elif self._token is not None:
            prepared.headers["Authorization"] = f"Bearer {self._token.token}"
        return prepared


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose headers are there.

    Attributes
    ----------
    status_code : int
    headers : Headers
    file : BodyFile
        To be closed by whoever reads it.
    token : AccessToken or None
        What the request carried; masked where an answer repeats it, for errors show answers.
    """

    status_code: int
    headers: Headers
    file: BodyFile
    token: AccessToken | None

    def whole(self) -> Response:
        """Read the body to its end, and close it; of an error, no more than its first part.

        Raises
        ------
        SalesforceBroken
            Where it is longer than any answer of Salesforce's.
        TransportError
            Where it was cut off, or came too slowly.
        """
        with self.file:
            body = self._body()
        if self.token is not None and "csv" not in self.headers.get("content-type", ""):  # rows stay as they came
            body = body.replace(self.token.token.encode(), b"***")
        return Response(self.status_code, self.headers, body)

    def _body(self) -> bytes:
        if self.status_code < 300:  # noqa: PLR2004 - what is read_fault's is cut: its status counts, and what it begins with
            return whole_answer(self.status_code, self.headers, self.file, MAX_ANSWER_BYTES).body
        return self.file.up_to(MAX_FAULT_BYTES)


class Exchange:
    """Send single requests over a pool of connections. Any thread may use it; close it at the end.

    Parameters
    ----------
    clock : Clock
    timeouts : Timeouts
    http : requests.Session or None
        One of its own by default.
    """

    def __init__(self, clock: Clock, timeouts: Timeouts, http: requests.Session | None) -> None:
        self._clock = clock
        self._timeout = (timeouts.connect_seconds, timeouts.read_seconds)
        self._http = _new_http() if http is None else http
        self._count_lock = threading.Lock()
        self.calls = 0

    def open(self, request: Request, url: str, token: AccessToken | None) -> Opened:
        """Send a request and return as soon as the headers of the answer are there.

        Parameters
        ----------
        request : Request
        url : str
            Where to: the request's path, made whole.
        token : AccessToken or None

        Returns
        -------
        Opened

        Raises
        ------
        TransportError
            Where no answer came.
        """
        entry = _Entry(request, self._clock)
        with self._count_lock:
            self.calls += 1
        try:
            answer = self._request(request, url, token)
        except (requests.RequestException, u3.HTTPError, OSError) as error:
            failure = map_error(error, str(request))
        else:
            return self._opened(entry, answer, token)
        entry.write(type(failure).__name__)
        raise failure  # outside the handler: theirs, which holds the token, is not chained

    def close(self) -> None:
        """Close all connections. May be called twice."""
        self._http.close()

    def _request(self, request: Request, url: str, token: AccessToken | None) -> requests.Response:
        local = is_loopback(urlsplit(url).hostname)
        packing = {"Accept-Encoding": "identity" if local else "gzip", "User-Agent": "sfbulk_pandas"}
        return self._http.request(
            request.method,
            url,
            headers={**packing, **request.headers},
            data=_sendable(request),
            auth=_Bearer(token),
            stream=True,
            timeout=self._timeout,
            allow_redirects=False,
            proxies=dict(_NO_PROXIES) if local else None,
        )

    @staticmethod
    def _opened(entry: _Entry, answer: requests.Response, token: AccessToken | None) -> Opened:
        headers = Headers(answer.headers)

        def ended(received_bytes: int) -> None:
            answer.close()
            entry.write(str(answer.status_code), received_bytes, headers)

        try:
            file = BodyFile(answer.raw, headers, str(entry.request), ended)
        except TransportError:
            answer.close()
            raise
        return Opened(answer.status_code, headers, file, token)


class _Entry:
    """One line of the log: what was asked and what came of it, without query and secrets."""

    def __init__(self, request: Request, clock: Clock) -> None:
        self.request = request
        self._clock = clock
        self._started = clock.monotonic()

    def write(self, outcome: str, received_bytes: int = 0, headers: Headers | None = None) -> None:
        if not log.isEnabledFor(logging.DEBUG):
            return
        named = headers or Headers()
        log.debug(
            "%s %s in %d ms, %d bytes up, %d down, request id %s",
            mask_secrets(str(self.request)),
            outcome,
            round((self._clock.monotonic() - self._started) * 1000),
            0 if self.request.body is None else len(self.request.body),
            received_bytes,
            mask_secrets(named.get("x-sfdc-request-id") or named.get("x-request-id") or "-"),
        )


def _sendable(request: Request) -> Any:
    """Return the body as requests takes it: an empty one in pieces would go out chunked, without its length."""
    body = request.body
    return None if body is None else body if len(body) else b""


def _new_http() -> requests.Session:
    http = requests.Session()
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # several come with every answer; none is needed
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0))
    return http
