"""Which fields ``SELECT *`` stands for, and how a select list too long for one query is shared out over several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.salesforce.soql import replace_select
from sfbulk_pandas.salesforce.soql.tree import Fields, Item, Path, Star

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.salesforce.soql import Query
    from sfbulk_pandas.salesforce.soql.tree import Entry

_ID = "Id"
_CUSTOM = ("__c", "__pc", "__s")  # custom fields, those of person accounts, and components of a custom geolocation


def has_expansion(query: Query) -> bool:
    """Whether a query's select list has ``*`` or ``FIELDS()`` in it."""
    return any(isinstance(each, Star | Fields) for each in query.select)


def expand_select(query: Query, describe: SObjectDescribe) -> Query:
    """Write out ``*`` and ``FIELDS()``: the fields of the describe, in the describe's order.

    Left out are compound fields (their components are fields of their own), base64 fields and lists of junction Ids,
    which no bulk query returns; a describe has none that the user may not read. A field that the list names itself
    stays where it is named.

    Parameters
    ----------
    query : Query
    describe : SObjectDescribe
        Of the query's object.

    Raises
    ------
    UsageError
        Where no field is left.

    Costs no API call.
    """
    if not has_expansion(query):
        return query
    taken = {name.lower() for entry in query.select if (name := _plain_name(query, entry))}
    entries: list[str] = []
    for entry in query.select:
        if not isinstance(entry, Star | Fields):
            entries.append(query.text(entry))
            continue
        names = [name for name in _names(entry, describe) if name.lower() not in taken]
        taken.update(name.lower() for name in names)
        entries += names
    if not entries:
        raise UsageError(f"{describe.name} has no field for {query.text(query.select[0])}", hint="name the fields")
    return replace_select(query, entries)


def _plain_name(query: Query, entry: Entry) -> str | None:
    if not isinstance(entry, Item) or not isinstance(entry.operand, Path):
        return None
    names = query.local(entry.operand)
    return names[0] if len(names) == 1 else None


def _names(entry: Star | Fields, describe: SObjectDescribe) -> Iterator[str]:
    group = entry.group if isinstance(entry, Fields) else "ALL"
    for field in selectable_fields(describe):
        if group in {"ALL", "CUSTOM" if _is_custom(field) else "STANDARD"}:
            yield field.name


def selectable_fields(describe: SObjectDescribe) -> Iterator[FieldDescribe]:
    """Yield the fields that every query returns: none that is compound, base64 or a list of junction Ids."""
    for field in describe.fields:
        if not field.type.is_compound and field.type not in {FieldType.BASE64, FieldType.JUNCTION_ID_LIST}:
            yield field


def _is_custom(field: FieldDescribe) -> bool:
    return field.name.lower().endswith(_CUSTOM)


def column_groups(
    query: Query, *, keys: Sequence[str] = (_ID,), max_chars: int = MAX_SOQL_CHARS, spare_chars: int = 0
) -> tuple[Query, ...]:
    """Share a select list out over as few queries as its length needs, the fields' order kept.

    Parameters
    ----------
    query : Query
        Its ``*`` already written out.
    keys : sequence of str
        The fields by which rows belong together.
    max_chars : int
        Characters of a query.
    spare_chars : int
        How many of them each of several queries leaves to conditions that are added later.

    Returns
    -------
    tuple of Query
        Where there are several, each selects the keys before its fields; otherwise the query as it was.

    Raises
    ------
    UsageError
        Where no query of that length can hold a field, or where several queries would not give the same records in the
        same order: with ORDER BY, LIMIT, OFFSET or groups.

    Costs no API call.
    """
    if len(query.soql) <= max_chars:
        return (query,)
    clauses = {"GROUP BY": query.is_grouped, "ORDER BY": query.order, "LIMIT": query.limit, "OFFSET": query.offset}
    clause = next((name for name, found in clauses.items() if found), None)
    if clause is not None:
        raise UsageError(
            f"the query is too long for one: {len(query.soql):,} characters, where Salesforce takes {max_chars:,}; it "
            f"cannot be shared out over several with {clause}, of which each may give other records, or another order",
            hint=f"select fewer fields, or leave {clause} out",
        )
    named = {each.lower(): each for each in keys}
    named |= {name: query.text(entry) for entry in query.select if (name := _key(query, entry, named))}
    others = [query.text(entry) for entry in query.select if _key(query, entry, named) is None]
    room = max_chars - spare_chars - len(replace_select(query, list(named.values())).soql)
    return tuple(replace_select(query, [*named.values(), *each]) for each in _filled(others, room))


def _key(query: Query, entry: Entry, keys: Container[str]) -> str | None:
    name = (_plain_name(query, entry) or "").lower()
    return name if name in keys else None


def _filled(entries: Sequence[str], room: int) -> list[list[str]]:
    """Put entries into groups of at most so many characters, with a comma and a blank before each."""
    groups: list[list[str]] = [[]]
    left = room
    for entry in entries:
        size = len(entry) + 2
        if size > left and groups[-1]:
            groups.append([])
            left = room
        groups[-1].append(entry)
        left -= size
        if left < 0:
            break
    if left < 0:
        field = groups[-1][-1] if groups[-1] else "even Id"
        raise UsageError(f"no query within the limits holds {field[:80]}", hint="shorten its WHERE")
    return groups
