"""Org: what a user holds; the one place where the adapters are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from sfbulk_pandas.display.blocks import card, facts
from sfbulk_pandas.display.html import join, tag, typed
from sfbulk_pandas.jobs.budget import limits_frame
from sfbulk_pandas.org.copies import Copies
from sfbulk_pandas.org.exploring import Exploring
from sfbulk_pandas.org.jobs import Jobs
from sfbulk_pandas.org.loads import Loads

if TYPE_CHECKING:
    import pandas as pd


class Org(Loads, Exploring, Copies, Jobs):
    """A Salesforce org to load into and query from.

    Made by :func:`connect`. Safe to use from several threads.

    Parameters
    ----------
    session : Session
        Signed in, or able to sign in.
    polling : Polling, optional
        How often jobs are asked for their state.
    journal : Journal, optional
        Where loads are written down; the user's own by default.
    """

    signed_in_by: str | None = None
    """What the credentials were found in, where none were given to ``connect``."""

    @property
    def instance_url(self) -> str:
        """Where the org is, such as ``https://acme.my.salesforce.com``."""
        return self._session.instance_url

    @property
    def api_version(self) -> str:
        """The API version in use, such as ``"66.0"``."""
        return self._session.api_version

    def sign_in(self) -> None:
        """Fetch a token now rather than with the first request.

        Raises
        ------
        TokenRefused
            Where Salesforce does not let this user in: why, and what to do.
        """
        _ = self._session.instance_url

    def limits(self) -> pd.DataFrame:
        """Return what the org may use and what it has left, by Salesforce's own names; one API call.

        Returns
        -------
        DataFrame, a row a limit
            ``name``, ``max``, ``remaining``, ``used``, and ``used_share`` from 0 to 1. Daily ones count the last 24
            hours; loads and extracts use ``DailyApiRequests``, ``DailyBulkApiBatches`` and ``DailyBulkV2QueryJobs``.

        Raises
        ------
        ApiError
            403 where the user may not see them.

        Notes
        -----
        Source: REST API guide, "Limits".
        """
        return limits_frame(self._session)

    def close(self) -> None:
        """Close the connections and the journal; the org can be used again, and then opens them anew."""
        self._session.close()
        self._loading.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        source = f", signed in by {self.signed_in_by}" if self.signed_in_by else ""
        place = self._session.known_url or "not signed in yet"  # a look at it must not sign in
        return f"<Org {place}, API {self.api_version}{source}>"

    def _repr_html_(self) -> str:
        place = self._session.known_url or "not signed in yet"
        known = {"API": self.api_version, "signed in by": self.signed_in_by}
        note = typed("`.jobs()`, `.loads()` and `.limits()` show what is going on; `.describe(name)` shows an object.")
        return str(card(join("Org ", tag("span", place, class_="sf-size")), facts(known), note=note))
