"""Cells that have no value of their field's type: warned of, and kept with the result."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

BAD_KEY = "sfbulk_bad_cells"
_SHOWN = BAD_CELLS.remove(BAD_CELLS.get_field_index("page"))  # a page's key says nothing to people


def warn_of_bad_cells(bad: pa.Table) -> None:
    """Warn of bad cells, where there are any."""
    if bad.num_rows:
        first = bad.slice(0, 1).to_pylist()[0]
        text = (
            f"{bad.num_rows:,} cell(s) are no value of their field's type and missing in the result, such as "
            f"{first['column']} {first['text']!r}: see sfbulk.bad_cells(result)"
        )
        warnings.warn(text, stacklevel=2)


def with_bad_cells(table: pa.Table, bad: pa.Table) -> pa.Table:
    """Return a table that has its bad cells in its schema's metadata, where there are any."""
    if not bad.num_rows:
        return table
    held = json.dumps(bad_attrs(bad)[BAD_KEY], ensure_ascii=False).encode()
    return table.replace_schema_metadata({**(table.schema.metadata or {}), BAD_KEY.encode(): held})


def bad_attrs(bad: pa.Table) -> dict[str, Any]:
    """Return what a DataFrame keeps in its attrs of bad cells, where there are any."""
    return {BAD_KEY: bad.drop_columns(["page"]).to_pylist()} if bad.num_rows else {}


def bad_cells(result: Any) -> pd.DataFrame:
    """Return the cells of a query's result whose text is no value of their field's type.

    Parameters
    ----------
    result : DataFrame, Table, BatchStream, ParquetFolder or Profile
        As ``query``, ``query_arrow``, ``query_batches``, ``query_parquet`` or ``profile`` returned it; of a stream,
        those met so far.

    Returns
    -------
    DataFrame, a row a cell
        Columns: ``row`` (of a DataFrame or Table, its position there, from 0; else the position in its page, so that
        the Id says more), ``Id`` (where the query selects it), ``column`` and ``text``.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(result, pd.DataFrame):
        found = pa.Table.from_pylist(result.attrs.get(BAD_KEY, []), _SHOWN)
    elif isinstance(result, pa.Table):
        found = pa.Table.from_pylist(_held(result.schema.metadata or {}), _SHOWN)
    elif isinstance(getattr(result, "bad_cells", None), pa.Table):
        found = result.bad_cells
    else:
        raise UsageError(f"a {type(result).__name__} is no result of a query")
    frame: pd.DataFrame = found.select(_SHOWN.names).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def attrs_of(table: pa.Table) -> dict[str, Any]:
    """Return what a DataFrame of a table keeps in its attrs."""
    bad = _held(table.schema.metadata or {})
    return {BAD_KEY: bad} if bad else {}


def _held(metadata: Mapping[bytes, bytes]) -> list[dict[str, Any]]:
    return list(json.loads(metadata.get(BAD_KEY.encode(), b"[]")))
