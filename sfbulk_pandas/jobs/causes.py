"""Why rows failed: a line a cause, with what it means, what mends it, and rows to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfbulk_pandas.reconcile import each_error
from sfbulk_pandas.salesforce.status_codes import PASSING, advice_for

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pyarrow as pa
    from numpy import intp
    from numpy.typing import NDArray

_SAMPLES = 3


def causes_of(
    frame: pd.DataFrame, failed: NDArray[intp], errors: pa.ChunkedArray, labels: Mapping[str, Hashable]
) -> pd.DataFrame:
    """Return the causes of failure, the most frequent first.

    Parameters
    ----------
    frame : DataFrame
        The rows of the load, as the caller gave them.
    failed : array of int
        The positions of those that failed.
    errors : pyarrow.ChunkedArray
        The ``sf__Error`` of each.
    labels : mapping
        Field name in lower case -> column label.

    Returns
    -------
    DataFrame, a row a cause
        Columns as :attr:`LoadResult.errors` has them; rows that failed without a reason have an empty code.
    """
    found = each_error(errors)
    table = pd.DataFrame(
        {"at": found.rows, "code": _text(found.code), "fields": _text(found.fields), "message": _text(found.message)}
    )
    table = table.drop_duplicates(["at", "code", "fields"])  # two rules on one field are one cause of the row
    silent = np.setdiff1d(np.arange(len(failed)), found.rows)
    if len(silent):  # rows of which Salesforce does not say why are in the count all the same
        unsaid = pd.DataFrame({"at": silent} | dict.fromkeys(("code", "fields", "message"), ""))
        table = pd.concat([table, unsaid.astype(table.dtypes)], ignore_index=True)
    groups = table.groupby(["code", "fields"], sort=False, dropna=False)
    causes = groups.agg(count=("at", "size"), example=("message", "first")).reset_index()
    samples = [frame.iloc[failed[group["at"].head(_SAMPLES).to_numpy()]] for _, group in groups]
    causes["values"] = [_values(rows, fields, labels) for rows, fields in zip(samples, causes["fields"], strict=True)]
    causes["rows"] = [rows.index.to_flat_index().tolist() for rows in samples]
    causes["advice"] = [advice_for(str(code)) for code in causes["code"]]
    causes["retry_helps"] = causes["code"].isin(PASSING)
    return causes.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def _text(column: pa.Array) -> pd.Series[Any]:
    return pd.Series(column.to_pandas(), dtype="string")


def _values(rows: pd.DataFrame, fields: str, labels: Mapping[str, Hashable]) -> list[Any]:
    """Return what the rows hold in the cause's fields: a value, or one of each where several fields are named."""
    held = [labels[name.lower()] for name in str(fields).split(", ") if name.lower() in labels]
    held = [label for label in held if label in rows.columns]
    if len(held) == 1:
        return list(rows[held[0]].tolist())
    return [tuple(row) for row in rows[held].itertuples(index=False)] if held else []
