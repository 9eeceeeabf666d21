"""Jobs are named by their id, or by what was handed out for them."""

import json

import pandas as pd
import pytest

from sfbulk_pandas.errors import ImpossibleTransition, UsageError
from sfbulk_pandas.jobs.control import abort_job, delete_job, job_info
from sfbulk_pandas.jobs.shown.job import ShownJob
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.wire.http import Response

JOB = JobInfo("7505g0000000001AAA", Operation.INSERT, "Contact", JobState.OPEN)
BODY = {"id": JOB.id, "operation": "insert", "object": "Contact", "state": "Open"}


class OneJobSession:
    """Answer whatever is asked of the one job, and remember what was."""

    api_version = "66.0"

    def __init__(self, state="Open"):
        self.asked = []
        self.state = state

    def send(self, request):
        self.asked.append((request.method, request.path.rpartition("/")[2]))
        return Response(200, {}, json.dumps(BODY | {"state": self.state}).encode())


@pytest.mark.parametrize("given", [JOB, ShownJob.of(JOB), JOB.id, f" {JOB.id}\n"])
@pytest.mark.parametrize(
    ("do", "state", "methods"),
    [
        (job_info, "Open", ["GET"]),
        (abort_job, "Open", ["GET", "PATCH"]),
        (delete_job, "JobComplete", ["GET", "DELETE"]),
    ],
)
def test_a_job_is_taken_as_well_as_its_id(do, state, methods, given):
    session = OneJobSession(state)
    do(session, given)
    assert session.asked == [(method, JOB.id) for method in methods]


@pytest.mark.parametrize(
    "given",
    [
        *[None, 5, "", "  ", (JOB,), pd.Series({"id": JOB.id}), b"7505g0000000001AAA"],
        *["Contact", "../../query", "20261127-025547-55f6", JOB.id[:17], JOB.id[:17] + "B"],
    ],
)
@pytest.mark.parametrize("do", [job_info, abort_job, delete_job])
def test_anything_else_is_refused_with_what_to_give(do, given):
    session = OneJobSession()
    with pytest.raises(UsageError, match="id of a job") as caught:
        do(session, given)
    assert "result.jobs" in caught.value.hint
    assert session.asked == []


@pytest.mark.parametrize("state", ["Open", "UploadComplete", "InProgress"])
def test_a_job_that_has_not_ended_is_not_deleted(state):
    session = OneJobSession(state)
    with pytest.raises(ImpossibleTransition, match=rf"is {state}\b[\s\S]*org\.abort\('{JOB.id}'\)"):
        delete_job(session, JOB.id)
    assert session.asked == [("GET", JOB.id)]
