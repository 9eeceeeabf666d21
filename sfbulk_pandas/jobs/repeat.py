"""Refuse an insert whose bytes went up before: run a cell twice, and every record is there twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import AlreadyLoaded
from sfbulk_pandas.jobs.sending import NOT_CLOSED
from sfbulk_pandas.journal.lineage import lineage
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from numpy import int64
    from numpy.typing import NDArray

    from sfbulk_pandas.jobs.cargo import Cargo
    from sfbulk_pandas.jobs.prepare import Prepared
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.journal.records import LoadRecord, PartRecord

    Digests = dict[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class _Alike:
    """An earlier load that may have had the same bytes.

    Attributes
    ----------
    load : LoadRecord
    parts : sequence of PartRecord
        Whose bytes are compared.
    stored_by : LoadRecord
        That may have made the records: the load itself, or a retry of it.
    """

    load: LoadRecord
    parts: Sequence[PartRecord]
    stored_by: LoadRecord


def refuse_repeated(
    journal: Journal, prepared: Prepared, record: LoadRecord, but_not: Container[str] = frozenset()
) -> None:
    """Compare an insert with those that the journal knows, but for the loads whose rows it sends again.

    Bytes are compared only where object, rows and header agree, and where several loads do, the size of a part first:
    of a long history of loads of one shape hardly one is worth encoding for.

    Raises
    ------
    AlreadyLoaded
        Where the same bytes went to the same object of the same org, and records may have come of it.
    """
    if prepared.target.operation is not Operation.INSERT:
        return
    alike = [each for each in _alike(journal, record) if each.load.load_id not in but_not]
    if len(alike) > 1:
        alike = _of_equal_size(alike, prepared, record.keys_begin)
    digests: Digests = {}
    for each in alike:
        if _same_bytes(prepared, each, digests):
            raise _already_loaded(each.stored_by)


def _alike(journal: Journal, record: LoadRecord) -> Iterator[_Alike]:
    """Yield earlier inserts of the same shape of whose rows records may have been made."""
    alike = journal.inserts_like(record)
    loads = [each for each in journal.loads() if each.retry_of] if alike else []
    above = {each.load_id: each.retry_of for each in loads}
    for earlier in alike:
        later = (each for each in loads if earlier.load_id in lineage(each.load_id, above))
        retries = [each for each in later if each.load_id != earlier.load_id and may_have_stored(each)]
        stored_by = [*([earlier] if may_have_stored(earlier) else []), *retries]
        is_under_way = earlier.finished_at is None and journal.is_held(earlier.load_id)
        counts = bool(retries) or is_under_way  # what was never sent by itself as well
        parts = journal.parts(earlier.load_id)
        noted = [part for part in parts if part.attempt == 1 and (counts or part.step not in NOT_CLOSED)]
        if stored_by and noted:
            yield _Alike(earlier, noted, stored_by[0])


def _of_equal_size(alike: Sequence[_Alike], prepared: Prepared, key_prefix: str) -> list[_Alike]:
    """Return those whose first part is as large as the same rows are now.

    Keys that rows may carry are of one length; but for those of older versions, which are not measured.
    """
    with Spool() as scratch:
        cargo = prepared.cargo(key_prefix, scratch)
        ends = cargo.ends(min(max(each.parts[0].stop for each in alike), len(cargo)))
    return [
        each
        for each in alike
        if len(each.load.keys_begin) != len(key_prefix) or _size(ends, each.parts[0]) == each.parts[0].size_bytes
    ]


def _size(ends: NDArray[int64], part: PartRecord) -> int | None:
    return int(ends[part.stop] - ends[part.start] + ends[0]) if part.stop < len(ends) else None


def may_have_stored(earlier: LoadRecord) -> bool:
    """Whether a load may have made a record; one that is not finished may."""
    counts = (earlier.manifest or {}).get("counts", {"unknown": 1})
    return bool(counts.get("successful", 0) or counts.get("unknown", 0))


def _same_bytes(prepared: Prepared, earlier: _Alike, digests: Digests) -> bool:
    """Whether the bytes now are those of an earlier load's parts; what was encoded once is not encoded again."""
    if prepared.correlation is not None:  # its keys are part of the bytes: they may be each load's own
        digests = {}
    with Spool() as scratch:
        cargo = prepared.cargo(earlier.load.keys_begin, scratch)
        return max(part.stop for part in earlier.parts) <= len(cargo) and all(
            _digest(cargo, part, digests) == part.digest for part in earlier.parts
        )


def _digest(cargo: Cargo, part: PartRecord, digests: Digests) -> str:
    rows = (part.start, part.stop)
    if rows not in digests:
        digests[rows] = cargo.part(part.number, *rows).digest
    return digests[rows]


def _already_loaded(earlier: LoadRecord) -> AlreadyLoaded:
    if earlier.finished_at is None:
        hint = f"go on with it: sfbulk.resume({earlier.load_id!r}, frame=...); repeat=True makes every record again"
    else:
        hint = "if every record is to be made a second time, say repeat=True; an upsert may be repeated freely"
    return AlreadyLoaded(
        f"the same rows were inserted into {earlier.sobject} before: load {earlier.load_id} {when(earlier)}",
        hint=hint,
        load_id=earlier.load_id,
        finished_at=earlier.finished_at,
    )


def when(load: LoadRecord) -> str:
    """Say when a load ended, or began."""
    if load.finished_at is None:
        return f"began at {_utc(load.created_at)} and has not ended"
    return f"ended at {_utc(load.finished_at)}"


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
