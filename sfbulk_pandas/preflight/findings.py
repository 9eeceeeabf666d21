"""What preflight found of a column or the call, and the sentences that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    Attributes
    ----------
    index : Any
        The frame's index label of the row, for a missing one a text with the row's number; None where the whole
        column or the call is meant.
    column : Any
        The frame's column label; None where the call is meant.
    check : str
        What was looked at, a short fixed name such as ``"unknown field"``.
    value : Any
        What was found.
    suggestion : str
        What to do.
    severity : str
        ``"error"``: cannot be sent; ``"row"``: Salesforce will refuse the row; ``"note"``: worth knowing.
    """

    index: Any
    column: Any
    check: str
    value: Any
    suggestion: str
    severity: str = "error"

    @property
    def what(self) -> str:
        """What is wrong and what to do, without the place."""
        value = "" if self.value is None or self.value == self.column else f" ({self.value})"
        return f"{self.check}{value}; {self.suggestion}"


def failure_text(report: pd.DataFrame, sobject: str) -> str:
    """Say what is wrong with a frame: the first few kinds of problem, all rows of a kind on one line."""
    kinds = _kinds(report)
    count = int(kinds.max()) + 1
    shown = "".join(f"\n  - {_line(report, np.flatnonzero(kinds == kind))}" for kind in range(min(SHOWN, count)))
    more = f"\n  - and {count - SHOWN} more" if count > SHOWN else ""
    problems = "1 problem" if len(report) == 1 else f"{len(report):,} problems"
    return f"this frame cannot be sent to {sobject}, {problems}:{shown}{more}"


def _kinds(report: pd.DataFrame) -> NDArray[np.int64]:
    """Give each line the number of its kind: same column, same check, and where nothing can be sent same reason."""
    deeds = report["suggestion"].where(report["severity"] == "error", "")
    keys = pd.DataFrame({"column": report["column"].map(repr), "check": report["check"], "deed": deeds})
    return keys.groupby(["column", "check", "deed"], sort=False).ngroup().to_numpy().astype(np.int64)


def _line(report: pd.DataFrame, rows: NDArray[np.int64]) -> str:
    first = Finding(*report.iloc[rows[0]])
    return f"{_place(first.column, len(rows), report['index'].iloc[rows[:SHOWN]].tolist())}{first.what}"


def _place(column: Any, count: int, rows: Sequence[Any]) -> str:
    named = ", ".join(repr(row) for row in rows if row is not None)
    more = f" and {count - SHOWN:,} more" if count > SHOWN else ""
    parts = ("" if column is None else f"column {column!r}", f"row {named}{more}" if named else "")
    place = ", ".join(part for part in parts if part)
    return f"{place}: " if place else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a wrong one, or None.

    Examples
    --------
    >>> nearest("Frist_name", ["FirstName", "LastName"])
    'FirstName'
    """
    return next(iter(nearest_names(name, known, 1)), None)


def nearest_names(name: str, known: Iterable[str], count: int) -> list[str]:
    """Return the known names that are most like a wrong one, the likest first.

    Examples
    --------
    >>> nearest_names("Name", ["FirstName", "LastName", "Email"], 2)
    ['LastName', 'FirstName']
    """
    by_lower = {_bare(each): each for each in known}
    return [by_lower[each] for each in get_close_matches(_bare(name), by_lower, n=count, cutoff=0.6)]


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Write the suggestion for a wrong name."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else "nothing has a similar name; leave it out with columns="
