"""Every exception of requests has a place in our tree."""

from __future__ import annotations

import http.client
import ssl

import pytest
import requests
import urllib3.exceptions as u3

from sfbulk_pandas.errors import ConnectionFailed, ReadTimedOut, SfBulkError, UsageError
from sfbulk_pandas.transport.failures import map_error

REFUSED = u3.NewConnectionError("host", "Failed to establish a new connection: [Errno 111] Connection refused")
EVERY = sorted(
    (
        each
        for each in vars(requests.exceptions).values()
        if isinstance(each, type) and issubclass(each, requests.RequestException)
    ),
    key=lambda each: each.__name__,
)
BUILT_WRONG = {
    "InvalidHeader",
    "InvalidJSONError",
    "InvalidProxyURL",
    "InvalidSchema",
    "InvalidURL",
    "JSONDecodeError",
    "MissingSchema",
    "URLRequired",
    "UnrewindableBodyError",
}


def made(kind):
    return kind("x", "doc", 0) if kind is requests.exceptions.JSONDecodeError else kind("x")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_exception_of_requests_is_mapped(kind):
    error = map_error(made(kind), "GET /x")
    assert isinstance(error, SfBulkError)
    assert error.__cause__ is None
    assert "GET /x" in str(error)
    assert isinstance(error, UsageError) == (kind.__name__ in BUILT_WRONG)
    if kind.__name__ in {"Timeout", "ReadTimeout"}:
        assert type(error) is ReadTimedOut
    elif kind.__name__ not in BUILT_WRONG:
        assert type(error) is ConnectionFailed
        assert error.may_have_arrived == (kind.__name__ != "ConnectTimeout")


def test_the_walk_finds_them():
    assert len(EVERY) > 20


@pytest.mark.parametrize(
    ("error", "arrived", "words"),
    [
        (requests.ConnectionError(u3.MaxRetryError(None, "/x?sid=planted", REFUSED)), False, "no connection"),
        (requests.ConnectTimeout(u3.MaxRetryError(None, "/x", u3.ConnectTimeoutError())), False, "no connection"),
        (requests.exceptions.ProxyError(u3.MaxRetryError(None, "/x", u3.ProxyError("p", REFUSED))), False, "proxy"),
        (
            requests.exceptions.ProxyError(u3.MaxRetryError(None, "/", u3.ProxyError("p", OSError("407")))),
            True,
            "proxy",
        ),
        (requests.ConnectionError(u3.ProtocolError("aborted", ConnectionResetError(104, "reset"))), True, "broke"),
        (requests.exceptions.SSLError(u3.MaxRetryError(None, "/x", u3.SSLError("bad"))), True, "secure"),
        (ssl.SSLError("bad record"), True, "secure"),
        (requests.exceptions.ChunkedEncodingError(u3.ProtocolError("x", u3.IncompleteRead(1, 2))), True, "cut off"),
        (u3.ProtocolError("Connection broken", http.client.IncompleteRead(b"a", 5)), True, "cut off"),
        (u3.IncompleteRead(1, 2), True, "cut off"),
        (u3.DecodeError("x"), True, "unpacked"),
        (ConnectionResetError(104, "reset by peer"), True, "broke"),
    ],
)
def test_connection(error, arrived, words):
    mapped = map_error(error, "PUT /x")
    assert type(mapped) is ConnectionFailed
    assert mapped.may_have_arrived is arrived
    assert words in str(mapped)
    assert "planted" not in str(mapped)


@pytest.mark.parametrize(
    "error",
    [
        u3.ReadTimeoutError(None, "/x", "slow"),
        TimeoutError(),
        requests.ConnectionError(u3.ReadTimeoutError(None, "/", "")),
    ],
)
def test_time_out(error):
    assert type(map_error(error, "GET /x")) is ReadTimedOut
