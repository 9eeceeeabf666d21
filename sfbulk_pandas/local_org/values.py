"""Cells: text into typed values, and back into the text of a result file. Whole columns at a time.

Sources: Bulk API 2.0 guide, "Prepare CSV Files" and "Valid Date Format in Records"; XML Schema part 2 for the number
forms; Java's ``Double.toString`` for what a result file shows of a double.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.local_org.csv_text import text_column
from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_NO_TEXT = pa.scalar(None, pa.string())
_TIMESTAMP = pa.timestamp("ms", "UTC")
_DOUBLE_FORM = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_INT_FORM = r"^[+-]?\d{1,19}$"
_BOOLEAN_FORM = r"^(?i:true|false|0|1)$"
_DATE_FORM = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])Z?$"
_DATETIME_FORM = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$"
_TIME_FORM = r"^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?Z?$"
_INT_MAX = 2**31 - 1

# SOAP API guide, "SOAPType": how an error text names the type of a cell that cannot be read.
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
_ARROW: dict[FieldType, pa.DataType] = {
    FieldType.DOUBLE: pa.float64(),
    FieldType.CURRENCY: pa.float64(),
    FieldType.PERCENT: pa.float64(),
    FieldType.INT: pa.int64(),
    FieldType.LONG: pa.int64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: _TIMESTAMP,
}
_FORMS = {
    pa.float64(): _DOUBLE_FORM,
    pa.int64(): _INT_FORM,
    pa.bool_(): _BOOLEAN_FORM,
    pa.date32(): _DATE_FORM,
    _TIMESTAMP: _DATETIME_FORM,
}


@dataclass(frozen=True)
class Cells:
    """One column of a slice, read.

    Attributes
    ----------
    raw : pyarrow.StringArray
        As sent.
    values : pyarrow.Array
        Typed; null where the cell is blank, ``#N/A`` or cannot be read.
    blank, cleared, bad : array of bool, or None
        Where the cell is empty (leave the field alone), ``#N/A`` (clear it), or not of the type; None: nowhere.
    """

    raw: pa.StringArray
    values: pa.Array
    blank: Mask | None = None
    cleared: Mask | None = None
    bad: Mask | None = None

    @property
    def no_value(self) -> Mask:
        """Where there is nothing to store."""
        return to_mask(pc.is_null(self.values))

    def take(self, rows: NDArray[np.int64]) -> Cells:
        """Return some rows of the column."""
        places = pa.array(rows)
        masks = (None if mask is None else mask[rows] for mask in (self.blank, self.cleared, self.bad))
        return Cells(self.raw.take(places), self.values.take(places), *masks)

    def over(self, other: Cells) -> Cells:
        """Return another column of the same field, with those cells of this one that say something."""
        mine = self.given
        raw, values = (
            pc.if_else(from_mask(mine), one, two) for one, two in ((self.raw, other.raw), (self.values, other.values))
        )
        pairs = ((self.blank, other.blank), (self.cleared, other.cleared), (self.bad, other.bad))
        return Cells(raw, values, *(_chosen(mine, one, two) for one, two in pairs))

    @property
    def given(self) -> Mask:
        """Where the cell says something, be it ``#N/A``."""
        return np.ones(len(self.raw), bool) if self.blank is None else ~self.blank


def _chosen(mine: Mask, one: Mask | None, two: Mask | None) -> Mask | None:
    if one is None and two is None:
        return None
    nowhere = np.zeros(len(mine), bool)
    return np.where(mine, nowhere if one is None else one, nowhere if two is None else two)


def to_mask(values: pa.Array | pa.ChunkedArray) -> Mask:
    """Return an Arrow boolean array as numpy's, null as False."""
    filled = pc.fill_null(values, fill_value=False) if values.null_count else values
    mask: Mask = np.asarray(
        filled.to_numpy(zero_copy_only=False) if isinstance(filled, pa.Array) else filled.to_numpy()
    )
    return mask


def from_mask(mask: Mask) -> pa.BooleanArray:
    """Return a numpy mask as Arrow's."""
    return pa.array(mask)


def _some(found: pa.Array) -> Mask | None:
    return to_mask(found) if pc.any(found).as_py() else None


def arrow_type(kind: FieldType) -> pa.DataType:
    """Return the Arrow type in which a field's values are kept."""
    return _ARROW.get(kind, pa.string())


