"""Signing in: the JWT is really checked, and each refusal has Salesforce's words."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfbulk_pandas.local_org import LocalOrg, Switches
from sfbulk_pandas.salesforce.ids import is_id, key_prefix

TOKEN = "/services/oauth2/token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def post(call, headers=None, path=TOKEN, **form):
    given = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": None, **(headers or {})}
    return call("POST", path, body=urlencode(form).encode(), headers=given)


def refused(reply):
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert reply.headers["Cache-Control"] == "no-store"
    body = reply.json()
    assert list(body) == ["error", "error_description"]
    return body["error"], body["error_description"]


def signed(call, now, key=None, algorithm="RS256", **claims):
    org = call.org
    said = {"iss": org.client_id, "sub": org.username, "aud": "https://login.salesforce.com"}
    said = {**said, "exp": int(now.timestamp()) + 180, **claims}
    given = {name: value for name, value in said.items() if value is not None}
    return {"grant_type": JWT_GRANT, "assertion": jwt.encode(given, key or org.private_key_pem, algorithm=algorithm)}


def test_jwt(call, now):
    reply = post(call, **signed(call, now))
    assert reply.status == 200
    body = reply.json()
    assert list(body) == ["access_token", "scope", "instance_url", "id", "token_type"]
    assert (body["scope"], body["token_type"]) == ("api", "Bearer")
    assert body["instance_url"].startswith(("http://127.0.0.1", "http://localhost"))
    assert body["id"] == f"https://login.salesforce.com/id/{call.org.state.sign_in.org_id}/005000000000001AAA"
    assert reply.headers["Cache-Control"] == "no-cache,must-revalidate,max-age=0,no-store,private"
    assert "Sforce-Limit-Info" not in reply.headers
    assert call.get("limits", token=body["access_token"]).status == 200


@pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com/", "own", ["own"]])
def test_audiences(http, now, audience):
    given = [http.org.url] if audience == ["own"] else audience.replace("own", http.org.url)
    assert post(http, **signed(http, now, aud=given)).status == 200


def test_credentials_are_ready(http, now):
    given = http.org.credentials()
    assert list(given) == ["client_id", "username", "private_key", "login_url"]
    assert given["login_url"] == http.org.url


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        ({"iss": "3MVG9other"}, ("invalid_client_id", "client identifier invalid")),
        ({"iss": None}, ("invalid_client_id", "client identifier invalid")),
        ({"sub": "other@example.com"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"aud": "https://example.com"}, ("invalid_grant", "audience is invalid")),
        ({"aud": None}, ("invalid_grant", "audience is invalid")),
        ({"exp": 1_600_000_000}, ("invalid_grant", "expired authorization code")),
        ({"exp": None}, ("invalid_grant", "invalid assertion")),
    ],
)
def test_wrong_claims(direct, now, claims, answer):
    assert refused(post(direct, **signed(direct, now, **claims))) == answer


def test_milliseconds_in_exp_are_a_date_far_ahead(direct, now):
    assert post(direct, **signed(direct, now, exp=int(now.timestamp() * 1000))).status == 200


def test_cap_on_exp(other_org, now):
    call = other_org(switches=Switches(jwt_cap_seconds=300))
    assert post(call, **signed(call, now)).status == 200
    assert refused(post(call, **signed(call, now, exp=int(now.timestamp()) + 301)))[0] == "invalid_grant"


def test_wrong_signatures(direct, now):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    invalid = ("invalid_grant", "invalid assertion")
    assert refused(post(direct, **signed(direct, now, key=key.private_bytes(*form)))) == invalid
    secret = "a shared secret of thirty-two bytes or more"
    assert refused(post(direct, **signed(direct, now, key=secret, algorithm="HS256"))) == invalid
    unsigned = signed(direct, now)["assertion"].rsplit(".", 1)[0] + "."
    assert refused(post(direct, grant_type=JWT_GRANT, assertion=unsigned)) == invalid
    assert refused(post(direct, grant_type=JWT_GRANT, assertion="not.a.jwt")) == invalid
    assert refused(post(direct, grant_type=JWT_GRANT)) == invalid


def test_client_credentials(call):
    org = call.org
    grant = {"grant_type": "client_credentials", "client_id": org.client_id}
    body = post(call, client_secret=org.client_secret, **grant).json()
    assert list(body)[-2:] == ["signature", "issued_at"]
    assert body["issued_at"] == "1773835200000"
    assert "expires_in" not in body
    assert refused(post(call, client_secret="wrong", **grant)) == ("invalid_client", "invalid client credentials")
    assert refused(post(call, **grant)) == ("invalid_client", "invalid client credentials")
    other = {**grant, "client_id": "x"}
    assert refused(post(call, client_secret="x", **other)) == ("invalid_client_id", "client identifier invalid")


def test_client_credentials_as_basic(direct):
    pair = base64.b64encode(f"{direct.org.client_id}:{direct.org.client_secret}".encode()).decode()
    grant = {"grant_type": "client_credentials"}
    assert post(direct, {"Authorization": f"Basic {pair}"}, **grant).status == 200
    assert refused(post(direct, {"Authorization": "Basic ?"}, **grant))[0] == "invalid_client"


def test_refresh_token(direct):
    org = direct.org
    grant = {"grant_type": "refresh_token", "client_id": org.client_id}
    token = post(direct, refresh_token=org.refresh_token, **grant).json()["access_token"]
    assert direct.get("limits", token=token).status == 200
    stale = post(direct, refresh_token="x", **grant)
    assert refused(stale) == ("invalid_grant", "expired access/refresh token")


def test_other_grants(direct):
    assert refused(post(direct, grant_type="magic")) == ("unsupported_grant_type", "grant type not supported")
    assert refused(post(direct)) == ("unsupported_grant_type", "grant type not supported")
    password = post(direct, grant_type="password", username="a", password="b")
    assert refused(password) == ("invalid_grant", "authentication failure - Invalid Password")


def test_tokens_expire(direct):
    assert direct.get("limits").status == 200
    direct.org.expire_tokens()
    reply = direct.get("limits")
    expected = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert (reply.status, json.loads(reply.body)) == (401, expected)


def test_userinfo(call):
    reply = call.get("/services/oauth2/userinfo")
    assert (reply.json()["user_id"], reply.json()["organization_id"]) == (
        "005000000000001AAA",
        call.org.state.sign_in.org_id,
    )
    assert reply.json()["preferred_username"] == call.org.username
    assert call.get("/services/oauth2/userinfo", token="x").status == 401


def test_a_token_that_was_not_given_is_none_unless_the_org_is_told_so(other_org):
    for any_token, good in ((False, 401), (True, 200)):
        call = other_org(switches=Switches(any_token=any_token))
        other = {"X-SFDC-Session": f"{call.org.org_id[:15]}!anything"}
        assert call.get("limits", token=f"{call.org.org_id[:15]}!anything").status == good
        older = call.get("/services/async/66.0/job/750000000000001", headers=other).json()["exceptionCode"]
        assert older == ("InvalidJob" if any_token else "InvalidSessionId")
        for wrong in ("anything", call.org.org_id[:15], f"00D000000000001!{call.org.org_id[:15]}!", call.org.org_id):
            assert call.get("limits", token=wrong).status == 401
        call.org.expire_tokens()
        assert call.get("limits", token=f"{call.org.org_id[:15]}!anything").status == 401
        assert call.get("limits", token=f"{call.org.org_id[:15]}!another").status == good


def test_no_secret_in_a_repr(local):
    assert local.access_token not in repr(local)
    assert local.client_secret not in repr(local.state)


def test_every_org_has_an_id_of_its_own_and_one_with_a_file_keeps_it(tmp_path):
    def org_id(path=None):
        with LocalOrg(path) as org:
            assert org.access_token.startswith(f"{org.state.sign_in.org_id[:15]}!")
            return org.state.sign_in.org_id

    ids = {org_id(), org_id(), org_id(tmp_path / "crm.db")}
    assert len(ids) == 3
    assert all(is_id(each) and key_prefix(each) == "00D" for each in ids)
    assert org_id(tmp_path / "crm.db") in ids
