"""What a bulk query may not have.

Source: Bulk API 2.0 guide, "Bulk API 2.0 Query" and "SOQL Considerations": no GROUP BY, OFFSET, TYPEOF, aggregate
functions, parent-to-child queries, FIELDS() or compound fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.faults import api_error, bulk_fault
from sfbulk_pandas.local_org.soql.fields import fields_group
from sfbulk_pandas.local_org.soql.functions import is_aggregate
from sfbulk_pandas.local_org.soql.scope import COMPOUND
from sfbulk_pandas.local_org.soql.tree import Item, Path, SubQuery, TypeOf
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.faults import Fault
    from sfbulk_pandas.local_org.soql.scope import Scope
    from sfbulk_pandas.local_org.soql.tree import Entry, Query


def refuse_in_bulk(query: Query, scope: Scope) -> None:
    """Refuse a query that is right as SOQL, but not in bulk.

    Raises
    ------
    Fault
        400 API_ERROR, or INVALIDENTITY for an object that cannot be queried.
    """
    if not scope.root.model.queryable:
        raise bulk_fault("INVALIDENTITY", f"Entity '{scope.root.model.name}' does not support query")
    if query.is_count or query.group or any(_sums(entry) or isinstance(entry, SubQuery) for entry in query.entries):
        raise api_error("Aggregate Relationships not supported in Bulk Query")
    if query.offset is not None:
        raise _restricted("OFFSET")
    for entry in query.entries:
        _refuse_entry(entry, scope)


def _refuse_entry(entry: Entry, scope: Scope) -> None:
    if isinstance(entry, TypeOf):
        raise _restricted("TYPEOF")
    if fields_group(entry):
        raise _restricted("FIELDS()")
    if isinstance(entry, Item) and isinstance(entry.operand, Path):
        kind = scope.resolve(entry.operand).type
        if kind in COMPOUND:
            raise api_error("Selecting compound data not supported in Bulk Query")
        if kind is FieldType.BASE64:
            raise _restricted("base64 fields")


def _sums(entry: Entry) -> bool:
    return isinstance(entry, Item) and is_aggregate(entry.operand)


def _restricted(what: str) -> Fault:
    return api_error(f"Implementation restriction: {what} not supported in Bulk Query")
