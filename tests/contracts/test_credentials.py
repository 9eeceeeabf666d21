"""What every kind of credentials must do."""

from __future__ import annotations

import copy
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfbulk_pandas.auth import AccessToken, JwtBearer
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire import oauth
from sfbulk_pandas.wire.http import Response

PEM = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SECRETS = ("planted", PEM.decode().splitlines()[1])


def by_path(tmp_path):
    path = tmp_path / "server.key"
    path.write_bytes(PEM)
    return JwtBearer("key", "me@acme.com", private_key=path)


KINDS = {
    "access token": lambda tmp_path: AccessToken("planted", "https://acme.my.salesforce.com"),
    "jwt bearer, key in a file": by_path,
    "jwt bearer, key in hand": lambda tmp_path: JwtBearer("key", "me@acme.com", private_key=PEM),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def credentials(request, tmp_path):
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
