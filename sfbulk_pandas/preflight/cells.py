"""What can be seen in cells before they are encoded: blank keys, and datetimes without a zone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.preflight.findings import Finding
from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column


def blank_keys(frame: pd.DataFrame, column: Column) -> list[Finding]:
    """Name every row whose key is missing, empty or blanks only."""
    series = frame[column.label]
    suggestion = f"fill {column.header} in, or leave these rows out"
    blank = series.isna().to_numpy(dtype=bool) | _is_blank(series)
    return [Finding(index, column.label, "the key is blank", None, suggestion) for index in frame.index[blank]]


def _is_blank(series: pd.Series[Any]) -> NDArray[np.bool_]:
    dtype = series.dtype
    if pd.api.types.is_numeric_dtype(dtype):  # an Arrow column may hold NaN, which is not its null
        blank: NDArray[np.bool_] = np.isnan(series.to_numpy(dtype="float64", na_value=np.nan))
        return blank
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return np.zeros(len(series), dtype=bool)
    return series.astype(str).str.strip().isin(["", NULL_MARK]).to_numpy(dtype=bool)


def naive_datetimes(frame: pd.DataFrame, column: Column) -> list[Finding]:
    """Name the first row of a column whose datetimes have no zone, where the field needs an instant."""
    if column.field is not None and column.field.type is FieldType.DATE:
        return []
    series = frame[column.label]
    naive = next(_naive_positions(series, column), None)
    if naive is None:
        return []
    label = series.index[naive : naive + 1].tolist()[0]
    suggestion = "give timezone=, such as timezone='Europe/Berlin', or localise the column"
    return [Finding(label, column.label, "a datetime without a time zone", series.iloc[naive], suggestion)]


def _naive_positions(series: pd.Series[Any], column: Column) -> Iterator[int]:
    dtype = series.dtype
    to_datetime = column.field is not None and column.field.type is FieldType.DATETIME
    if isinstance(dtype, np.dtype) and dtype.hasobject:
        if pd.api.types.infer_dtype(series, skipna=True) == "string":
            return
        yield from (at for at, value in enumerate(series) if _is_naive(value, to_datetime=to_datetime))
    elif _is_naive_type(dtype, to_datetime=to_datetime):
        yield from (int(at) for at in series.notna().to_numpy().nonzero()[0][:1])


def _is_naive(value: Any, *, to_datetime: bool) -> bool:
    if isinstance(value, dt.datetime):
        return value is not pd.NaT and value.tzinfo is None
    return to_datetime and isinstance(value, dt.date)


def _is_naive_type(dtype: Any, *, to_datetime: bool) -> bool:
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return (pa.types.is_timestamp(kind) and kind.tz is None) or (to_datetime and pa.types.is_date(kind))
    return pd.api.types.is_datetime64_dtype(dtype)
