"""From the exceptions of requests, urllib3 and sockets to ours: one function, no other place."""

from __future__ import annotations

from http.client import IncompleteRead
from ssl import SSLError
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions as u3

from sfbulk_pandas.errors import ConnectionFailed, ReadTimedOut, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.errors import SfBulkError

# The request was never put together, so nothing was sent.
_NEVER_BUILT = (
    requests.exceptions.URLRequired,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidJSONError,
    requests.exceptions.UnrewindableBodyError,
    u3.LocationValueError,
)
_UNREACHED = (requests.exceptions.ConnectTimeout, u3.NewConnectionError, u3.ConnectTimeoutError)
_TOO_LATE = (requests.exceptions.Timeout, u3.ReadTimeoutError, TimeoutError)
# In this order: a proxy's failure is wrapped in a connection's, a cut inside a protocol's.
_BROKEN: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (requests.exceptions.SSLError, u3.SSLError, SSLError),
        "the secure connection failed",
        "behind a company proxy, give its certificate: Network(ca_bundle=...), or set REQUESTS_CA_BUNDLE",
    ),
    (
        (requests.exceptions.ProxyError, u3.ProxyError),
        "the proxy failed",
        "check HTTPS_PROXY and NO_PROXY, or Network(proxies=...)",
    ),
    ((requests.exceptions.ContentDecodingError, u3.DecodeError), "the answer cannot be unpacked", "try again"),
    (
        (requests.exceptions.ChunkedEncodingError, u3.IncompleteRead, IncompleteRead),
        "the answer was cut off",
        "try again",
    ),
)


def map_error(error: Exception, what: str) -> SfBulkError:
    """Return our exception for one of requests, urllib3 or the socket's.

    It is not chained to theirs, which holds the request and with it the token.

    Parameters
    ----------
    error : Exception
        Whatever came out of sending or reading.
    what : str
        The request, such as ``"GET /services/data"``.

    Returns
    -------
    SfBulkError
        UsageError where nothing could be sent; ReadTimedOut; else ConnectionFailed, whose
        ``may_have_arrived`` is False only where no connection was made.
    """
    causes = tuple(_causes(error))
    if isinstance(error, _NEVER_BUILT):
        return UsageError(f"{what} cannot be sent: {_plain(error)}", hint="check the address of the org")
    if any(isinstance(each, _UNREACHED) for each in causes):
        return ConnectionFailed(
            f"{what}: no connection to Salesforce ({_plain(causes[-1])})",
            hint="check the network, the proxy settings and the address of the org",
            may_have_arrived=False,
        )
    for kinds, happened, hint in _BROKEN:
        if any(isinstance(each, kinds) for each in causes):
            return _failed(what, f"{happened} ({_plain(causes[-1])})", hint)
    if any(isinstance(each, _TOO_LATE) for each in causes):
        return ReadTimedOut(f"{what}: Salesforce did not answer in time", hint="try again, or allow more time")
    return _failed(what, f"the connection broke ({_plain(error)})", "try again")


def cut_off(what: str, detail: str) -> ConnectionFailed:
    """Return the error for an answer that ended too early."""
    return _failed(what, f"the answer was cut off ({detail})", "try again")


def _failed(what: str, happened: str, hint: str) -> ConnectionFailed:
    return ConnectionFailed(f"{what}: {happened}", hint=hint, may_have_arrived=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from an error to what lies behind it: causes, wrapped arguments and urllib3's ``reason``."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = [each for each in (*current.args, getattr(current, "reason", None)) if isinstance(each, BaseException)]
        current = inner[-1] if inner else current.__cause__


def _plain(error: BaseException) -> str:
    """Name an error without its object addresses and without the URL's query."""
    text = str(error).partition(" (Caused by")[0]
    text = text.rpartition(" object at 0x")[2].partition(">: ")[2] or text if "object at 0x" in text else text
    return f"{type(error).__name__}: {text.partition('?')[0]}"[:200]
