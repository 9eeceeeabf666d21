"""The token endpoint: requests of each flow, the token, and the refusals in plain words.

Sources: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", "OAuth 2.0 Client Credentials
Flow for Server-to-Server Integration", "OAuth 2.0 Refresh Token Flow for Renewed Sessions" and "OAuth Authorization
Errors".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

from sfbulk_pandas.errors import TokenRefused, UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN, SANDBOX_LOGIN, base_url, is_trusted
from sfbulk_pandas.wire.http import Request

if TYPE_CHECKING:
    from sfbulk_pandas.wire.http import Response

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NO_PICKLE = "an access token is not pickled, so that it cannot end in a file"


@dataclass(frozen=True)
class AccessToken:
    """A token and the org it opens. The token is never shown and never pickled.

    Attributes
    ----------
    token : str
        Opaque.
    instance_url : str
        Scheme and host of the org; checked and repaired by :func:`sfbulk_pandas.wire.hosts.base_url`.
    token_id_url : str or None
        The identity URL, whose last two parts are the org's and the user's Id.

    Raises
    ------
    UsageError
        For an empty token, or an instance URL that is not https (this machine excepted).
    """

    token: str = field(repr=False)
    instance_url: str
    token_id_url: str | None = None

    def __post_init__(self) -> None:
        token = self.token.strip() if isinstance(self.token, str) else ""
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise UsageError("the access token is empty or has blanks, line breaks or other strange characters in it")
        object.__setattr__(self, "token", token)
        object.__setattr__(self, "instance_url", base_url(self.instance_url))

    def __reduce__(self) -> NoReturn:
        raise UsageError(_NO_PICKLE, hint="pickle how to sign in instead: a JwtBearer with the path of its key")


# (error, part of error_description, both lower case) -> (what it means, what to do); the first that fits is taken.
_APPROVE = (
    "in Setup, let the app be used by 'Admin approved users' and give the user's profile or permission set to the app; "
    "or let the user authorise it once in the browser"
)
_REFUSALS: tuple[tuple[str, str, str, str], ...] = (
    ("invalid_grant", "hasn't approved", "the app is not pre-authorised for this user", _APPROVE),
    (
        "invalid_app_access",
        "",
        "the app is for approved users only, and this user is not among them",
        "in Setup, give the user's profile or a permission set of the user to the app",
    ),
    (
        "invalid_client_id",
        "",
        "no app with this client_id is known at this login host",
        "check the consumer key and login_url; an app made just now takes up to ten minutes to be known",
    ),
    (
        "invalid_grant",
        "audience",
        "the login host does not fit the org",
        f"use login_url {PRODUCTION_LOGIN} for production, {SANDBOX_LOGIN} for a sandbox, or the org's own My Domain",
    ),
    (
        "invalid_grant",
        "assertion",
        "the signature was not accepted: the private key does not belong to the app's certificate",
        "upload the certificate that was made with this key to the app, or use the other key",
    ),
    (
        "invalid_grant",
        "expired authorization code",
        "Salesforce saw the sign-in request as already expired",
        "set this machine's clock: it runs late, or is in another year",
    ),
    (
        "invalid_grant",
        "expired access/refresh token",
        "the sign-in has been revoked or has expired",
        "sign in anew; see the user's OAuth Connected Apps in Setup",
    ),
    (
        "invalid_grant",
        "authentication failure",
        "the login was refused: a wrong user, a blocked flow, or an address outside the allowed IP ranges",
        "see the user's Login History in Setup: it names the reason",
    ),
    (
        "invalid_grant",
        "no client credentials user",
        "the app has no user to run as",
        "in the app's client credentials settings, choose a 'Run As' user",
    ),
    ("invalid_grant", "ip restricted", "this address is outside the allowed IP ranges", "ask an administrator"),
    ("invalid_grant", "inactive", "the user is inactive", "ask an administrator to activate the user"),
    ("inactive_user", "", "the user is inactive", "ask an administrator to activate the user"),
    ("inactive_org", "", "the org is locked, closed or suspended", "ask an administrator"),
    ("invalid_client", "", "the app's secret is wrong", "copy the consumer secret again"),
    ("unsupported_grant_type", "", "this login host does not take the JWT bearer flow", "check login_url"),
    (
        "invalid_grant",
        "not supported on this domain",
        "this way to sign in needs the org's own address",
        "use the My Domain as login_url, such as https://acme.my.salesforce.com",
    ),
    ("rate_limit_exceeded", "", "too many sign-ins in a short time", "wait a while, and keep one Org for many calls"),
    ("server_error", "", "Salesforce could not handle the sign-in just now", "try again in a minute"),
    (
        "invalid_grant",
        "",
        "the sign-in was refused",
        "check that username exists in this org (sandbox names end in .sandboxname); see its Login History",
    ),
)
_UNKNOWN = ("the sign-in was refused", "see the user's Login History in Setup: it names the reason")


def build_jwt_token(login_url: str, assertion: str) -> Request:
    """Ask for a token with a signed JWT.

    Parameters
    ----------
    login_url : str
        Scheme and host.
    assertion : str
        The compact JWS. It is a secret for as long as it is valid.

    Returns
    -------
    Request
        Replayable: a second token harms nothing.
    """
    return _token_request(login_url, {"grant_type": JWT_GRANT, "assertion": assertion})


def build_client_credentials(login_url: str, client_id: str, client_secret: str) -> Request:
    """Ask for a token with an app's secret, at the org's My Domain. Replayable, as :func:`build_jwt_token`."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return _token_request(login_url, form)


