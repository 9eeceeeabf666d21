"""Errors of a magic: short, with the place in the query marked; ``%tb`` still shows all of it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import InvalidQuery, QueryRefused, SfBulkError
from sfbulk_pandas.preflight.findings import SHOWN
from sfbulk_pandas.salesforce.soql.errors import column_of, line_of, show_place

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.magic.binding import BoundQuery

# As Salesforce ends the first part of what it says of a query.
_AT = re.compile(r"ERROR at Row:(\d+):Column:(\d+)\s*")
# What hints call by the name of a keyword has an option here.
_OPTIONS = (
    (re.compile(r"\boverwrite=True"), "--overwrite"),
    (re.compile(r"\bquery_all=True"), "--all"),
    (re.compile(r"\bplan=\"(\w+)\""), r"--plan \1"),
)
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"  # red is hard to read on the red ground of dark themes


@dataclass(frozen=True, slots=True)
class ShortTraceback:
    """What IPython shows of an error in place of its traceback, in the cell where it was raised.

    In later cells, which is where ``%tb`` stands, the traceback is shown as a whole.

    Attributes
    ----------
    text : str
    cell : int
        The execution count of the cell.
    """

    text: str
    cell: int

    def __call__(self) -> list[str]:
        """Return the lines to show; IPython calls this, and so does everything that shows as it does."""
        from IPython import get_ipython  # noqa: PLC0415 - the package is imported without it

        shell = get_ipython()
        error = getattr(sys, "last_value", None)  # where IPython has put it; a reference here would be a cycle
        if shell is None or error is None or shell.execution_count == self.cell:
            return self.text.split("\n")
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
        return lines


def shorten(error: SfBulkError, shell: Any, query: BoundQuery | None) -> None:
    """Let IPython show an error in short; it stays what it is, and the cell fails.

    Parameters
    ----------
    error : SfBulkError
    shell : InteractiveShell
    query : BoundQuery or None
        What it is about.
    """
    name = type(error).__name__
    is_coloured = str(shell.colors).lower() != "nocolor"
    head = f"{_BOLD}{name}{_PLAIN}" if is_coloured else name
    text = f"{head}: {short_text(error, query)}"
    error._render_traceback_ = ShortTraceback(text, shell.execution_count)  # type: ignore[attr-defined]


def short_text(error: SfBulkError, query: BoundQuery | None) -> str:
    """Say what is wrong, with the places in the query as it was written, and where the rows are that have come."""
    text = str(error)
    if query is not None and isinstance(error, QueryRefused) and error.report is not None:
        text = _refused(error.report, query)
    elif query is not None and isinstance(error, InvalidQuery):
        text = _invalid(error, query)
    for pattern, option in _OPTIONS:
        text = pattern.sub(option, text)
    if error.partial is not None and error.partial.num_rows:
        text += f"\n  -> {error.partial.num_rows:,} rows have come: sys.last_value.partial"
    return text


def _refused(report: pd.DataFrame, query: BoundQuery) -> str:
    places = zip(report["line"].tolist(), report["column"].tolist(), strict=True)
    said = zip(report["check"].tolist(), report["suggestion"].tolist(), strict=True)
    problems = [
        _problem(query, position_of(query.soql, *place), *texts) for place, texts in zip(places, said, strict=True)
    ]
    shown = "\n\n".join(problems[:SHOWN])
    more = f"\n\nand {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return shown + more if len(problems) == 1 else f"{len(problems)} problems\n\n{shown}{more}"


def _problem(query: BoundQuery, position: int, what: str, hint: str) -> str:
    """Say what is wrong at a place of the query that was bound, and show it in the one that was written."""
    source, at = query.source, query.in_source(position)
    place = show_place(source, at).replace("\n", "\n    ")
    where = f"(line {line_of(source, at)}, column {column_of(source, at)})"
    return f"{what} {where}\n    {place}" + (f"\n  -> {hint}" if hint else "")


def _invalid(error: InvalidQuery, query: BoundQuery) -> str:
    """Show Salesforce's words under the query as it was written, where it was sent as it was."""
    text = str(error.args[0])
    at = _AT.search(text)
    if at is None:
        return str(error)
    row, column = int(at[1]), int(at[2])
    excerpt = text[: at.start()].rstrip(" ^\n").rpartition("\n")[2].removeprefix(f"{error.error_code}: ").strip()
    if not excerpt or not _covers(query.soql, row, column, excerpt):
        return str(error)
    return _problem(query, position_of(query.soql, row, column), text[at.end() :], error.hint)


def _covers(soql: str, row: int, column: int, excerpt: str) -> bool:
    """Whether what Salesforce shows of the query stands at that place: ``*`` is written out before it is sent."""
    line = next(iter(soql.split("\n")[row - 1 : row]), "")
    return line.find(excerpt, max(0, column - 1 - len(excerpt)), column + len(excerpt)) >= 0


def position_of(text: str, line: int, column: int) -> int:
    """Return the place of a line and column, both from 1; the nearest that there is."""
    before = text.split("\n")[: line - 1]
    return min(sum(len(each) + 1 for each in before) + column - 1, len(text))
