"""Counts are reconciled when a job has ended; what does not add up is named."""

import pyarrow as pa
import pytest

from sfbulk_pandas.jobs.account import account_for
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.outcome import RowStatus
from sfbulk_pandas.reconcile import Answers
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

NAME = Column("Name", "Name", FieldDescribe("Name", FieldType.STRING))
JOB_ID = "750000000000001AAA"


def sent(names):
    return pa.table({"Name": pa.array(list(names), pa.large_string())})


def answers(successful="", failed="", unprocessed=""):
    def table(names, **more):
        columns = {key: [value] * len(names) for key, value in more.items()}
        return pa.table(columns | {"Name": pa.array(list(names), pa.large_string())})

    return Answers(
        table(successful, sf__Id="001000000000001AAA", sf__Created="true"),
        table(failed, sf__Id="", sf__Error="STRING_TOO_LONG:too long:Name --"),
        table(unprocessed),
    )


def job(state=JobState.JOB_COMPLETE, processed=None, failed=None, message=None):
    return JobInfo(
        JOB_ID,
        Operation.INSERT,
        "Account",
        state,
        number_records_processed=processed,
        number_records_failed=failed,
        error_message=message,
    )


def account(ended, names, files):
    return account_for(ended, sent(names), (NAME,), files, None)


def test_every_row_has_its_end():
    found = account(job(processed=3, failed=1), "abc", answers("ca", "b"))
    assert found.outcome.status.tolist() == [1, 2, 1]
    assert found.outcome.sends.tolist() == [1, 1, 1]
    assert found.problem is None
    assert found.unmatched.num_rows == 0


def test_rows_in_no_file_of_a_complete_job_are_an_error_that_counts_them():
    found = account(job(processed=2, failed=0), "abc", answers("ab"))
    assert "3 rows sent, 2 answered" in str(found.problem)
    assert JOB_ID in str(found.problem)
    assert found.outcome.status.tolist() == [1, 1, 0]


def test_surplus_answers_are_an_error_and_are_kept():
    found = account(job(processed=3, failed=0), "ab", answers("abx"))
    assert "a difference of 1" in str(found.problem)
    assert found.unmatched.select(["job", "Name"]).to_pylist() == [{"job": JOB_ID, "Name": "x"}]
    assert found.outcome.status.tolist() == [1, 1]


def test_an_answer_of_no_row_leaves_the_row_unknown_without_an_error_where_the_counts_agree():
    found = account(job(processed=2, failed=0), "ab", answers("ax"))
    assert found.problem is None
    assert found.outcome.status.tolist() == [1, 0]
    assert found.unmatched.num_rows == 1


def test_counters_that_differ_from_the_files_are_an_error():
    found = account(job(processed=3, failed=1), "ab", answers("ab"))
    assert "says 3 processed and 1 failed" in str(found.problem)
    assert "2 successful and 0 failed" in str(found.problem)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.ABORTED])
def test_rows_in_no_file_of_a_job_that_ended_early_were_not_processed(state):
    found = account(job(state, 1, 0), "abc", answers("a"))
    assert found.outcome.count(RowStatus.UNPROCESSED) == 2


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.ABORTED])
def test_with_an_answer_of_no_row_a_missing_row_stays_unknown(state):
    found = account(job(state, 2, 0), "abc", answers("ax"))
    assert found.outcome.status.tolist() == [1, 0, 0]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.ABORTED])
def test_a_missing_row_that_the_job_says_it_processed_stays_unknown(state):
    found = account(job(state, 3, 0), "abc", answers("ab"))
    assert found.outcome.status.tolist() == [1, 1, 0]
    assert "says 3 processed" in str(found.problem)


def test_rows_in_no_file_of_a_job_without_counters_stay_unknown():
    found = account(job(JobState.FAILED), "abc", answers("a"))
    assert found.outcome.count(RowStatus.UNKNOWN) == 2


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("InvalidBatch : InvalidBatch : Field name not found : Emial", "field-level security"),
        ("ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF", "line break"),
        ("InternalServerError : Retried more than 20 times", "part_rows="),
        (None, "which"),
    ],
)
def test_why_a_job_failed_is_said_in_plain_words(message, hint):
    error = failure_of(job(JobState.FAILED, message=message))
    assert hint in error.hint
    assert JOB_ID in str(error)


def test_a_job_that_ended_well_is_no_failure():
    assert failure_of(job(JobState.JOB_COMPLETE)) is None
