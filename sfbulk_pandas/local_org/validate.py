"""Salesforce's rules for the cells of a row, whole columns at a time.

Each function looks at one rule and adds an ``sf__Error`` for the rows that break it. The texts are those that live
orgs answer. Sources: SOAP API guide, "Core Data Types Used in API Calls", StatusCode; Bulk API 2.0 guide,
"Get Job Failed Record Results".
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.local_org.row_errors import about
from sfbulk_pandas.local_org.values import XSD, to_mask
from sfbulk_pandas.salesforce.limits import MULTI_SELECT_SEPARATOR
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.local_org.row_errors import RowErrors
    from sfbulk_pandas.local_org.targets import Target
    from sfbulk_pandas.local_org.values import Cells, Mask
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

# What Salesforce documents of addresses (Help, "Ensure that email addresses are valid"), no more.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = rf"^[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]+@{_LABEL}(?:\.{_LABEL})+$"
_DAYS = (date(1700, 1, 1), date(4000, 12, 31))
_TEXTS = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.EMAIL,
        FieldType.ENCRYPTEDSTRING,
        FieldType.PICKLIST,
        FieldType.COMBOBOX,
    }
)


def check_types(targets: Sequence[Target], cells: Mapping[int, Cells], errors: RowErrors) -> None:
    """Fail rows with a cell that is not of its column's type; the first such column is named, counted from 0."""
    for target in targets:
        kind = target.cell_field.type
        if kind in XSD:
            before = f"INVALID_FIELD:Failed to deserialize field at col {target.place}. Due to, '"
            after = f"' is not a valid value for the type {XSD[kind]}:{target.cell_field.name} --"
            errors.add(cells[target.place].bad, about(before, cells[target.place].raw, after))


def check_cells(field: FieldDescribe, cells: Cells, errors: RowErrors) -> None:
    """Fail rows whose value breaks a rule of its field: length, email form, picklist, range."""
    values = cells.values
    if field.type in _TEXTS and field.length:
        _check_length(field, values, errors)
    if field.type is FieldType.EMAIL:
        before = f"INVALID_EMAIL_ADDRESS:{field.label}: invalid email address: "
        errors.add(_breaks(values, pc.match_substring_regex(values, _EMAIL)), about(before, values, _tail(field)))
    if field.restricted_picklist and field.type in {FieldType.PICKLIST, FieldType.MULTIPICKLIST}:
        _check_picklist(field, values, errors)
    if field.type.is_number:
        _check_range(field, cells, errors)
    if field.type in {FieldType.DATE, FieldType.DATETIME}:
        _check_day(field, cells, errors)


def _tail(field: FieldDescribe) -> str:
    return f":{field.name} --"


def _breaks(values: pa.Array, fits: pa.BooleanArray) -> Mask | None:
    """Return where a value is there and does not fit; None where all do."""
    if pc.all(fits).as_py() in {True, None}:
        return None
    return to_mask(pc.and_(pc.is_valid(values), pc.invert(fits)))


def _check_length(field: FieldDescribe, values: pa.StringArray, errors: RowErrors) -> None:
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > field.length:  # in bytes; only then are characters counted
        before = f"STRING_TOO_LONG:{field.label}: data value too large: "
        after = f" (max length={field.length}){_tail(field)}"
        fits = pc.less_equal(pc.utf8_length(values), field.length)
        errors.add(_breaks(values, fits), about(before, values, after))


def _check_picklist(field: FieldDescribe, values: pa.StringArray, errors: RowErrors) -> None:
    known = pa.array(field.picklist_values, pa.string())
    if field.type is FieldType.PICKLIST:
        fits = pc.is_in(values, known)
    else:
        chosen = pc.split_pattern(values, MULTI_SELECT_SEPARATOR)
        unknown = pc.invert(pc.is_in(pc.list_flatten(chosen), known))
        wrong = pc.unique(pc.list_parent_indices(chosen).filter(unknown))
        fits = pa.array(~np.isin(np.arange(len(values)), wrong.to_numpy(zero_copy_only=False)))
    before = f"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:{field.label}: bad value for restricted picklist field: "
    errors.add(_breaks(values, pc.or_(fits, pc.is_null(values))), about(before, values, _tail(field)))


