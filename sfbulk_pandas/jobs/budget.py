"""Budgets: what the org has left today, and refusing, or waiting, where a call would take too much of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.display.shown import ShownFrame
from sfbulk_pandas.errors import OverBudget, UsageError
from sfbulk_pandas.jobs.shown.frames import shown_limits
from sfbulk_pandas.wire.limits import build_limits, read_all_limits, read_limits

if TYPE_CHECKING:
    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.limits import Limits

log = logging.getLogger("sfbulk_pandas")
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 60.0, 900.0  # each question costs a call of what is to be spared
_COLUMNS = ["needed", "allowed", "remaining"]


@dataclass(frozen=True, slots=True)
class Budget:
    """Say how much of what the org has left today one load or extract may take.

    Parameters
    ----------
    share : float
        Of the API calls, batches and query jobs that remain: 0.2 is a fifth of each.
    wait_seconds : float
        How long to wait for allowances to come back, which count the last 24 hours; without it, what takes more is
        refused at once. The org is asked after a minute, then less and less often, a call each time.

    Raises
    ------
    UsageError
        For a share that is not above 0 and at most 1, or a wait below zero.

    Examples
    --------
    >>> Budget(0.2, wait_seconds=3_600)
    Budget(share=0.2, wait_seconds=3600)
    """

    share: float
    wait_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UsageError(f"a budget of {self.share} is no share", hint="give one above 0, and 1 at most: 0.2")
        if not self.wait_seconds >= 0:
            raise UsageError(f"wait_seconds={self.wait_seconds} does not fit", hint="give 0 or more")

    @classmethod
    def of(cls, given: float | Budget) -> Budget:
        """Return a budget; a number is a share.

        Parameters
        ----------
        given : float or Budget

        Returns
        -------
        Budget
        """
        return given if isinstance(given, Budget) else cls(given)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a load or extract takes, as far as it is known before.

    Attributes
    ----------
    calls, batches, query_jobs : int
    """

    calls: int
    batches: int = 0
    query_jobs: int = 0


def limits_frame(session: Session) -> pd.DataFrame:
    """Return every limit of the org. Costs one API call."""
    limits = read_all_limits(session.send(build_limits(session.api_version)))
    frame = pd.DataFrame(
        {
            "name": list(limits),
            "max": [each.max for each in limits.values()],
            "remaining": [each.remaining for each in limits.values()],
        }
    )
    frame["used"] = frame["max"] - frame["remaining"]
    frame["used_share"] = (frame["used"] / frame["max"]).where(frame["max"] > 0)
    return shown_limits(frame)


def keep_within(session: Session, budget: Budget, cost: Cost, what: str) -> None:
    """Return where a cost is within a budget; wait for that where the budget says so.

    Parameters
    ----------
    session : Session
    budget : Budget
    cost : Cost
    what : str
        Whose cost it is, such as ``"this load"``.

    Raises
    ------
    OverBudget
        Where it is not.
    ApiError
        Where the org does not say what is left: 403 where the user may not see it.
    """
    clock = session.clock
    until = clock.monotonic() + budget.wait_seconds
    pause = _FIRST_PAUSE_SECONDS
    while (over := _over(session, budget, cost, what)) is not None:
        left = until - clock.monotonic()
        if left <= 0:
            raise over
        log.info("waiting for the org's allowances: %s", over.args[0])
        clock.sleep(min(pause, left))
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)


def _over(session: Session, budget: Budget, cost: Cost, what: str) -> OverBudget | None:
    report = _compared(read_limits(session.send(build_limits(session.api_version))), budget, cost)
    fits = (report["needed"] <= report["allowed"]).fillna(value=False)  # what is not known does not
    over = report[(report["needed"] > 0) & ~fits]
    if over.empty:
        return None
    told = "; ".join(_told(name, row) for name, row in over.iterrows())
    return OverBudget(
        f"{what} takes more than the budget of {budget.share:.3g} of what the org has left: {told}; nothing was sent",
        hint="give a larger budget=, less to do, or time: budget=sfbulk.Budget(share, wait_seconds=...)",
        report=ShownFrame(report, "Needed, and allowed by the budget"),
    )


def _compared(limits: Limits, budget: Budget, cost: Cost) -> pd.DataFrame:
    lines = {
        "API calls": (cost.calls, limits.daily_api_requests),
        "batches": (cost.batches, limits.daily_bulk_api_batches),
        "query jobs": (cost.query_jobs, limits.daily_bulk_v2_query_jobs),
    }
    rows = [
        (needed, None if limit is None else int(max(limit.remaining, 0) * budget.share), limit and limit.remaining)
        for needed, limit in lines.values()
    ]
    return pd.DataFrame(rows, index=list(lines), columns=_COLUMNS).astype("Int64")


def _told(name: object, row: pd.Series) -> str:
    if pd.isna(row["allowed"]):
        return f"{row['needed']:,} {name}, and the org does not say how many it has left"
    return f"{row['needed']:,} {name}, and {row['allowed']:,} of {row['remaining']:,} are allowed"
