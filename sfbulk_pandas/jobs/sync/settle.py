"""What a run of an incremental copy is to fetch, going on from the last one and from one that did not end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.identity import identity_of
from sfbulk_pandas.jobs.sync.columns import ANEW, DELETED, check_columns, copy_columns, warn_of_new
from sfbulk_pandas.jobs.sync.publish import clear, has_begun
from sfbulk_pandas.jobs.sync.state import Window
from sfbulk_pandas.wire.server_time import build_versions, read_server_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sfbulk_pandas.jobs.loading import Loading

OVERLAP_SECONDS = 1_800  # Salesforce ends a transaction after 10 minutes: what it commits then has an older stamp
_MOST_OVERLAP_SECONDS = 1_000_000_000  # 31 years


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a copy is brought up to date.

    Attributes
    ----------
    columns : sequence of str or None
        Fields; None for those the copy has, and for all but formulas where there is none.
    sweep : bool
        Whether the Ids of all records are fetched as well, to find what is gone without a trace.
    full : bool
        Whether everything is fetched anew.
    overlap_seconds : float
        How long before the beginning of the last run the window begins.

    Raises
    ------
    UsageError
        For an overlap that is none.
    """

    columns: Sequence[str] | None = None
    sweep: bool = False
    full: bool = False
    overlap_seconds: float = OVERLAP_SECONDS

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_seconds <= _MOST_OVERLAP_SECONDS:
            raise UsageError(
                f"overlap_seconds={self.overlap_seconds} does not fit",
                hint=f"give 0 to {_MOST_OVERLAP_SECONDS:,}; full=True fetches everything",
            )


def settled(loading: Loading, sobject: str, options: SyncOptions, last: Window | None, work: Path) -> Window:
    """Return what a run fetches, written down in its folder.

    Parameters
    ----------
    loading : Loading
    sobject : str
    options : SyncOptions
    last : Window or None
        What the last run has fetched.
    work : Path
        The run's folder.

    Raises
    ------
    UsageError
        Where the copy is of another object, org or columns, or a run that did not end was.
    """
    fresh = _fresh(loading, sobject, options, last)
    left = Window.read(work)
    if left is None or not has_begun(work) or not left.may_stand_for(fresh) or (options.full and not left.is_full):
        clear(work)  # what is left without a window is of no run at all
        fresh.write(work)
        return fresh
    if not left.asks_the_same(fresh):
        raise UsageError(
            f"{work} holds part of another run: of {left.sobject} with {', '.join(left.columns)}, sweep={left.sweep}",
            hint="ask the same to go on with it; restart=True throws away what is there and begins anew",
        )
    return left


def _fresh(loading: Loading, sobject: str, options: SyncOptions, last: Window | None) -> Window:
    session, describes = loading.session, loading.describes
    sobject = describes.get(sobject).name
    known = None if options.full else last
    if known is not None and options.columns is None:
        columns = known.columns
    else:
        columns = tuple(copy_columns(sobject, options.columns, describes))
        if known is not None and _lower(columns) == _lower(known.columns):
            columns = known.columns
    takes_all = options.columns is None if known is None else known.takes_all
    if options.sweep and DELETED not in columns:
        raise UsageError(f"{sobject} has no {DELETED}, so that nothing marks what is gone", hint="leave sweep out")
    until = read_server_time(session.send(build_versions()))
    run = 0 if last is None else last.run + 1
    fresh = Window(sobject, identity_of(session).org_id, columns, until, run, takes_all=takes_all)
    if known is None:
        return fresh
    _check_goes_on(known, fresh)
    check_columns(sobject, columns, describes)
    if takes_all:
        warn_of_new(sobject, columns, describes)
    return known.next(until, timedelta(seconds=options.overlap_seconds), sweep=options.sweep)


def _lower(names: Sequence[str]) -> list[str]:
    return [name.lower() for name in names]


def _check_goes_on(last: Window, fresh: Window) -> None:
    for name, then, now in (
        ("object", last.sobject, fresh.sobject),
        ("org", last.org_id, fresh.org_id),
        ("list of columns", ", ".join(last.columns), ", ".join(fresh.columns)),
    ):
        if then != now:
            raise UsageError(f"the copy has another {name}: {then} so far, and {now} is asked for", hint=ANEW)
