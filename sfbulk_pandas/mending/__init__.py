"""Mend rows that failed: find fixes, say what each is good for, and apply them. No I/O, no widgets."""

from __future__ import annotations

from sfbulk_pandas.mending.fix import Fix, Tried
from sfbulk_pandas.mending.suggest import Failed, chosen, find_fixes, fixes_frame
from sfbulk_pandas.mending.terms import Terms

__all__ = ["Failed", "Fix", "Terms", "Tried", "chosen", "find_fixes", "fixes_frame"]
