"""Counts are reconciled when a job has ended; what does not add up is named."""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec.encode import PartLimits, encode_parts
from sfbulk_pandas.errors import ReconcileError
from sfbulk_pandas.jobs.account import account_for
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.outcome import RowStatus
from sfbulk_pandas.jobs.prepare import Prepared
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType
from sfbulk_pandas.wire.ingest import IngestJob, ResultSet

NAME = Column("Name", "Name", FieldDescribe("Name", FieldType.STRING))


def prepared(names):
    frame = pd.DataFrame({"Name": names})
    return Prepared(IngestJob("Account", Operation.INSERT), frame, (NAME,), EncodeOptions(), PartLimits(), None)


class Files:
    """The three result files of a job."""

    def __init__(self, successful=(), failed=(), unprocessed=()):
        table = lambda names, **more: pa.table(  # noqa: E731
            {**{key: [value] * len(names) for key, value in more.items()}, "Name": pa.array(names, pa.large_string())}
        )
        self.files = {
            ResultSet.SUCCESSFUL: table(successful, sf__Id="001000000000001AAA", sf__Created="true"),
            ResultSet.FAILED: table(failed, sf__Id="", sf__Error="STRING_TOO_LONG:too long:Name --"),
            ResultSet.UNPROCESSED: table(unprocessed),
        }

    def results(self, job, which):
        return self.files[which]


def job(state, processed=None, failed=None, message=None):
    return JobInfo(
        "750000000000001AAA",
        Operation.INSERT,
        "Account",
        state,
        number_records_processed=processed,
        number_records_failed=failed,
        error_message=message,
    )


def test_every_row_has_its_end():
    outcome = account_for(job(JobState.JOB_COMPLETE, 3, 1), prepared(list("abca")), (0, 3), Files("ca", "b"))
    assert outcome.status.tolist() == [1, 2, 1]


def test_rows_in_no_file_of_a_complete_job_are_an_error_that_counts_them():
    with pytest.raises(ReconcileError, match=r"1 of 3 rows sent are in none .* job 750000000000001AAA"):
        account_for(job(JobState.JOB_COMPLETE, 2, 0), prepared(list("abc")), (0, 3), Files("ab"))


def test_surplus_answers_are_an_error():
    with pytest.raises(ReconcileError):
        account_for(job(JobState.JOB_COMPLETE, 3, 0), prepared(list("ab")), (0, 2), Files("abx"))


def test_counters_that_differ_from_the_files_are_an_error():
    with pytest.raises(ReconcileError, match=r"says 3 processed and 1 failed, .* 2 successful and 0 failed"):
        account_for(job(JobState.JOB_COMPLETE, 3, 1), prepared(list("ab")), (0, 2), Files("ab"))


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.ABORTED])
def test_rows_in_no_file_of_a_job_that_ended_early_were_not_processed(state):
    outcome = account_for(job(state, 1, 0), prepared(list("abc")), (0, 3), Files("a"))
    assert outcome.count(RowStatus.UNPROCESSED) == 2


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
    assert "750000000000001AAA" in str(error)


def test_a_job_that_ended_well_is_no_failure():
    assert failure_of(job(JobState.JOB_COMPLETE)) is None


def test_rows_in_no_file_of_a_job_without_counters_stay_unknown():
    outcome = account_for(job(JobState.FAILED), prepared(list("abc")), (0, 3), Files("a"))
    assert outcome.count(RowStatus.UNKNOWN) == 2


@pytest.mark.parametrize(("part_rows", "encodings"), [(None, 1), (2, 2)])
def test_one_part_is_encoded_once_and_several_one_at_a_time(monkeypatch, part_rows, encodings):
    calls = []

    def counted(*args):
        calls.append(args)
        return encode_parts(*args)

    monkeypatch.setattr("sfbulk_pandas.jobs.prepare.encode_parts", counted)
    rows = replace(prepared(list("abc")), limits=PartLimits(rows=part_rows))
    ranges, parts = rows.checked_parts()
    assert [(part.start, part.stop) for part in parts] == list(ranges)
    assert len(calls) == encodings
