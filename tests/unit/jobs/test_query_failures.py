"""A query job that failed is told of in a query's words, not in a load's."""

import pytest

from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation


def job(state, operation=Operation.QUERY, message=None):
    return JobInfo("750A", operation, "Contact", state, error_message=message)


@pytest.mark.parametrize(
    "message",
    ["QUERY_TIMEOUT: too long", "InternalServerError : Retried more than 15 times", "failed to write query result"],
)
def test_what_takes_too_long_is_answered_with_ranges(message):
    error = failure_of(job(JobState.FAILED, message=message))
    assert 'plan="id_ranges"' in error.hint
    assert message in str(error)


def test_nothing_was_written_by_a_query():
    for state in (JobState.FAILED, JobState.ABORTED):
        assert "written" not in failure_of(job(state, Operation.QUERY_ALL)).hint
        assert "written" in failure_of(job(state, Operation.INSERT)).hint
