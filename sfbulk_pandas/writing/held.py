"""How a column is held: as Arrow holds it, or as cells that must be looked at one by one.

Arrow must never be left to find the type of an object column: there are mixtures by which it ends the process.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.writing.texts import TEXT

# What pandas finds in an object column, and the Arrow type that holds it. Anything else goes cell by cell.
_OBJECTS = {
    "string": TEXT,
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "floating": pa.float64(),
    "date": pa.date32(),
    "empty": pa.null(),
}
# pandas takes datetimes among dates for dates, and Arrow would cut their hours off; and it takes short floats for
# floats, and Arrow would give them digits they never had.
_ONLY = {"date": {dt.date, type(None)}, "floating": {float, np.float64, type(None), type(pd.NA), type(pd.NaT)}}

if TYPE_CHECKING:
    from collections.abc import Sequence

    Objects = pd.Series[Any] | pd.Index[Any]


def pandas_array(series: pd.Series[Any]) -> pa.Array | None:
    """Return a column as Arrow holds it, or None where its cells must be looked at one by one."""
    wanted = None
    if _has_objects(series.dtype):
        wanted = _object_type(series)
        if wanted is None:
            return None
    elif not _is_held(_categories(series)):
        return None
    try:
        array = pa.array(series, wanted, from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return None
    return joined(array.chunks, array.type) if isinstance(array, pa.ChunkedArray) else array


def plain_array(array: pa.Array | None) -> pa.Array | None:
    """Return values that stand by themselves, not by a dictionary; None where Arrow does not know what they mean."""
    return None if array is None or isinstance(array, pa.ExtensionArray) else decoded(array)


def _has_objects(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.hasobject


def _is_held(values: Objects) -> bool:
    """Whether Arrow holds values as they are; a zone that is not its own, such as dateutil's, it has by name alone."""
    if _has_objects(values.dtype):
        return _object_type(values) is not None
    zone = values.dtype.tz if isinstance(values.dtype, pd.DatetimeTZDtype) else dt.UTC
    return type(zone).__module__.partition(".")[0] in _ZONES


_ZONES = {"datetime", "zoneinfo", "pytz"}


def _categories(series: pd.Series[Any]) -> Objects:
    """Return the categories of a categorical column; any other column itself."""
    return series.dtype.categories if isinstance(series.dtype, pd.CategoricalDtype) else series


def _object_type(objects: Objects) -> pa.DataType | None:
    kind = pd.api.types.infer_dtype(objects, skipna=True)
    if kind in _ONLY and not set(map(type, objects)) <= _ONLY[kind]:
        return None
    return _OBJECTS.get(kind)


def joined(chunks: Sequence[pa.Array], kind: pa.DataType) -> pa.Array:
    """Join chunks, each decoded by itself: together their dictionaries may be too large for their indices."""
    plain = [decoded(each) for each in chunks if len(each)]  # Arrow joins none that is empty and begins late
    if len(plain) == 1:  # which joining would copy
        return plain[0]
    return pa.concat_arrays(plain) if plain else decoded(pa.nulls(0, kind))


def decoded(array: pa.Array) -> pa.Array:
    """Return values that stand by themselves: not by a dictionary, and in no views, which Arrow does little with."""
    if isinstance(array, pa.DictionaryArray):
        return decoded(array.dictionary).take(array.indices)
    return array.cast(PLAIN[array.type]) if array.type in PLAIN else array


PLAIN = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def cells_of(array: pa.Array) -> list[Any]:
    """Return an array's values as Python's; of lists of short floats as numpy's, which give them no false digits."""
    kind = array.type.value_type if pa.types.is_list(array.type) or pa.types.is_large_list(array.type) else None
    if kind not in _SHORT_FLOATS:
        return list(array.to_pylist())
    return [each.values.to_numpy(zero_copy_only=False) if each.is_valid else None for each in array]  # noqa: PD011 - Arrow's


_SHORT_FLOATS = (pa.float16(), pa.float32())
