"""Tokens, assertions and keys planted wherever an answer or a failure could carry them out."""

from __future__ import annotations

import contextlib
import logging
import pickle
import sys
import traceback
from pathlib import Path

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfbulk_pandas.auth import AccessToken, JwtBearer
from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from no_wait import NoWait

ORG = "https://acme.my.salesforce.com"
TOKEN = "opaquePlantedToken"  # of no known shape: patterns alone would not find it
PEM = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def chain(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def everything_shown(error, caplog):
    shown = [caplog.text, "".join(traceback.format_exception(error))]
    for each in chain(error):
        shown += [repr(each), str(each), repr(vars(each))]
        for value in vars(each).values():
            shown.append(repr(vars(value)) if hasattr(value, "__dict__") else repr(value))
            shown.append(repr(getattr(value, "headers", "")))
    with contextlib.suppress(TypeError):
        shown.append(str(pickle.dumps(error)))
    return "\n".join(shown)


def echo(request):
    return 400, {}, f"<html>you sent {dict(request.headers)} {request.body!r}</html>"


def echo_json(request):
    return 400, {}, f'[{{"errorCode":"X","message":"bad header {request.headers.get("Authorization")}"}}]'


def echo_bare(request):
    return 400, {}, request.headers.get("Authorization", "").removeprefix("Bearer ")


def echo_place(request):
    return 302, {"Location": f"https://x.example.com/?t={request.headers.get('Authorization')}"}, ""


@pytest.mark.parametrize(
    "trouble",
    [
        echo,
        echo_json,
        echo_bare,
        echo_place,
        lambda request: (500, {"X-Request-Id": "Bearer abc"}, str(request.headers)),
        lambda request: (401, {}, str(request.headers)),
        lambda request: (200, {"Content-Encoding": "gzip"}, str(request.headers)),
        lambda request: (200, {"Content-Encoding": "br"}, str(request.headers)),
        lambda request: (_ for _ in ()).throw(requests.ConnectionError("gone", request=request)),
        lambda request: (_ for _ in ()).throw(requests.ReadTimeout("slow", request=request)),
        lambda request: (_ for _ in ()).throw(requests.exceptions.InvalidURL("odd", request=request)),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_token(trouble, method, caplog):
    caplog.set_level(logging.DEBUG, logger="sfbulk_pandas")
    with responses.RequestsMock() as far_end:
        far_end.add_callback(method, f"{ORG}/x", trouble)
        session = Session(AccessToken(TOKEN, ORG), clock=NoWait())
        with pytest.raises(SfBulkError) as caught:
            session.send(Request(method, "/x", body=b"x", replayable=method == "GET"))
    assert TOKEN not in everything_shown(caught.value, caplog)


@pytest.mark.parametrize(
    "trouble",
    [
        echo,
        lambda request: (
            400,
            {},
            '{"error":"invalid_grant","error_description":"assertion=' + request.body.decode() + '"}',
        ),
        lambda request: (200, {}, '{"access_token":"' + TOKEN + '"}'),
        lambda request: (200, {}, '{"access_token":"' + TOKEN),
        lambda request: (500, {}, request.body),
        lambda request: (_ for _ in ()).throw(requests.ConnectionError("gone", request=request)),
    ],
)
def test_assertion_and_key(trouble, caplog):
    caplog.set_level(logging.DEBUG, logger="sfbulk_pandas")
    assertions = []

    def take(request):
        body = request.body
        assertions.append((body if isinstance(body, str) else body.decode()).partition("assertion=")[2])
        return trouble(request)

    with responses.RequestsMock() as far_end:
        far_end.add_callback("POST", "https://login.salesforce.com/services/oauth2/token", take)
        session = Session(JwtBearer("key", "me@acme.com", private_key=PEM), clock=NoWait())
        with pytest.raises(SfBulkError) as caught:
            session.send(Request("GET", "/x"))
    shown = everything_shown(caught.value, caplog)
    assert assertions
    for secret in (TOKEN, assertions[0], assertions[0].rpartition(".")[2], PEM.decode().splitlines()[3]):
        assert secret not in shown


def test_token_in_an_answer_that_is_no_answer(caplog):
    with responses.RequestsMock() as far_end:
        far_end.get(f"{ORG}/x", body=f"<html>{TOKEN}</html>")
        with pytest.raises(SfBulkError) as caught:
            Session(AccessToken(TOKEN, ORG), clock=NoWait()).send(Request("GET", "/x"))
    assert "***" in str(caught.value)
    assert TOKEN not in everything_shown(caught.value, caplog)
