"""What a load will do and cost, as lines of the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfbulk_pandas.preflight.blocks import blocks_of
from sfbulk_pandas.preflight.cells import Values, read_block
from sfbulk_pandas.preflight.findings import Finding
from sfbulk_pandas.preflight.problems import report_frame
from sfbulk_pandas.salesforce.limits import BATCH_ROWS, NULL_MARK

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column, EncodeOptions

CALLS_A_JOB = 6  # create, upload, close, one look at least, and two result files


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The numbers of a load.

    Attributes
    ----------
    job_rows : sequence of int
        The rows of each job.
    cleared, left_alone : mapping of Hashable to int
        Column label -> its cells that empty their field, and those that leave it as it is.
    batches_left, calls_left : int or None
        What remains of the org's daily limits; None: not known.
    """

    job_rows: Sequence[int]
    cleared: Mapping[Hashable, int] = field(default_factory=dict)
    left_alone: Mapping[Hashable, int] = field(default_factory=dict)
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
        Jobs, batches, API calls, and for each column with cells that say nothing what becomes of them.
    """
    findings = [
        Finding(None, None, "jobs", len(plan.job_rows), f"{sum(plan.job_rows):,} rows go up", "plan"),
        Finding(None, None, "batches", plan.batches, _left(plan.batches, plan.batches_left, "batches"), "plan"),
        Finding(None, None, "API calls, at least", plan.calls, _left(plan.calls, plan.calls_left, "API calls"), "plan"),
        *_cells("cells that will be cleared", plan.cleared, f"sent as {NULL_MARK}"),
        *_cells("cells that will be left alone", plan.left_alone, "sent empty"),
    ]
    return report_frame(findings, (), pd.RangeIndex(0))


def _left(needed: int, left: int | None, what: str) -> str:
    if left is None:
        return f"what remains of the org's daily {what} was not asked"
    if needed > left:
        return f"too many: the org has {left:,} {what} left today, {needed - left:,} fewer than this load needs"
    return f"the org has {left:,} {what} left today"


def _cells(check: str, counts: Mapping[Hashable, int], suggestion: str) -> list[Finding]:
    return [Finding(None, label, check, count, suggestion, "plan") for label, count in counts.items() if count]


def blank_cells(
    frame: pd.DataFrame, columns: Sequence[Column], options: EncodeOptions, rows: NDArray[np.integer[Any]] | None = None
) -> tuple[dict[Hashable, int], dict[Hashable, int]]:
    """Count the cells that clear their field, and those that leave it alone.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of Column
        Those that travel.
    options : EncodeOptions
        What a missing cell does. An empty text leaves its field alone whatever they say.
    rows : array of int, optional
        The positions that go up; None for all.

    Returns
    -------
    dict, dict of column label to int
    """
    cleared: dict[Hashable, int] = {}
    left: dict[Hashable, int] = {}
    goes_up = np.full(len(frame), rows is None)
    if rows is not None:
        goes_up[rows] = True
    for column in columns:
        kind = column.field.type if column.field else None
        clears = options.clears(column)
        blocks = _blocks(frame[column.label], goes_up)
        counts = np.array([_blanks(read_block(each, kind)) for each in blocks]).reshape(-1, 3).sum(axis=0)
        missing, empty, marks = counts.tolist()
        for into, count in ((cleared, marks + (missing if clears else 0)), (left, empty + (0 if clears else missing))):
            into[column.label] = into.get(column.label, 0) + count  # one column may travel into several fields
    return cleared, left


def _blanks(values: pa.Array) -> tuple[int, int, int]:
    look = Values(values)
    return int(look.missing.sum()), int(look.empty.sum()), int(look.marks.sum())


def _blocks(series: pd.Series[Any], goes_up: NDArray[np.bool_]) -> Iterator[pd.Series[Any]]:
    """Yield the rows that go up, a block at a time: in the frame's order, in which nothing is copied."""
    for block in blocks_of([series]):
        yield series.iloc[block] if goes_up[block].all() else series.iloc[block][goes_up[block]]
