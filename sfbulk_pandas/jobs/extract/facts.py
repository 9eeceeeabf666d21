"""What is known of a finished extract besides its rows, and how that travels with them.

A table has it as JSON in its schema's metadata, and so has a Parquet file written with that schema; a DataFrame has it
in its ``attrs``, which pandas copies with every step and compares when it puts frames together: plain values alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import mask_secrets
from sfbulk_pandas.jobs.identity import identity_of
from sfbulk_pandas.sinks.base import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sfbulk_pandas.jobs.extract.run import ExtractRun
    from sfbulk_pandas.transport.session import Session


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows are from; the same however often their extract was stopped and gone on with.

    Attributes
    ----------
    plan, reason : str
        How, and why so, in plain words.
    query : str
        As it was sent.
    org_id, instance_url, api_version : str
        Whom it was sent to.
    job_ids : tuple of str
        Every job made for it; none where it went by REST.
    """

    plan: str
    reason: str
    query: str
    org_id: str
    instance_url: str
    api_version: str
    job_ids: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"job_ids": list(self.job_ids)}


@dataclass(frozen=True, slots=True)
class ExtractFacts(Origin):
    """How rows were fetched.

    Attributes
    ----------
    rows, pages, received_bytes : int
        What came; bytes as they came over the wire.
    api_calls : int
        Requests of the session while it ran, repetitions among them. What else the same session did at that time is
        counted too.
    seconds : float
    started : str
        ISO 8601, UTC.
    """

    rows: int
    pages: int
    received_bytes: int
    api_calls: int
    seconds: float
    started: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """The moment at which an extract begins.

    Attributes
    ----------
    session : Session
    started, monotonic : float
        Seconds since the epoch, and on a clock that never goes back.
    calls : int
        Requests of the session before it.
    """

    session: Session
    started: float
    monotonic: float
    calls: int

    @classmethod
    def now(cls, session: Session) -> Beginning:
        """Return this moment."""
        return cls(session, session.clock.now(), session.clock.monotonic(), session.calls)

    def facts(self, run: ExtractRun, soql: str) -> ExtractFacts:
        """Return the facts of a run that began then and is over now."""
        origin = origin_of(run, soql)
        return ExtractFacts(
            **{each.name: getattr(origin, each.name) for each in fields(origin)},
            rows=run.rows,
            pages=run.pages,
            received_bytes=run.received_bytes,
            **self.cost(),
        )

    def cost(self) -> dict[str, Any]:
        """Return the calls and seconds since then, and when that was."""
        return {
            "api_calls": self.session.calls - self.calls,
            "seconds": round(self.session.clock.monotonic() - self.monotonic, 3),
            "started": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
        }


def origin_of(run: ExtractRun, soql: str) -> Origin:
    """Return where the rows of a run are from, as far as it is known by now."""
    who = identity_of(run.session)
    return Origin(
        plan=run.plan.name,
        reason=mask_secrets(run.plan.reason),
        query=mask_secrets(soql),
        org_id=who.org_id,
        instance_url=who.instance_url,
        api_version=run.session.api_version,
        job_ids=run.plan.job_ids,
    )


def origin_alone(facts: ExtractFacts) -> Origin:
    """Return where rows are from, without what it cost."""
    return Origin(**{each.name: getattr(facts, each.name) for each in fields(Origin)})


def facts_metadata(facts: ExtractFacts) -> dict[bytes, bytes]:
    """Return facts as an entry of a schema's metadata."""
    return {METADATA_KEY.encode(): json.dumps(facts.as_dict(), ensure_ascii=False).encode()}


def with_facts(table: pa.Table, facts: ExtractFacts) -> pa.Table:
    """Return a table that has facts in its schema's metadata, beside what is there."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **facts_metadata(facts)})


def facts_attrs(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """Return what a DataFrame keeps in its attrs of the facts in a schema's metadata."""
    held = (metadata or {}).get(METADATA_KEY.encode())
    return {} if held is None else {METADATA_KEY: json.loads(held)}
