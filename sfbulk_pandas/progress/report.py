"""What a check has found, short enough to be shown above a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.display.blocks import card, table

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8
_ORDER = ["rows", "column", "check", "such as", "what to do"]
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
    found = causes.agg(rows=("index", "size"), such_as=("value", "first"), suggestion=("suggestion", "first"))
    return found.sort_values("rows", ascending=False, kind="stable").reset_index()


def findings_text(report: pd.DataFrame) -> str:
    """Write the same as lines of text."""
    found = findings_table(report)
    lines = [
        f"  {each.rows:>9,} x {each.column}: {each.check} (such as {each.such_as!r}); {each.suggestion}"
        for each in found.head(_SHOWN).itertuples()
    ]
    return "\n".join([_headline(found), *lines, *_rest(found), ""])


class FindingsView:
    """The same for a notebook, which takes the table, and for anything that shows text alone."""

    def __init__(self, report: pd.DataFrame) -> None:
        self._report = report

    def __repr__(self) -> str:
        return findings_text(self._report)

    def _repr_html_(self) -> str:
        found = findings_table(self._report)
        shown = found.head(_SHOWN).rename(columns={"such_as": "such as", "suggestion": "what to do"})
        return str(card(_headline(found), table(shown[_ORDER]), note="".join(_rest(found)).strip()))


def _headline(found: pd.DataFrame) -> str:
    return f"check: {found['rows'].sum():,} problem(s) that Salesforce will refuse"


def _rest(found: pd.DataFrame) -> list[str]:
    return [f"  and {len(found) - _SHOWN} more kinds of problem: {_FULL}"] if len(found) > _SHOWN else []
