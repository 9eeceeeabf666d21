"""What a check has found, short enough to be shown above a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8
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
        Columns: check, column, rows, such_as, suggestion.
    """
    refused = report[report["severity"] == "row"]
    causes = refused.groupby(["check", "column"], sort=False, dropna=False)
    table = causes.agg(rows=("index", "size"), such_as=("value", "first"), suggestion=("suggestion", "first"))
    return table.sort_values("rows", ascending=False, kind="stable").reset_index()


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
        table = findings_table(self._report)
        said = (_headline(table), *_rest(table))
        return "<br>".join((*said, table.head(_SHOWN).to_html(index=False)))


def _headline(table: pd.DataFrame) -> str:
    return f"check: {table['rows'].sum():,} problem(s) that Salesforce will refuse"


def _rest(table: pd.DataFrame) -> list[str]:
    return [f"  and {len(table) - _SHOWN} more kinds of problem: {_FULL}"] if len(table) > _SHOWN else []
