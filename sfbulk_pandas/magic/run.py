"""Run what a magic is asked for."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.extract.facts import facts_attrs
from sfbulk_pandas.magic.binding import evaluated
from sfbulk_pandas.magic.expressions import python_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sfbulk_pandas.magic.binding import BoundQuery
    from sfbulk_pandas.magic.options import SoqlCall
    from sfbulk_pandas.org import Org
    from sfbulk_pandas.sinks.folder import ParquetFolder


def run_query(call: SoqlCall, org: Org, query: BoundQuery, names: Mapping[str, Any]) -> Any:
    """Run a query as its options say.

    Parameters
    ----------
    call : SoqlCall
    org : Org
    query : BoundQuery
    names : mapping of str to value
        The variables that an expression among the options may use.

    Returns
    -------
    DataFrame, Table, ParquetFolder or Explanation
    """
    options: dict[str, Any] = {"query_all": call.query_all}
    if call.plan is not None:
        options["plan"] = call.plan
    if call.explains:
        return org.explain(query.soql, **options)
    if call.parquet is not None:
        return org.query_parquet(query.soql, _path(call.parquet, names), overwrite=call.overwrite, **options)
    return org.query_arrow(query.soql, **options) if call.arrow else org.query(query.soql, **options)


def _path(text: str, names: Mapping[str, Any]) -> Path:
    if not text.startswith("{"):
        return Path(text).expanduser()
    try:
        return Path(evaluated(python_of(text, 0, len(text)), names))
    except Exception as error:
        raise UsageError(f"--parquet {text}: {type(error).__name__}: {error}") from error


class Watch:
    """Tell how long something takes."""

    def __init__(self) -> None:
        self._began = monotonic()

    def line(self, name: str, result: pd.DataFrame | pa.Table | ParquetFolder) -> str:
        """Say in one line what a variable now holds: rows, columns, plan, seconds."""
        facts = _facts(result)
        rows, columns = facts["rows"], facts["columns"]
        counted = f"{rows:,} row{'' if rows == 1 else 's'}, {columns:,} column{'' if columns == 1 else 's'}"
        place = f" in {facts['path']}" if "path" in facts else ""
        return f"{name}: {counted}{place}; {facts['plan']}, {monotonic() - self._began:,.1f} s"


def _facts(result: Any) -> dict[str, Any]:
    if isinstance(result, pd.DataFrame):
        return {"rows": len(result), "columns": result.shape[1], "plan": result.attrs["sfbulk"]["plan"]}
    if hasattr(result, "details"):
        facts = {"rows": result.rows, "columns": len(result.schema), "plan": result.details["plan"]}
        return facts | {"path": result.path}
    plan = facts_attrs(result.schema.metadata)["sfbulk"]["plan"]
    return {"rows": result.num_rows, "columns": result.num_columns, "plan": plan}
