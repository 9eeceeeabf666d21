"""The port: whatever can fetch a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.wire.http import Request, Response
    from sfbulk_pandas.wire.oauth import AccessToken

    Send: TypeAlias = Callable[[Request], Response]


class Credentials(Protocol):
    """A way to come by a token.

    The session calls :meth:`fetch` when it first needs a token and once more whenever Salesforce
    has refused the one it has: from any thread, never from two at a time. It may be called any
    number of times and by more than one session. Nothing has to be closed. No implementation
    shows or pickles a secret.
    """

    def fetch(self, send: Send) -> AccessToken:
        """Return a token, a new one if that is possible.

        Parameters
        ----------
        send : callable
            Sends one request without a token and returns the answer, whatever its status.

        Returns
        -------
        AccessToken
            The same as before, where it cannot be renewed: the session then gives up.

        Raises
        ------
        TokenRefused
            Where Salesforce refuses, with the cause and the next step.
        """
        ...
