"""Bulk API 1.0: the life of jobs and batches, both formats, and every refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bulk_v1 import V1, element, error, shape

from sfbulk_pandas.local_org import AfterPolls, ByHand, LocalOrg, Switches
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.routes import read_path

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "bulk_v1"
SOQL = "SELECT Id FROM Contact"


def check_sample(answer, name, *, exact=False):
    """Hold an answer to a sample: status, content type, and the body with its particulars taken away."""
    status = json.loads((SAMPLES / name / "status.json").read_text(encoding="utf-8"))
    body = (SAMPLES / name / "body").read_text(encoding="utf-8")
    assert answer.status == status["status"], answer.text
    assert answer.headers["Content-Type"] == status["headers"]["Content-Type"]
    assert [each for each in status["headers"] if each not in answer.headers] == []
    assert (answer.text if exact else shape(answer.text)) == (body if exact else shape(body))


@pytest.fixture
def v1(call):
    return V1(call)


@pytest.fixture
def by_hand(other_org):
    return V1(other_org(pacing=ByHand()))


def test_the_answers_of_an_upserts_life(by_hand):
    more = "<externalIdFieldName>Contact_Key__c</externalIdFieldName><concurrencyMode>Parallel</concurrencyMode>"
    made = by_hand.job("upsert", more=more)
    check_sample(made, "job_created")
    job = element(made)["id"]
    check_sample(by_hand("GET", f"job/{job}/batch"), "batch_list_empty", exact=True)
    queued = by_hand("POST", f"job/{job}/batch", "Contact_Key__c,LastName\nA,B\nC,\n", content_type="text/csv")
    check_sample(queued, "batch_queued")
    batch = element(queued)["id"]
    assert queued.headers["Location"] == f"/services/async/66.0/job/{job}/batch/{batch}"
    for _ in range(3):
        by_hand.call.org.advance()
    check_sample(by_hand("GET", f"job/{job}/batch/{batch}"), "batch_completed")
    check_sample(by_hand.state(job, "Closed"), "job_closed")
    assert "Sforce-Limit-Info" not in queued.headers


def test_a_closed_job_may_have_batches_that_wait(by_hand):
    job = by_hand.new("insert")
    by_hand.batch(job, "LastName\nA\n")
    counts = element(by_hand.state(job, "Closed"))
    assert (counts["state"], counts["numberBatchesQueued"], counts["numberBatchesTotal"]) == ("Closed", "1", "1")
    by_hand.call.org.advance()
    assert element(by_hand("GET", f"job/{job}"))["numberBatchesInProgress"] == "1"
    by_hand.call.org.advance()
    by_hand.call.org.advance()
    assert element(by_hand("GET", f"job/{job}"))["numberBatchesCompleted"] == "1"


def test_polls_of_a_job_its_list_or_a_batch_move_batches(other_org):
    v1 = V1(other_org(pacing=AfterPolls(1)))
    for path in ("job/{0}", "job/{0}/batch", "job/{0}/batch/{1}"):
        job = v1.new("insert")
        batch = v1.batch(job, "LastName\nA\n")
        for _ in range(4):
            v1("GET", path.format(job, batch))
        assert element(v1("GET", f"job/{job}/batch/{batch}"))["state"] == "Completed"


def test_an_abort_leaves_queued_batches_unprocessed(by_hand):
    job = by_hand.new("insert")
    by_hand.batch(job, "LastName\nA\n")
    aborted = by_hand.state(job, "Aborted")
    assert element(aborted)["state"] == "Aborted"
    by_hand.call.org.advance()
    assert [each["state"] for each in by_hand.batches(job)] == ["NotProcessed"]
    assert by_hand.call.org.records("Contact").num_rows == 0
    late = by_hand("POST", f"job/{job}/batch", "LastName\nB\n", content_type="text/csv")
    assert error(late)[1:] == (
        "InvalidJobState",
        "Failed to create batch, since the Job is not Open. Current job state is 'Aborted'",
    )
    assert [each.name for each in by_hand.call.org.state.frames.get(job).folder.iterdir()] == ["v1.json"]


def test_a_change_of_state_answers_the_stamp_from_before(call_to):
    now = [1_000_000.0]
    with LocalOrg(clock=lambda: now[0]) as org:
        v1 = V1(call_to(org))
        job = v1.new("insert")
        now[0] += 60
        v1.batch(job, "LastName\nA\n")
        now[0] += 60
        before, closed = (element(v1("GET", f"job/{job}")), element(v1.state(job, "Closed")))
        assert closed["systemModstamp"] == before["systemModstamp"] == "1970-01-12T13:47:40.000Z"
        assert element(v1("GET", f"job/{job}"))["systemModstamp"] == "1970-01-12T13:48:40.000Z"


def test_a_batch_that_is_aborted_before_it_is_handed_on_stays_so(by_hand):
    org = by_hand.call.org.state
    frame = org.frames.get(by_hand.new())
    batch = org.frames.add_batch(frame, 0.0, SOQL)
    by_hand.state(frame.id, "Aborted")
    org.engine.submit(batch)
    org.engine.advance(batch.id)
    assert [each["state"] for each in by_hand.batches(frame.id)] == ["NotProcessed"]


def test_a_closed_job_is_aborted_while_batches_run_and_not_after(by_hand):
    job = by_hand.new("insert")
    by_hand.batch(job, "LastName\nA\n")
    by_hand.state(job, "Closed")
    again = error(by_hand.state(job, "Closed"))
    assert again == (400, "InvalidJobState", "Closing already Completed Job not allowed")
    assert element(by_hand.state(job, "Aborted"))["state"] == "Aborted"
    refused = error(by_hand.state(job, "Aborted"))
    assert refused == (400, "InvalidJobState", "Aborting already Aborted Job not allowed")


def test_json_throughout(by_hand):
    body = json.dumps({"operation": "query", "object": "contact", "contentType": "JSON"})
    made = by_hand("POST", "job", body, content_type="application/json")
    check_sample(made, "job_created_json")
    job = made.json()["id"]
    queued = by_hand("POST", f"job/{job}/batch", f"{SOQL} WHERE Name = 'none'", content_type="application/json")
    check_sample(queued, "batch_queued_json")
    batch = queued.json()["id"]
    for _ in range(3):
        by_hand.call.org.advance()
    listed = by_hand("GET", f"job/{job}/batch", content_type="application/json")
    assert [each["state"] for each in listed.json()["batchInfo"]] == ["Completed"]
    found = by_hand("GET", f"job/{job}/batch/{batch}/result", content_type="application/json")
    check_sample(found, "result_list_json")
    page = by_hand("GET", f"job/{job}/batch/{batch}/result/{found.json()[0]}", content_type="application/json")
    assert (page.headers["Content-Type"], page.json()) == ("application/json", [])
    closed = by_hand("POST", f"job/{job}", json.dumps({"state": "Closed"}), content_type="application/json")
    assert (closed.status, closed.json()["state"]) == (200, "Closed")


def test_a_json_job_made_in_xml_answers_xml_of_the_job_and_json_of_the_batch(v1):
    made = v1.job(content_type="JSON")
    assert made.headers["Content-Type"] == "application/xml"
    job = element(made)["id"]
    batch = v1("POST", f"job/{job}/batch", SOQL, content_type="application/json")
    assert batch.headers["Content-Type"] == "application/json"
    assert v1("GET", f"job/{job}", content_type="").json()["contentType"] == "JSON"


def test_sessions(v1):
    check_sample(v1("GET", "job/750", X_SFDC_Session="wrong"), "bad_session", exact=True)
    in_json = v1("GET", "job/750", X_SFDC_Session="wrong", content_type="application/json")
    check_sample(in_json, "bad_session_json", exact=True)
    check_sample(v1("GET", "job/750", X_SFDC_Session=None), "no_session", exact=True)
    v1.call.org.expire_tokens()
    assert error(v1.job())[:2] == (400, "InvalidSessionId")


def test_a_job_that_is_not_open(v1):
    job = v1.new()
    v1.state(job, "Closed")
    check_sample(v1("POST", f"job/{job}/batch", SOQL, content_type="text/csv"), "job_not_open", exact=True)


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({"sobject": "Nobody"}, "InvalidJob", "Unable to find object: Nobody"),
        ({"operation": "merge"}, "ClientInputError", "Invalid value: 'merge' supplied for property: 'operation'"),
        ({"content_type": "YAML"}, "ClientInputError", "Invalid value: 'YAML' supplied for property: 'contentType'"),
        (
            {"more": "<concurrencyMode>Fast</concurrencyMode>"},
            "ClientInputError",
            "Invalid value: 'Fast' supplied for property: 'concurrencyMode'",
        ),
        (
            {"operation": "insert", "content_type": "JSON"},
            "InvalidJob",
            "The local org takes batches of contentType CSV alone, not JSON",
        ),
        (
            {"operation": "upsert"},
            "InvalidJob",
            "External ID was blank for Contact. An External ID must be specified for upsert.",
        ),
        (
            {"operation": "upsert", "more": "<externalIdFieldName>Fax</externalIdFieldName>"},
            "InvalidJob",
            "Field name provided, Fax does not match an External ID for Contact",
        ),
        *(
            (
                {"Sforce_Enable_PKChunking": header},
                "InvalidJob",
                f"Invalid value of the header Sforce-Enable-PKChunking: {header}",
            )
            for header in ("chunkSize=250001", "chunkSize=0", "chunkSize=many", "startRow=001", "size=5", "maybe")
        ),
    ],
)
def test_jobs_that_are_refused(direct, options, code, text):
    assert error(V1(direct).job(**options)) == (400, code, text)
    assert direct.org.state.frames.all() == []


def test_bodies_that_cannot_be_read(direct):
    v1 = V1(direct)
    assert error(v1("POST", "job", "<jobInfo>"))[:2] == (400, "InvalidXml")
    assert error(v1("POST", "job", "<jobInfo/>"))[:2] == (400, "InvalidXml")
    for body in ("{", "[]"):
        broken = v1("POST", "job", body, content_type="application/json")
        assert (broken.status, broken.json()["exceptionCode"]) == (400, "ClientInputError")
    assert error(v1("POST", f"job/{v1.new()}/batch", b"\xff", content_type="text/csv"))[1] == "ClientInputError"
    old = V1(direct, "35.0")
    assert error(old.job(content_type="JSON"))[1] == "ClientInputError"


def test_things_that_are_not_there(direct):
    v1 = V1(direct)
    job, other = v1.new(), v1.new()
    batch = v1.batch(job, SOQL)
    assert error(v1("GET", "job/750000000000000")) == (400, "InvalidJob", "Invalid job id: 750000000000000")
    foreign = error(v1("GET", f"job/{other}/batch/{batch}"))
    assert foreign == (400, "InvalidBatch", f"Unable to find batch for id: {batch}")
    assert error(v1("GET", f"job/{job}/batch/{batch}/result/752000000000000"))[1] == "InvalidBatch"
    assert element(v1("GET", f"job/{job[:15]}/batch/{batch[:15]}"))["id"] == batch
    assert error(v1("GET", "nothing"))[:2] == (404, "InvalidUrl")
    assert error(v1("DELETE", f"job/{job}"))[:2] == (405, "MethodNotAllowed")
    assert error(V1(direct, "20.0").job())[:2] == (410, "InvalidVersion")
    assert error(V1(direct, "v66.0").job())[:2] == (404, "InvalidUrl")


def test_two_slashes_in_front_are_read_as_one():
    assert read_path("//services/async/66.0/job/750").segments == ("job", "750")
    for path in ("//services/data/v66.0/jobs/query", "/services/async/66.0/job//750"):
        with pytest.raises(Fault, match="NOT_FOUND"):
            read_path(path)


def test_hard_delete_needs_its_permission(other_org):
    v1 = V1(other_org(switches=Switches(hard_delete_allowed=False)))
    assert error(v1.job("hardDelete"))[:2] == (400, "FeatureNotEnabled")


def test_the_list_of_newer_jobs_has_these_as_classic(direct):
    v1 = V1(direct)
    plain = v1.new("insert", more="<concurrencyMode>Serial</concurrencyMode>")
    chunked = v1.new("query", Sforce_Enable_PKChunking="true")
    v1.batch(chunked, SOQL)
    newer = direct.bulk(SOQL).json()["id"]

    def listed(**params):
        return [each["id"] for each in direct.get("jobs/ingest", params=params).json()["records"]]

    assert listed() == [newer, chunked, plain]
    assert listed(jobType="Classic") == [chunked, plain]
    assert listed(jobType="V2Query") == [newer]
    assert listed(isPkChunkingEnabled="true") == [chunked]
    assert listed(concurrencyMode="Serial") == [plain]
    record = direct.get("jobs/query", params={"jobType": "Classic"}).json()["records"][1]
    sample = json.loads((SAMPLES.parent / "ingest_job" / "list_every_kind" / "body").read_text(encoding="utf-8"))
    assert list(record) == list(sample["records"][1])
    assert (record["jobType"], record["concurrencyMode"], record["state"]) == ("Classic", "Serial", "Open")


def test_each_batch_counts_towards_the_daily_limit(direct):
    def left():
        return direct.get("limits").json()["DailyBulkApiBatches"]["Remaining"]

    v1, before = V1(direct), left()
    job = v1.new("insert")
    v1.batch(job, "LastName\nA\n")
    v1.batch(job, "LastName\nB\n")
    assert before - left() == 2


def test_jobs_and_batches_are_there_after_a_restart(tmp_path, call_to):
    path = tmp_path / "org.db"
    with LocalOrg(path, pacing=ByHand()) as org:
        v1 = V1(call_to(org))
        job = v1.new("insert")
        waiting = v1.batch(job, "LastName\nA\n")
        v1.state(job, "Closed")
    with LocalOrg(path) as org:
        v1 = V1(call_to(org))
        found = element(v1("GET", f"job/{job}"))
        assert (found["state"], found["numberBatchesCompleted"]) == ("Closed", "1")
        assert [each["id"] for each in v1.batches(job)] == [waiting]
        assert org.records("Contact").num_rows == 1
