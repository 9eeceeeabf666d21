"""What a load will do and cost, as lines of the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.preflight.findings import Finding
from sfbulk_pandas.preflight.problems import report_frame
from sfbulk_pandas.salesforce.limits import BATCH_ROWS, NULL_MARK

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

CALLS_A_JOB = 6  # create, upload, close, one look at least, and two result files


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The numbers of a load.

    Attributes
    ----------
    job_rows : sequence of int
        The rows of each job.
    missing : mapping of Hashable to int
        Column label -> its missing cells.
    cleared : frozenset of Hashable
        The labels whose missing cells empty their field.
    batches_left, calls_left : int or None
        What remains of the org's daily limits; None: not known.
    """

    job_rows: Sequence[int]
    missing: Mapping[Hashable, int] = field(default_factory=dict)
    cleared: frozenset[Hashable] = frozenset()
    batches_left: int | None = None
    calls_left: int | None = None

    @property
    def batches(self) -> int:
        """Batches of Salesforce's: one for each 10,000 rows, and one for each job."""
        return sum(1 + -(-rows // BATCH_ROWS) for rows in self.job_rows)

    @property
    def calls(self) -> int:
        """API calls at least; each further look at a running job is one more."""
        return CALLS_A_JOB * len(self.job_rows)


def plan_rows(plan: LoadPlan) -> pd.DataFrame:
    """Return what a load will do, in the report's columns, severity ``"plan"``.

    Parameters
    ----------
    plan : LoadPlan

    Returns
    -------
    pandas.DataFrame
        Jobs, batches, API calls, and for each column with missing cells what becomes of them.
    """
    findings = [
        Finding(None, None, "jobs", len(plan.job_rows), f"{sum(plan.job_rows):,} rows go up", "plan"),
        Finding(None, None, "batches", plan.batches, _left(plan.batches, plan.batches_left, "batches"), "plan"),
        Finding(None, None, "API calls, at least", plan.calls, _left(plan.calls, plan.calls_left, "API calls"), "plan"),
        *(_missing(label, count, label in plan.cleared) for label, count in plan.missing.items() if count),
    ]
    return report_frame(findings, (), pd.RangeIndex(0))


def _left(needed: int, left: int | None, what: str) -> str:
    if left is None:
        return f"what remains of the org's daily {what} was not asked"
    if needed > left:
        return f"too many: the org has {left:,} {what} left today, {needed - left:,} fewer than this load needs"
    return f"the org has {left:,} {what} left today"


def _missing(label: Hashable, count: int, clears: bool) -> Finding:
    if clears:
        return Finding(None, label, "cells that will be cleared", count, f"sent as {NULL_MARK}", "plan")
    return Finding(None, label, "cells that will be left alone", count, "sent empty", "plan")
