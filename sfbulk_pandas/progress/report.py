"""What a check has found, short enough to be shown above a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.display.blocks import card, status, table

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8
_KINDS = ("severity", "rows", "column", "check", "such_as", "suggestion", "index")
_FULL = "the result's .report has them all"


def has_findings(report: pd.DataFrame) -> bool:
    """Whether there is a row that Salesforce will refuse."""
    return bool((report["severity"] == "row").any())


def findings_table(report: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that Salesforce will refuse, by cause: the most frequent first.

    Parameters
    ----------
    report : DataFrame
        As :meth:`Org.check` returns it.

    Returns
    -------
    DataFrame, a row a cause
        Columns: rows, column, check, such_as, suggestion.
    """
    return kinds_table(report[report["severity"] == "row"]).drop(columns=["severity", "index"])


def kinds_table(report: pd.DataFrame) -> pd.DataFrame:
    """Return the kinds of what a check has found: the gravest first, then the most frequent.

    Returns
    -------
    DataFrame, a row a kind
        Columns: severity, rows (how many), column, check, such_as (the first row's value), suggestion, index (of the
        first row).
    """
    kinds = report.groupby(["severity", "check", "column"], sort=False, dropna=False)
    table = kinds.agg(
        rows=("index", "size"), such_as=("value", "first"), suggestion=("suggestion", "first"), index=("index", "first")
    ).reset_index()
    rank = table["severity"].map({"error": 0, "row": 1, "note": 2, "plan": 3}).fillna(4)
    order = table.assign(_rank=rank).sort_values(["_rank", "rows"], ascending=[True, False], kind="stable").index
    return table.loc[order, list(_KINDS)].reset_index(drop=True)


def findings_text(report: pd.DataFrame) -> str:
    """Write the same as lines of text."""
    table = findings_table(report)
    lines = [
        f"  {each.rows:>9,} x {each.column}: {each.check} (such as {each.such_as!r}); {each.suggestion}"
        for each in table.head(_SHOWN).itertuples()
    ]
    return "\n".join([_headline(table), *lines, *_rest(table), ""])


class FindingsView:
    """The same for a notebook, which takes the table, and for anything that shows text alone."""

    def __init__(self, report: pd.DataFrame) -> None:
        self._report = report

    def __repr__(self) -> str:
        return findings_text(self._report)

    def _repr_html_(self) -> str:
        found = findings_table(self._report)
        return str(
            card(status("row", says=_headline(found)), table(found.head(_SHOWN)), note="".join(_rest(found)).strip())
        )


def _headline(table: pd.DataFrame) -> str:
    return f"check: {table['rows'].sum():,} problem(s) that Salesforce will refuse"


def _rest(table: pd.DataFrame) -> list[str]:
    return [f"  and {len(table) - _SHOWN} more kinds of problem: {_FULL}"] if len(table) > _SHOWN else []
