"""One schema for the files of a folder, where no value loses anything by it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HINT = "write the files with one schema, or load them one by one"
_UNITS = ("s", "ms", "us", "ns")
_DECIMAL_DIGITS = 76


def common_schema(schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """Return a schema that holds the columns of all files; a file that lacks one has nulls there.

    Parameters
    ----------
    schemas : mapping of str to pyarrow.Schema
        By the file's name, which messages tell.

    Returns
    -------
    pyarrow.Schema
        Columns in the order in which they are met.

    Raises
    ------
    UsageError
        Where a column's types differ by more than width, unit, the flavour of texts and lists, or null; where two files
        spell a name in different cases, or one has it twice.
    """
    kinds: dict[str, pa.DataType] = {}
    spelled: dict[str, str] = {}
    for file, schema in schemas.items():
        _check_names(schema, file, kinds, spelled)
        for field in schema:
            kinds[field.name] = _joined(field, kinds.get(field.name, field.type), file)
        spelled |= {name.lower(): name for name in schema.names}
    return pa.schema(kinds.items())


def _check_names(schema: pa.Schema, file: str, known: Mapping[str, object], spelled: Mapping[str, str]) -> None:
    for name, times in Counter(schema.names).items():
        if times > 1:
            raise UsageError(f"{file!r} has more than one column {name!r}", hint="give each column a name of its own")
        before = spelled.get(name.lower(), name)
        if name not in known and name != before:
            raise UsageError(f"{file!r} has a column {name!r}, which a file before it calls {before!r}", hint=_HINT)


def _joined(field: pa.Field, before: pa.DataType, file: str) -> pa.DataType:
    kind = _common(before, field.type)
    if kind is None:
        raise UsageError(
            f"column {field.name!r} is {field.type} in {file!r}, and {before} in a file before it", hint=_HINT
        )
    return kind


def _common(one: pa.DataType, two: pa.DataType) -> pa.DataType | None:
    """Return a type that both go into, without loss or with an error; None where there is none."""
    one, two = _decoded(one), _decoded(two)
    if one == two or pa.types.is_null(two):
        return one
    if pa.types.is_null(one):
        return two
    return next((join(one, two) for fits, join in _JOINS if fits(one) and fits(two)), None)


def _decoded(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    """Whether a type is of whole numbers, or of the only floats that hold most of them; others would gain digits."""
    return bool(pa.types.is_integer(kind) or pa.types.is_float64(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _numbers(one: pa.DataType, two: pa.DataType) -> pa.DataType:
    if not (pa.types.is_integer(one) and pa.types.is_integer(two)):
        return pa.float64()
    if pa.types.is_signed_integer(one) == pa.types.is_signed_integer(two):
        return max(one, two, key=lambda kind: kind.bit_width)
    return pa.int64()


def _decimals(one: pa.DataType, two: pa.DataType) -> pa.DataType | None:
    scale = max(one.scale, two.scale)
    digits = scale + max(one.precision - one.scale, two.precision - two.scale)
    if digits > _DECIMAL_DIGITS:
        return None
    return pa.decimal128(digits, scale) if digits <= pa.decimal128(38).precision else pa.decimal256(digits, scale)


def _moments(one: pa.DataType, two: pa.DataType) -> pa.DataType | None:
    return pa.timestamp(_finer(one, two), one.tz) if one.tz == two.tz else None


def _times(one: pa.DataType, two: pa.DataType) -> pa.DataType:
    unit = _finer(one, two)
    return pa.time32(unit) if unit in {"s", "ms"} else pa.time64(unit)


def _finer(one: pa.DataType, two: pa.DataType) -> str:
    return _UNITS[max(_UNITS.index(one.unit), _UNITS.index(two.unit))]


def _lists(one: pa.DataType, two: pa.DataType) -> pa.DataType | None:
    kind = _common(one.value_type, two.value_type)
    return None if kind is None else pa.large_list(kind)


_JOINS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType, pa.DataType], pa.DataType | None]],
    ...,
] = (
    (_is_text, lambda _, __: pa.large_string()),
    (_is_number, _numbers),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_timestamp, _moments),
    (pa.types.is_time, _times),
    (_is_list, _lists),
)
