"""What preflight found of a column or the call, and the sentences that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    Attributes
    ----------
    index : Any
        The frame's index label of the row; None where the whole column or the call is meant.
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
    """Say what is wrong with a frame: the first few lines of a report, rows with the same problem on one."""
    lines = _lines(report)
    shown = "".join(f"\n  - {each}" for each in lines[:SHOWN])
    more = f"\n  - and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    problems = "1 problem" if len(report) == 1 else f"{len(report):,} problems"
    return f"this frame cannot be sent to {sobject}, {problems}:{shown}{more}"


def _lines(report: pd.DataFrame) -> list[str]:
    """Write a report, what differs by its row alone on one line."""
    rows: dict[tuple[str, str], tuple[Any, list[Any]]] = {}
    for values in report.itertuples(index=False, name=None):
        found = Finding(*values)
        rows.setdefault((repr(found.column), found.what), (found.column, []))[1].append(found.index)
    return [f"{_place(column, held)}{what}" for (_, what), (column, held) in rows.items()]


def _place(column: Any, rows: Sequence[Any]) -> str:
    named = ", ".join(repr(row) for row in rows[:SHOWN] if row is not None)
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
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
    by_lower = {_bare(each): each for each in known}
    matches = get_close_matches(_bare(name), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Write the suggestion for a wrong name."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else "nothing has a similar name; leave it out with columns="
