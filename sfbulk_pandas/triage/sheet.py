"""The rows of a cause as a grid shows them: texts, with a column that says why each row is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from sfbulk_pandas.triage.causes import Cause
    from sfbulk_pandas.triage.model import Triage

ROW, WHY = "row", "why"
MAX_ROWS, MAX_COLUMNS = 1_000, 80
_MAX_CHARS = 2_000_000
BAD, GOOD, AGAIN = "✗", "✓", "↻"


@dataclass(frozen=True)
class Sheet:
    """Some rows of a cause.

    Attributes
    ----------
    rows : array of int
        Their positions in ``fixed``.
    columns : dict of str to column label
        What stands in the sheet under which name.
    concerned : tuple of str
        The names of the columns that the cause is about; they come first.
    frame : DataFrame of str
        ``row`` (the index label), ``why``, and the columns; what is missing is the empty text.
    start, total : int
        Which of the cause's rows is the first here, and how many there are.
    """

    rows: NDArray[np.int64]
    columns: dict[str, Hashable]
    concerned: tuple[str, ...]
    frame: pd.DataFrame
    start: int
    total: int

    @property
    def is_part(self) -> bool:
        """Whether there are more rows than stand here."""
        return self.total > len(self.rows)


def row_order(triage: Triage, cause: Cause, *, refused_only: bool = False) -> NDArray[np.int64]:
    """Return the rows of a cause in the order in which they are shown: those still refused first."""
    refused = triage.refused[cause.rows] if not cause.passes else np.zeros(len(cause.rows), bool)
    first, rest = cause.rows[refused], cause.rows[~refused]
    return first if refused_only else np.concatenate([first, rest])


def sheet(triage: Triage, cause: Cause, order: NDArray[np.int64], start: int = 0) -> Sheet:
    """Return a sheet of a cause's rows.

    Parameters
    ----------
    triage : Triage
    cause : Cause
    order : array of int
        As :func:`row_order` returns it.
    start : int
        The place in it from which the sheet goes.
    """
    concerned = triage.concerned(cause)
    labels = list(dict.fromkeys([*concerned, *triage.labels]))[:MAX_COLUMNS]
    names = _names(labels)
    rows = _fitting(triage.fixed, labels, order[start : start + MAX_ROWS])
    data = {name: texts(triage.fixed[label].iloc[rows]) for name, label in names.items()}
    index = [str(each) for each in triage.fixed.index[rows]]
    frame = pd.DataFrame({ROW: index, WHY: whys(triage, cause, rows), **data}, dtype=object)
    return Sheet(rows, names, tuple(names)[: len(concerned)], frame, start, len(order))


def texts(series: pd.Series[Any]) -> list[str]:
    """Return cells as texts; what is missing is the empty one."""
    cells = series.astype(object)
    return ["" if missing else str(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]


def whys(triage: Triage, cause: Cause, rows: NDArray[np.int64]) -> list[str]:
    """Say of each row why it would be refused again: a sign, the column and the reason for each cell that is."""
    verdicts = {name: triage.verdict(label) for name, label in _names(triage.labels).items()}
    bad = {name: each for name, each in verdicts.items() if each.refused[rows].any()}
    changed = np.zeros(len(rows), bool)
    for each in verdicts.values():
        changed |= each.changed[rows]
    told = [[f"{mark(name)} {each.told(row)}" for name, each in bad.items() if each.refused[row]] for row in rows]
    return [" | ".join(each) or _rest(cause, is_changed=bool(now)) for each, now in zip(told, changed, strict=True)]


def mark(name: str) -> str:
    """Return what stands in ``why`` where the cell of a column is refused."""
    return f"{BAD} {name}:"


def _rest(cause: Cause, *, is_changed: bool) -> str:
    if is_changed:
        return f"{GOOD} mended"
    return f"{AGAIN} as it is" if cause.passes else f"{BAD} {cause.message or cause.code}"


def _names(labels: list[Hashable]) -> dict[str, Hashable]:
    """Name columns for the grid, whose names are texts and stand once."""
    names: dict[str, Hashable] = {}
    for label in labels:
        name = str(label)
        while name in names or name in {ROW, WHY, ""}:
            name += "'"
        names[name] = label
    return names


def _fitting(frame: pd.DataFrame, labels: list[Hashable], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return as many of the rows as the texts of which a browser takes at a time; one at least."""
    chars = np.zeros(len(rows), np.int64)
    for label in labels:
        chars += np.array([len(each) for each in texts(frame[label].iloc[rows])], np.int64)
    return rows[: max(1, int(np.searchsorted(np.cumsum(chars), _MAX_CHARS, side="right")))]
