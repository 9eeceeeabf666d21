"""OAuth refresh token: sign in again as a user who once did so in a browser.

Source: Salesforce Help, "OAuth 2.0 Refresh Token Flow for Renewed Sessions".
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.auth.address import org_address
from sfbulk_pandas.auth.secret import check_source, refuse_pickling, revealed
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN
from sfbulk_pandas.wire.oauth import build_refresh, read_refresh_token, read_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.auth.base import Send
    from sfbulk_pandas.auth.secret import SecretSource
    from sfbulk_pandas.wire.http import Request, Response
    from sfbulk_pandas.wire.oauth import AccessToken


class RefreshToken:
    """Sign in with a refresh token.

    Parameters
    ----------
    client_id : str
        The consumer key of the app that the token was issued to.
    refresh_token : str or callable
        The token, or what returns it, such as :class:`FromEnvironment`. Never shown.
    client_secret : str, callable or None
        Where the app demands it.
    login_url : str
        ``https://login.salesforce.com``, ``https://test.salesforce.com`` for sandboxes, or the My Domain.
    on_rotated : callable, optional
        Is handed the new refresh token wherever Salesforce gives one, before the access token is used: the old one is
        no longer good. What it raises stops the sign-in.
    pickles_secrets : bool
        Whether secrets given as text may go into a pickle.

    Raises
    ------
    UsageError
        For an empty client_id, token or secret, or a login_url that is not https (this machine excepted).

    Examples
    --------
    >>> RefreshToken("3MVG9", "5Aep861")
    RefreshToken(client_id='3MVG9', login_url='https://login.salesforce.com')
    """

    @hides_secrets
    def __init__(
        self,
        client_id: str,
        refresh_token: SecretSource,
        *,
        client_secret: SecretSource | None = None,
        login_url: str = PRODUCTION_LOGIN,
        on_rotated: Callable[[str], None] | None = None,
        pickles_secrets: bool = False,
    ) -> None:
        if not client_id.strip():
            raise UsageError("client_id is empty")
        check_source(refresh_token, "refresh_token")
        if client_secret is not None:
            check_source(client_secret, "client_secret")
        self.client_id = client_id.strip()
        self.login_url = org_address(login_url)
        self._refresh_token = refresh_token
        self._client_secret = client_secret
        self._on_rotated = on_rotated
        self._pickles_secrets = pickles_secrets
        self._lock = threading.Lock()

    def fetch(self, send: Send) -> AccessToken:
        """Trade the refresh token for an access token. Costs one call to the login host.

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
        """
        with self._lock:  # a token that rotates is good once
            answer = send(self._asking())
            access = read_token(answer, self.login_url)
            if self._is_replaced(answer) and self._on_rotated is not None:
                self._on_rotated(revealed(self._refresh_token, "refresh_token"))
            return access

    # Frames of their own, gone by the time anything fails: tracebacks may be shown with their locals.

    def _asking(self) -> Request:
        secret = None if self._client_secret is None else revealed(self._client_secret, "client_secret")
        token = revealed(self._refresh_token, "refresh_token")
        return build_refresh(self.login_url, self.client_id, token, secret)

    def _is_replaced(self, answer: Response) -> bool:
        """Take the refresh token of an answer, where it has another one, in the place of the old."""
        fresh = read_refresh_token(answer)
        if fresh is None or fresh == revealed(self._refresh_token, "refresh_token"):
            return False
        self._refresh_token = fresh
        return True

    def __repr__(self) -> str:
        return f"RefreshToken(client_id={self.client_id!r}, login_url={self.login_url!r})"

    def __getstate__(self) -> dict[str, Any]:
        if not self._pickles_secrets:
            held = ("refresh_token", "client_secret")
            refuse_pickling([name for name in held if isinstance(getattr(self, f"_{name}"), str)])
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
