"""What every side of an org shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.jobs.describes import Describes
from sfbulk_pandas.jobs.loading import Loading
from sfbulk_pandas.jobs.options import Polling
from sfbulk_pandas.journal import Journal

if TYPE_CHECKING:
    from sfbulk_pandas.transport.session import Session


class Base:
    """An org as the use cases see it.

    Parameters
    ----------
    session : Session
        Signed in, or able to sign in.
    polling : Polling, optional
        How often jobs are asked for their state.
    journal : Journal, optional
        Where loads are written down; the user's own by default.
    """

    def __init__(self, session: Session, polling: Polling | None = None, journal: Journal | None = None) -> None:
        self._session = session
        self._loading = Loading(session, Describes(session), polling or Polling(), journal or Journal())
