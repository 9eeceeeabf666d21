"""Decide what is sent under which header, or say everything that is in the way."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight.call import ID, LoadCall
from sfbulk_pandas.preflight.findings import Finding, did_you_mean, nearest
from sfbulk_pandas.preflight.headers import resolve_label
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sfbulk_pandas.salesforce.sobject import SObjectDescribe


def settle_columns(
    frame: pd.DataFrame, describe: SObjectDescribe, call: LoadCall
) -> tuple[tuple[Column, ...], list[Finding]]:
    """Return the columns to send, in the frame's order, headers spelled as the describe spells them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns.
    describe : SObjectDescribe
        Of the object loaded into.
    call : LoadCall
        Operation and options.

    Returns
    -------
    tuple of Column, list of Finding
        The columns that can be sent, for a delete the Id column alone; and what is in the way of the others.

    Raises
    ------
    UsageError
        For a query operation, or where ``columns`` is one text, or holds what can be no label, or
        ``external_id_field`` is no text.
    """
    if call.operation.is_query:
        raise UsageError(f"{call.operation} takes no rows")
    if isinstance(call.columns, str):
        raise UsageError("columns= takes a list of column labels", hint=f"columns=[{call.columns!r}]")
    wrong = [label for label in call.columns or () if not isinstance(label, Hashable)]
    if wrong:
        raise UsageError(f"columns= takes column labels, and {wrong[0]!r} is none", hint="name each column by itself")
    if not isinstance(call.external_id_field, str | None):
        raise UsageError(f"external_id_field= takes the name of a field, and {call.external_id_field!r} is none")
    findings = [*_call_findings(frame, describe, call), *_label_findings(frame, call)]
    usable = [label for label in _chosen(frame, call) if call.is_named(label) and _stands_once(frame, label)]
    resolved = [each for label in usable for each in resolve_label(label, describe, call)]
    columns, doubled = _once([each for each in resolved if isinstance(each, Column)])
    findings += [each for each in resolved if isinstance(each, Finding)]
    return columns, [*findings, *doubled, *_key_findings(frame, resolved, describe, call)]


def _stands_once(frame: pd.DataFrame, label: Hashable) -> bool:
    return label in frame.columns and isinstance(frame.columns.get_loc(label), int)


def _chosen(frame: pd.DataFrame, call: LoadCall) -> list[Hashable]:
    """Return the labels to send; a delete may carry nothing but Ids (guide, "Bulk API 2.0 Ingest: delete")."""
    if call.columns is not None:
        return list(call.columns)
    if call.operation.is_delete:
        return [label for label in frame.columns if ID.lower() in {each.lower() for each in call.headers(label)}]
    return list(frame.columns)


def _call_findings(frame: pd.DataFrame, describe: SObjectDescribe, call: LoadCall) -> list[Finding]:
    findings = [*_object_findings(describe, call), *_external_id_findings(describe, call)]
    if len(frame) == 0:
        findings.append(Finding(None, None, "the frame has no rows", None, "nothing to send"))
    if not call.operation.is_delete and not _chosen(frame, call):
        findings.append(Finding(None, None, "the frame has no columns to send", None, "name at least one in columns="))
    return findings


def _object_findings(describe: SObjectDescribe, call: LoadCall) -> list[Finding]:
    allowed = {
        Operation.INSERT: describe.createable,
        Operation.UPDATE: describe.updateable,
        Operation.UPSERT: describe.createable or describe.updateable,
    }.get(call.operation, describe.deletable)
    if allowed:
        return []
    reason = f"{describe.name} takes no {call.operation}, or this user may not"
    return [Finding(None, None, reason, describe.name, "ask for the permission, or load into another object")]


def _external_id_findings(describe: SObjectDescribe, call: LoadCall) -> list[Finding]:
    name = call.external_id_field
    if call.operation is not Operation.UPSERT:
        reason = f"{call.operation} takes no external_id_field"
        return [Finding(None, None, reason, name, "leave it out, or upsert")] if name else []
    keys = [each.name for each in describe.fields if each.can_be_key]
    choices = f"use one of {', '.join(keys)}"
    if not name:
        return [Finding(None, None, "upsert needs external_id_field=", None, choices)]
    field = describe.get(name)
    if field is None:
        near = nearest(name, keys)
        suggestion = f"did you mean {near}?" if near else choices
        return [Finding(None, None, f"{describe.name} has no field of this name to upsert by", name, suggestion)]
    if not field.can_be_key and field.name != ID:
        return [Finding(None, None, "upsert needs an external id field, and this one is none", field.name, choices)]
    return []


def _label_findings(frame: pd.DataFrame, call: LoadCall) -> list[Finding]:
    labels = _chosen(frame, call)
    findings = [*_text_findings(labels, call), *_presence_findings(frame, labels), *_delete_findings(labels, call)]
    return findings + _rename_findings(frame, call)


def _rename_findings(frame: pd.DataFrame, call: LoadCall) -> list[Finding]:
    held = [str(label) for label in frame.columns]
    missing = [label for label in call.rename or () if label not in frame.columns and label not in (call.columns or ())]
    return [
        Finding(None, label, "rename= names a column that the frame lacks", label, did_you_mean(str(label), held))
        for label in missing
    ]


def _text_findings(labels: Sequence[Hashable], call: LoadCall) -> list[Finding]:
    wrong = (label for label in labels if not call.is_named(label))
    return [Finding(None, label, "a column label must be a text", label, "rename it to a field") for label in wrong]


def _presence_findings(frame: pd.DataFrame, labels: Sequence[Hashable]) -> list[Finding]:
    """Find labels of ``columns=`` that the frame lacks, and labels that are not those of one column."""
    held = [str(label) for label in frame.columns]
    missing = (label for label in labels if label not in frame.columns)
    findings = [
        Finding(None, label, "the frame has no such column", label, did_you_mean(str(label), held)) for label in missing
    ]
    shared = [each for each in dict.fromkeys(labels) if each in frame.columns and not _stands_once(frame, each)]
    return findings + [_shared_finding(frame, label) for label in shared]


def _shared_finding(frame: pd.DataFrame, label: Hashable) -> Finding:
    """Say that a label is that of several columns, or the beginning of a longer one."""
    if len(frame.columns[frame.columns.get_loc(label)]) > 1:
        return Finding(None, label, "two columns have this label", label, "rename or drop one")
    return Finding(None, label, "this is the beginning of a column's label", label, "write the whole label, as a tuple")


def _delete_findings(labels: Sequence[Hashable], call: LoadCall) -> list[Finding]:
    if not call.operation.is_delete:
        return []
    others = (label for label in labels if [each.lower() for each in call.headers(label)] != [ID.lower()])
    return [Finding(None, label, f"{call.operation} sends Ids only", label, 'columns=["Id"]') for label in others]


def _once(columns: Sequence[Column]) -> tuple[tuple[Column, ...], list[Finding]]:
    """Split columns into those that are the first of their field, and findings about the others."""
    seen: dict[str, Column] = {}
    findings = []
    for column in columns:
        first = seen.setdefault(column.header.lower(), column)
        if first is not column:
            reason = f"{first.label!r} goes to the same field"
            findings.append(Finding(None, column.label, reason, column.header, "rename or drop one"))
    return tuple(seen.values()), findings


def _key_findings(
    frame: pd.DataFrame, resolved: Sequence[Column | Finding], describe: SObjectDescribe, call: LoadCall
) -> list[Finding]:
    key = call.key
    if key is None or (call.operation is Operation.UPSERT and _external_id_findings(describe, call)):
        return []  # no column mends a key that is none
    headers = {each.header.lower() for each in resolved if isinstance(each, Column)}
    if key.lower() in headers:
        return []
    near = nearest(key, [str(label) for label in frame.columns])
    suggestion = f"rename the column {near!r}?" if near else "add it"
    return [Finding(None, key, f"{call.operation} needs the key column {key}", None, suggestion)]
