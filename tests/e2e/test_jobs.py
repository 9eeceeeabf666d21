"""Jobs that run on, fail or are aborted: every row stays accounted for."""

import contextlib
import pickle
import threading

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import AfterPolls, ByHand, Faults, LocalOrg, Switches

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


def people(count=6):
    return pd.DataFrame(
        {"Contact_Key__c": [f"K{n}" for n in range(count)], "LastName": [f"N{n}" for n in range(count)]}
    )


@pytest.fixture
def by_hand():
    with LocalOrg(pacing=ByHand()) as local:
        credentials = sfbulk.JwtBearer(**local.credentials())
        with sfbulk.connect(credentials, polling=FAST) as org:
            yield local, org


def test_a_call_that_stops_waiting_leaves_the_job_alone_and_can_resume(by_hand):
    local, org = by_hand
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(people(), "Contact", wait_seconds=0.05)
    (job_id,) = caught.value.job_ids
    assert job_id in str(caught.value)
    assert org.job(job_id).state in {"UploadComplete", "InProgress"}
    assert caught.value.result.counts["unknown"] == 6
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.job_ids == (job_id,)
    with pytest.raises(sfbulk.UsageError):
        copy.resume()
    with pytest.raises(sfbulk.StillRunning):
        caught.value.resume(wait_seconds=0.05)
    local.advance()
    threading.Timer(0.0, local.advance).start()
    while org.job(job_id).state != "JobComplete":
        local.advance()
    result = caught.value.resume()
    assert result.counts == {"rows": 6, "successful": 6, "failed": 0, "unprocessed": 0}
    assert local.records("Contact").num_rows == 6


@pytest.mark.parametrize("plan", ["locator", "result_pages", "id_ranges"])
def test_a_query_that_stops_waiting_leaves_its_job_alone_and_can_resume(by_hand, plan):
    local, org = by_hand
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.query_arrow("SELECT Id FROM User", wait_seconds=0.05, plan=plan)
    (job_id,) = caught.value.job_ids
    for _ in range(5):
        local.advance()
    assert org.job(job_id).state == "JobComplete"
    assert caught.value.resume().num_rows == local.records("User").num_rows


