"""FIELDS(ALL), FIELDS(STANDARD) and FIELDS(CUSTOM).

Source: SOQL and SOSL Reference, "FIELDS()".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.soql.messages import malformed
from sfbulk_pandas.local_org.soql.tree import Entry, Function, Item, Path, Query
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.soql.scope import Scope

_MAX_ROWS = 200
_GROUPS = {"ALL": (False, True), "STANDARD": (False,), "CUSTOM": (True,)}


def fields_group(entry: Entry) -> str | None:
    """Return ALL, STANDARD or CUSTOM for an entry that is ``FIELDS(...)``, else None."""
    if not isinstance(entry, Item) or not isinstance(entry.operand, Function):
        return None
    call = entry.operand
    if call.name.upper() != "FIELDS" or len(call.arguments) != 1 or not isinstance(call.arguments[0], Path):
        return None
    group = call.arguments[0].text.upper()
    return group if group in _GROUPS else None


def expand_fields(query: Query, scope: Scope) -> Query:
    """Put the fields themselves in the place of FIELDS().

    Raises
    ------
    Fault
        400 MALFORMED_QUERY for ALL or CUSTOM without a LIMIT of at most 200.
    """
    groups = [fields_group(entry) for entry in query.entries]
    if not any(groups):
        return query
    if {"ALL", "CUSTOM"} & set(groups) and (query.limit is None or query.limit > _MAX_ROWS):
        raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {_MAX_ROWS}")
    entries: list[Entry] = []
    for entry, group in zip(query.entries, groups, strict=True):
        entries.extend(_fields(entry, group, scope) if group else [entry])
    return replace(query, entries=tuple(entries))


def _fields(entry: Entry, group: str, scope: Scope) -> list[Entry]:
    at = entry.operand.at if isinstance(entry, Item) else 0
    return [
        Item(Path((field.name,), at))
        for field in scope.root.model.fields
        if field.name.endswith("__c") in _GROUPS[group] and field.type is not FieldType.BASE64
    ]
