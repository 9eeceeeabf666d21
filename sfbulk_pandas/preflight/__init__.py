"""Find everything that makes a frame impossible to send, before anything is sent."""

from __future__ import annotations

from sfbulk_pandas.preflight.call import LoadCall
from sfbulk_pandas.preflight.findings import Finding, nearest
from sfbulk_pandas.preflight.resolve import resolve_columns

__all__ = ["Finding", "LoadCall", "nearest", "resolve_columns"]