def build_refresh(login_url: str, client_id: str, refresh_token: str, client_secret: str | None) -> Request:
    """Ask for a token with a refresh token. Not replayable: where tokens rotate, the first arrival has used it up."""
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    if client_secret is not None:
        form["client_secret"] = client_secret
    return _token_request(login_url, form, replayable=False)


def _token_request(login_url: str, form: dict[str, str], *, replayable: bool = True) -> Request:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url = f"{base_url(login_url)}/services/oauth2/token"
    return Request("POST", url, headers, urlencode(form).encode("ascii"), replayable=replayable)


def read_refresh_token(response: Response) -> str | None:
    """Return the refresh token that took the place of the one sent, where tokens rotate; None where it stays good."""
    data = response.json()
    token = data.get("refresh_token") if isinstance(data, dict) else None
    return token if isinstance(token, str) and token else None


@hides_secrets
def read_token(response: Response, login_url: str) -> AccessToken:
    """Read the answer of the token endpoint.

    Only ``access_token`` and ``instance_url`` are relied upon. There is no ``expires_in``:
    that a token has expired shows in a 401.

    Parameters
    ----------
    response : Response
    login_url : str
        Where it was asked for.

    Returns
    -------
    AccessToken

    Raises
    ------
    TokenRefused
        With the cause in plain words and the next step; ``error`` is the OAuth code.
    SalesforceBroken
        For an answer that is neither a token nor a refusal, and for a token of an instance_url that is neither
        Salesforce's nor this machine's nor the one that was asked: it would be handed to strangers.
    """
    data = response.json()
    if not isinstance(data, dict):
        raise response.broken("should be a token and is not")
    if response.status_code != HTTPStatus.OK or "error" in data:
        raise _refusal(response, data)
    token, instance_url = data.get("access_token"), data.get("instance_url")
    if not isinstance(token, str) or not isinstance(instance_url, str):
        raise response.broken("should hold access_token and instance_url and does not")
    identity = data.get("id")
    try:
        read = AccessToken(token, instance_url, identity if isinstance(identity, str) else None)
    except UsageError:  # not the caller's doing
        broken = response.broken("holds a token or an instance_url that cannot be used")
    else:
        if is_trusted(read.instance_url) or read.instance_url == base_url(login_url):
            return read
        broken = response.broken(f"holds an instance_url that is not Salesforce's: {read.instance_url}")
    raise broken


def _refusal(response: Response, data: dict[str, Any]) -> Exception:
    error, description = str(data.get("error") or ""), str(data.get("error_description") or "")
    if not error:
        return response.broken("is an error without OAuth's words")
    cause, step = _explain(error.lower(), description.lower())
    said = f"{error}: {description}" if description else error
    return TokenRefused(f"{cause} (Salesforce said {said!r})", hint=step, error=error, status_code=response.status_code)


def _explain(error: str, description: str) -> tuple[str, str]:
    for code, part, cause, step in _REFUSALS:
        if error == code and part in description:
            return cause, step
    return _UNKNOWN
