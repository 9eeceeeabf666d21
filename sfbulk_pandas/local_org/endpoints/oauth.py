"""Signing in: ``/services/oauth2/token`` and ``/services/oauth2/userinfo``.

Sources: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", "OAuth 2.0 Client Credentials
Flow", "OAuth 2.0 Refresh Token Flow", "OAuth Authorization Flow Errors", "Query for User Information".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jwt

from sfbulk_pandas.local_org.http import JSON_TYPE, Answer, json_answer
from sfbulk_pandas.local_org.record_ids import USER_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.state import OrgState

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
_PRIVATE = "no-cache,must-revalidate,max-age=0,no-store,private"
_UNCHECKED = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf", "iss", "sub", "jti")}


class _Refused(Exception):  # noqa: N818 - an answer, not a failure of the org's
    """Refuse to sign in, with OAuth's error code and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


def post_token(org: OrgState, call: Call) -> Answer:
    """Sign in: JWT bearer, client credentials or refresh token."""
    form = dict(parse_qsl(call.body().decode("utf-8", "replace"), keep_blank_values=True))
    grant = _GRANTS.get(form.get("grant_type", ""), _unknown_grant)
    try:
        body = grant(org, call, form)
    except _Refused as refused:
        return _plain(json_answer(refused.body, 400), "no-store")
    return _plain(json_answer(body), _PRIVATE)


def get_userinfo(org: OrgState, call: Call) -> Answer:
    """Answer who the token belongs to."""
    base, version = call.base_url, "v{version}"
    family = ("enterprise", "metadata", "partner")
    urls = {name: f"{base}/services/Soap/{name[0]}/{{version}}/{org.sign_in.org_id}" for name in family}
    rest = {"rest": "", "sobjects": "sobjects/", "query": "query/"}
    urls |= {name: f"{base}/services/data/{version}/{path}" for name, path in rest.items()}
    info = {
        "sub": f"{base}/id/{org.sign_in.org_id}/{USER_ID}",
        "user_id": USER_ID,
        "organization_id": org.sign_in.org_id,
        "preferred_username": org.sign_in.username,
        "nickname": "analyst",
        "name": "Local Analyst",
        "email": org.sign_in.username,
        "email_verified": True,
        "given_name": "Local",
        "family_name": "Analyst",
        "zoneinfo": "UTC",
        "urls": urls,
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
    }
    return json_answer(info)


def _jwt_bearer(org: OrgState, call: Call, form: Mapping[str, str]) -> dict[str, Any]:
    assertion = form.get("assertion", "")
    claims = _decode(assertion, None)
    if not org.sign_in.knows_app(str(claims.get("iss"))):
        raise _Refused("invalid_client_id", "client identifier invalid")
    _decode(assertion, org.sign_in.public_key_pem)
    audience = claims.get("aud")
    named = set(audience) if isinstance(audience, list) else {str(audience).rstrip("/")}
    if not named & (_AUDIENCES | {call.base_url}):
        raise _Refused("invalid_grant", "audience is invalid")
    _check_expiry(claims.get("exp"), org)
    if str(claims.get("sub", "")).lower() != org.sign_in.username.lower():
        raise _Refused("invalid_grant", "user hasn't approved this consumer")
    return _token(org, call)


def _decode(assertion: str, key: bytes | None) -> dict[str, Any]:
    options: Any = {**_UNCHECKED, "verify_signature": key is not None}
    try:
        return jwt.decode(assertion, key or "", algorithms=["RS256"], options=options)
    except jwt.PyJWTError:
        raise _Refused("invalid_grant", "invalid assertion") from None


def _check_expiry(expiry: Any, org: OrgState) -> None:
    if not isinstance(expiry, int | float) or isinstance(expiry, bool):
        raise _Refused("invalid_grant", "invalid assertion")
    ahead, cap = expiry - org.clock(), org.switches.jwt_cap_seconds
    if ahead <= 0:
        raise _Refused("invalid_grant", "expired authorization code")  # the wording is Salesforce's
    if cap is not None and ahead > cap:
        raise _Refused("invalid_grant", "invalid assertion")


def _client_credentials(org: OrgState, call: Call, form: Mapping[str, str]) -> dict[str, Any]:
    _check_app(org, call, form, secret_needed=True)
    return _signed(_token(org, call), org)


def _refresh_token(org: OrgState, call: Call, form: Mapping[str, str]) -> dict[str, Any]:
    _check_app(org, call, form, secret_needed=False)
    if form.get("refresh_token") != org.sign_in.refresh_token:
        raise _Refused("invalid_grant", "expired access/refresh token")
    return _signed(_token(org, call), org)


def _password(_org: OrgState, _call: Call, _form: Mapping[str, str]) -> dict[str, Any]:
    raise _Refused("invalid_grant", "authentication failure - Invalid Password")  # the user has none


def _unknown_grant(_org: OrgState, _call: Call, _form: Mapping[str, str]) -> dict[str, Any]:
    raise _Refused("unsupported_grant_type", "grant type not supported")


_GRANTS: Mapping[str, Callable[[OrgState, Call, Mapping[str, str]], dict[str, Any]]] = {
    JWT_GRANT: _jwt_bearer,
    "client_credentials": _client_credentials,
    "refresh_token": _refresh_token,
    "password": _password,
}


def _check_app(org: OrgState, call: Call, form: Mapping[str, str], *, secret_needed: bool) -> None:
    client_id, secret = _basic(call) or (form.get("client_id", ""), form.get("client_secret"))
    if not org.sign_in.knows_app(client_id):
        raise _Refused("invalid_client_id", "client identifier invalid")
    if not org.sign_in.knows_app(client_id, secret or ("" if secret_needed else None)):
        raise _Refused("invalid_client", "invalid client credentials")


def _basic(call: Call) -> tuple[str, str] | None:
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _Refused("invalid_client", "invalid client credentials") from None
    return client_id, secret


def _token(org: OrgState, call: Call) -> dict[str, Any]:
    return {
        "access_token": org.sign_in.new_token(),
        "scope": "api",
        "instance_url": call.base_url,
        "id": f"https://login.salesforce.com/id/{org.sign_in.org_id}/{USER_ID}",
        "token_type": "Bearer",
    }


def _signed(body: dict[str, Any], org: OrgState) -> dict[str, Any]:
    issued_at = str(int(org.clock() * 1000))
    digest = hmac.digest(org.sign_in.client_secret.encode(), (body["id"] + issued_at).encode(), hashlib.sha256)
    return {**body, "signature": base64.b64encode(digest).decode(), "issued_at": issued_at}


def _plain(answer: Answer, cache_control: str) -> Answer:
    headers = {"Content-Type": JSON_TYPE, "Cache-Control": cache_control, "Pragma": "no-cache"}
    return Answer(answer.status, answer.body, headers)
