"""A fix: pandas code that mends cells of a column, and what it is good for. The code is the fix: nothing else mends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

EDIT = "edit"  # the one kind that writes into a column; the others put a new one in its place
_COPIES_ON_WRITE = int(pd.__version__.partition(".")[0]) >= 3  # noqa: PLR2004 - pandas 3: a view is never written to


@dataclass(frozen=True, slots=True)
class Fix:
    """Something that can be done to rows that failed.

    Attributes
    ----------
    column : Hashable
        The frame's label; None where whole rows are left out.
    field : str
        The field behind it, or the fields that the answer names.
    fix : str
        A short fixed name, such as ``"trim"``.
    what : str
        What it does, in words.
    certain : bool
        Whether nobody would have to decide.
    code : str
        Pandas code that does it to a frame named ``fixed``; beside it, it knows ``pd`` alone.
    """

    column: Hashable
    field: str
    fix: str
    what: str
    certain: bool
    code: str

    def run(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with the fix applied; the given one stays as it is."""
        own = frame.copy(deep=self.fix == EDIT and not _COPIES_ON_WRITE)
        space: dict[str, Any] = {"pd": pd, "fixed": own}
        exec(compile(self.code, f"<fix {self.fix}>", "exec"), space)  # noqa: S102 - text of ours; so it cannot differ from what is shown
        fixed: pd.DataFrame = space["fixed"]
        return fixed


@dataclass(frozen=True, slots=True)
class Tried:
    """A fix that has been tried on rows.

    Attributes
    ----------
    rows : int
        How many it changes, or leaves out.
    before, after : int
        How many rows are refused before and after it.
    old, new : Any
        The first cell that it changes, before and after.
    """

    fix: Fix
    rows: int
    before: int
    after: int
    old: Any = None
    new: Any = None
