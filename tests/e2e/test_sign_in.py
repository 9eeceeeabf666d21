"""Signing in at a local org, which checks the signature and every claim."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sfbulk_pandas.auth import AccessToken, JwtBearer
from sfbulk_pandas.errors import NotFound, SessionExpired, TokenRefused
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.describe import build_describe, build_describe_global, read_describe, read_describe_global

OTHER_KEY = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as running:
        yield running


def signed_in(local, **changed):
    return Session(JwtBearer(**{**local.credentials(), **changed}))


def describe(session):
    return read_describe(session.send(build_describe(session.api_version, "contact")))


def test_jwt_bearer(local):
    with signed_in(local) as session:
        assert session.instance_url == local.url
        assert describe(session).name == "Contact"
        assert session.token_id_url.startswith("http")
        assert session.calls == 2
        assert "Account" in read_describe_global(session.send(build_describe_global(session.api_version)))


def test_encrypted_key(local):
    pem = local.credentials()["private_key"]
    key = load_pem_private_key(pem if isinstance(pem, bytes) else pem.encode(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
    with signed_in(local, private_key=locked, passphrase="open sesame") as session:
        assert describe(session).name == "Contact"


@pytest.mark.parametrize(
    ("changed", "error", "cause"),
    [
        ({"username": "stranger@example.com"}, "invalid_grant", "pre-authorised"),
        ({"client_id": "unknown"}, "invalid_client_id", "no app"),
        ({"private_key": OTHER_KEY}, "invalid_grant", "signature"),
    ],
)
def test_refusals(local, changed, error, cause):
    with signed_in(local, **changed) as session, pytest.raises(TokenRefused, match=cause) as caught:
        session.send(build_describe("66.0", "Contact"))
    assert caught.value.error == error


def test_clock_that_runs_late(local):
    credentials = JwtBearer(**local.credentials())
    credentials._now = lambda: 1_000_000_000.0
    with Session(credentials) as session, pytest.raises(TokenRefused, match="expired"):
        session.send(build_describe("66.0", "Contact"))


def test_expired_token_is_renewed_once_and_the_request_repeated(local):
    with signed_in(local) as session:
        describe(session)
        local.expire_tokens()
        assert describe(session).name == "Contact"
        assert session.calls == 5
        assert describe(session).name == "Contact"
        assert session.calls == 6


def test_access_token(local):
    with LocalOrg() as own, Session(AccessToken(own.access_token, own.url)) as session:
        assert describe(session).name == "Contact"
        with pytest.raises(NotFound):
            session.send(build_describe("66.0", "Nothing__c"))
        own.expire_tokens()
        with pytest.raises(SessionExpired, match="cannot be renewed"):
            describe(session)
