"""What every kind of credentials must do."""

from __future__ import annotations

import copy
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sfbulk_pandas.auth import (
    AccessToken,
    ClientCredentials,
    FromEnvironment,
    JwtBearer,
    RefreshToken,
    SalesforceCli,
)
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire import oauth
from sfbulk_pandas.wire.http import Response

PEM = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SECRETS = ("planted", PEM.decode().splitlines()[1])


def by_path(tmp_path):
    path = tmp_path / "server.key"
    path.write_bytes(PEM)
    path.chmod(0o600)
    return JwtBearer("key", "me@acme.com", private_key=path)


def by_cli(tmp_path):
    script = tmp_path / "sf"
    answer = '{"status": 0, "result": {"accessToken": "planted", "instanceUrl": "https://acme.my.salesforce.com"}}'
    script.write_text(f"#!/bin/sh\necho '{answer}'\n")
    script.chmod(0o700)
    return SalesforceCli("uat", executable=str(script))


def sign(data):
    key = load_pem_private_key(PEM, None)
    return key.sign(data, PKCS1v15(), SHA256())


HOST = "https://acme.my.salesforce.com"
KINDS = {
    "access token": lambda tmp_path: AccessToken("planted", "https://acme.my.salesforce.com"),
    "jwt bearer, key in a file": by_path,
    "jwt bearer, key in hand": lambda tmp_path: JwtBearer("key", "me@acme.com", private_key=PEM),
    "jwt bearer, key in the environment": lambda tmp_path: JwtBearer(
        "key", "me@acme.com", private_key=FromEnvironment("PLANTED_KEY")
    ),
    "jwt bearer, key in a vault": lambda tmp_path: JwtBearer("key", "me@acme.com", private_key=sign),
    "client credentials": lambda tmp_path: ClientCredentials("key", "planted", login_url=HOST),
    "client credentials, secret in the environment": lambda tmp_path: ClientCredentials(
        "key", FromEnvironment("PLANTED"), login_url=HOST
    ),
    "refresh token": lambda tmp_path: RefreshToken("key", "planted", client_secret="planted"),
    "refresh token in the environment": lambda tmp_path: RefreshToken("key", FromEnvironment("PLANTED")),
    "salesforce cli": by_cli,
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def credentials(request, tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", "planted")
    monkeypatch.setenv("PLANTED_KEY", PEM.decode())
    return request.param(tmp_path)


def send(request):
    return Response(200, {}, b'{"access_token":"planted","instance_url":"https://acme.my.salesforce.com"}')


def test_fetch_gives_a_token_any_number_of_times(credentials):
    for _ in range(3):
        token = credentials.fetch(send)
        assert isinstance(token, oauth.AccessToken)
        assert (token.token, token.instance_url) == ("planted", "https://acme.my.salesforce.com")


def test_nothing_secret_is_shown(credentials):
    shown = (
        repr(credentials) + str(credentials) + f"{credentials}" + repr([credentials]) + repr(credentials.fetch(send))
    )
    for secret in SECRETS:
        assert secret not in shown


def test_nothing_secret_is_pickled(credentials):
    for put in (pickle.dumps, lambda value: pickle.dumps(copy.deepcopy(value))):
        try:
            text = put(credentials).decode("latin-1")
        except UsageError as error:
            text = str(error)
        for secret in SECRETS:
            assert secret not in text


@pytest.mark.parametrize("kind", [name for name in KINDS if "environment" in name or "vault" in name or "file" in name])
def test_what_holds_no_secret_can_be_pickled_and_still_signs_in(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", "planted")
    monkeypatch.setenv("PLANTED_KEY", PEM.decode())
    again = pickle.loads(pickle.dumps(KINDS[kind](tmp_path)))
    assert again.fetch(send).token == "planted"


@pytest.mark.parametrize(
    "make",
    [
        lambda: JwtBearer("key", "me@acme.com", private_key=PEM, pickles_secrets=True),
        lambda: ClientCredentials("key", "planted", login_url=HOST, pickles_secrets=True),
        lambda: RefreshToken("key", "planted", pickles_secrets=True),
    ],
)
def test_a_secret_goes_into_a_pickle_where_the_caller_says_so(make):
    assert pickle.loads(pickle.dumps(make())).fetch(send).token == "planted"
