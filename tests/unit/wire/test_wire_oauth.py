"""The token endpoint's answers."""

from __future__ import annotations

import copy
import json
import pickle
from urllib.parse import parse_qs

import pytest

from sfbulk_pandas.errors import SalesforceBroken, TokenRefused, UsageError
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.oauth import AccessToken, build_jwt_token, read_token

LOGIN = "https://login.salesforce.com"
GOOD = {"access_token": "planted", "instance_url": "https://acme.my.salesforce.com", "token_type": "Bearer"}


def answer(status=200, **fields):
    return Response(status, {}, json.dumps(fields).encode())


def test_request():
    request = build_jwt_token("https://login.salesforce.com/", "a.b.c")
    assert request.path == "https://login.salesforce.com/services/oauth2/token"
    assert request.replayable
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "assertion": ["a.b.c"],
    }
    assert "a.b.c" not in repr(request) + str(request)


def test_unknown_keys_are_ignored_and_the_api_host_is_not_taken():
    token = read_token(answer(**GOOD, api_instance_url="https://api.salesforce.com", sfap=1), LOGIN)
    assert (token.token, token.instance_url) == ("planted", "https://acme.my.salesforce.com")
    assert token.token_id_url is None


@pytest.mark.parametrize(
    ("error", "description", "cause", "step"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "not pre-authorised for this user", "Admin approved"),
        (
            "invalid_app_access",
            "user is not admin approved to access this app",
            "approved users only",
            "permission set",
        ),
        ("invalid_client_id", "client identifier invalid", "no app with this client_id", "ten minutes"),
        ("invalid_grant", "audience is invalid", "login host", "test.salesforce.com"),
        ("invalid_grant", "invalid assertion", "signature", "certificate"),
        ("invalid_grant", "expired authorization code", "expired", "clock"),
        ("invalid_grant", "authentication failure - Invalid Password", "login was refused", "Login History"),
        ("inactive_user", "", "inactive", "administrator"),
        ("invalid_grant", "something new", "refused", "username"),
        ("brand_new", "", "refused", "Login History"),
    ],
)
def test_refusal(error, description, cause, step):
    with pytest.raises(TokenRefused) as caught:
        read_token(answer(400, error=error, error_description=description), LOGIN)
    assert cause in caught.value.args[0]
    assert error in caught.value.args[0]
    assert step in caught.value.hint
    assert caught.value.error == error
    assert pickle.loads(pickle.dumps(caught.value)).error == error


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {}, b"<html>login</html>"),
        Response(200, {}, b""),
        Response(200, {}, b'{"access_token":"plan'),
        answer(200, access_token="planted"),
        answer(200, access_token=5, instance_url="https://a.my.salesforce.com"),
        answer(200, access_token="planted", instance_url="http://evil.example.com"),
        answer(200, access_token="pl anted", instance_url="https://a.my.salesforce.com"),
        Response(200, {}, b"[]"),
        answer(500, message="?"),
    ],
)
def test_answer_that_is_neither(response):
    with pytest.raises(SalesforceBroken) as caught:
        read_token(response, LOGIN)
    assert "planted" not in str(caught.value) + repr(caught.value.__dict__)


def test_token_is_never_shown_copied_or_pickled():
    token = AccessToken("planted", "https://acme.lightning.force.com")
    assert "planted" not in repr(token) + str(token)
    assert token.instance_url == "https://acme.my.salesforce.com"
    for put in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(UsageError, match="not pickled"):
            put(token)


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "größe", None])
def test_strange_token(token):
    with pytest.raises(UsageError) as caught:
        AccessToken(token, "https://acme.my.salesforce.com")
    assert "two words" not in str(caught.value)


def test_the_address_of_the_api_gateway_is_ignored():
    body = (
        b'{"access_token": "planted", "instance_url": "https://acme.my.salesforce.com", '
        b'"api_instance_url": "https://api.salesforce.com", "token_type": "Bearer"}'
    )
    read = read_token(Response(200, {}, body), "https://login.salesforce.com")
    assert read.instance_url == "https://acme.my.salesforce.com"
    alone = b'{"access_token": "planted", "api_instance_url": "https://api.salesforce.com"}'
    with pytest.raises(SalesforceBroken, match="should hold access_token and instance_url"):
        read_token(Response(200, {}, alone), "https://login.salesforce.com")
