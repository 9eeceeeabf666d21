"""The manifest of a load: who, where, when, what, how, and what came of it, as plain JSON values."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.jobs.identity import Identity
    from sfbulk_pandas.journal.records import LoadRecord, PartRecord

_SOFTWARE = ("sfbulk_pandas", "pandas", "pyarrow")
_OF_PART = ("attempt", "number", "start", "stop", "job_id", "state", "processed", "failed", "size_bytes")


def build_manifest(
    who: Identity, record: LoadRecord, counts: Mapping[str, int], parts: Sequence[PartRecord], ended_at: float
) -> dict[str, Any]:
    """Return the manifest of a load.

    Parameters
    ----------
    who : Identity
        Who has loaded, and where.
    record : LoadRecord
        What was to be done.
    counts : mapping
        Rows in all, and by their end.
    parts : sequence of PartRecord
        What was sent, in which jobs.
    ended_at : float
        Seconds since the epoch.

    Returns
    -------
    dict
        ``parts`` have their rows as positions in the order in which they were sent, and the XXH3 digest (128 bits)
        of their bytes.
    """
    return {
        "load_id": record.load_id,
        "retry_of": record.retry_of,
        "org": {"id": who.org_id, "instance_url": who.instance_url},
        "user_id": who.user_id,
        "started": _iso(record.created_at),
        "ended": _iso(record.finished_at or ended_at),
        "sobject": record.sobject,
        "operation": record.operation,
        "external_id_field": record.external_id_field,
        "columns": list(record.headers),
        "options": dict(record.options),
        "counts": dict(counts),
        "parts": [_part(each) for each in parts],
        "software": {name: version(name) for name in _SOFTWARE},
    }


def _part(part: PartRecord) -> dict[str, Any]:
    held = asdict(part)
    return {name: held[name] for name in _OF_PART} | {"xxh3_128": part.digest}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
