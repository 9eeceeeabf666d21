"""One request, one answer, through requests: no repetition, no decisions."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as u3
from requests.auth import AuthBase

from sfbulk_pandas.errors import SalesforceBroken, TransportError, mask_secrets
from sfbulk_pandas.salesforce.limits import MAX_ANSWER_BYTES, MAX_FAULT_BYTES
from sfbulk_pandas.transport.body import BodyFile, whole_answer
from sfbulk_pandas.transport.failures import map_error
from sfbulk_pandas.wire.hiding import without_frames_of
from sfbulk_pandas.wire.hosts import is_loopback
from sfbulk_pandas.wire.http import Headers, Response
from sfbulk_pandas.wire.query_v1 import is_async

if TYPE_CHECKING:
    from sfbulk_pandas.transport.clock import Clock
    from sfbulk_pandas.transport.network import Network
    from sfbulk_pandas.wire.http import Request
    from sfbulk_pandas.wire.oauth import AccessToken

_HOLD_THE_TOKEN = frozenset({"requests", "urllib3", "http"})  # in the locals of their frames
log = logging.getLogger("sfbulk_pandas")


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
        body, failure = b"", None
        with self.file:
            try:
                body = self._body()
            except (TransportError, SalesforceBroken) as error:  # whose frames hold what has come: a token, perhaps
                failure = error.with_traceback(None)
        if failure is not None:
            raise failure
        if self.token is not None and "csv" not in self.headers.get("content-type", ""):  # rows stay as they came
            body = body.replace(self.token.token.encode(), b"***")
        return Response(self.status_code, self.headers, body)

    def _body(self) -> bytes:
        if self.status_code < 300:  # noqa: PLR2004 - of an error, its status counts, and what it begins with
            return whole_answer(self.status_code, self.headers, self.file, MAX_ANSWER_BYTES).body
        return self.file.up_to(MAX_FAULT_BYTES)


class Exchange:
    """Send single requests over a pool of connections. Any thread may use it; close it at the end.

    Parameters
    ----------
    clock : Clock
    network : Network
    """

    def __init__(self, clock: Clock, network: Network) -> None:
        self._clock = clock
        self._network = network
        self._http = network.opened()
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
        except BaseException as error:  # noqa: BLE001 - raised again, without what holds the token
            entry.write(type(error).__name__)
            raise error.with_traceback(without_frames_of(error.__traceback__, _HOLD_THE_TOKEN)) from None
        else:
            return self._opened(entry, answer, token)
        entry.write(type(failure).__name__)
        raise failure  # outside the handler: theirs, which holds the token, is not chained

    def close(self) -> None:
        """Close all connections, unless they are those of the caller's own session. May be called twice."""
        if self._network.session is None:
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
            timeout=self._network.timeouts,
            allow_redirects=False,
            proxies=self._network.proxies_for(url),
            verify=self._network.verify,
        )

    @staticmethod
    def _opened(entry: _Entry, answer: requests.Response, token: AccessToken | None) -> Opened:
        headers = Headers(answer.headers)
        if not isinstance(answer.request.body, bytes | str):
            answer.request.body = None  # requests' objects form cycles: a part would stay until Python looks for those

        def ended(received_bytes: int, problem: str) -> None:
            answer.close()
            entry.write(f"{answer.status_code} {problem}".rstrip(), received_bytes, headers)

        return Opened(answer.status_code, headers, BodyFile(answer.raw, headers, entry.what, ended), token)


class _Entry:
    """One line of the log: what was asked and what came of it, without query and secrets."""

    def __init__(self, request: Request, clock: Clock) -> None:
        self.what = str(request)
        self._sent_bytes = 0 if request.body is None else len(request.body)
        self._clock = clock
        self._started = clock.monotonic()

    def write(self, outcome: str, received_bytes: int = 0, headers: Headers | None = None) -> None:
        if not log.isEnabledFor(logging.DEBUG):
            return
        named = headers or Headers()
        log.debug(
            "%s %s in %d ms, %d bytes up, %d down, request id %s",
            mask_secrets(self.what),
            outcome,
            round((self._clock.monotonic() - self._started) * 1000),
            self._sent_bytes,
            received_bytes,
            mask_secrets(named.get("x-sfdc-request-id") or named.get("x-request-id") or "-"),
        )


def _sendable(request: Request) -> Any:
    """Return the body as requests takes it: an empty one in pieces would go out chunked, without its length."""
    body = request.body
    return None if body is None else body if len(body) else b""
