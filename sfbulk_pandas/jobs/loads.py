"""The loads that the journal knows: list them, forget them, and clean up after those that died."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pandas.api.types import is_list_like

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import JournalBusy
from sfbulk_pandas.jobs import orphans
from sfbulk_pandas.jobs.correlation import job_with
from sfbulk_pandas.jobs.identity import identity_of, is_of
from sfbulk_pandas.jobs.lost import settle_creates
from sfbulk_pandas.jobs.notes import Notes
from sfbulk_pandas.jobs.sending import NOT_CLOSED
from sfbulk_pandas.jobs.shown.frames import shown_loads
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import pandas as pd

    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.journal.records import LoadRecord
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.wire.ingest import IngestJob

_MAY_BE_OPEN = NOT_CLOSED | {Step.CLOSING}  # also where the call that closes a job may not have arrived
_TIME = pa.timestamp("ms", "UTC")
_ENDS = ("successful", "failed", "unprocessed", "unknown")
_SCHEMA = pa.schema(
    [
        ("load_id", pa.string()),
        ("started", _TIME),
        ("ended", _TIME),
        ("state", pa.string()),
        ("operation", pa.string()),
        ("sobject", pa.string()),
        ("rows", pa.int64()),
        *((name, pa.int64()) for name in _ENDS),
        ("jobs", pa.int64()),
        ("instance_url", pa.string()),
        ("retry_of", pa.string()),
    ]
)


def loads_frame(journal: Journal) -> pd.DataFrame:
    """Return the loads that the journal knows, the newest first, as a frame that is typed also when it is empty."""
    rows = [_row(journal, load) for load in journal.loads()]
    return shown_loads(to_pandas(pa.Table.from_pylist(rows, _SCHEMA)))


def _row(journal: Journal, load: LoadRecord) -> dict[str, Any]:
    counts = (load.manifest or {}).get("counts")
    ends = {name: None if counts is None else counts.get(name, 0) for name in _ENDS}
    return ends | {
        "load_id": load.load_id,
        "started": _milliseconds(load.created_at),
        "ended": _milliseconds(load.finished_at),
        "state": _state(journal, load),
        "operation": load.operation,
        "sobject": load.sobject,
        "rows": load.rows,
        "jobs": len([part for part in journal.parts(load.load_id) if part.job_id]),
        "instance_url": load.instance_url,
        "retry_of": load.retry_of,
    }


def _state(journal: Journal, load: LoadRecord) -> str:
    if load.finished_at is not None:
        return "ended"
    return "running" if journal.is_held(load.load_id) else "unfinished"


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def forget_loads(journal: Journal, which: str | Sequence[str]) -> None:
    """Remove loads from the journal: those named, ``"ended"`` ones, or ``"all"`` that are not under way.

    Raises
    ------
    UsageError
        For an id that the journal does not know, or what is none.
    JournalBusy
        For one that is under way.
    """
    named: list[Any] = list(which) if is_list_like(which) else [which]
    if named == ["all"]:
        chosen = [load.load_id for load in journal.loads() if not journal.is_held(load.load_id)]
    elif named == ["ended"]:
        chosen = [load.load_id for load in journal.loads() if load.finished_at is not None]
    else:
        chosen = [journal.load(each).load_id for each in named]
    journal.forget(chosen)


def clean_up(loading: Loading) -> pd.DataFrame:
    """Abort the Open jobs of loads that died here; what was never closed has processed nothing."""
    journal, who = loading.journal, identity_of(loading.session)
    loads = [load for load in journal.loads() if is_of(load, who) and not journal.is_held(load.load_id)]
    steps = {load.load_id: {part.step for part in journal.parts(load.load_id)} for load in loads}
    found: dict[str, tuple[str, JobInfo]] = {}  # by id: an Open job may be that of several loads
    for load in loads:
        if Step.CREATING in steps[load.load_id]:
            found |= {job.id: (load.load_id, job) for job in _left_by_creates(loading, load)}
    with closing(_left_open(journal, [load_id for load_id, each in steps.items() if each & _MAY_BE_OPEN])) as left:
        return orphans.clean_up(loading.session, left, found.values())


def _left_open(journal: Journal, load_ids: Sequence[str]) -> Generator[tuple[str, str]]:
    """Yield the jobs of loads that may be Open, each with its load, which nobody can take up until the next one."""
    for load_id in load_ids:
        with suppress(JournalBusy), journal.hold(load_id):
            for part in journal.parts(load_id):
                if part.job_id and part.step in _MAY_BE_OPEN:
                    yield part.job_id, load_id


def _left_by_creates(loading: Loading, load: LoadRecord) -> tuple[JobInfo, ...]:
    """Settle what became of creates whose answers were lost, as a resume of their load does."""
    session, journal = loading.session, loading.journal
    who = replace(
        identity_of(session), user_id=load.user_id
    )  # whoever cleans up: the jobs are those of the load's user
    with suppress(JournalBusy), journal.hold(load.load_id):  # or a resume might create a job while this looks for them
        notes = Notes(journal, load.load_id, 1, session.clock)
        return settle_creates(session, _job_of(loading, load), notes, who, journal.parts(load.load_id))
    return ()


def _job_of(loading: Loading, load: LoadRecord) -> IngestJob:
    """Return what the jobs of a load were created with."""
    named = load.options.get("correlation_field")
    keys = None if named is None else loading.describes.get(load.sobject).get(named)
    return job_with(keys, load.sobject, Operation(load.operation), load.external_id_field)
