"""Write whole Arrow columns as the text that travels. What must not travel is found elsewhere, and is null here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.cells import EXACT, INT_KINDS, number_text, plain_scalar
from sfbulk_pandas.writing.moments import dates_text, day_or_clock_text, in_range, instants_text, times_text
from sfbulk_pandas.writing.texts import TEXT, by_distinct, unix_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Writer = Callable[[pa.Array, FieldType | None, str | None], pa.Array]

EXPONENT = "[eE]"
_PLAIN = (1e-3, 1e10)  # floats between them come out of every Arrow without an exponent
_POINTS = 6  # decimals with more digits after the point may come out of Arrow with an exponent


def has_writer(kind: pa.DataType) -> bool:
    """Whether columns of a type are written whole; any other is looked at cell by cell."""
    return any(fits(kind) for fits, _ in _WRITERS)


def array_text(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    """Write one column as text, null where a value is missing.

    How a value is written depends on it alone, never on its neighbours: rows give the same bytes in every part.

    Parameters
    ----------
    array : pyarrow.Array
        Values of a type that has a writer.
    kind : FieldType or None
        The type of the field that receives them.
    timezone : str or None
        The zone of naive datetimes.

    Returns
    -------
    pyarrow.LargeStringArray
        As long as ``array``.
    """
    write = next(write for fits, write in _WRITERS if fits(array.type))
    return write(array, kind, timezone)


def _texts(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return unix_lines(pc.cast(array, TEXT))


def _nothing(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return pa.nulls(len(array), TEXT)


def _bools(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return _WORDS.take(pc.cast(array, pa.int8()))


_WORDS = pa.array(["false", "true"], TEXT)


def _ints(array: pa.Array, kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return _boolean_words(pc.cast(array, TEXT), kind)


def _boolean_words(text: pa.Array, kind: FieldType | None) -> pa.Array:
    """Write 1 and 0 as true and false where the field is a checkbox."""
    if kind is not FieldType.BOOLEAN:
        return text
    yes, no = (pa.scalar(word, TEXT) for word in ("true", "false"))
    return pc.if_else(pc.equal(text, "1"), yes, pc.if_else(pc.equal(text, "0"), no, text))


def _floats(array: pa.Array, kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return _boolean_words(by_distinct(array, _float_texts), kind)


def _float_texts(array: pa.Array) -> pa.Array:
    numbers = array.to_numpy(zero_copy_only=False)
    finite = np.isfinite(numbers)
    size = np.abs(numbers)
    whole = finite & (size < EXACT) & (np.trunc(numbers) == numbers)
    if (whole | ~finite).all():
        return _whole_texts(np.where(whole, numbers, 0), ~whole)
    text = pc.cast(pc.if_else(pa.array(finite), array, pa.scalar(None, array.type)), TEXT)
    if whole.any():
        text = pc.replace_with_mask(text, pa.array(whole), _whole_texts(numbers[whole]))
    odd = finite & ~whole & ((size < _PLAIN[0]) | (size >= _PLAIN[1]))
    if odd.any():
        odd &= pc.match_substring(text, "e").fill_null(fill_value=False).to_numpy(zero_copy_only=False)
    return _plain_digits(text, odd)


def _whole_texts(numbers: NDArray[np.floating], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pc.cast(pa.array(numbers.astype(np.int64), mask=missing), TEXT)


def _plain_digits(text: pa.Array, odd: NDArray[np.bool_]) -> pa.Array:
    """Write some floats anew, in plain digits."""
    if not odd.any():
        return text
    mask = pa.array(odd)
    plain = [number_text(float(each)) for each in pc.filter(text, mask).to_pylist()]
    return pc.replace_with_mask(text, mask, pa.array(plain, TEXT))


def _short_floats(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    return _floats(long_floats(array), kind, timezone)


def long_floats(array: pa.Array) -> pa.Array:
    """Return 16-bit floats as 64-bit ones by numpy's text, which gives them no false digits."""
    return pa.array([plain_scalar(each) for each in array.to_numpy(zero_copy_only=False)], pa.float64())


def _decimals(array: pa.Array, kind: FieldType | None, _timezone: str | None) -> pa.Array:
    text = pc.cast(array, TEXT)
    if not 0 <= array.type.scale <= _POINTS:
        mask = pc.fill_null(pc.match_substring_regex(text, EXPONENT), fill_value=False)
        plain = [number_text(each.as_py()) for each in pc.filter(array, mask)]
        text = pc.replace_with_mask(text, mask, pa.array(plain, TEXT))
    if kind not in INT_KINDS and kind is not FieldType.BOOLEAN:
        return text
    whole = pc.replace_substring_regex(text, r"\.0+$", "")
    if kind in INT_KINDS:
        return whole
    return pc.if_else(pc.is_in(whole, _BITS), _boolean_words(whole, kind), text)


_BITS = pa.array(["0", "1"], TEXT)


def _dates(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    array = in_range(array)
    if kind is FieldType.DATETIME:
        return instants_text(pc.cast(array, pa.timestamp("ms")), timezone)
    return dates_text(array)


def _moments(array: pa.Array, kind: FieldType | None, timezone: str | None) -> pa.Array:
    array = in_range(array)
    return day_or_clock_text(array) if kind is FieldType.DATE else instants_text(array, timezone)


def _times(array: pa.Array, _kind: FieldType | None, _timezone: str | None) -> pa.Array:
    return times_text(in_range(array))


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of a type are text as they are."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_float(kind: pa.DataType) -> bool:
    """Whether a type is of 32- or 64-bit floats."""
    return bool(pa.types.is_float32(kind) or pa.types.is_float64(kind))


_WRITERS: tuple[tuple[Callable[[pa.DataType], bool], Writer], ...] = (
    (is_text, _texts),
    (pa.types.is_boolean, _bools),
    (pa.types.is_integer, _ints),
    (is_float, _floats),
    (pa.types.is_float16, _short_floats),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_date, _dates),
    (pa.types.is_timestamp, _moments),
    (pa.types.is_time, _times),
    (pa.types.is_null, _nothing),
)
