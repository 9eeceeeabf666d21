"""Rows go up again once only, whichever of its results a load is retried from."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.outcome import Outcome
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.progress.events import LoadStarted, PartUploaded


@pytest.fixture
def local():
    with LocalOrg() as local:
        yield local


@pytest.fixture
def connect(local, tmp_path):
    held = []

    def connect(credentials=None):
        credentials = credentials or sfbulk.JwtBearer(**local.credentials())
        polling = sfbulk.Polling(interval_seconds=0.02, cap_seconds=0.2)
        held.append(sfbulk.connect(credentials, journal=tmp_path / "journal.db", polling=polling))
        return held[-1]

    yield connect
    for org in held:
        org.close()


@pytest.fixture
def org(connect):
    return connect()


def stored(local):
    return sorted(local.records("Contact").column("LastName").to_pylist())


def detach_at_first_part(load=1):
    """Listen to a load and its retries, and detach from the n-th of them when its first part is up."""
    controls = []

    def listen(event):
        if isinstance(event, LoadStarted):
            controls.append(event.control)
        if isinstance(event, PartUploaded) and len(controls) == load:
            controls[-1].detach()

    return listen


def some(*mails, **more):
    return pd.DataFrame({"LastName": list("ABCDEF")[: len(mails)], "Email": mails} | more)


def test_a_result_that_was_retried_before_goes_on_from_there(org, local):
    result = org.insert(some("a@x.org", "bad", "bad"), "Contact", progress=False)
    fixed = result.failed
    fixed.loc[1, "Email"] = "b@x.org"
    assert result.retry(fixed).counts == {"rows": 3, "successful": 2, "failed": 1, "unprocessed": 0}
    fixed.loc[2, "Email"] = "c@x.org"
    with pytest.warns(UserWarning, match="1 row.s. have succeeded before"):
        again = result.retry(fixed)
    assert again.counts["successful"] == 3
    assert again.attempts["kind"].tolist() == ["load", "retry", "retry"]
    assert stored(local) == ["A", "B", "C"]


def test_the_result_of_an_error_does_not_know_what_a_resumption_has_done(org, local):
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(some(*["x@x.org"] * 4), "Contact", part_rows=1, parallel_parts=1, progress=detach_at_first_part())
    assert caught.value.resume().counts["successful"] == 4
    with pytest.raises(sfbulk.AlreadyLoaded, match="has gone on since this result was made"):
        caught.value.result.retry()
    assert stored(local) == ["A", "B", "C", "D"]


def test_a_load_that_is_resumed_after_its_retry_says_so_and_does_not_repeat_it(org, connect, local):
    frame = some("a@x.org", "bad", "bad")
    result = org.insert(frame, "Contact", progress=False)
    fixed = result.failed
    fixed.loc[1, "Email"] = "b@x.org"
    retried = result.retry(fixed).attempts["load_id"].iloc[1]
    later = connect()
    with pytest.warns(UserWarning, match=f"were sent again by {retried}"):
        result = later.resume(result.load_id, frame, progress=False)
    with pytest.raises(sfbulk.AlreadyLoaded, match=f"were sent again by load {retried}") as caught:
        result.retry(result.failed.assign(Email="c@x.org"))
    assert caught.value.load_id == retried
    own = later.resume(retried, fixed, progress=False)
    assert own.counts == {"rows": 2, "successful": 1, "failed": 1, "unprocessed": 0}
    assert own.retry(own.failed.assign(Email="c@x.org")).counts["successful"] == 2
    assert stored(local) == ["A", "B", "C"]


def test_a_retry_that_broke_off_is_over_once_its_rows_went_up_in_another(org, local):
    result = org.insert(some("a@x.org", "bad"), "Contact", progress=False)
    fixed = result.failed.assign(Email="b@x.org")
    local.faults.on("POST", "jobs/ingest", fault=Faults.daily_limit)
    with pytest.raises(sfbulk.RequestLimitExceeded) as caught:
        result.retry(fixed)
    assert caught.value.result.retry(fixed).counts["successful"] == 2
    loads = org.loads()
    assert loads["state"].tolist() == ["ended"] * 3
    broken_off = loads["load_id"].iloc[1]
    with pytest.warns(UserWarning, match="were sent again by"):
        assert org.resume(broken_off, fixed, progress=False).counts["unprocessed"] == 1
    assert stored(local) == ["A", "B"]


def test_rows_that_a_retry_did_not_send_stay_as_they_were(org, local):
    frame = some("a@x.org", "bad", "bad")
    result = org.insert(frame, "Contact", part_rows=1, parallel_parts=1, progress=False)
    local.faults.on("POST", "jobs/ingest", fault=Faults.daily_limit, skip=1)
    with pytest.raises(sfbulk.RequestLimitExceeded) as caught:
        result.retry(result.failed.assign(Email="b@x.org"))
    whole = caught.value.result
    assert whole.counts == {"rows": 3, "successful": 2, "failed": 1, "unprocessed": 0}
    assert whole.failed["error_code"].tolist() == ["INVALID_EMAIL_ADDRESS"]
    assert whole.retry().counts["successful"] == 3
    assert stored(local) == ["A", "B", "C"]


def test_a_row_whose_end_is_not_known_is_not_unprocessed_because_its_retry_was_not_sent(org, local):
    frame = some("a@x.org", "b@x.org", Contact_Key__c=["a", "b"])
    local.faults.on("GET", "jobs/ingest/*", fault=Faults.unavailable(None), times=None)
    with pytest.raises(sfbulk.ApiError) as caught:
        org.upsert(frame, "Contact", external_id_field="Contact_Key__c", progress=False)
    local.faults.on("POST", "jobs/ingest", fault=Faults.daily_limit)
    with pytest.raises(sfbulk.RequestLimitExceeded) as again:
        caught.value.result.retry()
    assert again.value.result.counts["unknown"] == 2
    assert stored(local) == ["A", "B"]


def test_a_retry_of_all_rows_that_broke_off_can_be_resumed(org, local):
    frame = some("a@x.org", "b@x.org")
    local.fail_rows("Contact", "LastName", ["A", "B"], times=1)
    result = org.insert(frame, "Contact", row_retries=0, progress=False)
    local.faults.on("PUT", "batches", fault=Faults.daily_limit)
    with pytest.raises(sfbulk.RequestLimitExceeded):
        result.retry()
    assert org.resume(org.loads()["load_id"].iloc[0], frame, progress=False).counts["successful"] == 2
    assert stored(local) == ["A", "B"]


def test_a_retry_that_is_refused_ends_nothing(org, local):
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(some(*["x@x.org"] * 3), "Contact", part_rows=1, parallel_parts=1, progress=detach_at_first_part())
    with pytest.raises(sfbulk.PreflightFailed):
        caught.value.result.retry(caught.value.result.unprocessed.assign(Typo=1))
    assert caught.value.resume().counts["successful"] == 3
    assert stored(local) == ["A", "B", "C"]


def test_a_retry_that_was_waited_for_comes_back_as_the_whole_load(org):
    listen = detach_at_first_part(load=2)
    result = org.insert(some("a@x.org", "bad", "bad"), "Contact", part_rows=1, parallel_parts=1, progress=listen)
    with pytest.raises(sfbulk.StillRunning) as caught:
        result.retry(result.failed.assign(Email="b@x.org"))
    assert caught.value.result.counts["rows"] == 3
    whole = caught.value.resume()
    assert whole.counts == {"rows": 3, "successful": 3, "failed": 0, "unprocessed": 0}
    assert whole.successful["sf__Attempts"].tolist() == [1, 2, 2]


def test_equal_rows_are_retried_one_by_one(org, local):
    local.fail_rows("Contact", "LastName", ["A"], times=2)
    frame = pd.DataFrame({"LastName": ["A", "A"]})
    result = org.insert(frame, "Contact", row_retries=0, progress=False)
    result = result.retry(result.failed.iloc[:1])
    assert result.retry().counts["successful"] == 2
    assert stored(local) == ["A", "A"]


def test_a_load_that_was_forgotten_is_retried_all_the_same(org, local):
    result = org.insert(some("a@x.org", "bad"), "Contact", progress=False)
    org.loads(forget="ended")
    assert result.retry(result.failed.assign(Email="b@x.org")).counts["successful"] == 2
    assert stored(local) == ["A", "B"]


def test_a_label_that_rows_share_of_which_some_have_succeeded(org, local):
    frame = some("a@x.org", "bad", "bad").set_axis(list("xxx"))
    result = org.insert(frame, "Contact", progress=False)
    with pytest.raises(sfbulk.UsageError, match=r"2 row.s. labelled 'x' were given, and 3 with that label"):
        result.retry(frame.iloc[:2].assign(Email="q@x.org"))
    assert result.retry(result.failed.assign(Email="q@x.org")).counts["successful"] == 3
    assert stored(local) == ["A", "B", "C"]


def test_an_insert_of_which_a_retry_has_stored_rows_is_a_repetition(org, local):
    frame = some("bad", "bad")
    local.fail_rows("Contact", "LastName", ["A", "B"], times=1)
    frame["Email"] = "a@x.org"
    result = org.insert(frame, "Contact", row_retries=0, progress=False)
    assert result.counts["failed"] == 2
    result.retry(result.failed.iloc[:1])
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.insert(frame, "Contact", progress=False)
    assert stored(local) == ["A"]


def test_an_insert_that_never_arrived_is_a_repetition_once_a_retry_has_stored_rows_of_it(org, local):
    frame = some("a@x.org", "bad")
    local.faults.on("PUT", "batches", fault=Faults.daily_limit)
    with pytest.raises(sfbulk.RequestLimitExceeded) as caught:
        org.insert(frame, "Contact", progress=False)
    result = caught.value.result.retry(frame.assign(Email="a@x.org"))
    assert stored(local) == ["A", "B"]
    with pytest.raises(sfbulk.AlreadyLoaded) as caught:
        org.insert(frame, "Contact", progress=False)
    assert caught.value.load_id == result.attempts["load_id"].iloc[1]
    assert stored(local) == ["A", "B"]


def test_an_insert_of_which_the_retry_of_a_retry_has_stored_rows_is_a_repetition(org, local):
    frame = some("a@x.org", "a@x.org")
    local.fail_rows("Contact", "LastName", ["A"], times=2)
    local.fail_rows("Contact", "LastName", ["B"])
    result = org.insert(frame, "Contact", row_retries=0, progress=False)
    retried = result.retry(result.failed.iloc[:1]).attempts["load_id"].iloc[1]
    own = org.resume(retried, frame.iloc[:1], progress=False)
    assert own.counts["failed"] == 1
    own.retry()
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.insert(frame, "Contact", progress=False)
    assert stored(local) == ["A"]


def test_the_same_rows_by_another_kind_of_token_are_a_repetition(org, connect, local):
    frame = some("a@x.org")
    load_id = org.insert(frame, "Contact", progress=False).load_id
    other = connect(sfbulk.AccessToken(local.access_token, local.url))
    with pytest.raises(sfbulk.AlreadyLoaded):
        other.insert(frame, "Contact", progress=False)
    assert other.resume(load_id, frame, progress=False).counts["successful"] == 1
    assert stored(local) == ["A"]


def test_a_load_of_which_nothing_was_sent_is_no_repetition_until_it_is_resumed(org, local):
    frame = some("a@x.org", "b@x.org")
    local.faults.on("PUT", "batches", fault=Faults.unavailable(None), times=None)
    with pytest.raises(sfbulk.SfBulkError) as caught:
        org.insert(frame, "Contact", progress=False)
    local.faults.clear()
    org.insert(frame, "Contact", progress=False)
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.resume(caught.value.result.load_id, frame, progress=False)
    assert stored(local) == ["A", "B"]


def test_ids_of_an_earlier_result_are_a_key_that_stays(org, local):
    first = org.insert(some("a@x.org", "b@x.org"), "Contact", progress=False)
    one = first.successful["sf__Id"].iloc[0]
    local.fail_rows("Contact", "Id", [one], error="DELETE_FAILED:not now:--", times=1)
    result = org.delete(first.successful, "Contact", rename={"sf__Id": "Id"}, progress=False)
    assert result.failed["sf__Id"].tolist() == [one]
    assert result.check(result.failed)["severity"].isin(["note", "plan"]).all()
    assert result.retry(result.failed).counts["successful"] == 2
    assert stored(local) == []


def test_the_history_of_any_job_begins_with_the_job(org, local):
    load = org.insert(some("a@x.org", "bad"), "Contact", progress=False)
    result = org.results(load.jobs[0].id, some("a@x.org", "bad"))
    assert result.report.columns.tolist() == ["index", "column", "check", "value", "suggestion", "severity"]
    result = result.retry(result.failed.assign(Email="b@x.org"))
    assert result.attempts[["load_id", "kind", "rows"]].to_numpy().tolist()[0] == [load.load_id, "load", 2]
    assert result.attempts["kind"].tolist() == ["load", "retry"]
    assert org.loads()["retry_of"].iloc[0] == load.load_id
    with pytest.raises(sfbulk.AlreadyLoaded):
        load.retry(load.failed.assign(Email="c@x.org"))
    assert stored(local) == ["A", "B"]


@pytest.mark.parametrize("rows", [["A"], None, pd.Series([1])])
def test_mended_rows_that_are_no_frame_are_refused(org, rows):
    result = org.insert(some("bad"), "Contact", progress=False)
    with pytest.raises(sfbulk.UsageError, match="mended rows are a DataFrame"):
        result.check(rows)


@pytest.fixture
def full_disk(monkeypatch):
    """Let the disk be full whenever what became of rows is put where they stand in the frame."""
    placed = Outcome.placed

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    def placed_on_full(*args):
        with monkeypatch.context() as patch:
            patch.setattr(pa, "OSFile", full)
            return placed(*args)

    monkeypatch.setattr(Outcome, "placed", placed_on_full)


@pytest.mark.usefixtures("full_disk")
def test_what_became_of_rows_is_known_though_the_disk_is_full(org, local):
    accounts = org.insert(pd.DataFrame({"Name": ["One", "Two"]}), "Account", progress=False).successful["sf__Id"]
    frame = some("a@x.org", "bad", "c@x.org", "d@x.org", AccountId=[*accounts, *accounts])
    result = org.insert(frame, "Contact", progress=False)
    assert result.counts == {"rows": 4, "successful": 3, "failed": 1, "unprocessed": 0}
    assert result.retry(result.failed.assign(Email="b@x.org")).counts["successful"] == 4
    assert stored(local) == ["A", "B", "C", "D"]
