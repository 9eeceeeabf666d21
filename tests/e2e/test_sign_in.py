"""Every way to sign in, against the local org; and which of them is found where none is given."""

import logging
import os
import pickle
import re
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg

QUERY = "SELECT Id FROM User"


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as local:
        yield local


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in [each for each in os.environ if each.startswith("SFBULK_")]:
        monkeypatch.delenv(name)


def by_cli(local, tmp_path):
    script = tmp_path / "sf"
    script.write_text(
        f"""#!{sys.executable}
print('{{"status": 0, "result": {{"accessToken": "{local.access_token}", "instanceUrl": "{local.url}"}}}}')
"""
    )
    script.chmod(0o700)
    return sfbulk.SalesforceCli("local", executable=str(script))


def signer(local):
    key = load_pem_private_key(local.private_key_pem.encode(), None)
    return lambda data: key.sign(data, PKCS1v15(), SHA256())


WAYS = {
    "jwt": lambda local, _: sfbulk.JwtBearer(**local.credentials()),
    "jwt by a vault": lambda local, _: sfbulk.JwtBearer(**local.credentials() | {"private_key": signer(local)}),
    "client credentials": lambda local, _: sfbulk.ClientCredentials(
        local.client_id, local.client_secret, login_url=local.url
    ),
    "refresh token": lambda local, _: sfbulk.RefreshToken(local.client_id, local.refresh_token, login_url=local.url),
    "access token": lambda local, _: sfbulk.AccessToken(local.access_token, local.url),
    "cli": by_cli,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_signs_in_and_nothing_secret_comes_out(local, tmp_path, caplog, way):
    caplog.set_level(logging.DEBUG)
    with sfbulk.connect(WAYS[way](local, tmp_path)) as org:
        frame = org.query(QUERY, progress=False)
        assert len(frame) == local.records("User").num_rows
        token = org._session._token.token
        shown = caplog.text + repr(org) + repr(frame.attrs)
    assert "GET /services/data" in caplog.text
    secrets = [token, local.client_secret, local.refresh_token, local.private_key_pem.splitlines()[1]]
    assert [each for each in secrets if each in shown] == []


@pytest.mark.parametrize("way", ["jwt", "jwt by a vault", "client credentials", "refresh token"])
def test_an_expired_session_is_renewed_in_the_middle(local, tmp_path, way):
    with sfbulk.connect(WAYS[way](local, tmp_path)) as org:
        local.expire_tokens()
        assert len(org.query(QUERY, progress=False)) == local.records("User").num_rows


def test_a_wrong_secret_is_refused_in_plain_words(local):
    wrong = sfbulk.ClientCredentials(local.client_id, "wrong", login_url=local.url)
    with pytest.raises(sfbulk.TokenRefused, match="secret is wrong"):
        sfbulk.connect(wrong)
    with pytest.raises(sfbulk.TokenRefused, match="revoked or has expired"):
        sfbulk.connect(sfbulk.RefreshToken(local.client_id, "old", login_url=local.url))


def variables(local, tmp_path):
    key = tmp_path / "server.key"
    key.write_text(local.private_key_pem)
    key.chmod(0o600)
    app = {"CLIENT_ID": local.client_id, "LOGIN_URL": local.url}
    return {
        "jwt": app | {"USERNAME": local.username, "PRIVATE_KEY": str(key)},
        "jwt with the key itself": app | {"USERNAME": local.username, "PRIVATE_KEY": local.private_key_pem},
        "client credentials": app | {"CLIENT_SECRET": local.client_secret},
        "refresh token": app | {"REFRESH_TOKEN": local.refresh_token, "CLIENT_SECRET": local.client_secret},
        "access token": {"ACCESS_TOKEN": local.access_token, "INSTANCE_URL": local.url},
    }


KINDS = ["jwt", "jwt with the key itself", "client credentials", "refresh token", "access token"]


@pytest.mark.parametrize("kind", KINDS)
def test_variables_are_found_and_named_and_go_to_workers(local, tmp_path, monkeypatch, kind):
    given = variables(local, tmp_path)[kind]
    for name, value in given.items():
        monkeypatch.setenv(f"SFBULK_{name}", value)
    with sfbulk.connect() as org:
        assert org.instance_url == local.url
        assert all(f"SFBULK_{name}" in repr(org) for name in given)
        if kind != "access token":
            again = pickle.loads(pickle.dumps(org._session._credentials))
            with sfbulk.connect(again) as other:
                assert other.instance_url == local.url


def test_without_variables_the_clis_default_org_is_taken(local, tmp_path, monkeypatch):
    by_cli(local, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with sfbulk.connect() as org:
        assert repr(org) == f"<Org {local.url}, API 66.0, signed in by the Salesforce CLI's default org>"
    with sfbulk.connect("local") as org:
        assert org.instance_url == local.url
    monkeypatch.setenv("SFBULK_ORG", "local")
    with sfbulk.connect() as org:
        assert "signed in by SFBULK_ORG" in repr(org)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"CLIENT_ID": "x"}, "SFBULK_CLIENT_ID alone are not enough to sign in"),
        ({"PRIVATE_KEY": "k", "CLIENT_ID": "x"}, "SFBULK_USERNAME is missing beside"),
        ({"ACCESS_TOKEN": "t"}, "SFBULK_INSTANCE_URL is missing beside SFBULK_ACCESS_TOKEN"),
        ({"CLIENT_SECRET": "s", "CLIENT_ID": "x"}, "SFBULK_LOGIN_URL is missing"),
        ({"ORG": "uat", "CLIENT_ID": "x"}, "SFBULK_CLIENT_ID does not go with SFBULK_ORG"),
    ],
)
def test_variables_that_do_not_fit_together_are_told_by_their_names(monkeypatch, given, says):
    for name, value in given.items():
        monkeypatch.setenv(f"SFBULK_{name}", value)
    with pytest.raises(sfbulk.UsageError, match=re.escape(says)):
        sfbulk.connect()


@pytest.mark.skipif(os.name != "posix", reason="others are told apart by the mode of a file")
def test_a_key_that_others_may_read_is_warned_of(local, tmp_path):
    key = tmp_path / "server.key"
    key.write_text(local.private_key_pem)
    key.chmod(0o640)
    with pytest.warns(UserWarning, match=r"others on this machine may read the private key .*: chmod 600"):
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials() | {"private_key": key}))
