"""Cells that are not of their field's type, and numbers out of range.

Sources: XML Schema part 2 for the forms of numbers and booleans, and how far zones go; Bulk API 2.0 guide, "Valid Date
Format in Records".
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.cells import as_text, to_mask
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.cells import Cells, Mask
    from sfbulk_pandas.preflight.problems import Problem
    from sfbulk_pandas.salesforce.sobject import FieldDescribe

XSD = {
    FieldType.DOUBLE: "xsd:double",
    FieldType.CURRENCY: "xsd:double",
    FieldType.PERCENT: "xsd:double",
    FieldType.INT: "xsd:int",
    FieldType.LONG: "xsd:long",
    FieldType.BOOLEAN: "xsd:boolean",
    FieldType.DATE: "xsd:date",
    FieldType.DATETIME: "xsd:dateTime",
    FieldType.TIME: "xsd:time",
}
WRONG_TYPE = "the value is not of the field's type"
OUT_OF_RANGE = "the number is too large for the field"
NO_YEAR = "the year is out of range"
# SOQL guide, "Date Formats and Date Literals", minimum and maximum dates; a datetime may pass them by its zone.
_YEARS = {FieldType.DATE: (1700, 4000), FieldType.DATETIME: (1699, 4001)}
_DAY = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
FORMS = {
    "xsd:double": r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$",
    "xsd:int": r"^[+-]?\d{1,18}$",
    "xsd:long": r"^[+-]?\d{1,19}$",
    "xsd:boolean": r"^(?i:true|false|0|1)$",
    "xsd:date": _DAY + "Z?$",
    "xsd:dateTime": rf"{_DAY}T{_CLOCK}(?:\.\d{{1,9}})?(?:Z|[+-](?:(?:0\d|1[0-3]):?[0-5]\d|14:?00))$",
    "xsd:time": rf"^{_CLOCK}(?:\.\d{{1,3}})?Z?$",
}
_HOW = {
    "xsd:double": "write a number such as 1234.5, without separators of thousands or a currency sign",
    "xsd:int": "write a whole number such as 1234",
    "xsd:long": "write a whole number such as 1234",
    "xsd:boolean": "write true or false",
    "xsd:date": "write a day of the calendar as 2024-12-31, or make the column one of dates",
    "xsd:dateTime": "write 2024-12-31T23:59:59Z, or make the column one of datetimes",
    "xsd:time": "write 23:59:59.000Z, or make the column one of times",
}
_INTS = frozenset({FieldType.INT, FieldType.LONG})
_MAX_INT = 2**31
_MAX_LONG = 2**63
_NO_TEXT = pa.scalar(None, pa.large_string())


def type_problems(cells: Cells) -> list[Problem]:
    """Name cells that Salesforce cannot read as the type of their field, and numbers with too many digits."""
    kind = cells.subject.cell_field.type
    if kind not in XSD:
        return []
    xsd = XSD[kind]
    bad, numbers = _text_verdict(cells, kind) if cells.is_text else _typed_verdict(cells.values, kind)
    problems = []
    if bad is not None:
        before = f"INVALID_FIELD:Failed to deserialize field at col {cells.subject.place}. Due to, '"
        after = f"' is not a valid value for the type {xsd}:{cells.subject.cell_field.name} --"
        problems += cells.problem(bad, WRONG_TYPE, _HOW[xsd], (before, after))
    if kind in _YEARS and not cells.subject.is_path:
        problems += _year_problems(cells, bad)
    if numbers is not None and not cells.subject.is_path:
        problems += _range_problems(cells, numbers)
    return problems


def _range_problems(cells: Cells, numbers: NDArray[np.float64]) -> list[Problem]:
    """Name numbers with more digits before the point than the field takes; those after it are rounded.

    Source: REST API guide, "Status Codes", NUMBER_OUTSIDE_VALID_RANGE.
    """
    field = cells.subject.field
    digits = _whole_digits(field)
    if digits <= 0:
        return []
    before = f"NUMBER_OUTSIDE_VALID_RANGE:{field.label}: value outside of valid range on numeric field: "
    suggestion = f"at most {digits} digits before the point"
    sizes = np.abs(numbers)
    return cells.problem(
        np.isfinite(sizes) & (sizes >= 10.0**digits), OUT_OF_RANGE, suggestion, (before, f":{field.name} --")
    )


def _year_problems(cells: Cells, unread: Mask | None) -> list[Problem]:
    """Name days that are of the right form, and that Salesforce has no calendar for."""
    field = cells.subject.cell_field
    first, last = _YEARS[field.type]
    if cells.is_text:
        years = pc.utf8_slice_codeunits(cells.values, 0, 4)  # of four digits, where the cell can be read
        outside = pc.or_(pc.less(years, str(first)), pc.greater(years, str(last)))
    elif pa.types.is_timestamp(cells.values.type) or pa.types.is_date(cells.values.type):
        if _within(cells.values, first, last):
            return []
        years = pc.year(cells.values)
        outside = pc.or_(pc.less(years, first), pc.greater(years, last))
    else:
        return []
    if not pc.any(outside).as_py():
        return []
    bad = to_mask(outside) if unread is None else to_mask(outside) & ~unread
    error = (f"FIELD_INTEGRITY_EXCEPTION:{field.label}: invalid date: ", f":{field.name} --")
    return cells.problem(bad, NO_YEAR, "Salesforce takes days from 1700-01-01 to 4000-12-31", error)


def _within(moments: pa.Array, first: int, last: int) -> bool:
    """Whether all days lie in these years: the years of two of them say it for all."""
    edges = pc.min_max(moments)
    years = [pc.year(edges[each]).as_py() for each in ("min", "max")]
    return years[0] is None or (first <= years[0] and years[1] <= last)


def _whole_digits(field: FieldDescribe) -> int:
    return field.precision - field.scale if field.type.is_double else field.digits


def _typed_verdict(values: pa.Array, kind: FieldType) -> tuple[Mask | None, NDArray[np.float64] | None]:
    """Return which typed values do not fit (None: none), and the numbers (None where they are none)."""
    held = values.type
    if pa.types.is_boolean(held):
        return (None if kind is FieldType.BOOLEAN else _all(values)), None
    if pa.types.is_integer(held) or pa.types.is_floating(held) or pa.types.is_decimal(held):
        return _number_verdict(values, kind)
    if pa.types.is_date(held):
        return (None if kind in {FieldType.DATE, FieldType.DATETIME} else _all(values)), None
    if pa.types.is_timestamp(held):
        return _timestamp_verdict(values, kind), None
    if pa.types.is_time(held):
        return (None if kind is FieldType.TIME else _all(values)), None
    return None, None


def _all(values: pa.Array) -> Mask:
    return np.ones(len(values), bool)


def _timestamp_verdict(values: pa.Array, kind: FieldType) -> Mask | None:
    if kind is FieldType.DATETIME:
        return None
    if kind is not FieldType.DATE:
        return _all(values)
    clock = pc.local_timestamp(values) if values.type.tz else values
    ticks = clock.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[values.type.unit]
    late = ticks % (86_400 * per_second) != 0
    return late if late.any() else None


def _number_verdict(values: pa.Array, kind: FieldType) -> tuple[Mask | None, NDArray[np.float64] | None]:
    if not kind.is_number and kind is not FieldType.BOOLEAN:
        return _all(values), None
    numbers = _as_floats(values)
    bad = None
    if kind is FieldType.BOOLEAN:
        bad = (numbers != 0) & (numbers != 1)
    elif kind in _INTS:
        bad = _no_whole(values, numbers, kind)
    if bad is not None and pa.types.is_decimal(values.type) and values.type.scale > 0:
        bad |= to_mask(pc.match_substring(as_text(values, kind), "."))  # a float has too few digits to say so
    return bad, numbers if kind.is_number else None


def _as_floats(values: pa.Array) -> NDArray[np.float64]:
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
    floats: NDArray[np.float64] = numbers.astype(np.float64, copy=False)
    return floats


def _no_whole(values: pa.Array, numbers: NDArray[np.float64], kind: FieldType) -> Mask:
    """Find what is no whole number of the field's size; ``numbers`` are the values as floats, which round long ones."""
    limit = _MAX_INT if kind is FieldType.INT else _MAX_LONG
    bad: Mask = (numbers != np.floor(numbers)) | (numbers < -limit) | (numbers >= limit)
    edges = np.flatnonzero((np.abs(numbers) == _MAX_LONG) & (kind is FieldType.LONG))
    for at in edges:
        bad[at] = not -_MAX_LONG <= Decimal(values[int(at)].as_py()) < _MAX_LONG
    return bad


