"""OAuth JWT bearer: sign in as a user with an app's private key, without a browser.

Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration".
"""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import jwt

from sfbulk_pandas.auth.address import org_address
from sfbulk_pandas.auth.private_key import KeySource, is_pem, load_key
from sfbulk_pandas.auth.secret import FromEnvironment, refuse_pickling
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN, audience
from sfbulk_pandas.wire.oauth import build_jwt_token, read_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfbulk_pandas.auth.base import Send
    from sfbulk_pandas.wire.oauth import AccessToken

Sign: TypeAlias = "Callable[[bytes], bytes]"
LIFE_SECONDS = 180  # three minutes, as most clients do; no upper bound is documented


class JwtBearer:
    """Sign in with a signed assertion; no secret leaves this machine.

    Parameters
    ----------
    client_id : str
        The consumer key of the connected app or external client app.
    username : str
        The user to act as.
    private_key : str, bytes, Path, FromEnvironment or callable
        The path of the RSA key's file, or the key itself in PEM form, or the variable that holds it; or, for a key in
        a vault, a function that signs: it is handed bytes and returns their RS256 signature (RSA, PKCS #1 v1.5 padding,
        SHA-256). It is read at every sign-in and never shown. A key file that others may read is warned of.
    login_url : str
        ``https://login.salesforce.com``, ``https://test.salesforce.com`` for sandboxes, or the My Domain.
    passphrase : str, bytes, FromEnvironment or None
        For an encrypted key.
    pickles_secrets : bool
        Whether a key or a passphrase given as text may go into a pickle; else such credentials refuse to be pickled.

    Raises
    ------
    UsageError
        For an empty client_id or username, or a login_url that is not https (this machine excepted).

    Examples
    --------
    >>> JwtBearer("3MVG9", "me@example.com", private_key="server.key")
    JwtBearer(username='me@example.com', login_url='https://login.salesforce.com')
    """

    @hides_secrets
    def __init__(
        self,
        client_id: str,
        username: str,
        *,
        private_key: KeySource | Sign,
        login_url: str = PRODUCTION_LOGIN,
        passphrase: str | bytes | FromEnvironment | None = None,
        pickles_secrets: bool = False,
    ) -> None:
        for name, value in {"client_id": client_id, "username": username, "private_key": private_key}.items():
            if isinstance(value, str | bytes) and not value.strip():
                raise UsageError(f"{name} is empty")
        self.client_id = client_id.strip()
        self.username = username.strip()
        self.login_url = org_address(login_url)
        self._private_key = private_key
        self._passphrase = passphrase
        self._pickles_secrets = pickles_secrets
        self._now: Callable[[], float] = time.time

    def fetch(self, send: Send) -> AccessToken:
        """Sign an assertion and trade it for a token. Costs one call to the login host.

        Parameters
        ----------
        send : callable
            Sends one request without a token.

        Returns
        -------
        AccessToken

        Raises
        ------
        TokenRefused
            Where Salesforce refuses, with the cause and the next step.
        UsageError
            Where the private key cannot be used.
        """
        return read_token(send(build_jwt_token(self.login_url, self._assertion())), self.login_url)

    @hides_secrets
    def _assertion(self) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": audience(self.login_url),
            "exp": int(self._now()) + LIFE_SECONDS,
        }
        if callable(self._private_key) and not isinstance(self._private_key, FromEnvironment):
            return signed_by(self._private_key, claims)
        return jwt.encode(claims, load_key(self._private_key, self._passphrase), algorithm="RS256")

    def __repr__(self) -> str:
        return f"JwtBearer(username={self.username!r}, login_url={self.login_url!r})"

    def __getstate__(self) -> dict[str, Any]:
        if not self._pickles_secrets:
            held = ["private_key"] if is_pem(self._private_key) else []
            refuse_pickling([*held, *(["passphrase"] if isinstance(self._passphrase, str | bytes) else [])])
        return dict(self.__dict__)


def signed_by(sign: Sign, claims: Mapping[str, Any]) -> str:
    """Return a JWT that a function has signed.

    Raises
    ------
    UsageError
        Where it returns no signature.
    """
    head, body = (_packed(json.dumps(each).encode()) for each in ({"alg": "RS256", "typ": "JWT"}, dict(claims)))
    signature = sign(f"{head}.{body}".encode())
    if not isinstance(signature, bytes) or not signature:
        raise UsageError("the function that signs returned no bytes", hint="return the raw RS256 signature")
    return f"{head}.{body}.{_packed(signature)}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
