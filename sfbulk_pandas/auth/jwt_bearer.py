"""OAuth JWT bearer: sign in as a user with an app's private key, without a browser.

Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration".
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt

from sfbulk_pandas.auth.private_key import KeySource, is_pem, load_key
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN, audience, base_url
from sfbulk_pandas.wire.oauth import build_jwt_token, read_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.auth.base import Send
    from sfbulk_pandas.wire.oauth import AccessToken

LIFE_SECONDS = 180  # three minutes, as most clients do; no upper bound is documented


class JwtBearer:
    """Sign in with a signed assertion; no secret leaves this machine.

    Parameters
    ----------
    client_id : str
        The consumer key of the connected app or external client app.
    username : str
        The user to act as.
    private_key : str, bytes or Path
        The path of the RSA key's file, or the key itself in PEM form. It is read at every sign-in and
        never shown. With a path the credentials can be pickled; with the key itself they refuse.
    login_url : str
        ``https://login.salesforce.com``, ``https://test.salesforce.com`` for sandboxes, or the My Domain.
    passphrase : str, bytes or None
        For an encrypted key. Credentials with a passphrase refuse to be pickled.

    Raises
    ------
    UsageError
        For an empty client_id or username, or a login_url that is not https (this machine excepted).

    Examples
    --------
    >>> JwtBearer("3MVG9", "me@example.com", private_key="server.key")
    JwtBearer(username='me@example.com', login_url='https://login.salesforce.com')
    """

    def __init__(
        self,
        client_id: str,
        username: str,
        *,
        private_key: KeySource,
        login_url: str = PRODUCTION_LOGIN,
        passphrase: str | bytes | None = None,
    ) -> None:
        for name, value in {"client_id": client_id, "username": username, "private_key": private_key}.items():
            if not isinstance(value, Path) and not value.strip():
                raise UsageError(f"{name} is empty")
        self.client_id = client_id.strip()
        self.username = username.strip()
        self.login_url = base_url(login_url)
        self._private_key = private_key
        self._passphrase = passphrase
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
        return read_token(send(build_jwt_token(self.login_url, self._assertion())))

    def _assertion(self) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": audience(self.login_url),
            "exp": int(self._now()) + LIFE_SECONDS,
        }
        return jwt.encode(claims, load_key(self._private_key, self._passphrase), algorithm="RS256")

    def __repr__(self) -> str:
        return f"JwtBearer(username={self.username!r}, login_url={self.login_url!r})"

    def __getstate__(self) -> dict[str, Any]:
        if is_pem(self._private_key) or self._passphrase is not None:
            raise UsageError(
                "these credentials hold a private key or a passphrase and are not pickled",
                hint="give private_key as the path of an unencrypted key file that every worker can read",
            )
        return dict(self.__dict__)
