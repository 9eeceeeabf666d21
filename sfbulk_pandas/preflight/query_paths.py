"""Field paths held against describes: ``Account.Owner.Name`` is followed from object to object.

Not every path can be known to be wrong. A polymorphic lookup is not followed: what may stand behind ``Owner`` or
``What`` is not in the describe of any one object (SOQL and SOSL Reference, "Understanding Polymorphic Relationships").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight.query_report import QueryProblem, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.salesforce.soql.tree import Path

# Object Reference, "UserRecordAccess" and "RecordVisibility": behind every record, in no describe.
_UNDESCRIBED = frozenset({"userrecordaccess", "recordvisibility"})
_LOOK = "check the API name, and that the user may see it"


@dataclass(frozen=True, slots=True)
class FoundField:
    """The field at the end of a path, and the object that it belongs to."""

    field: FieldDescribe
    describe: SObjectDescribe


def find_field(
    path: Path, names: Sequence[str], describe: SObjectDescribe, describes: Callable[[str], SObjectDescribe]
) -> FoundField | QueryProblem | None:
    """Return the field of a path, what is wrong with the path, or None where that cannot be known.

    Parameters
    ----------
    path : Path
        As it stands in the query.
    names : sequence of str
        The path as seen from the object: without the object's own name.
    describe : SObjectDescribe
        Of the object.
    describes : callable
        Sobject name -> describe; a UsageError for one that the user may not see.
    """
    # Without the object's own name before it a path is shorter than written; behind an alias of FROM it is longer.
    places = ((path.start,) * len(names) + path.places)[-len(names) :]
    at = describe
    for name, place in zip(names[:-1], places, strict=False):
        lookup = at.relationship(name)
        if lookup is None:
            return _no_relationship(path, name, place, at) if _is_unknown(name, _relationships(at)) else None
        target = _target(lookup, describes)
        if target is None:
            return None
        at = target
    field = at.get(names[-1])
    if field is not None:
        return FoundField(field, at)
    return (
        _no_field(path, names[-1], places[-1], at)
        if _is_unknown(names[-1], [each.name for each in at.fields])
        else None
    )


def _target(lookup: FieldDescribe, describes: Callable[[str], SObjectDescribe]) -> SObjectDescribe | None:
    """Return the one object behind a lookup; None where there are several, or it may not be seen."""
    if len(lookup.reference_to) != 1:
        return None
    try:
        return describes(lookup.reference_to[0])
    except UsageError:
        return None


def _is_unknown(name: str, known: Iterable[str]) -> bool:
    """Whether a name that a describe does not have is surely wrong.

    ``Size__c`` may be ``acme__Size__c``: an org's own namespace need not be written.
    """
    is_custom = "__" in name  # Size__c, Boss__r, Place__Latitude__s
    namespaced = is_custom and any(each.lower().endswith(f"__{name.lower()}") for each in known)
    return name.lower() not in _UNDESCRIBED and not namespaced


def _relationships(describe: SObjectDescribe) -> list[str]:
    return [each.relationship_name for each in describe.fields if each.relationship_name]


def _no_field(path: Path, name: str, place: int, describe: SObjectDescribe) -> QueryProblem:
    lookup = describe.relationship(name)
    if lookup is not None:
        suggestion = f"{name} is a relationship: write {lookup.name}, or a field behind it such as {name}.Id"
    else:
        suggestion = meant(name, (each.name for each in describe.fields), _LOOK)
    return QueryProblem(place, f"{describe.name} has no field {name}", path.text, suggestion)


def _no_relationship(path: Path, name: str, place: int, describe: SObjectDescribe) -> QueryProblem:
    known = _relationships(describe)
    custom = describe.relationship(f"{name[:-1]}r") if name.lower().endswith("__c") else None
    field = custom or describe.get(name)
    if field is not None and field.relationship_name:
        suggestion = f"{name} is a field: write {field.relationship_name} before the dot"
    else:
        suggestion = meant(name, known, _LOOK)
    return QueryProblem(place, f"{describe.name} has no relationship {name}", path.text, suggestion)
