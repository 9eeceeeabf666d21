"""A token that somebody else came by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.auth.address import org_address
from sfbulk_pandas.wire import oauth
from sfbulk_pandas.wire.hiding import hides_secrets

if TYPE_CHECKING:
    from sfbulk_pandas.auth.base import Send


class AccessToken(oauth.AccessToken):
    """Sign in with a token in hand; it cannot be renewed when it expires.

    Parameters
    ----------
    token : str
        The access token, or session id. Never shown, logged or pickled.
    instance_url : str
        The org's address, such as ``"https://acme.my.salesforce.com"``.

    Raises
    ------
    UsageError
        For an empty token, or an address that is not https (this machine excepted).

    Examples
    --------
    >>> AccessToken("00D000000000001!secret", "acme.lightning.force.com")
    AccessToken(instance_url='https://acme.my.salesforce.com')
    """

    @hides_secrets
    def __init__(self, token: str, instance_url: str) -> None:
        super().__init__(token, org_address(instance_url))

    def fetch(self, send: Send) -> oauth.AccessToken:  # noqa: ARG002 - the signature is the port's
        """Return the token itself, each time; the session sees that it is the one just refused. Costs no call.

        Parameters
        ----------
        send : callable
            Not used: there is nobody to ask.
        """
        return self

    def __repr__(self) -> str:
        return f"AccessToken(instance_url={self.instance_url!r})"
