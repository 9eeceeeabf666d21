"""A job left Open is aborted where it is surely ours, and never where it may be another's."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sfbulk_pandas.errors import ApiError, NotFound
from sfbulk_pandas.jobs.orphans import abort_orphans, clean_up, find_orphans
from sfbulk_pandas.salesforce.job import ColumnDelimiter, Operation
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.ingest import IngestJob

START = datetime(2026, 2, 9, 8, 0, tzinfo=UTC)
SINCE, UNTIL = START.timestamp(), START.timestamp() + 10
USER = "005000000000001AAA"
JOB = IngestJob("Contact", Operation.UPSERT, "Contact_Key__c")


def listed(number=1, after_seconds=5, **more):
    made = (START + timedelta(seconds=after_seconds)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return {
        "id": f"75000000000000{number}AAA",
        "operation": "upsert",
        "object": "Contact",
        "createdById": USER,
        "createdDate": made,
        "state": "Open",
        "externalIdFieldName": "Contact_Key__c",
        "jobType": "V2Ingest",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    } | more


class OrgOfJobs:
    """Hold jobs, list them, tell of each, abort them; ``infos`` is what one answers beyond its entry in the list."""

    api_version = "66.0"

    def __init__(self, *jobs, infos=None, server_ahead=None, refuse_abort=False):
        self.jobs = {job["id"]: job for job in jobs}
        self.infos = infos or {}
        self.refuse_abort = refuse_abort
        self.aborted = []
        self.calls = 0
        self.clock = self
        now = datetime.fromtimestamp(UNTIL, UTC)
        ahead = None if server_ahead is None else now + timedelta(seconds=server_ahead)
        self.headers = {} if ahead is None else {"Date": format_datetime(ahead, usegmt=True)}

    def now(self):
        return UNTIL

    def send(self, request):
        self.calls += 1
        name = request.path.partition("?")[0].rpartition("/")[2]
        if name == "ingest":
            assert request.path.endswith("?jobType=V2Ingest")
            return self.answer({"done": True, "records": list(self.jobs.values()), "nextRecordsUrl": None})
        job = next((job for job in self.jobs.values() if job["id"][:15] == name[:15]), None)
        if job is None:
            raise NotFound("The requested resource does not exist", status_code=404)
        if request.method == "PATCH":
            self.abort(job)
        return self.answer(job | self.infos.get(job["id"], {}))

    def abort(self, job):
        if self.refuse_abort:
            self.infos[job["id"]] = {"state": "InProgress"}
            raise ApiError("Aborting already Completed Job not allowed", status_code=400, error_code="INVALIDJOBSTATE")
        self.aborted.append(job["id"])
        job["state"] = "Aborted"

    def answer(self, value):
        return Response(200, self.headers, json.dumps(value).encode())


def found(org, job=JOB, user=USER, known=frozenset()):
    return [each.id for each in find_orphans(org, job, (SINCE, UNTIL), user, known)]


def test_an_open_job_just_like_it_without_a_file_is_found():
    assert found(OrgOfJobs(listed())) == [listed()["id"]]
    assert found(OrgOfJobs(listed(object="contact", externalIdFieldName="contact_key__C"))) == [listed()["id"]]
    assert found(OrgOfJobs(listed()), user=USER[:15]) == [listed()["id"]]


@pytest.mark.parametrize(
    "more",
    [
        {"object": "Account"},
        {"operation": "insert"},
        {"externalIdFieldName": "Other__c"},
        {"externalIdFieldName": None},
        {"state": "UploadComplete"},
        {"state": "Aborted"},
        {"createdById": "005000000000002AAA"},
        {"createdById": None},
        {"createdDate": None},
        {"jobType": "Classic"},
        {"lineEnding": "CRLF"},
        {"columnDelimiter": "TAB"},
        {"after_seconds": -61},
        {"after_seconds": 71},
    ],
)
def test_a_job_that_differs_is_none_of_ours(more):
    org = OrgOfJobs(listed(**more))
    assert found(org) == []
    assert org.calls == 1


@pytest.mark.parametrize("after_seconds", [-60, 70])
def test_a_minute_on_either_side_is_allowed_where_the_clock_is_not_known(after_seconds):
    assert found(OrgOfJobs(listed(after_seconds=after_seconds))) == [listed()["id"]]


@pytest.mark.parametrize(
    ("after_seconds", "ahead", "is_found"),
    [(605, 600, True), (605, 0, False), (605, None, False), (-595, -600, True), (5, 600, False), (5, -600, False)],
)
def test_the_clock_of_salesforce_is_taken_from_its_answer(after_seconds, ahead, is_found):
    assert bool(found(OrgOfJobs(listed(after_seconds=after_seconds), server_ahead=ahead))) is is_found


@pytest.mark.parametrize(("after_seconds", "is_found"), [(-6, False), (-5, True), (15, True), (16, False)])
def test_a_few_seconds_on_either_side_are_allowed_where_the_clock_is_known(after_seconds, is_found):
    assert bool(found(OrgOfJobs(listed(after_seconds=after_seconds), server_ahead=0))) is is_found


def test_a_date_that_cannot_be_read_is_not_used():
    org = OrgOfJobs(listed())
    org.headers = {"Date": "yesterday"}
    assert found(org) == [listed()["id"]]


@pytest.mark.parametrize("known", [{listed()["id"]}, {listed()["id"][:15]}])
def test_what_the_journal_knows_is_left_alone(known):
    org = OrgOfJobs(listed(1), listed(2))
    assert found(org, known=known) == [listed(2)["id"]]


@pytest.mark.parametrize("info", [{"numberRecordsProcessed": 0, "numberRecordsFailed": 0}, {"state": "InProgress"}])
def test_a_job_that_somebody_uses_is_no_orphan(info):
    assert found(OrgOfJobs(listed(), infos={listed()["id"]: info})) == []


def test_other_forms_are_compared_too():
    tab = IngestJob("Contact", Operation.UPSERT, "Contact_Key__c", column_delimiter=ColumnDelimiter.TAB)
    org = OrgOfJobs(listed(1), listed(2, columnDelimiter="TAB"))
    assert found(org, tab) == [listed(2)["id"]]


def test_one_orphan_is_aborted_and_returned():
    org = OrgOfJobs(listed(1), listed(2, object="Account"))
    (job,) = abort_orphans(org, JOB, (SINCE, UNTIL), USER, set())
    assert (job.id, job.state) == (listed(1)["id"], "Aborted")
    assert org.aborted == [listed(1)["id"]]


def test_of_several_none_is_touched():
    org = OrgOfJobs(listed(1), listed(2))
    assert [job.state for job in abort_orphans(org, JOB, (SINCE, UNTIL), USER, set())] == ["Open", "Open"]
    assert org.aborted == []


def test_where_the_user_is_not_known_none_is_touched():
    org = OrgOfJobs(listed(1, createdById="005000000000009AAA"))
    assert [job.state for job in abort_orphans(org, JOB, (SINCE, UNTIL), None, set())] == ["Open"]
    assert org.aborted == []


def test_where_it_is_not_sure_none_is_touched():
    org = OrgOfJobs(listed())
    found = abort_orphans(org, JOB, (SINCE, UNTIL), USER, set(), is_sure=lambda: False)
    assert [job.state for job in found] == ["Open"]
    assert org.aborted == []


def test_nothing_found_is_nothing_done():
    assert abort_orphans(OrgOfJobs(), JOB, (SINCE, UNTIL), USER, set()) == ()


def test_a_job_that_moves_on_before_it_is_aborted_is_returned_as_it_stands():
    org = OrgOfJobs(listed(), refuse_abort=True)
    assert [job.state for job in abort_orphans(org, JOB, (SINCE, UNTIL), USER, set())] == ["InProgress"]


def test_clean_up_aborts_open_jobs_alone_and_says_what_it_did():
    org = OrgOfJobs(listed(1), listed(2, state="InProgress"), listed(3, object="Account"), listed(4))
    asked = [listed(3)["id"], listed(2)["id"], "750000000000009AAA", listed(1)["id"]]
    frame = clean_up(org, [(job_id, f"load-{place}") for place, job_id in enumerate(asked)])
    assert frame.columns.tolist() == ["id", "load_id", "state", "object", "aborted"]
    assert frame["id"].tolist() == asked
    assert frame["load_id"].tolist() == ["load-0", "load-1", "load-2", "load-3"]
    assert frame["state"].fillna("gone").tolist() == ["Aborted", "InProgress", "gone", "Aborted"]
    assert frame["object"].fillna("gone").tolist() == ["Account", "Contact", "gone", "Contact"]
    assert frame["aborted"].tolist() == [True, False, False, True]
    assert org.aborted == [listed(3)["id"], listed(1)["id"]]
    assert org.jobs[listed(4)["id"]]["state"] == "Open"


def test_clean_up_lists_what_lost_creates_have_left_as_it_was_found():
    org = OrgOfJobs(listed(1), listed(2))
    settled = [("load-1", job) for job in abort_orphans(org, JOB, (SINCE, UNTIL), USER, {listed(1)["id"]})]
    settled += [("load-2", job) for job in find_orphans(org, JOB, (SINCE, UNTIL), USER, set())]
    calls = org.calls
    frame = clean_up(org, [], settled)
    assert frame["id"].tolist() == [listed(2)["id"], listed(1)["id"]]
    assert frame["load_id"].tolist() == ["load-1", "load-2"]
    assert frame["state"].tolist() == ["Aborted", "Open"]
    assert frame["aborted"].tolist() == [True, False]
    assert org.calls == calls


def test_clean_up_of_nothing_has_the_same_dtypes():
    some, none = clean_up(OrgOfJobs(listed()), [(listed()["id"], "load")]), clean_up(OrgOfJobs(), [])
    assert none.dtypes.equals(some.dtypes)
    assert len(none) == 0
    assert str(none.dtypes["aborted"]) == "boolean"


def test_clean_up_leaves_a_job_that_moves_on():
    frame = clean_up(OrgOfJobs(listed(), refuse_abort=True), [(listed()["id"], "load")])
    assert (frame["state"][0], bool(frame["aborted"][0])) == ("InProgress", False)
