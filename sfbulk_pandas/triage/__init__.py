"""Triage: the causes of failure, their rows, and what mends them; on a panel, which needs ipywidgets."""

from __future__ import annotations

from sfbulk_pandas.triage.model import Triage

__all__ = ["Triage"]