def _check_range(field: FieldDescribe, cells: Cells, errors: RowErrors) -> None:
    digits = field.precision - field.scale if field.type.is_double else field.digits
    if digits > 0 and len(cells.values) > cells.values.null_count:
        # REST API guide, "Status Codes": digits before the point are limited, those after it are rounded.
        before = f"NUMBER_OUTSIDE_VALID_RANGE:{field.label}: value outside of valid range on numeric field: "
        fits = pc.less(pc.abs(cells.values), 10.0**digits)
        errors.add(_breaks(cells.values, fits), about(before, cells.raw, _tail(field)))


def _check_day(field: FieldDescribe, cells: Cells, errors: RowErrors) -> None:
    """Fail days outside the calendar. Source: SOQL guide, "Date Formats and Date Literals", minimum and maximum."""
    values = cells.values
    first, last = (pa.scalar(day, pa.date32()).cast(values.type) for day in _DAYS)
    fits = pc.and_(pc.greater_equal(values, first), pc.less_equal(values, last))
    before = f"FIELD_INTEGRITY_EXCEPTION:{field.label}: invalid date: "
    errors.add(_breaks(values, fits), about(before, cells.raw, _tail(field)))


def check_writable(targets: Sequence[Target], cells: Mapping[int, Cells], is_new: Mask, errors: RowErrors) -> None:
    """Fail rows that set a field which may not be set: not createable in a new record, not updateable in another."""
    for rows, flag in ((is_new, "createable"), (~is_new, "updateable")):
        locked = [each for each in targets if not getattr(each.field, flag)]
        if locked and rows.any():
            _add_locked(locked, cells, rows, errors)


def _add_locked(locked: Sequence[Target], cells: Mapping[int, Cells], rows: Mask, errors: RowErrors) -> None:
    given = [rows & cells[each.place].given for each in locked]
    for names, where in combinations([each.field.name for each in locked], given):
        text = (
            f"INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: {', '.join(names)}. Please check the "
            "security settings of this field and verify that it is read/write for your profile or permission set."
        )
        errors.add(where, f"{text}:{' '.join(names)} --")


def check_required(model: SObjectDescribe, present: Mapping[str, Cells], is_new: Mask, errors: RowErrors) -> None:
    """Fail new records without a required field, and others that clear one.

    Parameters
    ----------
    model : SObjectDescribe
    present : mapping of str to Cells
        The columns of the file by the canonical name of the field that each sets.
    is_new : array of bool
    errors : RowErrors
    """
    names, missing = [], []
    for field in model.fields:
        cells = present.get(field.name)
        lacks = _lacks(field, cells, is_new)
        if lacks is not None and lacks.any():
            names.append(field.name)
            missing.append(lacks)
    for some, where in combinations(names, missing):
        errors.add(
            where, f"REQUIRED_FIELD_MISSING:Required fields are missing: [{', '.join(some)}]:{' '.join(some)} --"
        )


def _lacks(field: FieldDescribe, cells: Cells | None, is_new: Mask) -> Mask | None:
    if field.nillable or not (field.createable or field.updateable) or field.type is FieldType.BOOLEAN:
        return None  # a checkbox is never empty: cleared, it is false
    wanted = field.is_required
    if cells is None:
        return is_new if wanted else None
    cleared = np.zeros(len(is_new), bool) if cells.cleared is None else cells.cleared
    return cleared | (is_new & cells.no_value) if wanted else cleared


def combinations(names: Sequence[str], masks: Sequence[Mask]) -> list[tuple[tuple[str, ...], Mask]]:
    """Group rows by which of several masks hold: (names of the masks, the rows), for at least one.

    Examples
    --------
    >>> combinations(["a", "b"], [np.array([True, False]), np.array([True, True])])
    [(('b',), array([False,  True])), (('a', 'b'), array([ True, False]))]
    """
    if not masks:
        return []
    table = np.stack(masks, axis=1)
    if not table.any():
        return []
    kinds, which = np.unique(table, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [
        (tuple(name for name, held in zip(names, kind, strict=True) if held), which == number)
        for number, kind in enumerate(kinds)
        if kind.any()
    ]
