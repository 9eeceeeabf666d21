"""Give a column of texts its type; the slow way, for values that Arrow's parser refuses."""

from __future__ import annotations

from datetime import time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE_TAIL = r"(Z|T00:00:00(\.0+)?(Z|[+-]00:?00))$"


def typed_column(column: pa.Array, field: pa.Field) -> pa.Array:
    """Return a column in its field's type.

    Parameters
    ----------
    column : pyarrow.Array
        Values already of that type, or texts.
    field : pyarrow.Field
        Name and type to reach.

    Raises
    ------
    DecodeError
        Where a text is no value of that type; names column and value.
    """
    if column.type == field.type:
        return column
    if pa.types.is_date(field.type):
        column = pc.replace_substring_regex(column, _DATE_TAIL, "")
    try:
        return pc.cast(column, field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([_value(text, field) for text in column.to_pylist()], field.type)


def _value(text: str | None, field: pa.Field) -> Any:
    if text is None:
        return None
    try:
        return _reader(field.type)(text)
    except (ValueError, InvalidOperation, pa.ArrowInvalid) as error:
        raise DecodeError(
            f"column {field.name!r} holds {text!r}, which is no {field.type}", column=field.name
        ) from error


def _reader(kind: pa.DataType) -> Callable[[str], Any]:
    if pa.types.is_integer(kind):
        return _whole
    if pa.types.is_time(kind):
        return _time
    return lambda text: pc.cast(pa.scalar(text), kind).as_py()


def _whole(text: str) -> int:
    """Read an int that came as ``5.0`` or ``1.5E7``."""
    number = Decimal(text)
    if number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


def _time(text: str) -> time:
    """Read ``HH:mm:ss.SSSZ``."""
    return time.fromisoformat(text.removesuffix("Z"))
