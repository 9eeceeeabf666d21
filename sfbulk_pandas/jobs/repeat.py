"""Refuse an insert whose bytes went up before: run a cell twice, and every record is there twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import AlreadyLoaded
from sfbulk_pandas.jobs.sending import NOT_CLOSED
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.prepare import Prepared
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.journal.records import LoadRecord, PartRecord
    from sfbulk_pandas.spool import Spool


def refuse_repeated(journal: Journal, prepared: Prepared, record: LoadRecord, spool: Spool) -> None:
    """Compare an insert with those that the journal knows; bytes are compared only where object, rows and header agree.

    Raises
    ------
    AlreadyLoaded
        Where the same bytes went to the same object of the same org, and records may have come of it.
    """
    if prepared.target.operation is not Operation.INSERT:
        return
    for earlier in journal.finished_inserts(record.org_id, record.sobject, record.rows, record.headers):
        parts = [part for part in journal.parts(earlier.load_id) if part.attempt == 1 and part.step not in NOT_CLOSED]
        if parts and _may_have_stored(earlier) and _same_bytes(prepared, earlier, parts, spool):
            raise _already_loaded(earlier)


def _may_have_stored(earlier: LoadRecord) -> bool:
    """Whether a load may have made a record; one that is not finished may."""
    counts = (earlier.manifest or {}).get("counts", {"unknown": 1})
    return bool(counts.get("successful", 0) or counts.get("unknown", 0))


def _same_bytes(prepared: Prepared, earlier: LoadRecord, parts: list[PartRecord], spool: Spool) -> bool:
    cargo = prepared.cargo(earlier.load_id, spool)
    if max(part.stop for part in parts) > len(cargo):
        return False
    return all(cargo.part(part.number, part.start, part.stop).digest == part.digest for part in parts)


def _already_loaded(earlier: LoadRecord) -> AlreadyLoaded:
    if earlier.finished_at is None:
        what = f"began at {_utc(earlier.created_at)} and has not ended"
        hint = f"go on with it: sfbulk.resume({earlier.load_id!r}, frame=...); repeat=True makes every record again"
    else:
        what = f"ended at {_utc(earlier.finished_at)}"
        hint = "if every record is to be made a second time, say repeat=True; an upsert may be repeated freely"
    return AlreadyLoaded(
        f"the same rows were inserted into {earlier.sobject} before: load {earlier.load_id} {what}",
        hint=hint,
        load_id=earlier.load_id,
        finished_at=earlier.finished_at,
    )


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
