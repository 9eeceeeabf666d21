"""Cells that must not be blank: keys, and fields that a new record needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.call import ID
from sfbulk_pandas.preflight.cells import Cells, to_mask
from sfbulk_pandas.preflight.findings import Finding
from sfbulk_pandas.preflight.problems import TEXT, Problem
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.preflight.cells import Mask, Subject
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

BLANK_KEY = "the key is blank"
BLANK_REQUIRED = "a required field is blank"
ABSENT_REQUIRED = "a required field has no column"

_NEVER_EMPTY = frozenset({FieldType.BOOLEAN, FieldType.ID})
_PERSON_NAMES = frozenset({"Name", "LastName"})


def required_names(describe: SObjectDescribe) -> frozenset[str]:
    """Return the fields of which a new record needs a value.

    Not those that the describe calls required although the record may do without: a checkbox is never empty; and in
    an org with person accounts (REST API guide, "Person Account Record Types") a row has a name or a last name.
    """
    names = {each.name for each in describe.fields if each.is_required and each.type is not FieldType.BOOLEAN}
    return frozenset(names - _PERSON_NAMES if describe.get("IsPersonAccount") else names)


def absent_required(describe: SObjectDescribe, subjects: Sequence[Subject], call: LoadCall) -> list[Finding]:
    """Find required fields without a column: an insert cannot succeed, an upsert only for records that exist."""
    if call.operation not in {Operation.INSERT, Operation.UPSERT}:
        return []
    present = {each.field.name for each in subjects} | {call.own_field}
    needed = required_names(describe)
    missing = [each.name for each in describe.fields if each.name in needed and each.name not in present]
    if call.operation is Operation.INSERT:
        return [Finding(None, name, ABSENT_REQUIRED, None, f"add a column {name}") for name in missing]
    suggestion = "rows that make a new record will fail without it"
    return [Finding(None, name, ABSENT_REQUIRED, None, suggestion, "note") for name in missing]


def _blank_key(cells: Cells) -> Mask:
    """Return where a key is missing, empty or blanks only: Salesforce trims them."""
    if not cells.is_text:
        return ~cells.given
    return ~cells.given | to_mask(pc.equal(pc.utf8_trim_whitespace(cells.values), ""))


def key_problems(cells: Cells, call: LoadCall) -> list[Problem]:
    """Name rows whose key is blank; an upsert by Id inserts them (guide, "Upsert Records")."""
    subject = cells.subject
    name = subject.field.name
    if subject.is_path or not is_key(subject, call) or (call.operation is Operation.UPSERT and name == ID):
        return []
    deed = {Operation.UPDATE: "an update call", Operation.UPSERT: ""}.get(call.operation, "a delete call")
    error = f"MISSING_ARGUMENT:{name} not specified{' in ' if deed else ''}{deed}:--"
    return _blank_problems(cells, _blank_key(cells), (BLANK_KEY, "fill it in, or leave these rows out", error))


def is_key(subject: Subject, call: LoadCall) -> bool:
    """Whether a column says which record a row means."""
    return call.key is not None and not subject.is_path and subject.field.name.lower() == call.key.lower()


def blank_rows(block: Iterable[Cells], needed: frozenset[str]) -> dict[int, Mask]:
    """Return where no column of a field that a new record needs says anything, by the place of its first column.

    A lookup may have several columns: its own, and one for a key of the parent.
    """
    first: dict[str, int] = {}
    blank: dict[int, Mask] = {}
    for cells in block:
        name = cells.subject.field.name
        if name in needed:
            place = first.setdefault(name, cells.subject.place)
            blank[place] = blank[place] & ~cells.given if place in blank else ~cells.given
    return blank


def required_problems(cells: Cells, call: LoadCall, inserted: Mask | None, blank: Mask | None) -> list[Problem]:
    """Name rows that lack a required field, or clear one that cannot be empty.

    Parameters
    ----------
    cells : Cells
    call : LoadCall
    inserted : array of bool or None
        Which rows surely make a new record; None: nobody can say.
    blank : array of bool or None
        Which rows leave a field blank that a new record needs; None: none, or they are named with another column.
    """
    subject = cells.subject
    name = subject.field.name
    if subject.field.nillable or subject.field.type in _NEVER_EMPTY or is_key(subject, call):
        return []
    if blank is None:
        blank = np.zeros(len(cells.values), bool)
    bad = blank & (inserted if inserted is not None else False) | cells.marks
    if call.clears(subject.label):
        bad |= cells.missing
    error = f"REQUIRED_FIELD_MISSING:Required fields are missing: [{name}]:{name} --"
    problems = _blank_problems(cells, bad, (BLANK_REQUIRED, f"fill {name} in", error))
    return problems + (_insert_note(cells, blank & ~bad) if call.operation is Operation.UPSERT else [])


def _insert_note(cells: Cells, blank: Mask) -> list[Problem]:
    notes = _blank_problems(cells, blank, (BLANK_REQUIRED, "this row will fail if it makes a new record", ""))
    return [replace(each, severity="note", errors=None) for each in notes]


def _blank_problems(cells: Cells, bad: Mask, said: tuple[str, str, str]) -> list[Problem]:
    """Build the problem of blank cells of what it says: check, suggestion, ``sf__Error``."""
    check, suggestion, error = said
    at = np.flatnonzero(bad)
    if not len(at):
        return []
    errors = pa.repeat(pa.scalar(error, TEXT), len(at))
    positions = (at + cells.start).astype(np.int64)
    return [Problem(cells.subject.place, cells.subject.label, check, positions, pa.nulls(len(at)), suggestion, errors)]


def inserted_rows(block: Iterable[Cells], call: LoadCall, rows: int) -> Mask | None:
    """Return which rows of a block surely make a new record; None where nobody can say."""
    if call.operation is Operation.INSERT:
        return np.ones(rows, bool)
    if call.operation is not Operation.UPSERT or (call.key or "").lower() != ID.lower():
        return None
    return next((_blank_key(each) for each in block if is_key(each.subject, call)), None)
