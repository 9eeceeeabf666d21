"""What a bulk query may not have, and what to do instead.

Source: Bulk API 2.0 guide, "SOQL Considerations": no aggregate functions, GROUP BY, OFFSET, TYPEOF, parent-to-child
queries; no compound fields and no base64 fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.preflight.query_report import QueryProblem
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.salesforce.soql.tree import Child, Item, TypeOf, calls_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.preflight.query_paths import FoundField
    from sfbulk_pandas.salesforce.soql import Query
    from sfbulk_pandas.salesforce.soql.tree import Entry, Path

REST = 'plan="rest" takes it'


def bulk_problems(query: Query) -> Iterator[QueryProblem]:
    """Yield what a query's text alone shows."""
    for entry in query.select:
        yield from _entry_problems(query, entry)
    if query.group_start is not None:
        yield QueryProblem(query.group_start, "bulk queries take no GROUP BY", "GROUP BY", REST)
    if query.offset is not None:
        found, suggestion = query.text(query.offset), f"{REST}; or filter by Id instead"
        yield QueryProblem(query.offset.start, "bulk queries take no OFFSET", found, suggestion)


def _entry_problems(query: Query, entry: Entry) -> Iterator[QueryProblem]:
    if isinstance(entry, TypeOf):
        yield QueryProblem(entry.start, "bulk queries take no TYPEOF", f"TYPEOF {entry.path.text}", REST)
    elif isinstance(entry, Child):
        suggestion = f"{REST}; or query {entry.query.sobject} by itself"
        yield QueryProblem(entry.start, "bulk queries take no queries of children", query.text(entry), suggestion)
    elif isinstance(entry, Item):
        aggregate = next((call for call in calls_of(entry.operand) if call.is_aggregate), None)
        if aggregate:
            found = query.text(aggregate)
            yield QueryProblem(aggregate.start, "bulk queries take no aggregate functions", found, REST)


def field_problem(path: Path, found: FoundField) -> QueryProblem | None:
    """Return why a bulk query cannot select a field; None where it can."""
    field = found.field
    if field.type is FieldType.BASE64:
        suggestion = "leave it out; the REST API reads it record by record"
        return QueryProblem(
            path.start, f"bulk queries take no base64 fields such as {field.name}", path.text, suggestion
        )
    if not field.type.is_compound:
        return None
    head = path.text[: -len(path.names[-1])]
    parts = [f"{head}{each.name}" for each in found.describe.fields if _is_part(each.compound_field_name, field.name)]
    suggestion = f"select its components: {', '.join(parts)}" if parts else f"select its components, or {REST}"
    return QueryProblem(path.start, f"bulk queries take no compound fields such as {field.name}", path.text, suggestion)


def _is_part(compound: str | None, name: str) -> bool:
    return compound is not None and compound.lower() == name.lower()
