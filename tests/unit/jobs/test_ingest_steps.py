"""What may have arrived is asked about before it is repeated."""

import json

import pytest

from sfbulk_pandas.errors import ApiError, ConnectionFailed, ImpossibleTransition
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.ingest import IngestJob

JOB_ID = "750000000000001AAA"
LOST = ConnectionFailed("the connection broke before the answer came")


def job_answer(state, **more):
    body = {"id": JOB_ID, "operation": "insert", "object": "Account", "state": state} | more
    return Response(200, {}, json.dumps(body).encode())


JOB = JobInfo(JOB_ID, Operation.INSERT, "Account", JobState.OPEN)


class ScriptedSession:
    """Answer each method from its own list; an exception in it is raised."""

    api_version = "66.0"

    def __init__(self, **script):
        self.script = {method: list(answers) for method, answers in script.items()}
        self.sent = []

    def send(self, request):
        self.sent.append(request.method)
        answer = self.script[request.method].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_an_upload_that_arrived_is_not_sent_again():
    session = ScriptedSession(PUT=[LOST], GET=[job_answer("Open", numberRecordsProcessed=0)])
    Ingest(session).upload(JOB, b"Name\nA\n")
    assert session.sent == ["PUT", "GET"]


def test_an_upload_that_did_not_arrive_is_sent_again():
    session = ScriptedSession(PUT=[LOST, Response(201)], GET=[job_answer("Open")])
    Ingest(session).upload(JOB, b"Name\nA\n")
    assert session.sent == ["PUT", "GET", "PUT"]


def test_a_second_file_that_salesforce_refuses_means_the_first_arrived():
    refused = ApiError("Found multipe contents", status_code=400, error_code="BULK_API_ERROR")
    session = ScriptedSession(PUT=[refused], GET=[job_answer("Open", numberRecordsProcessed=0)])
    Ingest(session).upload(JOB, b"Name\nA\n")
    assert session.sent == ["PUT", "GET"]


def test_an_upload_that_salesforce_refuses_is_not_asked_about():
    refused = ApiError("too large", status_code=413, error_code="REQUEST_ENTITY_TOO_LARGE")
    session = ScriptedSession(PUT=[refused])
    with pytest.raises(ApiError, match="too large"):
        Ingest(session).upload(JOB, b"Name\nA\n")


@pytest.mark.parametrize("lost", [LOST, ApiError("unavailable", status_code=503)])
def test_a_close_that_arrived_is_not_sent_again(lost):
    session = ScriptedSession(PATCH=[lost], GET=[job_answer("InProgress"), job_answer("InProgress")])
    assert Ingest(session).close(JOB).state is JobState.IN_PROGRESS
    assert session.sent == ["PATCH", "GET", "GET"]


def test_a_close_that_did_not_arrive_is_sent_again():
    session = ScriptedSession(PATCH=[LOST, job_answer("UploadComplete")], GET=[job_answer("Open")])
    assert Ingest(session).close(JOB).state is JobState.UPLOAD_COMPLETE
    assert session.sent == ["PATCH", "GET", "PATCH"]


def test_a_create_is_never_repeated():
    session = ScriptedSession(POST=[LOST])
    with pytest.raises(ConnectionFailed):
        Ingest(session).create(IngestJob("Account", Operation.INSERT))
    assert session.sent == ["POST"]


@pytest.mark.parametrize("step", ["abort", "delete"])
def test_what_the_state_does_not_allow_is_named(step):
    refused = ApiError("Aborting already Completed Job not allowed", status_code=400, error_code="INVALIDJOBSTATE")
    session = ScriptedSession(PATCH=[refused], DELETE=[refused], GET=[job_answer("JobComplete")])
    with pytest.raises(ImpossibleTransition, match="is JobComplete") as caught:
        getattr(Ingest(session), step)(JOB_ID)
    assert caught.value.job.state is JobState.JOB_COMPLETE


def test_other_refusals_stay_what_they_are():
    refused = ApiError("no", status_code=403, error_code="API_DISABLED_FOR_ORG")
    session = ScriptedSession(PATCH=[refused], GET=[job_answer("Open")])
    with pytest.raises(ApiError, match="no") as caught:
        Ingest(session).abort(JOB_ID)
    assert caught.value.error_code == "API_DISABLED_FOR_ORG"
