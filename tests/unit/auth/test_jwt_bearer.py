"""The JWT bearer sign-in: what is signed, with which key, and that nothing of it is shown."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sfbulk_pandas.auth import JwtBearer
from sfbulk_pandas.auth.private_key import load_key
from sfbulk_pandas.errors import TokenRefused, UsageError
from sfbulk_pandas.wire.http import Response

KEY = rsa.generate_private_key(65537, 2048)


def pem(key=KEY, passphrase: bytes | None = None, form=PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(passphrase) if passphrase else NoEncryption())


PEM = pem()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
GOOD = b'{"access_token":"tok","instance_url":"https://acme.my.salesforce.com"}'


class FarEnd:
    def __init__(self, status=200, body=GOOD):
        self.response = Response(status, {}, body)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        return self.response

    @property
    def assertion(self) -> str:
        return parse_qs(self.requests[-1].body.decode())["assertion"][0]


def signed_in(**options) -> tuple[FarEnd, JwtBearer]:
    far_end = FarEnd()
    credentials = JwtBearer("key123", "me@acme.com", **{"private_key": PEM, **options})
    credentials._now = lambda: 1_000_000.9
    assert credentials.fetch(far_end).token == "tok"
    return far_end, credentials


@pytest.mark.parametrize(
    ("login_url", "aud"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_assertion(login_url, aud):
    far_end, _ = signed_in(login_url=login_url)
    assert far_end.requests[0].path == f"{login_url}/services/oauth2/token"
    assert jwt.get_unverified_header(far_end.assertion)["alg"] == "RS256"
    unchecked = {"verify_exp": False, "verify_aud": False}
    claims = jwt.decode(far_end.assertion, PUBLIC, algorithms=["RS256"], options=unchecked)
    assert claims == {"iss": "key123", "sub": "me@acme.com", "aud": aud, "exp": 1_000_180}


@pytest.mark.parametrize(
    "options",
    [
        {"private_key": PEM.decode()},
        {"private_key": pem(form=PrivateFormat.TraditionalOpenSSL)},
        {"private_key": pem(passphrase=b"secret"), "passphrase": "secret"},
        {"private_key": pem(passphrase=b"secret"), "passphrase": b"secret"},
        {"private_key": pem(passphrase=b"secret", form=PrivateFormat.TraditionalOpenSSL), "passphrase": "secret"},
    ],
)
def test_key_in_every_form(options):
    signed_in(**options)


@pytest.mark.parametrize("path", ["keys/server.key", Path("keys/server.key"), "~/server.key"])
def test_key_from_a_file_is_read_at_each_sign_in(path, monkeypatch):
    read = []
    monkeypatch.setattr(Path, "read_bytes", lambda self: read.append(self) or PEM)
    far_end, credentials = signed_in(private_key=path)
    credentials.fetch(far_end)
    assert read == [Path(path).expanduser()] * 2


@pytest.mark.parametrize(
    ("source", "passphrase", "words"),
    [
        (PUBLIC, None, "public key"),
        (b"-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----\n", None, "certificate"),
        (pem(passphrase=b"secret"), None, "encrypted"),
        (pem(passphrase=b"secret"), "planted", "check the passphrase"),
        (PEM, "planted", "needs none"),
        (PEM[:400], None, "cannot be read"),
        (b"just bytes", None, "PEM"),
        ("just\ntext", None, "PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1())), None, "RSA"),
        ("no/such/file.key", None, "file.key"),
        (pem(rsa.generate_private_key(65537, 1024)), None, "1024 bits"),
    ],
)
def test_wrong_key_is_named_and_never_shown(source, passphrase, words):
    with pytest.raises(UsageError) as caught:
        load_key(source, passphrase)
    shown = str(caught.value) + repr(caught.value.__dict__)
    assert words in shown
    assert "planted" not in shown
    assert "MII" not in shown
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": " "},
        {"username": ""},
        {"private_key": ""},
        {"login_url": "http://login.salesforce.com"},
        {"login_url": "https://me:planted@login.salesforce.com"},
    ],
)
def test_wrong_use_is_refused_before_anything_is_sent(wrong):
    with pytest.raises(UsageError) as caught:
        JwtBearer(**{"client_id": "a", "username": "b", "private_key": "c", **wrong})
    assert "planted" not in str(caught.value)


def test_refusal_tells_the_cause():
    body = json.dumps({"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}).encode()
    credentials = JwtBearer("key123", "me@acme.com", private_key=PEM)
    with pytest.raises(TokenRefused, match="not pre-authorised for this user"):
        credentials.fetch(FarEnd(400, body))


def test_nothing_secret_is_shown_or_pickled():
    far_end, credentials = signed_in(private_key=pem(passphrase=b"planted"), passphrase="planted")
    shown = repr(credentials) + repr(far_end.requests) + str(far_end.requests[0])
    assert "me@acme.com" in shown
    for secret in ("planted", "MII", far_end.assertion):
        assert secret not in shown
    for credentials in (JwtBearer("a", "b", private_key=PEM), JwtBearer("a", "b", private_key="k", passphrase="p")):
        with pytest.raises(UsageError, match="not pickled"):
            pickle.dumps(credentials)


def test_credentials_with_a_path_survive_pickling(monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", lambda self: PEM)
    credentials = pickle.loads(pickle.dumps(JwtBearer("a", "b", private_key="server.key")))
    assert credentials.fetch(FarEnd()).token == "tok"
