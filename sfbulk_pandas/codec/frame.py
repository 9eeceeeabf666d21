r"""Turn a frame into a table of texts: every cell as it travels.

Decisions that a caller may want to know:

- None, NaN (also inside Arrow-backed columns), NaT, pd.NA and an empty list are missing; the null policy decides
  what is sent for them. An empty string is an empty cell under both policies.
- ``\r\n`` and a lone ``\r`` inside a value become ``\n``: a carriage return fails the whole job of an LF file.
- Whole floats lose their ``.0`` everywhere. In an int field a number with a fraction is refused.
- Datetimes go out in UTC with milliseconds; finer digits are cut. In a date field a datetime must be midnight on
  its own clock, and becomes that date. In a datetime field a date is midnight in ``timezone=``.
- Numbers 1 and 0 become ``true`` and ``false`` in a checkbox.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.arrays import TEXT, array_text, cells_text
from sfbulk_pandas.errors import EncodeError, UsageError
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Column", "EncodeOptions", "text_table"]

# What pandas finds in an object column, and the Arrow type that holds it. Anything else goes cell by cell.
_OBJECTS = {
    "string": TEXT,
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "floating": pa.float64(),
    "date": pa.date32(),
    "empty": pa.null(),
}


def text_table(
    frame: pd.DataFrame, columns: Sequence[Column], options: EncodeOptions | None = None, *, start: int = 0
) -> pa.Table:
    """Write a frame as a table of texts, whole columns at a time.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns; its index is not sent.
    columns : sequence of Column
        What to send, in the order of the CSV.
    options : EncodeOptions, optional
        Null policy, time zone, and whether ``#N/A`` may be text.
    start : int
        Position of the frame's first row in the whole load, for error messages.

    Returns
    -------
    pyarrow.Table
        One ``large_string`` column for each of ``columns``, named by its header; row i is the frame's row i;
        null where the cell travels empty because its value is missing.

    Raises
    ------
    EncodeError
        Where a cell has no form that Salesforce reads; names column, index label and position.
    UsageError
        Where ``timezone`` is no known zone, or ``nulls`` names a column that the frame lacks.
    """
    options = options or EncodeOptions()
    _check_options(frame, options)
    arrays = [_column_text(frame[column.label], column, options, start) for column in columns]
    return pa.table(arrays, names=[column.header for column in columns])


def _check_options(frame: pd.DataFrame, options: EncodeOptions) -> None:
    try:
        pd.Timestamp(0).tz_localize(options.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"{options.timezone!r} is no known time zone", hint="write it as Europe/Berlin") from error
    unknown = [] if isinstance(options.nulls, str) else [each for each in options.nulls if each not in frame.columns]
    if unknown:
        raise UsageError(f"nulls= names {unknown[0]!r}, and the frame has no such column")


def _column_text(series: pd.Series[Any], column: Column, options: EncodeOptions, start: int) -> pa.Array:
    kind = column.field.type if column.field else None
    try:
        text = _checked(_series_text(series, kind, options.timezone), allow_na=options.allow_na_text)
    except EncodeError as refused:
        raise _encode_error(refused, series, column, start) from None
    if options.nulls_of(column.label) == "clear" and kind is not FieldType.ID:
        return pc.fill_null(text, NULL_MARK)
    return text


def _encode_error(refused: EncodeError, series: pd.Series[Any], column: Column, start: int) -> EncodeError:
    row = label_at(series.index, refused.position)
    place = f"column {column.label!r}, row {row!r} (position {start + refused.position})"
    return EncodeError(f"{place}: {refused}", column=column.label, row=row, position=start + refused.position)


def label_at(index: pd.Index[Any], position: int) -> Any:
    """Return a row's label as a plain Python value, which a message can show."""
    label = index[position]
    return label.item() if isinstance(label, np.generic) else label


def _series_text(series: pd.Series[Any], kind: FieldType | None, timezone: str | None) -> pa.Array:
    array = _to_arrow(series)
    return cells_text(series, kind, timezone) if array is None else array_text(array, kind, timezone)


def _to_arrow(series: pd.Series[Any]) -> pa.Array | None:
    """Return a column as Arrow holds it, or None where its cells must be looked at one by one."""
    wanted = None
    if isinstance(series.dtype, np.dtype) and series.dtype.hasobject:
        wanted = _object_type(series)
        if wanted is None:
            return None
    try:
        array = pa.array(series, wanted, from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return None if isinstance(array, pa.ExtensionArray) else array


def _object_type(series: pd.Series[Any]) -> pa.DataType | None:
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "date" and not {type(value) for value in series} <= {dt.date, type(None)}:
        return None  # pandas takes datetimes among dates for dates, and Arrow would cut their hours off
    return _OBJECTS.get(kind)


def _checked(text: pa.Array, *, allow_na: bool) -> pa.Array:
    if pc.any(pc.match_substring(text, "\r")).as_py():
        text = pc.replace_substring(pc.replace_substring(text, "\r\n", "\n"), "\r", "\n")
    position = -1 if allow_na else pc.index(text, pa.scalar(NULL_MARK, TEXT)).as_py()
    if position >= 0:
        reason = (
            f"the cell holds the text {NULL_MARK}, which makes Salesforce clear the field; change it, "
            "or say allow_na_text=True"
        )
        raise EncodeError(reason, position=position)
    return text
