"""Pair the rows of Salesforce's result files with the rows that were sent."""

from __future__ import annotations

from sfbulk_pandas.reconcile.errors_column import RowErrors, count_codes, each_error, split_errors
from sfbulk_pandas.reconcile.rows import Reconciled, reconcile
from sfbulk_pandas.reconcile.stack import Answers

__all__ = ["Answers", "Reconciled", "RowErrors", "count_codes", "each_error", "reconcile", "split_errors"]
