"""OAuth client credentials: sign in as the user that an app runs as, with the app's secret.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.auth.address import org_address
from sfbulk_pandas.auth.secret import check_source, refuse_pickling, revealed
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN, SANDBOX_LOGIN
from sfbulk_pandas.wire.oauth import build_client_credentials, read_token

if TYPE_CHECKING:
    from sfbulk_pandas.auth.base import Send
    from sfbulk_pandas.auth.secret import SecretSource
    from sfbulk_pandas.wire.http import Request
    from sfbulk_pandas.wire.oauth import AccessToken


class ClientCredentials:
    """Sign in with an app's secret, as the user that its client credentials settings name.

    Parameters
    ----------
    client_id : str
        The consumer key of the external client app or connected app.
    client_secret : str or callable
        The consumer secret, or what returns it, such as :class:`FromEnvironment`. Never shown.
    login_url : str
        The org's My Domain, such as ``https://acme.my.salesforce.com``: this flow knows no other host.
    pickles_secrets : bool
        Whether a secret given as text may go into a pickle.

    Raises
    ------
    UsageError
        For an empty client_id or secret, and for login.salesforce.com and test.salesforce.com, before anything is sent.

    Examples
    --------
    >>> ClientCredentials("3MVG9", "secret", login_url="https://acme.my.salesforce.com")
    ClientCredentials(client_id='3MVG9', login_url='https://acme.my.salesforce.com')
    """

    @hides_secrets
    def __init__(
        self, client_id: str, client_secret: SecretSource, *, login_url: str, pickles_secrets: bool = False
    ) -> None:
        if not client_id.strip():
            raise UsageError("client_id is empty")
        check_source(client_secret, "client_secret")
        self.client_id = client_id.strip()
        self.login_url = org_address(login_url)
        if self.login_url in {PRODUCTION_LOGIN, SANDBOX_LOGIN}:
            raise UsageError(
                f"client credentials are not taken at {self.login_url}",
                hint="give the org's My Domain as login_url, such as https://acme.my.salesforce.com",
            )
        self._client_secret = client_secret
        self._pickles_secrets = pickles_secrets

    def fetch(self, send: Send) -> AccessToken:
        """Trade the secret for a token. Costs one call to the login host.

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
        return read_token(send(self._asking()), self.login_url)

    def _asking(self) -> Request:
        # A frame of its own, gone by the time anything fails: tracebacks may be shown with their locals.
        secret = revealed(self._client_secret, "client_secret")
        return build_client_credentials(self.login_url, self.client_id, secret)

    def __repr__(self) -> str:
        return f"ClientCredentials(client_id={self.client_id!r}, login_url={self.login_url!r})"

    def __getstate__(self) -> dict[str, Any]:
        if not self._pickles_secrets and not callable(self._client_secret):
            refuse_pickling(["client_secret"])
        return dict(self.__dict__)
