"""Pair the rows of Salesforce's result files with the rows that were sent."""

from __future__ import annotations

from sfbulk_pandas.reconcile.errors_column import split_errors
from sfbulk_pandas.reconcile.rows import Reconciled, reconcile
from sfbulk_pandas.reconcile.stack import Answers

__all__ = ["Answers", "Reconciled", "reconcile", "split_errors"]
