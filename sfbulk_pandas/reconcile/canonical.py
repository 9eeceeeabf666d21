"""Values as they compare: numbers by value, datetimes by instant, Ids by 15 characters, text as it is."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

TEXT = pa.large_string()
_ID = "^[0-9A-Za-z]{18}$"
_INSTANT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_PLAIN_INT = r"^(0|-?[1-9]\d*)$"
_DATE_TAIL = r"(Z|T00:00:00(\.0+)?(Z|[+-]00:?00))$"
_TIME_TAIL = r"(\.0+)?Z?$"


def canonical(texts: pa.Array, field: FieldDescribe | None, *, loose: bool = False) -> pa.Array:
    """Return a column in the form in which equal values are equal.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
        Cells as they were sent or came back; null, ``""`` and ``#N/A`` are one and the same.
    field : FieldDescribe or None
        The field behind the column; None compares as text.
    loose : bool
        Also forgive what a server may do to a value: blanks cut off at the ends, doubles rounded to the field's
        scale, milliseconds dropped.

    Returns
    -------
    pyarrow.Array
        Texts; doubles or timestamps where every cell is one.
    """
    if loose:
        texts = pc.utf8_trim_whitespace(texts)
    missing = pc.or_(pc.equal(texts, ""), pc.equal(texts, NULL_MARK))
    texts = pc.if_else(pc.fill_null(missing, fill_value=False), pa.scalar(None, TEXT), texts)
    kind = field.type if field else FieldType.STRING
    if kind.is_double and field is not None:
        return _doubles(texts, field.scale if loose else None)
    if kind is FieldType.DATETIME:
        return _instants(texts, loose=loose)
    return _FORMS.get(kind, _newlines)(texts)


def _newlines(texts: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(texts, "\r")).as_py():
        return texts
    return pc.replace_substring(pc.replace_substring(texts, "\r\n", "\n"), "\r", "\n")


def _doubles(texts: pa.Array, scale: int | None) -> pa.Array:
    try:
        return _rounded(pc.cast(texts, pa.float64()), scale)
    except pa.ArrowInvalid:
        return _where(texts, _NUMBER, lambda each: _rounded(pc.cast(each, pa.float64()), scale))


def _rounded(numbers: pa.Array, scale: int | None) -> pa.Array:
    numbers = pc.add(numbers, 0.0)  # -0.0 becomes 0.0
    return numbers if scale is None else pc.round(numbers, scale, round_mode="half_towards_infinity")


def _instants(texts: pa.Array, *, loose: bool) -> pa.Array:
    def read(each: pa.Array) -> pa.Array:
        instants = pc.cast(each, pa.timestamp("us", "UTC"))
        return pc.floor_temporal(instants, unit="second") if loose else instants

    try:
        return read(texts)
    except pa.ArrowInvalid:
        return _where(texts, _INSTANT, read)


def _where(texts: pa.Array, pattern: str, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Read the cells of a form by value; the others, which Salesforce echoes as they were sent, stay as they are."""
    fits = pc.match_substring_regex(texts, pattern)
    try:
        values = pc.cast(read(pc.if_else(fits, texts, pa.scalar(None, TEXT))), TEXT)
    except pa.ArrowInvalid:  # of the right form but no value, such as month 13
        return texts
    return pc.if_else(fits, pc.binary_join_element_wise(pa.scalar("=", TEXT), values, pa.scalar("", TEXT)), texts)


def _ints(texts: pa.Array) -> pa.Array:
    """Write whole numbers one way without passing through a float, which has 53 bits only."""
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_INT), fill_value=True)
    if pc.all(plain).as_py():
        return texts
    other = pc.invert(plain)
    values = pa.array([_whole(text) for text in pc.filter(texts, other).to_pylist()], TEXT)
    return pc.replace_with_mask(texts, other, values)


def _whole(text: str) -> str:
    try:
        number = Decimal(text)
        return f"{number.normalize():f}" if number else "0"
    except InvalidOperation:
        return text


def _booleans(texts: pa.Array) -> pa.Array:
    lower = pc.utf8_lower(texts)
    yes = pc.if_else(pc.equal(lower, "1"), pa.scalar("true", TEXT), lower)
    return pc.if_else(pc.equal(yes, "0"), pa.scalar("false", TEXT), yes)


def _dates(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _DATE_TAIL, "")


def _times(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _TIME_TAIL, "")


def ids(texts: pa.Array) -> pa.Array:
    """Cut 18-character Ids to the 15 that carry their meaning."""
    return pc.if_else(pc.match_substring_regex(texts, _ID), pc.utf8_slice_codeunits(texts, 0, 15), texts)


_FORMS: dict[FieldType, Callable[[pa.Array], pa.Array]] = {
    FieldType.INT: _ints,
    FieldType.LONG: _ints,
    FieldType.BOOLEAN: _booleans,
    FieldType.DATE: _dates,
    FieldType.TIME: _times,
    FieldType.ID: ids,
    FieldType.REFERENCE: ids,
}
