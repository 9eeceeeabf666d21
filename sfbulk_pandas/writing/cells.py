"""Write single cells: the way of columns that hold values of several types.

The errors raised here say why a cell cannot travel, in words that fit every such cell; others add its place.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.errors import EncodeError
from sfbulk_pandas.salesforce.limits import MULTI_SELECT_SEPARATOR
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.texts import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Writer = Callable[[Any, FieldType | None, str | None], str]

INFINITE = "Salesforce has no infinite numbers"
NAIVE = "the datetime has no time zone: give timezone=, such as timezone='Europe/Berlin'"
INT_KINDS = frozenset({FieldType.INT, FieldType.LONG})
NO_PLACE = "the moment is too early or too late to be written"
EXACT = 1e15  # whole floats below it are exact, and short enough to be written out
PLAIN_DIGITS = 20  # a longer run of zeros keeps its exponent, which xsd:double takes too


def clock_changed(timezone: str | None) -> str:
    """Say why a local time has no place."""
    return f"the time does not exist or exists twice in {timezone}, where the clock is changed"


def is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN (float or Decimal), NaT or pd.NA."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating) and math.isnan(value)


def cell_text(value: Any, kind: FieldType | None, timezone: str | None) -> str | None:
    """Write one value as the text that travels; None where it is missing.

    Parameters
    ----------
    value : Any
        A cell of any type that pandas may hold.
    kind : FieldType or None
        The type of the field that receives it.
    timezone : str or None
        The zone of naive datetimes.

    Raises
    ------
    EncodeError
        Where the value has no form that Salesforce reads.
    """
    if (write := _BY_TYPE.get(type(value))) is not None:
        return write(value, kind, timezone)
    if isinstance(value, np.ndarray) and not value.ndim:
        value = value[()]
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return list_text(value, kind, timezone)
    if is_missing(value):
        return None
    if isinstance(value, np.generic) and not isinstance(value, np.timedelta64):
        value = plain_scalar(value)
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value, kind, timezone)
    raise EncodeError(f"a value of type {type(value).__name__} has no form that Salesforce reads")


def plain_scalar(value: np.generic) -> Any:
    """Unwrap a numpy scalar without giving short floats digits they never had, or taking those of whole ones."""
    if isinstance(value, np.datetime64):
        return _timestamp(value)
    if not isinstance(value, np.floating):
        return value.item()
    number = float(value)
    return number if number.is_integer() and abs(number) < EXACT else float(str(value))


def write_cells(
    values: Iterable[Any], kind: FieldType | None, timezone: str | None
) -> tuple[pa.Array, dict[str, list[int]]]:
    """Write many values one by one; one that has no form is null.

    Returns
    -------
    pyarrow.LargeStringArray, dict of str to list of int
        The texts; why some have no form, and which.
    """
    texts: list[str | None] = []
    refused: dict[str, list[int]] = {}
    for offset, value in enumerate(values):
        try:
            text = cell_text(value, kind, timezone)
        except EncodeError as error:
            text = None
            refused.setdefault(str(error), []).append(offset)
        texts.append(text)
    return pa.array(texts, TEXT), refused


def list_text(values: Any, kind: FieldType | None, timezone: str | None) -> str | None:
    """Join the entries of a multi-select picklist as ``A;B``; an empty list is a missing value."""
    if kind not in {None, FieldType.MULTIPICKLIST}:
        raise EncodeError(f"a list fits a multi-select picklist only, and the field is of type {kind}")
    entries = sorted(values, key=str) if isinstance(values, set | frozenset) else values
    texts = [cell_text(entry, None, timezone) for entry in entries]
    if any(text is None or MULTI_SELECT_SEPARATOR in text for text in texts):
        raise EncodeError("an entry of a multi-select list may not be missing or hold a semicolon")
    return MULTI_SELECT_SEPARATOR.join(text for text in texts if text is not None) if texts else None


def number_text(number: float | Decimal, kind: FieldType | None = None) -> str:
    """Write a number in plain decimal digits: the fewest that read back as the same value.

    An empty fraction (``250.0``) is dropped: from floats always, from decimals where the field is an int.
    """
    exact = number if isinstance(number, Decimal) else Decimal(float.__repr__(number))
    if not exact.is_finite():
        raise EncodeError(INFINITE)
    if exact == 0:
        return "0"
    text = f"{exact:f}" if -PLAIN_DIGITS <= exact.adjusted() <= PLAIN_DIGITS else f"{exact:E}"
    whole, _, fraction = text.partition(".")
    empty = fraction and not fraction.strip("0") and (kind in INT_KINDS or not isinstance(number, Decimal))
    return whole if empty else text


def moment_text(moment: dt.datetime, kind: FieldType | None, timezone: str | None) -> str:
    """Write a datetime in UTC; for a date field as a date where the clock shows midnight, else as it is."""
    if kind is FieldType.DATE:
        if moment.time() == _MIDNIGHT and not getattr(moment, "nanosecond", 0):
            return _clock_text(moment).partition("T")[0]
        if moment.tzinfo is None:
            return _clock_text(moment)
    return _clock_text(_in_utc(moment, timezone)) + "Z"


_MIDNIGHT = dt.time()


def _timestamp(value: Any) -> pd.Timestamp:
    try:
        return pd.Timestamp(value)
    except (ValueError, OverflowError):
        raise EncodeError(NO_PLACE) from None


def _clock_text(moment: dt.datetime) -> str:
    """Write what a clock shows; what is finer than milliseconds is cut, downwards also before 1970."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _in_utc(moment: dt.datetime, timezone: str | None) -> dt.datetime:
    try:
        if moment.tzinfo is None and timezone != "UTC":
            moment = _localise(pd.Timestamp(moment), timezone)
        return moment if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (pd.errors.OutOfBoundsDatetime, OverflowError, RuntimeError):
        raise EncodeError(NO_PLACE) from None