def test_an_aborted_job_gives_back_what_it_did_not_do():
    rows = 25_000
    with (
        LocalOrg(pacing=AfterPolls(50)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        aborted = []

        def abort_after_the_first_batch(event):
            if type(event).__name__ != "JobPolled" or aborted or not event.job.number_records_processed:
                return
            aborted.append(org.abort(event.job.id))

        with pytest.raises(sfbulk.JobAborted) as caught:
            org.insert(people(rows), "Contact", progress=abort_after_the_first_batch)
        result = caught.value.result
        counts = result.counts
        assert 0 < counts["successful"] < rows
        assert counts["successful"] + counts["unprocessed"] == rows
        assert local.records("Contact").num_rows == counts["successful"]
        assert counts["successful"] % 200 == 0
        assert caught.value.job.state == "Aborted"
        whole = result.retry(result.unprocessed)
        assert whole.counts["successful"] == rows
        assert local.records("Contact").num_rows == rows


def test_a_job_that_fails_as_a_whole_says_why_and_accounts_for_its_rows(local, org):
    frame = people().assign(Phone="1")
    describe = org.describe("Contact").described  # known from before, while the org then loses the field
    assert describe.get("Phone")
    with pytest.raises(sfbulk.JobFailed, match="Field name not found : Gone__c") as caught:
        _load_with_a_column_the_org_lost(org, frame)
    assert caught.value.result.counts == {"rows": 6, "successful": 0, "failed": 0, "unprocessed": 6}
    assert "field-level security" in caught.value.hint
    assert pickle.loads(pickle.dumps(caught.value)).job.state == "Failed"
    assert local.records("Contact").num_rows == 0


def test_why_a_job_failed_is_said_also_where_its_result_files_do_not_add_up(org, monkeypatch):
    from sfbulk_pandas.jobs import collecting

    def refuse(*_):
        raise sfbulk.ReconcileError("the files do not add up")

    monkeypatch.setattr(collecting, "account_for", refuse)
    with pytest.raises(sfbulk.JobFailed, match="Field name not found : Gone__c") as caught:
        _load_with_a_column_the_org_lost(org, people().assign(Phone="1"))
    assert isinstance(caught.value.__cause__, sfbulk.ReconcileError)
    assert caught.value.result.counts["unknown"] == 6


def test_columns_may_be_an_iterator_also_for_the_retry(local, org):
    frame = people().assign(LastName=["A", None, "C", "D", "E", "F"], note="not sent")
    result = org.insert(frame, "Contact", columns=(name for name in ("Contact_Key__c", "LastName")))
    assert result.counts["failed"] == 1
    assert result.retry(result.failed.assign(LastName="B")).counts["successful"] == 6


def _load_with_a_column_the_org_lost(org, frame):
    from dataclasses import replace

    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

    known = org.describe("Contact").described
    gone = replace(known.get("Phone"), name="Gone__c")
    stale = SObjectDescribe(known.name, known.label, known.key_prefix, (*known.fields, gone))
    org._loading.describes._known["contact"] = stale
    org.insert(frame.rename(columns={"Phone": "Gone__c"}), "Contact")


def test_jobs_can_be_looked_at_and_deleted(org):
    result = org.insert(people(), "Contact")
    job_id = result.jobs[0].id
    assert org.job(job_id).number_records_processed == 6
    with pytest.raises(sfbulk.ImpossibleTransition, match="JobComplete"):
        org.abort(job_id)
    org.delete_job(job_id)
    with pytest.raises(sfbulk.NotFound):
        org.job(job_id)


def test_a_job_itself_stands_for_its_id(org):
    (job,) = org.insert(people(), "Contact").jobs
    assert org.job(job) == org.job(job.id)
    assert org.results(job).counts["successful"] == 6
    with pytest.raises(sfbulk.ImpossibleTransition):
        org.abort(job)
    org.delete_job(job)
    with pytest.raises(sfbulk.UsageError, match="id of a job") as caught:
        org.results(None)
    assert "org.jobs()" in caught.value.hint


def test_progress_tells_the_truth(org):
    events = []
    org.insert(people(450), "Contact", part_rows=200, progress=events.append)
    names = [type(event).__name__ for event in events]
    assert names[:2] == ["FrameChecked", "LoadStarted"]
    assert names[-1] == "LoadFinished"
    assert (events[1].rows, names.count("PartUploaded")) == (450, 3)
    assert events[-1].successful == 450
    org.query("SELECT Id FROM Contact", progress=events.append)
    assert type(events[-1]).__name__ == "QueryFinished"
    assert events[-1].rows == 450


@pytest.mark.parametrize("missing", [0, 2])
def test_the_figures_of_the_end_of_a_load_add_up_to_those_of_its_beginning(local, org, missing):
    events = []
    frame = people(9).assign(Email=["bad", "bad", "bad", *["a@example.com"] * 6])
    if missing:
        local.faults.on("GET", "successfulResults", fault=Faults.rows_missing(missing), times=None)
    with pytest.raises(sfbulk.ReconcileError) if missing else contextlib.nullcontext():
        org.insert(frame, "Contact", on_problem="skip", progress=events.append)
    begin = next(event for event in events if type(event).__name__ == "LoadStarted")
    end = events[-1]
    assert (begin.rows, begin.held_back) == (6, 3)
    assert (end.successful, end.failed, end.unprocessed) == (6 - missing, 0, 0)
    assert (end.unknown, end.held_back) == (missing, 3)


def test_a_listener_that_raises_does_not_break_the_job(org):
    def broken(_):
        raise RuntimeError("eyes only")

    assert org.insert(people(), "Contact", progress=broken).counts["successful"] == 6


def test_a_hard_delete_without_the_permission_is_named():
    with (
        LocalOrg(switches=Switches(hard_delete_allowed=False)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        made = org.insert(people(1), "Contact").successful
        with pytest.raises(sfbulk.ApiError, match="Bulk API Hard Delete") as caught:
            org.hard_delete(made[["sf__Id"]].rename(columns={"sf__Id": "Id"}), "Contact")
        assert caught.value.error_code == "FEATURENOTENABLED"
        assert caught.value.result.counts == {"rows": 1, "successful": 0, "failed": 0, "unprocessed": 1}
        assert local.records("Contact").num_rows == 1
