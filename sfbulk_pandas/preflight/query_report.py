"""What the query check found, with its places, as a frame and as a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.preflight.findings import SHOWN, nearest_names
from sfbulk_pandas.salesforce.soql.errors import column_of, line_of, show_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfbulk_pandas.salesforce.soql import Query

QUERY_COLUMNS = ("line", "column", "check", "value", "suggestion")
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class QueryProblem:
    """One thing for which a query would be refused.

    Attributes
    ----------
    position : int
        Character of the query, from 0.
    check : str
        What is wrong, such as ``"Contact has no field Emial"``.
    value : str
        What was found there, as it was written.
    suggestion : str
        What to do; empty where the place says it all.
    """

    position: int
    check: str
    value: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query and what is wrong with it.

    Attributes
    ----------
    soql : str
    query : Query or None
        None where it could not be read.
    problems : tuple of QueryProblem
        In the order of the text.
    """

    soql: str
    query: Query | None
    problems: tuple[QueryProblem, ...]

    @property
    def report(self) -> pd.DataFrame:
        """One row a problem: line and column in the query, check, value and suggestion."""
        rows = [(*self._place(each), each.check, each.value, each.suggestion) for each in self.problems]
        return pd.DataFrame(rows, columns=list(QUERY_COLUMNS))

    @property
    def failure_text(self) -> str:
        """What is wrong, the first few problems with their lines."""
        shown = "".join(self._shown(each) for each in self.problems[:SHOWN])
        more = f"\n  - and {len(self.problems) - SHOWN} more" if len(self.problems) > SHOWN else ""
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return f"this query cannot be run, {count}:{shown}{more}"

    def _place(self, problem: QueryProblem) -> tuple[int, int]:
        return line_of(self.soql, problem.position), column_of(self.soql, problem.position)

    def _shown(self, problem: QueryProblem) -> str:
        line, column = self._place(problem)
        what = f"{problem.check}; {problem.suggestion}" if problem.suggestion else problem.check
        place = show_place(self.soql, problem.position).replace("\n", "\n      ")
        return f"\n  - line {line}, column {column}: {what}\n      {place}"


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """Write the suggestion for a wrong name."""
    names = nearest_names(name, known, _NEAREST)
    return f"did you mean {' or '.join(names)}?" if names else otherwise
