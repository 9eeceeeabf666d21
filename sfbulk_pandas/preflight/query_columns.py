"""Which fields ``SELECT *`` stands for, and how a select list too long for one query is shared out over several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.salesforce.soql import replace_select
from sfbulk_pandas.salesforce.soql.tree import Fields, Item, Path, Star

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


@dataclass(frozen=True, slots=True)
class ColumnGroups:
    """Queries that together select what one query was to select.

    Attributes
    ----------
    queries : tuple of Query
        Where there are several, each selects Id, by which their rows belong together; otherwise the query as it was.
    id_was_added : bool
        Whether Id is only there to join by, for the query did not ask for it.
    """

    queries: tuple[Query, ...]
    id_was_added: bool


def column_groups(query: Query, *, max_chars: int = MAX_SOQL_CHARS, max_fields: int | None = None) -> ColumnGroups:
    """Share a select list out over as few queries as its length needs, the fields' order kept.

    Parameters
    ----------
    query : Query
        Its ``*`` already written out.
    max_chars : int
        Characters of a query.
    max_fields : int, optional
        Entries of a select list, Id included; at least 2.

    Raises
    ------
    UsageError
        Where no query of that length can hold a field, or where several queries would not select the same records:
        with LIMIT, OFFSET or groups.

    Costs no API call.
    """
    entries = [query.text(entry) for entry in query.select]
    if len(query.soql) <= max_chars and (max_fields is None or len(entries) <= max_fields):
        return ColumnGroups((query,), id_was_added=False)
    if query.limit or query.offset or query.is_grouped:
        raise UsageError(
            f"the query is too long for one ({len(query.soql):,} characters, {len(entries):,} fields), and with LIMIT, "
            "OFFSET or groups several would not select the same records",
            hint="select fewer fields",
        )
    own = [text for text, entry in zip(entries, query.select, strict=True) if _is_id(query, entry)]
    others = [text for text in entries if text not in own]
    key = own[0] if own else _ID
    room = max_chars - (len(replace_select(query, [key]).soql))
    groups = _filled(others, room, (max_fields or len(entries) + 1) - 1)
    return ColumnGroups(tuple(replace_select(query, [key, *each]) for each in groups), id_was_added=not own)


def _is_id(query: Query, entry: Entry) -> bool:
    return (_plain_name(query, entry) or "").lower() == _ID.lower()


def _filled(entries: Sequence[str], room: int, most: int) -> list[list[str]]:
    """Put entries into groups of at most so many, and of so many characters with a comma and a blank before each."""
    groups: list[list[str]] = [[]]
    left = room
    for entry in entries:
        size = len(entry) + 2
        if size > room or most < 1:
            raise UsageError(f"no query within the limits holds {entry[:80]} and Id", hint="shorten its WHERE")
        if size > left or len(groups[-1]) == most:
            groups.append([])
            left = room
        groups[-1].append(entry)
        left -= size
    return groups
