"""Write whole Arrow columns as the text that travels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.cells import INT_KINDS, cell_text, number_text
from sfbulk_pandas.errors import EncodeError
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEXT = pa.large_string()  # 64-bit offsets: a column of a large frame may pass 2 GB
EXPONENT = "[eE]"


def array_text(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    """Write one column as text, null where a value is missing.

    Parameters
    ----------
    array : pyarrow.Array
        Values of any type.
    kind : FieldType or None
        The type of the field that receives them.
    timezone : str or None
        The zone of naive datetimes.

    Returns
    -------
    pyarrow.LargeStringArray
        As long as ``array``.

    Raises
    ------
    EncodeError
        Where a value has no form that Salesforce reads.
    """
    for fits, write in _WRITERS:
        if fits(array.type):
            return write(array, kind, timezone)
    return cells_text(array.to_pylist(), kind, timezone)


def cells_text(values: Iterable[Any], kind: FieldType | None, timezone: str | None) -> pa.Array:
    """Write a column of mixed values, cell by cell."""
    texts = []
    for position, value in enumerate(values):
        try:
            texts.append(cell_text(value, kind, timezone))
        except EncodeError as refused:
            raise EncodeError(str(refused), position=position) from None
    try:
        return pa.array(texts, TEXT)
    except UnicodeEncodeError:
        raise _surrogate_refused(texts) from None


def _surrogate_refused(texts: Iterable[str | None]) -> EncodeError:
    for position, text in enumerate(texts):
        try:
            (text or "").encode()
        except UnicodeEncodeError as error:
            return EncodeError(f"{text!a} is no valid Unicode text: {error.reason}", position=position)
    raise AssertionError("unreachable: some text was refused")


def refuse(mask: pa.Array, array: pa.Array, reason: str) -> None:
    """Refuse the first value under a mask; ``{value}`` in the reason shows it."""
    position = pc.index(mask, pa.scalar(value=True)).as_py()
    if position >= 0:
        raise EncodeError(reason.format(value=array[position].as_py()), position=position)


def _bools(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return pc.cast(array, TEXT)


def _ints(array: pa.Array, kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return _boolean_words(pc.cast(array, TEXT), kind)


def _boolean_words(text: pa.Array, kind: FieldType | None) -> pa.Array:
    """Write 1 and 0 as true and false where the field is a checkbox."""
    if kind is not FieldType.BOOLEAN:
        return text
    yes, no = (pa.scalar(word, TEXT) for word in ("true", "false"))
    return pc.if_else(pc.equal(text, "1"), yes, pc.if_else(pc.equal(text, "0"), no, text))


def _floats(array: pa.Array, kind: FieldType | None, _timezone: str | None) -> pa.Array:
    array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    refuse(pc.is_inf(array), array, "Salesforce has no infinite numbers: {value}")
    if kind in INT_KINDS:
        refuse(pc.not_equal(pc.floor(array), array), array, "the field takes whole numbers, and this one is {value}")
    text = _plain_digits(pc.cast(array, TEXT), kind, float)
    if pc.any(pc.ends_with(text, ".0")).as_py():
        text = pc.replace_substring_regex(text, r"\.0$", "")
    return _boolean_words(pc.if_else(pc.equal(text, "-0"), pa.scalar("0", TEXT), text), kind)


def _plain_digits(text: pa.Array, kind: FieldType | None, number: Callable[[str], Any]) -> pa.Array:
    """Write the cells that came out with an exponent in plain digits."""
    mask = pc.fill_null(pc.match_substring_regex(text, EXPONENT), fill_value=False)
    if not pc.any(mask).as_py():
        return text
    plain = [number_text(number(each), kind) for each in pc.filter(text, mask).to_pylist()]
    return pc.replace_with_mask(text, mask, pa.array(plain, TEXT))


def _short_floats(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    """Write 16-bit floats by numpy's text, which gives them no false digits."""
    return cells_text(array.to_numpy(zero_copy_only=False), kind, timezone)


def _decimals(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    text = pc.cast(array, TEXT)
    if kind in INT_KINDS or pc.any(pc.match_substring_regex(text, EXPONENT)).as_py():
        return cells_text(array.to_pylist(), kind, timezone)
    return _boolean_words(text, kind)


def _dates(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    if kind is FieldType.DATETIME:
        return _moments(pc.cast(array, pa.timestamp("ms")), kind, timezone)
    return pc.cast(pc.cast(array, pa.date32()), TEXT)


def _moments(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    """Write datetimes in UTC. The zone is dropped before the cast: a zone-aware one is 15 times slower."""
    if kind is FieldType.DATE:
        return _midnights(array)
    if array.type.tz is None:
        array = _localised(array, timezone)
    utc = _milliseconds(array.view(pa.timestamp(array.type.unit)))
    text = pc.replace_substring(pc.cast(utc, TEXT), pattern=" ", replacement="T", max_replacements=1)
    return pc.binary_join_element_wise(text, pa.scalar("Z", TEXT), pa.scalar("", TEXT))


def _midnights(array: pa.Array) -> pa.Array:
    clock = array if array.type.tz is None else pc.local_timestamp(array)
    days = pc.cast(clock, pa.date32(), safe=False)
    refuse(
        pc.not_equal(pc.cast(days, clock.type), clock),
        clock,
        "the field takes dates, and {value} has a time of day: cut it off with .dt.date",
    )
    return pc.cast(days, TEXT)


def _milliseconds(array: pa.Array) -> pa.Array:
    """Cut what is finer than Salesforce's milliseconds, downwards also before 1970."""
    try:
        return pc.cast(array, pa.timestamp("ms"))
    except pa.ArrowInvalid:
        return pc.cast(pc.floor_temporal(array, unit="millisecond"), pa.timestamp("ms"))


def _localised(array: pa.Array, timezone: str | None) -> pa.Array:
    """Place naive datetimes in their zone; refuse those that the change of clocks leaves out or doubles."""
    naive = pd.DatetimeIndex(array.to_pandas())
    held = np.asarray(naive.notna())
    if timezone is None:
        refuse(pa.array(held), array, "{value} has no time zone: give timezone=, such as timezone='Europe/Berlin'")
        return array
    placed = naive.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    reason = f"{{value}} does not exist or exists twice in {timezone}, where the clock is changed"
    refuse(pa.array(np.asarray(placed.isna()) & held), array, reason)
    return pa.array(placed.tz_convert("UTC").tz_localize(None), from_pandas=True)


def _times(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    text = pc.cast(pc.cast(array, pa.time32("ms"), safe=False), TEXT)
    return pc.binary_join_element_wise(text, pa.scalar("Z", TEXT), pa.scalar("", TEXT))


def _texts(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return pc.cast(array, TEXT)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_float(kind: pa.DataType) -> bool:
    return bool(pa.types.is_float32(kind) or pa.types.is_float64(kind))


_WRITERS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, FieldType | None, str | None], pa.Array]], ...
] = (
    (_is_text, _texts),
    (pa.types.is_boolean, _bools),
    (pa.types.is_integer, _ints),
    (_is_float, _floats),
    (pa.types.is_float16, _short_floats),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_date, _dates),
    (pa.types.is_timestamp, _moments),
    (pa.types.is_time, _times),
    (pa.types.is_null, _texts),
)
