"""Rows cut by the values of a column, into folders named as Hive names them: ``Country=DE``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import DataError, UsageError
from sfbulk_pandas.sinks.disk import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NULL = "__HIVE_DEFAULT_PARTITION__"
_MOST_CHARS = 255  # of a file's name, on nearly all disks
_ELSEWHERE = "partition by another column; restart=True begins anew"
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
    """Yield the rows of each value, in their order, with the name of its folder.

    Raises
    ------
    DataError
        For a value too long for a name.
    """
    column = table.column(name)
    texts = pc.cast(pc.cast(column, value_type(column.type)), pa.string()).combine_chunks()
    encoded = texts.dictionary_encode(null_encoding="encode")
    order = pc.sort_indices(encoded.indices)  # which is stable
    counts = dict(zip(*(each.to_pylist() for each in pc.value_counts(encoded.indices).flatten()), strict=True))
    row = 0
    for number, value in enumerate(encoded.dictionary.to_pylist()):
        rows = table.take(order.slice(row, counts[number]))
        row += counts[number]
        yield _folder(name, value), rows


def _folder(name: str, value: str | None) -> str:
    if value is None:
        return f"{name}={_NULL}"
    text = quote(value, safe="")
    folder = f"{name}={text[:-1]}%2E" if text.endswith(".") else f"{name}={text}"  # Windows drops a dot at the end
    if len(folder) > _MOST_CHARS:
        raise DataError(f"{name} has values too long to name a folder: {value[:40]!r} ...", hint=_ELSEWHERE)
    return folder


def make_folder(folder: Path) -> None:
    """Make the folder of a value, unless it is there.

    Raises
    ------
    DataError
        Where the disk takes it for the folder of another value, as it does where names differ in case alone.
    """
    if not folder.exists():
        folder.mkdir()
        sync_folder(folder.parent)
    elif folder.name not in {each.name for each in folder.parent.iterdir()}:
        raise DataError(f"this disk takes {folder.name} for a name that differs in case", hint=_ELSEWHERE)
