"""Column labels to CSV headers: each is a field, or a parent's key behind a relationship."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, UsageError
from sfbulk_pandas.preflight.call import ID
from sfbulk_pandas.preflight.findings import Finding, did_you_mean
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

_CUSTOM = "__c"
_ASKED = 3  # a describe costs a call: of a lookup to dozens of objects only some are looked at


def resolve_label(label: Hashable, describe: SObjectDescribe, call: LoadCall) -> list[Column | Finding]:
    """Return the columns that a label of the frame stands for, renamed where the call says so, or what is wrong."""
    resolved = (resolve_header(each, describe, call) for each in call.headers(label))
    return [
        replace(each, label=label) if isinstance(each, Column) else replace(each, column=label) for each in resolved
    ]


def resolve_header(label: str, describe: SObjectDescribe, call: LoadCall) -> Column | Finding:
    """Return the column that a header stands for, named as the describe spells it, or what is wrong with it."""
    if "." in label:
        return _relationship(label, describe, call)
    field = describe.get(label)
    if field is None:
        names = (each.name for each in describe.fields)
        return Finding(None, label, f"{describe.name} has no field of this name", label, did_you_mean(label, names))
    return _refusal(label, field, call) or Column(label, field.name, field)


def field_set(header: str, describe: SObjectDescribe) -> FieldDescribe | None:
    """Return the field that a header sets: behind ``Account.Key__c`` the lookup."""
    if "." not in header:
        return describe.get(header)
    return describe.relationship(header.rpartition(".")[0].rpartition(":")[2])


def _refusal(label: str, field: FieldDescribe, call: LoadCall) -> Finding | None:
    """Say why an operation may not write a field; None where it may."""
    if field.name == ID:
        return _id_refusal(label, call)
    if call.key is not None and field.name.lower() == call.key.lower():
        return None
    writable = {
        Operation.INSERT: field.createable,
        Operation.UPDATE: field.updateable,
        Operation.UPSERT: field.createable or field.updateable,
    }
    if writable.get(call.operation, True):
        return None
    return Finding(None, label, f"the field cannot be written by {call.operation}", field.name, _leave_out(label))


def _id_refusal(label: str, call: LoadCall) -> Finding | None:
    if call.operation is Operation.INSERT:
        return Finding(
            None, label, "an insert makes new Ids and takes none", ID, "update or upsert instead, or drop it"
        )
    if call.operation is Operation.UPSERT and (call.external_id_field or "").lower() != ID.lower():
        return Finding(None, label, "an upsert by external id takes no Id", ID, _leave_out(label))
    return None


def _leave_out(label: str) -> str:
    return f"leave {label!r} out with columns="


def _relationship(label: str, describe: SObjectDescribe, call: LoadCall) -> Column | Finding:
    """Resolve ``Account.Key__c`` or ``Lead:Who.Email``.

    Source: Bulk API 2.0 guide, "Relationship Fields in a Header Row".
    """
    path, _, key = label.rpartition(".")
    prefix, colon, name = path.rpartition(":")
    lookup = describe.relationship(name)
    if lookup is None:
        meant = describe.relationship(f"{name[: -len(_CUSTOM)]}__r") if name.lower().endswith(_CUSTOM) else None
        field = meant or describe.get(name)
        if field is not None and field.relationship_name:
            suggestion = f"write {prefix + colon}{field.relationship_name}.{key}"
            return Finding(None, label, f"{name} is a field, not a relationship", label, suggestion)
        names = [each.relationship_name for each in describe.fields if each.relationship_name]
        return Finding(None, label, f"{describe.name} has no relationship {name}", label, did_you_mean(name, names))
    refusal = _refusal(label, lookup, call) or _prefix_refusal(label, prefix, lookup, call)
    if refusal:
        return refusal
    target = _target(prefix, lookup)
    parent = _parent(target, call)
    if parent is None:
        suggestion = f"ask for the permission, or send Ids as {lookup.name}"
        return Finding(None, label, f"the org tells this user of no object {target}", label, suggestion)
    field = parent.get(key)
    if field is None or not field.can_be_key:
        return _no_key(label, parent, key)
    return Column(
        label, f"{f'{target}:' if lookup.is_polymorphic else ''}{lookup.relationship_name}.{field.name}", field
    )


def _target(prefix: str, lookup: FieldDescribe) -> str:
    named = (each for each in lookup.reference_to if each.lower() == prefix.lower())
    return next(named, lookup.reference_to[0] if lookup.reference_to else lookup.name)


def _parent(target: str, call: LoadCall) -> SObjectDescribe | None:
    """Return the describe of a parent's object; None where the org does not tell this user of it."""
    try:
        return call.parents(target) if call.parents else None
    except (UsageError, ApiError):
        return None


def _prefix_refusal(label: str, prefix: str, lookup: FieldDescribe, call: LoadCall) -> Finding | None:
    key = label.rpartition(".")[2]
    path = f"{lookup.relationship_name}.{key}"
    if not lookup.is_polymorphic:
        if not prefix or prefix.lower() in {each.lower() for each in lookup.reference_to}:
            return None  # the right kind of parent may be named all the same; it is not sent
        return Finding(None, label, "this lookup has another kind of parent", prefix, f"write {path}")
    if prefix.lower() in {each.lower() for each in lookup.reference_to}:
        return None
    choices = ", ".join(lookup.reference_to)
    suggestion = f"name the parent's kind ({choices}), as in {_kind_with(key, lookup, call)}:{path}"
    return Finding(None, label, "this lookup has several kinds of parents", prefix or label, suggestion)


def _kind_with(key: str, lookup: FieldDescribe, call: LoadCall) -> str:
    """Return a kind of parent that has a key; the first kind where none is known to."""
    for target in lookup.reference_to[:_ASKED]:
        parent = _parent(target, call)
        field = parent.get(key) if parent else None
        if field is not None and field.can_be_key:
            return target
    return lookup.reference_to[0]


def _no_key(label: str, parent: SObjectDescribe, key: str) -> Finding:
    keys = [each.name for each in parent.fields if each.can_be_key]
    advice = f"use one of {', '.join(keys)}" if keys else f"{parent.name} has no external id; use the lookup's own Id"
    return Finding(None, label, f"{key} is no external id of {parent.name}", label, advice)