def read_cells(raw: pa.StringArray, kind: FieldType) -> Cells:
    """Read one column.

    Parameters
    ----------
    raw : pyarrow.StringArray
        No nulls.
    kind : FieldType

    Returns
    -------
    Cells
    """
    blank = _some(pc.equal(raw, ""))
    cleared = _some(pc.equal(raw, NULL_MARK))
    texts = raw
    for nothing in (blank, cleared):
        if nothing is not None:
            texts = pc.if_else(from_mask(nothing), _NO_TEXT, texts)
    values = _typed(texts, kind)
    bad = _some(pc.and_(pc.is_null(values), pc.is_valid(texts))) if values.null_count > texts.null_count else None
    return Cells(raw, values, blank, cleared, bad)


def _typed(texts: pa.StringArray, kind: FieldType) -> pa.Array:
    """Return the values, null for what cannot be read."""
    if kind is FieldType.TIME:
        return pc.if_else(pc.match_substring_regex(texts, _TIME_FORM), texts, _NO_TEXT)
    wanted = arrow_type(kind)
    if wanted == pa.string():
        return texts
    values = _fast(texts, wanted)
    return _in_range(_slow(texts, wanted) if values is None else values, kind)


def _fast(texts: pa.StringArray, wanted: pa.DataType) -> pa.Array | None:
    """Cast a whole column; None where a single cell needs a closer look."""
    if wanted == _TIMESTAMP and not _plain_instants(texts):
        return None
    if wanted == pa.int64() and pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py():
        return None  # Arrow would read 0x1F
    try:
        return texts.cast(wanted)
    except pa.ArrowInvalid:
        return None


def _plain_instants(texts: pa.StringArray) -> bool:
    """Whether all are in UTC, to the second at least: Arrow would read 2024-01-01T00Z and a blank for the T, too."""
    cells = texts.cast(pa.binary())
    marks = ((10, b"T"), (16, b":"))
    fits = [pc.equal(pc.binary_slice(cells, at, at + 1), mark) for at, mark in marks]
    return all(pc.all(each).as_py() is not False for each in (*fits, pc.ends_with(texts, "Z")))


def _slow(texts: pa.StringArray, wanted: pa.DataType) -> pa.Array:
    """Cast the cells that have the type's form one form at a time; the rest is null."""
    fits = pc.match_substring_regex(texts, _FORMS[wanted])
    normal = _normal(pc.if_else(fits, texts, _NO_TEXT), wanted)
    while True:
        try:
            return normal.cast(wanted)
        except pa.ArrowInvalid:
            # Of the right form, yet no value, such as 30 February: found by halves.
            normal = _without_bad(normal, wanted)


def _normal(texts: pa.StringArray, wanted: pa.DataType) -> pa.StringArray:
    if wanted in (pa.float64(), pa.int64()):
        return pc.replace_substring_regex(texts, r"^\+", "")
    if wanted == pa.date32():
        return pc.utf8_rtrim(texts, "Z")
    if wanted == _TIMESTAMP:
        return pc.replace_substring_regex(texts, r"(\.\d{3})\d+", r"\1")
    return texts


def _without_bad(texts: pa.StringArray, wanted: pa.DataType) -> pa.StringArray:
    unique = pc.unique(texts.drop_null())
    bad = [text for text in unique.to_pylist() if not _casts(text, wanted)]
    return pc.if_else(pc.is_in(texts, pa.array(bad, pa.string())), _NO_TEXT, texts)


def _casts(text: str, wanted: pa.DataType) -> bool:
    try:
        pa.scalar(text).cast(wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _in_range(values: pa.Array, kind: FieldType) -> pa.Array:
    if kind.is_double:
        return values if pc.all(pc.is_finite(values)).as_py() else pc.if_else(pc.is_finite(values), values, None)
    if kind is FieldType.INT and len(values) > values.null_count:
        fits = pc.and_(pc.less_equal(values, _INT_MAX), pc.greater_equal(values, -_INT_MAX - 1))
        return values if pc.all(fits).as_py() else pc.if_else(fits, values, None)
    return values


def write_cells(cells: Cells, kind: FieldType, *, java_numbers: bool = True) -> pa.Array:
    """Return the text of a column in a result file: the values as read, what could not be read as sent.

    Parameters
    ----------
    cells : Cells
    kind : FieldType
    java_numbers : bool
        Whether doubles are written as Java does; otherwise as sent.

    Returns
    -------
    pyarrow.StringArray
        No nulls; nothing is the empty text.
    """
    if kind.is_double and not java_numbers:
        return cells.raw
    texts = text_column(cells.values)
    if cells.bad is not None:
        texts = pc.if_else(from_mask(cells.bad), cells.raw, texts)
    return pc.fill_null(texts, "") if texts.null_count else texts