def _localise(stamp: pd.Timestamp, timezone: str | None) -> pd.Timestamp:
    if timezone is None:
        raise EncodeError(NAIVE)
    local = stamp.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    if not isinstance(local, pd.Timestamp):
        raise EncodeError(clock_changed(timezone))
    return local


def _date_text(value: dt.date, kind: FieldType | None, timezone: str | None) -> str:
    if kind is FieldType.DATETIME:
        return moment_text(pd.Timestamp(value), kind, timezone)
    return value.isoformat()


def _time_text(value: dt.time, _kind: FieldType | None, _timezone: str | None) -> str:
    if value.utcoffset():
        raise EncodeError("the time has an offset, and a time field has none: give the time in UTC")
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _bool_text(value: bool, _kind: FieldType | None, _timezone: str | None) -> str:
    return "true" if value else "false"


def _int_text(value: int, kind: FieldType | None, _timezone: str | None) -> str:
    if kind is FieldType.BOOLEAN and value in {0, 1}:
        return "true" if value else "false"
    try:
        return int.__repr__(value)  # what Arrow takes too: str() of an enum's member would be its name
    except ValueError:  # more digits than Python writes of an int
        return f"{Decimal(value):f}"


def _number(value: float | Decimal, kind: FieldType | None, _timezone: str | None) -> str:
    if kind is FieldType.BOOLEAN and value in {0, 1}:
        return "true" if value else "false"
    return number_text(value, kind)


def _text(value: str, _kind: FieldType | None, _timezone: str | None) -> str:
    text = str.__str__(value)  # what Arrow takes too: str() of an enum's member would be its name
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError(f"the text is no valid Unicode: {error.reason}") from None
    return text


def _plain(value: object, _kind: FieldType | None, _timezone: str | None) -> str:
    return str(value)


_WRITERS: tuple[tuple[type | tuple[type, ...], Writer], ...] = (
    (str, _text),
    (bool, _bool_text),
    (int, _int_text),
    ((float, Decimal), _number),
    (dt.datetime, moment_text),
    (dt.date, _date_text),
    (dt.time, _time_text),
    (uuid.UUID, _plain),
)
_BY_TYPE = {types: write for types, write in _WRITERS if isinstance(types, type)}  # whose values are never missing
