"""What has happened: each load, its parts and their jobs, on disk before and after every step that cannot be undone."""

from __future__ import annotations

from sfbulk_pandas.journal.store import Journal

__all__ = ["Journal"]
