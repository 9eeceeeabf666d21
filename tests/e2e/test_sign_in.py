"""JWT bearer against an org that checks signature, issuer, subject, audience and expiry."""

import logging
import pickle

import pandas as pd
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import sfbulk_pandas as sfbulk


def pem(key, passphrase=None):
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_a_key_in_a_file_encrypted(local, tmp_path):
    given = local.credentials()
    key = serialization.load_pem_private_key(as_bytes(given.pop("private_key")), None)
    path = tmp_path / "server.key"
    path.write_bytes(pem(key, b"open sesame"))
    path.chmod(0o600)
    credentials = sfbulk.JwtBearer(private_key=str(path), passphrase="open sesame", **given)
    with sfbulk.connect(credentials) as org:
        assert org.instance_url == local.url


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"client_id": "somebody"}, "invalid_client_id", "client"),
        ({"username": "nobody@example.com"}, "invalid_grant", "approved"),
        ({"private_key": pem(rsa.generate_private_key(65537, 2048))}, "invalid_grant", "key"),
    ],
)
def test_refusals_say_why_and_what_to_do(local, change, error, said):
    with pytest.raises(sfbulk.TokenRefused) as caught:
        sfbulk.connect(sfbulk.JwtBearer(**(local.credentials() | change)))
    assert caught.value.error == error
    assert said in str(caught.value).lower()
    assert caught.value.hint


def test_an_expired_session_is_renewed_once_and_the_work_goes_on(local, org):
    frame = pd.DataFrame({"LastName": ["A", "B"]})
    before = sum("oauth2/token" in each.path for each in local.exchanges)

    def expire_between_the_steps(event):
        if type(event).__name__ in {"LoadStarted", "PartUploaded", "QueryStarted"}:
            local.expire_tokens()

    result = org.insert(frame, "Contact", progress=expire_between_the_steps)
    assert result.counts["successful"] == 2
    assert len(org.query("SELECT Id FROM Contact", progress=expire_between_the_steps)) == 2
    assert local.records("Contact").num_rows == 2
    renewals = sum("oauth2/token" in each.path for each in local.exchanges) - before
    assert renewals == 3


def test_a_bare_token_that_expires_says_so(local):
    with sfbulk.connect(sfbulk.AccessToken(local.access_token, local.url)) as org:
        assert org.query_arrow("SELECT Id FROM User").num_rows >= 1
        local.expire_tokens()
        with pytest.raises((sfbulk.SessionExpired, sfbulk.AuthError), match="expired"):
            org.query_arrow("SELECT Id FROM User")


def test_no_secret_comes_out(local, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    credentials = sfbulk.JwtBearer(**local.credentials())
    key = local.credentials()["private_key"]
    secrets = [local.access_token, as_bytes(key).decode().splitlines()[1]]
    with sfbulk.connect(credentials) as org:
        token = org._session._token.token
        said = [repr(org), repr(credentials), str(org.describe("Account"))]
        result = org.insert(pd.DataFrame({"LastName": ["A"]}), "Contact")
        said += [repr(result), str(pickle.dumps(result))]
        for query in ("SELECT Nothing FROM Contact", "nonsense"):
            with pytest.raises(sfbulk.SfBulkError) as caught:
                org.query(query)
            said += [str(caught.value), repr(caught.value), str(pickle.dumps(caught.value))]
    said += [caplog.text, *capfd.readouterr()]
    for secret in [*secrets, token]:
        assert not [text for text in said if secret in text]


def test_module_functions_want_an_org():
    import contextvars

    with pytest.raises(sfbulk.UsageError, match="no org is connected"):
        contextvars.Context().run(sfbulk.query, "SELECT Id FROM Contact")
