"""Account for every row of a part once its job has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.errors import ReconcileError
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.reconcile import Answers, reconcile
from sfbulk_pandas.salesforce.job import JobInfo, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.salesforce.columns import Column

_LATER = "read the result files again later (they stay for 7 days), or query the object before sending anything again"


@dataclass(frozen=True, slots=True)
class Accounted:
    """What the result files of one job say of the rows that were sent.

    Attributes
    ----------
    outcome : Outcome
        In the order in which the rows were sent.
    unmatched : pyarrow.Table
        Answers that belong to no row for certain; with the job's id.
    problem : ReconcileError or None
        What does not add up.
    """

    outcome: Outcome
    unmatched: pa.Table
    problem: ReconcileError | None


def account_for(
    job: JobInfo, sent: pa.Table, columns: Sequence[Column], answers: Answers, key: str | None
) -> Accounted:
    """Pair the result files of an ended job with the rows that were sent, and see that the counts add up.

    Parameters
    ----------
    job : JobInfo
        As it ended.
    sent : pyarrow.Table
        The texts that travelled, named by their headers.
    columns : sequence of Column
    answers : Answers
        The three result files.
    key : str or None
        The header by which rows are told apart, where there is one.

    Returns
    -------
    Accounted
    """
    paired = reconcile(sent, columns, answers, key)
    outcome = Outcome.answered(paired)
    if not paired.unmatched.num_rows and _has_told_all(job, answers):
        outcome = _never_processed(outcome)
    return Accounted(outcome, of_job(paired.unmatched, job), _difference(job, sent.num_rows, answers))


def of_job(unmatched: pa.Table, job: JobInfo) -> pa.Table:
    """Return answers with the id of their job in front."""
    return unmatched.add_column(0, "job", pa.array([job.id] * unmatched.num_rows, pa.string()))


def _has_told_all(job: JobInfo, answers: Answers) -> bool:
    """Whether a job that ended early has answered every row that it processed, by its own counter."""
    successful, failed, _ = answers.counts
    return job.state is not JobState.JOB_COMPLETE and job.number_records_processed == successful + failed


def _never_processed(outcome: Outcome) -> Outcome:
    """Settle the rows that are in no file."""
    status = np.where(outcome.status == RowStatus.UNKNOWN, np.int8(RowStatus.UNPROCESSED), outcome.status)
    return replace(outcome, status=status)


def counters_differ(job: JobInfo, counts: tuple[int, int, int]) -> ReconcileError | None:
    """Say where a job's counters and the rows of its result files do not agree."""
    successful, failed, _ = counts
    counters = (job.number_records_processed, job.number_records_failed)
    if None in counters or counters == (successful + failed, failed):
        return None
    return ReconcileError(
        f"job {job.id} says {counters[0]} processed and {counters[1]} failed, "
        f"but its result files hold {successful} successful and {failed} failed",
        hint=_LATER,
        job_id=job.id,
    )


def _difference(job: JobInfo, sent: int, answers: Answers) -> ReconcileError | None:
    answered = sum(answers.counts)
    differ = counters_differ(job, answers.counts)
    if differ or answered == sent or (answered < sent and job.state is not JobState.JOB_COMPLETE):
        return differ
    successful, failed, unprocessed = answers.counts
    return ReconcileError(
        f"job {job.id}: {sent} rows sent, {answered} answered ({successful} successful + {failed} failed + "
        f"{unprocessed} unprocessed), a difference of {answered - sent}",
        hint=f"{_LATER}; Salesforce leaves out the rows beyond the org's daily batches",
        job_id=job.id,
    )
