"""Connect, and remember the org that was last connected to in this context."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

from sfbulk_pandas.auth.found import found_credentials
from sfbulk_pandas.auth.sf_cli import SalesforceCli
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.org.org import Org
from sfbulk_pandas.salesforce.limits import DEFAULT_API_VERSION
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session

if TYPE_CHECKING:
    from os import PathLike

    from sfbulk_pandas.auth.base import Credentials
    from sfbulk_pandas.jobs.options import Polling

log = logging.getLogger("sfbulk_pandas")
_CURRENT: ContextVar[Org | None] = ContextVar("sfbulk_org")


def connect(
    credentials: Credentials | str | None = None,
    *,
    api_version: str = DEFAULT_API_VERSION,
    polling: Polling | None = None,
    journal: str | PathLike[str] | None = None,
    network: Network | None = None,
) -> Org:
    """Sign in, and make the org the one that module functions and ``df.sfbulk`` act on.

    Parameters
    ----------
    credentials : JwtBearer, ClientCredentials, RefreshToken, SalesforceCli, AccessToken or str, optional
        How to sign in; a text is an alias or user name of the Salesforce CLI's. Without it, the ``SFBULK_*`` variables
        of one way to sign in are taken, else the CLI's default org; the org's repr says which.
    api_version : str
        Such as ``"66.0"``.
    polling : Polling, optional
        How often jobs are asked for their state.
    journal : path, optional
        The file in which loads are written down, so that they can be resumed; by default ``journal.db`` in the
        user's state folder. It holds neither rows nor secrets; result files, which hold rows, are kept beside it,
        readable by the user alone, until a load's result is handed over.
    network : Network, optional
        Time-outs, how often requests are repeated, proxies, certificates, or a ``requests.Session`` of your own.

    Returns
    -------
    Org

    Raises
    ------
    TokenRefused
        Where Salesforce does not let this user in: why, and what to do.
    CliLoginMissing
        Where the Salesforce CLI has no login, with the command that mends it.
    UsageError
        Where the credentials, the variables or the version cannot be right.

    Notes
    -----
    Costs no API call; a token is not counted as one.
    """
    if isinstance(credentials, str) and "!" in credentials:  # as in every access token, and in no alias
        credentials = None  # a traceback may be shown with its locals
        raise UsageError("this is a token, not an alias", hint="give sfbulk.AccessToken(token, instance_url)")
    taken, source = _credentials(credentials)
    if not re.fullmatch(r"\d+\.0", str(api_version)):
        raise UsageError(f"api_version={api_version!r} is no version", hint=f"write it as {DEFAULT_API_VERSION!r}")
    org = Org(Session(taken, api_version=api_version, network=network or Network()), polling, Journal(journal))
    org.sign_in()
    log.info("connected to %s by %s", org.instance_url, source or taken)
    org.signed_in_by = source
    _CURRENT.set(org)
    return org


def _credentials(given: Credentials | str | None) -> tuple[Credentials, str | None]:
    """Return credentials, and where they are from where that was not said."""
    if given is None:
        return found_credentials()
    if isinstance(given, str):
        return SalesforceCli(given), None
    if not hasattr(given, "fetch"):
        raise UsageError(
            f"connect takes credentials, not {type(given).__name__}",
            hint="give sfbulk.JwtBearer(...), or the alias of a Salesforce CLI login",
        )
    return given, None


def current_org(org: Org | None = None) -> Org:
    """Return the org to act on: the one given, else the one last connected in this context.

    Raises
    ------
    UsageError
        Where there is none.
    """
    found = org or connected_org()
    if found is None:
        raise UsageError("no org is connected", hint="call sfbulk.connect(...) first, or pass org=")
    return found


def make_current(org: Org | None) -> None:
    """Let module functions and ``df.sfbulk`` act on an org from now on; on none, for None."""
    _CURRENT.set(org)


def connected_org() -> Org | None:
    """Return the org last connected in this context, or None."""
    return _CURRENT.get(None)
