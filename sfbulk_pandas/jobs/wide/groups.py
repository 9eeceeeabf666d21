"""Which queries together select what one query was to select."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.columns import result_schema
from sfbulk_pandas.preflight import column_groups
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS

if TYPE_CHECKING:
    from sfbulk_pandas.codec.schema import TypeOptions
    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.salesforce.soql import Query

ID, STAMP = "Id", "SystemModstamp"
SPARE_CHARS = 10_000  # for conditions that plans add, and for the Ids of records that are read again


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Some of the columns of a query.

    Attributes
    ----------
    query : Query
        Selects them, and the keys.
    schema : pyarrow.Schema
        Of its rows.
    """

    query: Query
    schema: pa.Schema


def groups_of(query: Query, describes: Describes, types: TypeOptions, *, bulk: bool) -> tuple[ColumnGroup, ...]:
    """Return the groups of columns that a query is fetched in; none where it is short enough for one.

    Each has the Id, and the time of the record's last change where the object has it.

    Raises
    ------
    UsageError
        Where it is too long, and cannot be cut.
    """
    if len(query.soql) <= MAX_SOQL_CHARS:
        return ()
    keys = (ID, STAMP) if describes.field(query.sobject, STAMP) else (ID,)
    queries = column_groups(query, keys=keys, max_chars=MAX_SOQL_CHARS, spare_chars=SPARE_CHARS)
    if not bulk:
        raise UsageError(
            f"a query of {len(query.soql):,} characters is too long for plan='rest'",
            hint="select fewer fields, or leave plan out: bulk jobs fetch it in groups of columns",
        )
    return tuple(ColumnGroup(each, result_schema(each, describes, types)) for each in queries)


def in_groups(reason: str, count: int) -> str:
    """Say that a query is fetched in groups of columns, beside why so in its plan."""
    return f"{reason}; too long for one query, so {count} groups of columns, joined by Id"


def extract_of_group(extract: Extract, number: int, first: ExtractFacts | None) -> Extract:
    """Return the extract of one group of another's, typed as that one.

    Parameters
    ----------
    extract : Extract
    number : int
        Of the group, from 0.
    first : ExtractFacts or None
        How the first group was fetched: ``plan="auto"`` fetches the others in the same way.
    """
    group, names = extract.groups[number], set(extract.schema.names)
    memory = extract.memory.setdefault(f"columns_{number}", {})
    if first is not None and not memory and extract.options.plan == "auto":
        memory |= {"plan": first.plan, "reason": first.reason}
    return replace(
        extract,
        query=group.query,
        schema=pa.schema([extract.schema.field(each.name) if each.name in names else each for each in group.schema]),
        groups=(),
        group=(number + 1, len(extract.groups)),
        memory=memory,
    )
