"""What a check has found, short enough to be shown above a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8


def findings_table(report: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that Salesforce will refuse, by cause: the most frequent first.

    Parameters
    ----------
    report : DataFrame
        As :meth:`Org.check` returns it.

    Returns
    -------
    DataFrame, a row a cause
        Columns: check, column, rows, such_as, suggestion.
    """
    refused = report[report["severity"] == "row"]
    causes = refused.groupby(["check", "column"], sort=False, dropna=False)
    table = causes.agg(rows=("index", "size"), such_as=("value", "first"), suggestion=("suggestion", "first"))
    return table.sort_values("rows", ascending=False, kind="stable").reset_index().head(_SHOWN)


def findings_text(report: pd.DataFrame) -> str:
    """Write the same as lines of text."""
    rows = report.loc[report["severity"] == "row", "index"].size
    lines = [
        f"  {each.rows:>9,} x {each.column}: {each.check} (such as {each.such_as!r}); {each.suggestion}"
        for each in findings_table(report).itertuples()
    ]
    return "\n".join([f"check: {rows:,} problem(s) that Salesforce will refuse", *lines, ""])
