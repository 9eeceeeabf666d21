"""Mend rows that failed: find fixes, say what each is good for, and apply them. No I/O, no widgets."""

from __future__ import annotations

from sfbulk_pandas.mending.edit import edit
from sfbulk_pandas.mending.fix import Fix, Tried
from sfbulk_pandas.mending.suggest import Failed, chosen, find_fixes, fixes_frame, leaving_out
from sfbulk_pandas.mending.terms import Terms
from sfbulk_pandas.mending.verdict import Verdict, judge

__all__ = [
    "Failed",
    "Fix",
    "Terms",
    "Tried",
    "Verdict",
    "chosen",
    "edit",
    "find_fixes",
    "fixes_frame",
    "judge",
    "leaving_out",
]
