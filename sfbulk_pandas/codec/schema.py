"""One table: Salesforce's field types, their Arrow types, and the pandas dtypes that hold those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

DtypeBackend = Literal["numpy_nullable", "pyarrow"] | None

# Types that are not listed are text: Ids and ZIP codes are not numbers. Source: Object Reference, "Field Types".
_ARROW: dict[FieldType, pa.DataType] = {
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.INT: pa.int64(),
    FieldType.LONG: pa.int64(),
    FieldType.DOUBLE: pa.float64(),
    FieldType.CURRENCY: pa.float64(),
    FieldType.PERCENT: pa.float64(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("ms", "UTC"),
    FieldType.TIME: pa.time32("ms"),
}


def arrow_type(field: FieldDescribe | None) -> pa.DataType:
    """Return the Arrow type of a field's values; text where the field is not known."""
    return _ARROW.get(field.type, pa.string()) if field else pa.string()


def to_pandas(table: pa.Table, dtype_backend: DtypeBackend = None) -> pd.DataFrame:
    """Turn a table into a frame whose dtypes depend on the schema alone, never on the values.

    ========================  =====================  ======================  =====================
    field type                default                ``"numpy_nullable"``    ``"pyarrow"``
    ========================  =====================  ======================  =====================
    text, Id, picklist        ``str`` (pandas 2:     ``string``              ``string[pyarrow]``
                              ``string``)
    boolean                   ``boolean``            ``boolean``             ``bool[pyarrow]``
    int, long                 ``Int64``              ``Int64``               ``int64[pyarrow]``
    double, currency, percent ``float64``            ``Float64``             ``double[pyarrow]``
    date                      ``date32[pyarrow]``    ``date32[pyarrow]``     ``date32[pyarrow]``
    datetime                  ``datetime64[ms,UTC]`` ``datetime64[ms,UTC]``  ``timestamp[ms, UTC]``
    time                      ``time32[pyarrow]``    ``time32[pyarrow]``     ``time32[pyarrow]``
    ========================  =====================  ======================  =====================

    pandas has no date of its own: ``date32[pyarrow]`` holds dates, has ``.dt`` and stays typed when empty.

    Parameters
    ----------
    table : pyarrow.Table
        Rows by columns, of the types of ``arrow_type``.
    dtype_backend : {None, "numpy_nullable", "pyarrow"}
        As in pandas' own readers.

    Raises
    ------
    UsageError
        For any other backend.
    """
    if dtype_backend not in {None, "numpy_nullable", "pyarrow"}:
        raise UsageError(f'dtype_backend must be "numpy_nullable" or "pyarrow", not {dtype_backend!r}')
    mapper: Callable[[pa.DataType], Any]
    mapper = pd.ArrowDtype if dtype_backend == "pyarrow" else _nullable if dtype_backend else _default
    frame: pd.DataFrame = table.to_pandas(types_mapper=mapper)
    return frame


def _nullable(kind: pa.DataType) -> Any:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.StringDtype("pyarrow")
    return pd.Float64Dtype() if pa.types.is_float64(kind) else _shared(kind)


def _default(kind: pa.DataType) -> Any:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        dtype = pd.Series(["text"]).dtype
        return dtype if isinstance(dtype, pd.StringDtype) else pd.StringDtype("pyarrow")
    return _shared(kind)


def _shared(kind: pa.DataType) -> Any:
    """Return the dtypes that both numpy backends use; None leaves the choice to Arrow."""
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_int64(kind):
        return pd.Int64Dtype()
    return pd.ArrowDtype(kind) if pa.types.is_date(kind) or pa.types.is_time(kind) else None
