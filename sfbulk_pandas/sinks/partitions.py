"""Rows cut by the values of a column, into folders named as Hive names them: ``Country=DE``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NULL = "__HIVE_DEFAULT_PARTITION__"
_FIT = (pa.types.is_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_date)


def check_partition(schema: pa.Schema, name: str | None) -> str | None:
    """Return the column to partition by, spelled as in the schema; its name may be in any case.

    Raises
    ------
    UsageError
        Where there is none, no other, or its values name no folders.
    """
    if name is None:
        return None
    found = next((field for field in schema if field.name.lower() == name.lower()), None)
    if found is None or len(schema) == 1:
        raise UsageError(
            f"the rows cannot be partitioned by {name!r}", hint=f"the query selects {', '.join(schema.names)}"
        )
    if not any(fits(value_type(found.type)) for fits in _FIT):
        raise UsageError(
            f"{found.name} is {found.type}, whose values name no folders",
            hint="partition by a text, picklist, boolean, int or date",
        )
    return str(found.name)


def value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values that a folder's name stands for."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def partitions(table: pa.Table, name: str) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each value, in their order, with the name of its folder."""
    column = table.column(name)
    texts = pc.cast(pc.cast(column, value_type(column.type)), pa.string()).combine_chunks()
    encoded = texts.dictionary_encode(null_encoding="encode")
    order = pc.sort_indices(encoded.indices)  # which is stable
    counts = dict(zip(*(each.to_pylist() for each in pc.value_counts(encoded.indices).flatten()), strict=True))
    row = 0
    for number, value in enumerate(encoded.dictionary.to_pylist()):
        rows = table.take(order.slice(row, counts[number]))
        row += counts[number]
        yield f"{name}={_NULL if value is None else quote(value, safe='')}", rows
