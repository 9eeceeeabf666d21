"""The session: sends requests, renews the token once, repeats what is safe, and says what went wrong."""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar

from sfbulk_pandas.errors import ApiError, RetriesExhausted, SessionExpired, SfBulkError, TransportError, UsageError
from sfbulk_pandas.salesforce.limits import DEFAULT_API_VERSION
from sfbulk_pandas.transport.clock import SystemClock
from sfbulk_pandas.transport.exchange import Exchange
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.retry import Failure, failure_of, retry_after_seconds
from sfbulk_pandas.wire.faults import read_fault
from sfbulk_pandas.wire.hosts import base_url
from sfbulk_pandas.wire.http import is_page, is_page_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfbulk_pandas.auth.base import Credentials
    from sfbulk_pandas.transport.body import BodyFile
    from sfbulk_pandas.transport.clock import Clock
    from sfbulk_pandas.transport.exchange import Opened
    from sfbulk_pandas.wire.http import Headers, Request, Response
    from sfbulk_pandas.wire.oauth import AccessToken

T = TypeVar("T")
_JITTER = 0.2
_A_PAGE = "is a web page"
# A new token would be refused like the old one: it is the app that may not do this.
_NOT_RENEWABLE = ("connected app is not attached to agent", "session is not valid for use with the rest api")


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is still on its way.

    Attributes
    ----------
    status_code : int
    headers : Headers
        Names in any case.
    raw : BodyFile
        The body as a binary file, unpacked. A short body raises ConnectionFailed from its ``read``.
    """

    status_code: int
    headers: Headers
    raw: BodyFile


class Session:
    """Talk to one org. Any thread may use it; close it at the end, or use it as a context.

    Parameters
    ----------
    credentials : Credentials
        How to come by a token; asked when the first request needs one, and when Salesforce
        answers 401: then once, whatever the number of threads that met it.
    api_version : str
        Such as ``"66.0"``.
    clock : Clock or None
        The machine's own by default.
    network : Network
        Time-outs, repetition, proxies, certificates.

    Examples
    --------
    ``with session.stream(request) as answer: pyarrow.csv.open_csv(answer.raw)`` reads while it downloads.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_version: str = DEFAULT_API_VERSION,
        clock: Clock | None = None,
        network: Network = Network(),  # noqa: B008 - frozen
    ) -> None:
        self.api_version = api_version
        self._credentials = credentials
        self._clock: Clock = SystemClock() if clock is None else clock
        self._exchange = Exchange(self._clock, network)
        self._retry = network.retry
        self._token: AccessToken | None = None
        self._token_lock = threading.Lock()
        self._pauses = threading.local()

    @property
    def calls(self) -> int:
        """The number of requests made so far, sign-in and repetitions among them."""
        return self._exchange.calls

    @property
    def clock(self) -> Clock:
        """The clock that whoever waits for this org must use."""
        return self._clock

    @property
    def instance_url(self) -> str:
        """The org's address; signs in where that has not happened yet."""
        return self._current().instance_url

    @property
    def known_url(self) -> str | None:
        """The org's address; None where it is not known before signing in."""
        token = self._token
        return token.instance_url if token else None

    @property
    def token_id_url(self) -> str | None:
        """The identity URL of the token, where it came with one; signs in where that has not happened yet."""
        return self._current().token_id_url

    def send(self, request: Request) -> Response:
        """Send a request and return the whole answer.

        A 401 fetches one new token and repeats the request, once. Whatever may safely be
        repeated is, after a growing wait; a Retry-After is honoured.

        Parameters
        ----------
        request : Request

        Returns
        -------
        Response
            Its status is below 300.

        Raises
        ------
        ApiError
            The fitting subclass, for any other status.
        TransportError
            Where the request or its answer did not come through.
        AuthError
            Where no token could be had.
        UsageError
            Where the request would carry the token to another host.
        """
        return self._authorised(request, self._whole)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """Send a request and give its answer while the body is still on its way.

        Until the headers are there, it behaves as :meth:`send`; after that nothing is repeated.

        Parameters
        ----------
        request : Request

        Yields
        ------
        Streamed
            Read ``raw`` inside the context; it is closed at its end.

        Raises
        ------
        ApiError, TransportError, AuthError, UsageError
            As :meth:`send`.
        """
        opened = self._authorised(request, self._opened)
        with opened.file as raw:
            yield Streamed(opened.status_code, opened.headers, raw)

    def read(self, request: Request, reader: Callable[[Streamed], T]) -> T:
        """Stream a request's answer into a reader; where the body breaks off, fetch and read it again.

        Parameters
        ----------
        request : Request
            Repeated under the same rules as :meth:`send`, the body's end now included.
        reader : callable
            Reads the whole answer and returns what it made of it. Called anew for each attempt.

        Returns
        -------
        object
            What the reader returned.

        Raises
        ------
        ApiError, TransportError, AuthError, UsageError
            As :meth:`send`.
        """

        def take(request: Request, token: AccessToken | None) -> T:
            opened = self._opened(request, token)
            with opened.file as raw:
                return reader(Streamed(opened.status_code, opened.headers, raw))

        return self._authorised(request, take)

    @contextmanager
    def pausing(self, pause: Callable[[float], None]) -> Iterator[None]:
        """Let the caller wait in its own way before a request of this thread is sent again.

        Parameters
        ----------
        pause : callable
            Waits so many seconds. What it raises ends the request, which may have arrived, as it stands.
        """
        outer = self._pause
        self._pauses.pause = pause
        try:
            yield
        finally:
            self._pauses.pause = outer

    def close(self) -> None:
        """Give all connections back. May be called twice; the token is forgotten."""
        self._token = None
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session({self.known_url or 'not signed in yet'}, api_version={self.api_version!r})"

    def __reduce__(self) -> NoReturn:
        raise UsageError("a session is not pickled", hint="pickle the credentials and make a session of its own there")

    @property
    def _pause(self) -> Callable[[float], None]:
        pause: Callable[[float], None] = getattr(self._pauses, "pause", self._clock.sleep)
        return pause

    def _authorised(self, request: Request, take: Callable[[Request, AccessToken | None], T]) -> T:
        began = self._clock.monotonic()
        token = self._current()
        try:
            return self._repeated(request, token, take, began)
        except SessionExpired as refused:
            if any(text in str(refused).lower() for text in _NOT_RENEWABLE):
                raise
        return self._repeated(request, self._renewed(token), take, began)

    def _current(self) -> AccessToken:
        with self._token_lock:
            if self._token is None:
                self._token = self._credentials.fetch(self._unsigned)
            return self._token

    def _renewed(self, refused: AccessToken) -> AccessToken:
        with self._token_lock:
            if self._token is None or self._token.token == refused.token:
                fresh = self._credentials.fetch(self._unsigned)
                if fresh.token == refused.token:
                    raise SessionExpired(
                        "Salesforce refused the access token: it has expired or was revoked, and cannot be renewed",
                        hint="sign in again, or use credentials that can renew themselves, such as JwtBearer",
                        status_code=401,
                        error_code="INVALID_SESSION_ID",
                    )
                self._token = fresh
            return self._token

    def _unsigned(self, request: Request) -> Response:
        return self._repeated(request, None, self._any_answer, self._clock.monotonic())

    def _repeated(
        self,
        request: Request,
        token: AccessToken | None,
        take: Callable[[Request, AccessToken | None], T],
        began: float,
    ) -> T:
        attempt = 1
        while True:
            try:
                return take(request, token)
            except (ApiError, TransportError) as error:
                wait = self._wait_seconds(request, error, attempt, self._clock.monotonic() - began)
                last: ApiError | TransportError = error
            if wait is None:
                raise _given_up(request, last, attempt)
            self._pause(wait)
            attempt += 1

    def _wait_seconds(self, request: Request, error: SfBulkError, attempt: int, elapsed: float) -> float | None:
        asked = retry_after_seconds(getattr(error, "retry_after", None), self._clock.now())
        wait = self._retry.delay(
            failure_of(error),
            attempt,
            method=request.method,
            replayable=request.replayable,
            retry_after=asked,
            elapsed_seconds=elapsed,
        )
        if wait is None or asked:
            return wait
        return wait * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads callers, hides nothing

    def _opened(self, request: Request, token: AccessToken | None) -> Opened:
        opened = self._exchange.open(request, self._url(request, token), token)
        if opened.status_code >= 300:  # noqa: PLR2004 - redirects are faults: the token would go along
            raise read_fault(opened.whole())
        if opened.status_code != HTTPStatus.NO_CONTENT and is_page_type(opened.headers):
            raise opened.whole().broken(_A_PAGE)
        return opened

    def _whole(self, request: Request, token: AccessToken | None) -> Response:
        response = self._opened(request, token).whole()
        if is_page(response):  # also where there is nothing to read in it, as after an upload
            raise response.broken(_A_PAGE)
        return response

    def _any_answer(self, request: Request, token: AccessToken | None) -> Response:
        response = self._exchange.open(request, self._url(request, token), token).whole()
        if response.status_code < 300:  # noqa: PLR2004 - what is refused for good is for the credentials to read
            return response
        fault = read_fault(response)
        if failure_of(fault) is Failure.FINAL and response.status_code >= 400:  # noqa: PLR2004 - no redirect is
            return response
        raise fault

    @staticmethod
    def _url(request: Request, token: AccessToken | None) -> str:
        if token is None:
            return request.path
        if request.path.startswith("/"):
            return token.instance_url + request.path
        if base_url(request.path) != token.instance_url:
            raise UsageError(
                f"{base_url(request.path)} is not the org signed in to ({token.instance_url})",
                hint="the token is sent to its own org only",
            )
        return request.path


def _given_up(request: Request, error: ApiError | TransportError, attempts: int) -> SfBulkError:
    # What is not replayable keeps its own error: whoever asks the server next looks at may_have_arrived.
    if attempts == 1 or isinstance(error, ApiError) or not request.replayable:
        return error
    return RetriesExhausted(
        f"{request} failed {attempts} times; at last: {error.args[0]}", hint=error.hint, attempts=attempts
    )
