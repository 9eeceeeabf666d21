"""Mend rows that failed: find fixes, say what each is good for, and apply them. No I/O, no widgets."""

from __future__ import annotations

from sfbulk_pandas.mending.terms import Terms

__all__ = ["Terms"]
