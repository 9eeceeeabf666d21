"""One table: Salesforce's field types, their Arrow types, and the pandas dtypes that hold those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

DtypeBackend = Literal["numpy_nullable", "pyarrow"] | None
OnBadValue = Literal["keep", "raise"]


@dataclass(frozen=True, slots=True)
class TypeOptions:
    """What the values of a query become, where there is a choice.

    Attributes
    ----------
    decimals : bool
        Doubles, currencies and percents exact, as ``decimal128(precision, scale)`` of their describe, instead of
        ``float64``. A value with more digits than that, as formulas have them, is a bad value.
    categories : bool
        Picklists as dictionaries (pandas: categories) instead of text.
    lists : bool
        Multi-select picklists as lists of texts instead of one text with semicolons.
    on_bad_value : {"keep", "raise"}
        A text that is no value of its field's type, such as 5.5 in an int field, ends the query with a DecodeError,
        or is kept beside the rows, where the cell is null. ``5.0`` and ``1.5E7`` are ints. A table in memory may
        turn the int column into doubles instead; a stream cannot, whose schema is given away with its first rows.
    """

    decimals: bool = False
    categories: bool = False
    lists: bool = False
    on_bad_value: OnBadValue = "keep"

    def __post_init__(self) -> None:
        if self.on_bad_value not in {"keep", "raise"}:
            raise UsageError(f'on_bad_value must be "keep" or "raise", not {self.on_bad_value!r}')


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
_CATEGORY = pa.dictionary(pa.int32(), pa.string())
_LIST = pa.list_(pa.string())


def arrow_type(field: FieldDescribe | None, options: TypeOptions = TypeOptions()) -> pa.DataType:
    """Return the Arrow type of a field's values; text where the field is not known.

    =========================  =============================  =====================================
    field type                 Arrow type                     on request
    =========================  =============================  =====================================
    boolean                    ``bool``
    int, long                  ``int64``
    double, currency, percent  ``double``                     ``decimal128(precision, scale)``
    date                       ``date32``
    datetime                   ``timestamp[ms, UTC]``
    time                       ``time32[ms]``
    picklist                   ``string``                     ``dictionary<int32, string>``
    multipicklist              ``string``                     ``list<string>``
    any other                  ``string``
    =========================  =============================  =====================================

    A double whose describe tells no precision, or one that no decimal has, stays a double.
    """
    if field is None:
        return pa.string()
    exact = 0 <= field.scale <= field.precision <= _MOST_DIGITS and field.precision
    if options.decimals and field.type.is_double and exact:
        return pa.decimal128(field.precision, field.scale)
    if options.categories and field.type is FieldType.PICKLIST:
        return _CATEGORY
    if options.lists and field.type is FieldType.MULTIPICKLIST:
        return _LIST
    return _ARROW.get(field.type, pa.string())


def parser_type(kind: pa.DataType) -> pa.DataType:
    """Return the type to ask of Arrow's CSV parser: it knows no lists, takes no time with a ``Z``, and no precision."""
    if pa.types.is_decimal(kind):
        return pa.decimal128(_MOST_DIGITS, kind.scale)
    return pa.string() if pa.types.is_time(kind) or pa.types.is_list(kind) else kind


_MOST_DIGITS = 38


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
    picklist as categories    ``category``           ``category``            ``dictionary[...]``
    decimals, lists           their Arrow types      their Arrow types       their Arrow types
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
    return pd.ArrowDtype(kind) if any(of_kind(kind) for of_kind in _ONLY_ARROW) else None


_ONLY_ARROW = (pa.types.is_date, pa.types.is_time, pa.types.is_decimal, pa.types.is_list)