def _text_verdict(cells: Cells, kind: FieldType) -> tuple[Mask | None, NDArray[np.float64] | None]:
    fits = to_mask(pc.match_substring_regex(cells.values, FORMS[XSD[kind]]))
    if kind.is_number:
        return _number_texts(cells, fits, kind)
    if kind in {FieldType.DATE, FieldType.DATETIME}:
        fits &= ~_no_day(cells, fits)
    return (None if fits[cells.given].all() else ~fits), None


def _number_texts(cells: Cells, fits: Mask, kind: FieldType) -> tuple[Mask, NDArray[np.float64]]:
    texts = pc.if_else(pa.array(fits), pc.utf8_ltrim(cells.values, "+"), _NO_TEXT)
    numbers = _as_floats(texts.cast(pa.float64()))
    bad = ~fits | ~np.isfinite(numbers)
    if kind in _INTS:
        bad |= _no_whole(texts, numbers, kind)
    return bad, numbers


def _no_day(cells: Cells, fits: Mask) -> Mask:
    """Find dates of the right form that no calendar has, such as 30 February: only a month's last days can be."""
    days = pc.utf8_slice_codeunits(cells.values, 0, 10)
    late = np.flatnonzero(fits & to_mask(pc.match_substring_regex(days, r"-(?:29|30|31)$")))
    wrong = np.zeros(len(fits), bool)
    if len(late):
        coded = days.take(pa.array(late)).dictionary_encode()
        unreal = np.array([not _is_day(each) for each in coded.dictionary.to_pylist()])
        wrong[late] = unreal[coded.indices.to_numpy(zero_copy_only=False)]
    return wrong


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
