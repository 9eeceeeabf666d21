"""Account for every row of a part once its job has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfbulk_pandas.errors import ReconcileError
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.reconcile import Answers, reconcile
from sfbulk_pandas.salesforce.job import JobInfo, JobState
from sfbulk_pandas.wire.ingest import ResultSet

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.ingest import Ingest
    from sfbulk_pandas.jobs.prepare import Prepared
    from sfbulk_pandas.reconcile import Reconciled


def account_for(job: JobInfo, prepared: Prepared, rows: tuple[int, int], ingest: Ingest) -> Outcome:
    """Read the result files of an ended job and pair them with the rows that were sent.

    Costs three API calls.

    Raises
    ------
    ReconcileError
        Where rows sent and rows answered do not add up: it names the difference and the job.
    """
    answers = Answers(
        successful=ingest.results(job, ResultSet.SUCCESSFUL),
        failed=ingest.results(job, ResultSet.FAILED),
        unprocessed=ingest.results(job, ResultSet.UNPROCESSED),
    )
    paired = reconcile(prepared.texts(*rows), prepared.columns, answers, prepared.key)
    _check_all_matched(job, paired, answers)
    outcome = Outcome.answered(paired)
    _check_counters(job, outcome)
    return _settle_missing(job, outcome)


def _check_all_matched(job: JobInfo, paired: Reconciled, answers: Answers) -> None:
    unmatched, unknown = paired.unmatched_answers, paired.unknown_rows
    if not unmatched:
        return
    sent, answered = len(paired.status), sum(answers.counts)
    successful, failed, unprocessed = answers.counts
    text = (
        f"job {job.id}: {sent} rows sent, {answered} answered ({successful} successful + {failed} failed + "
        f"{unprocessed} unprocessed), a difference of {answered - sent}; {unmatched} answers belong to no row for "
        f"certain, and {unknown} rows sent have no answer for certain"
    )
    hint = "read the result files again; if it stays, query the object before sending anything again"
    raise ReconcileError(text, hint=hint, job_id=job.id, orphans=unmatched, missing=unknown)


def _check_counters(job: JobInfo, outcome: Outcome) -> None:
    successful, failed = outcome.count(RowStatus.SUCCESSFUL), outcome.count(RowStatus.FAILED)
    counters = (job.number_records_processed, job.number_records_failed)
    if None not in counters and counters != (successful + failed, failed):
        raise ReconcileError(
            f"job {job.id} says {counters[0]} processed and {counters[1]} failed, "
            f"but its result files hold {successful} successful and {failed} failed",
            hint="read the result files again later; they stay for 7 days",
        )


def _settle_missing(job: JobInfo, outcome: Outcome) -> Outcome:
    """Settle rows that are in no file: never processed, where the job ended early and its counters say so."""
    missing = outcome.count(RowStatus.UNKNOWN)
    if missing and job.state is JobState.JOB_COMPLETE:
        raise ReconcileError(
            f"{missing} of {len(outcome)} rows sent are in none of the result files of job {job.id}",
            hint="Salesforce leaves out the rows beyond the org's daily batches; query the object before sending again",
        )
    if job.number_records_processed is None:  # nothing says that they were not stored: they stay unknown
        return outcome
    status = np.where(outcome.status == RowStatus.UNKNOWN, np.int8(RowStatus.UNPROCESSED), outcome.status)
    return Outcome(status, outcome.sf_id, outcome.sf_created, outcome.sf_error)
