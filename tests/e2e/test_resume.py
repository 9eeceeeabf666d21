"""A load that is gone on with, whatever became of its jobs in between: nothing is lost, nothing is sent twice."""

import json
import os
import pickle
import stat
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.spool import store

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 24


def contacts(rows=ROWS, **more):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)], **more})


def names(local):
    return sorted(local.records("Contact").column("LastName").to_pylist())


@pytest.fixture
def slow():
    with (
        LocalOrg(pacing=ByHand()) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as client,
    ):
        yield local, client


def left_alone(org, frame, **options):
    """Begin a load, and return it as an earlier process leaves it: its jobs run."""
    options = {"part_rows": 2, "parallel_parts": 1, "progress": False} | options
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(frame, "Contact", wait_seconds=0, **options)
    return caught.value.result


def run_on(local, org):
    while org.jobs(counts=False)["state"].isin(["UploadComplete", "InProgress"]).any():
        local.advance()


@contextmanager
def running_by_itself(local):
    done = threading.Event()

    def advance():
        while not done.wait(0.01):
            local.advance()

    thread = threading.Thread(target=advance)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


# What became of the jobs meanwhile


def test_one_job_that_somebody_aborted_says_nothing_of_the_others(slow):
    local, org = slow
    left = left_alone(org, contacts())
    org.abort(left.jobs[0].id)
    run_on(local, org)
    with pytest.raises(sfbulk.JobAborted) as caught:
        org.resume(left.load_id, contacts())
    result = caught.value.result
    assert result.counts == {"rows": ROWS, "successful": ROWS - 2, "failed": 0, "unprocessed": 2}
    assert result.unprocessed.index.tolist() == [0, 1]
    assert org.loads()["state"].tolist() == ["ended"]
    with running_by_itself(local):
        assert result.retry().counts == {"rows": ROWS, "successful": ROWS, "failed": 0, "unprocessed": 0}
    assert names(local) == sorted(contacts()["LastName"])


def test_a_job_that_is_gone_leaves_its_own_rows_unknown_and_no_others(slow):
    local, org = slow
    left = left_alone(org, contacts())
    run_on(local, org)
    for job in left.jobs[:2]:
        org.delete_job(job.id)
    with pytest.raises(sfbulk.NotFound) as caught:
        org.resume(left.load_id, contacts())
    result = caught.value.result
    assert result.counts == {"rows": ROWS, "successful": ROWS - 4, "failed": 0, "unprocessed": 0, "unknown": 4}
    assert result.unknown.index.tolist() == [0, 1, 2, 3]
    assert result.retry() is result
    assert names(local) == sorted(contacts()["LastName"])


def test_an_org_out_of_reach_makes_no_begun_row_an_unsent_one(slow):
    local, org = slow
    left = left_alone(org, contacts())
    run_on(local, org)
    local.faults.on("GET", "jobs/ingest/*", fault=Faults.reset_before_body, times=None)
    before = len(local.exchanges)
    with pytest.raises(sfbulk.TransportError) as caught:
        org.resume(left.load_id, contacts())
    assert len(local.exchanges) - before < 20  # the first job's attempts: the others would fare no better
    assert caught.value.result.counts == {
        "rows": ROWS,
        "successful": 0,
        "failed": 0,
        "unprocessed": 0,
        "unknown": ROWS,
    }
    assert caught.value.result.retry() is caught.value.result
    local.faults.clear()
    assert org.resume(left.load_id, contacts()).counts["successful"] == ROWS
    assert names(local) == sorted(contacts()["LastName"])


def test_results_that_were_fetched_are_read_from_disk_when_their_jobs_are_gone(slow):
    local, org = slow
    left = left_alone(org, contacts())
    local.advance(left.jobs[0].id)
    local.advance(left.jobs[0].id)
    with pytest.raises(sfbulk.StillRunning):
        org.resume(left.load_id, contacts(), wait_seconds=0)
    org.delete_job(left.jobs[0].id)
    run_on(local, org)
    assert org.resume(left.load_id, contacts()).counts["successful"] == ROWS


def test_results_of_an_ended_load_that_were_purged_are_missing_and_nothing_is_sent(slow):
    local, org = slow
    left = left_alone(org, contacts(6))
    run_on(local, org)
    assert org.resume(left.load_id, contacts(6)).counts["successful"] == 6
    org.delete_job(left.jobs[0].id)
    with pytest.raises(sfbulk.NotFound) as caught:
        org.resume(left.load_id, contacts(6))
    assert caught.value.result.counts["unknown"] == 2
    assert caught.value.result.counts["successful"] == 4
    assert org.loads()["successful"].tolist() == [6]  # what the journal said when it ended still stands
    assert local.records("Contact").num_rows == 6


# How it is gone on with


def ended_with_an_open_job(local, org):
    """Upsert rows whose job is never closed, upsert others instead, and return the load, which is over by that."""
    frame = pd.DataFrame({"Contact_Key__c": ["a", "b"], "LastName": ["Old 1", "Old 2"]})
    with running_by_itself(local):
        local.faults.on("PATCH", "*", fault=Faults.unavailable(None), times=None)
        with pytest.raises(sfbulk.ApiError) as caught:
            org.upsert(frame, "Contact", external_id_field="Contact_Key__c", progress=False)
        local.faults.clear()
        left = caught.value.result
        assert left.counts["unknown"] == 2
        left.retry(frame.assign(LastName=["New 1", "New 2"]))
    assert sorted(org.jobs(counts=False)["state"]) == ["JobComplete", "Open"]
    return left.load_id, frame


def test_a_load_that_has_ended_closes_no_job(slow):
    local, org = slow
    load_id, frame = ended_with_an_open_job(local, org)
    for _ in range(2):
        with pytest.warns(UserWarning, match="were sent again by"):
            result = org.resume(load_id, frame, progress=False, wait_seconds=5)
        assert result.counts == {"rows": 2, "successful": 0, "failed": 0, "unprocessed": 2}
        assert sorted(org.jobs(counts=False)["state"]) == ["Aborted", "JobComplete"]
        assert names(local) == ["New 1", "New 2"]
    with Journal() as journal:
        assert [part.step for part in journal.parts(load_id)] == [Step.UPLOADED]


def test_a_job_that_begins_while_it_is_aborted_is_accounted_for_although_its_load_has_ended(slow, monkeypatch):
    local, org = slow
    load_id, frame = ended_with_an_open_job(local, org)
    abort = Ingest.abort

    def late(self, job_id):
        self.close(SimpleNamespace(id=job_id))  # a request that was on its way all the time
        run_on(local, org)
        return abort(self, job_id)

    monkeypatch.setattr(Ingest, "abort", late)
    with pytest.warns(UserWarning, match="were sent again by"):
        result = org.resume(load_id, frame, progress=False, wait_seconds=5)
    assert result.counts["successful"] == 2


def test_waiting_may_be_limited_again_and_again(slow):
    local, org = slow
    left = left_alone(org, contacts(6))
    for _ in range(2):
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.resume(left.load_id, contacts(6), wait_seconds=0)
        assert caught.value.result.counts["unknown"] == 6
        assert len(caught.value.job_ids) == 3
    run_on(local, org)
    assert caught.value.resume().counts["successful"] == 6
    assert names(local) == sorted(contacts(6)["LastName"])


def test_a_load_that_is_under_way_is_nobody_elses(slow):
    local, org = slow
    left = left_alone(org, contacts(6))
    polled, found = threading.Event(), []

    def go_on():
        found.append(org.resume(left.load_id, contacts(6), progress=lambda event: polled.set()))

    other = threading.Thread(target=go_on)
    other.start()
    assert polled.wait(10)
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as second:
        assert second.loads()["state"].tolist() == ["running"]
        for taken in (lambda: second.resume(left.load_id, contacts(6)), lambda: second.loads(forget=left.load_id)):
            with pytest.raises(sfbulk.JournalBusy) as caught:
                taken()
            assert caught.value.load_id == left.load_id
        assert second.loads(forget="all")["load_id"].tolist() == [left.load_id]
    run_on(local, org)
    other.join(20)
    assert found[0].counts["successful"] == 6
    assert names(local) == sorted(contacts(6)["LastName"])


def test_a_resumed_load_can_be_retried_and_resumed_again_with_its_attempts(local, org):
    frame = contacts(6, Email=["bad", *["a@example.com"] * 5])
    local.fail_rows("Contact", "LastName", ["Name 3"])

    def interrupt(event):
        if type(event).__name__ == "RowsRetried":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        org.insert(frame, "Contact", progress=interrupt)
    (load_id,) = org.loads()["load_id"]
    for _ in range(2):  # the second time, the load has ended
        result = org.resume(load_id, frame)
        assert result.counts == {"rows": 6, "successful": 5, "failed": 1, "unprocessed": 0}
        assert result.attempts[["attempt", "rows", "successful", "failed"]].to_numpy().tolist() == [
            [1, 6, 4, 2],
            [2, 1, 1, 0],
        ]
        assert result.successful["sf__Attempts"].tolist() == [1, 1, 2, 1, 1]
    whole = result.retry(result.failed.assign(Email="b@example.com"))
    assert whole.counts == {"rows": 6, "successful": 6, "failed": 0, "unprocessed": 0}
    assert whole.attempts["kind"].tolist() == ["load", "automatic retry", "retry"]
    assert org.loads()["retry_of"].tolist()[0] == load_id
    assert names(local) == sorted(frame["LastName"])


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        ([0, 1], {}),
        ([0, 1], {"nulls": {1: "clear"}, "columns": [1, 0]}),
        (pd.MultiIndex.from_tuples([("a", "b"), ("a", 1)]), {"nulls": {("a", 1): "clear"}}),
    ],
)
def test_labels_that_are_no_texts_are_found_again(slow, labels, options):
    local, org = slow
    frame = pd.DataFrame([["x", "1"], ["y", None]])
    frame.columns = labels
    rename = dict(zip(frame.columns, ["LastName", "Phone"], strict=True))
    left = left_alone(org, frame, rename=rename, **options)
    run_on(local, org)
    assert org.resume(left.load_id, frame).counts["successful"] == 2


def test_the_order_of_sending_is_that_of_the_journal_whatever_the_describe_says_now(slow):
    local, org = slow
    account = {"Id": "001000000000001AAA"}
    frame = contacts(6, AccountId=[account["Id"], None] * 3)
    left = left_alone(org, frame, sort_by_parent=False)
    with Journal(org._loading.journal.path) as journal:
        held = journal.load(left.load_id).options | {"sort_by_parent": True}  # as if the field had become a lookup
        journal._write("UPDATE load SET options = :options", {"options": json.dumps(held)})
    run_on(local, org)
    counts = org.resume(left.load_id, frame).counts
    assert counts["successful"] + counts["failed"] == 6


# A journal that cannot be written


class Failing:
    """Let the writes of a journal fail from the n-th on, for so many of them; reads as well, on request."""

    def __init__(self, monkeypatch, first, count=10**6, *, reads=False):
        self.first, self.last, self.turn, self.lock = first, first + count, 0, threading.Lock()
        self.wrap(monkeypatch, "_write", counts=True)
        if reads:
            self.wrap(monkeypatch, "_rows", counts=False)

    def wrap(self, monkeypatch, name, *, counts):
        real = getattr(Journal, name)

        def failing(journal, *args):
            with self.lock:
                self.turn += counts
                fails = self.first <= self.turn < self.last
            if fails:
                raise sfbulk.JournalError("the disk is full")
            return real(journal, *args)

        monkeypatch.setattr(Journal, name, failing)


@pytest.mark.parametrize(("count", "reads"), [(1, False), (10**6, False), (10**6, True)])
@pytest.mark.parametrize("first", [2, 3, 4, 7, 10, 11, 13, 17, 18, 19, 24, 27, 28, 29, 36])
def test_a_write_that_fails_stops_the_job_and_leaves_a_load_to_go_on_with(local, org, first, count, reads):
    frame = contacts(6, Email=["a@example.com", "bad"] * 3)
    local.fail_rows("Contact", "LastName", ["Name 2"])
    with pytest.MonkeyPatch.context() as patched:
        Failing(patched, first, count, reads=reads)
        with pytest.raises(sfbulk.JournalError) as caught:
            org.insert(frame, "Contact", part_rows=2)
    result = caught.value.result
    counts = result.counts
    assert counts["rows"] == 6
    assert sum(counts.values()) == 12
    assert not org.loads().empty
    assert f"sfbulk.resume('{result.load_id}', frame=...)" in caught.value.__notes__[-1]
    whole = org.resume(result.load_id, frame)
    assert whole.counts == {"rows": 6, "successful": 3, "failed": 3, "unprocessed": 0}
    assert names(local) == sorted(frame["LastName"][::2])
    assert org.jobs(state="Open", counts=False).empty


def test_a_temporary_folder_that_is_full_when_results_are_read_leaves_a_load_to_go_on_with(local, org, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    def fetched(*given):
        patched.setattr(store, "new_folder", full)
        return fetch(*given)

    fetch = Ingest.fetch_results
    with monkeypatch.context() as patched:
        patched.setattr(Ingest, "fetch_results", fetched)
        with pytest.raises(sfbulk.DataError, match="No space left") as caught:
            org.insert(contacts(), "Contact", progress=False)
    left = caught.value.result
    assert left.counts == {"rows": ROWS, "successful": 0, "failed": 0, "unprocessed": 0, "unknown": ROWS}
    assert org.resume(left.load_id, contacts(), progress=False).counts["successful"] == ROWS
    assert names(local) == sorted(contacts()["LastName"])


def test_a_journal_that_cannot_be_begun_sends_nothing(local, org, monkeypatch):
    Failing(monkeypatch, 1)
    with pytest.raises(sfbulk.JournalError):
        org.insert(contacts(), "Contact")
    assert not [each for each in local.exchanges if "/jobs/" in each.path]


# What lies about meanwhile


def result_files(org):
    folder = org._loading.journal.path.with_name("journal.db-results")
    return sorted(folder.rglob("*.csv"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_result_files_are_the_users_alone_until_they_are_handed_over_or_forgotten(slow):
    local, org = slow
    lefts = [left_alone(org, contacts(4, Phone=[str(n)] * 4)) for n in range(2)]
    for left in lefts:
        for _ in range(2):
            local.advance(left.jobs[0].id)
        with pytest.raises(sfbulk.StillRunning):
            org.resume(left.load_id, left._frame, wait_seconds=0)
    files = result_files(org)
    assert [file.parent.name for file in files] == sorted(left.load_id for left in lefts for _ in range(3))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for file in files for each in file.parents[:2]} == {0o700}
    run_on(local, org)
    assert org.resume(lefts[0].load_id, lefts[0]._frame).counts["successful"] == 4
    assert {file.parent.name for file in result_files(org)} == {lefts[1].load_id}
    org.loads(forget=lefts[1].load_id)
    assert result_files(org) == []
    assert not list(org._loading.journal.path.parent.glob(f"*/{lefts[1].load_id}*"))


def test_no_secret_is_in_the_journal_or_in_what_is_shown_and_kept(slow):
    local, org = slow
    left = left_alone(org, contacts(4))
    run_on(local, org)
    org.abort(left_alone(org, contacts(1)).jobs[0].id)
    result = org.resume(left.load_id, contacts(4))
    token = org._session._current().token
    key = local.private_key_pem.strip().splitlines()[2]
    texts = [repr(result), repr(result.manifest), repr(org), repr(org._loading), repr(org._loading.journal)]
    texts += [pickle.dumps(result).decode("latin-1"), org.loads().to_csv()]
    state = org._loading.journal.path.parent
    texts += [path.read_bytes().decode("latin-1") for path in state.rglob("*") if path.is_file()]
    texts += [path.read_bytes().decode("latin-1") for path in result._facts.spool.folder.rglob("*") if path.is_file()]
    assert len(texts) > 8
    for secret in (token, token.partition("!")[2], key, local.client_secret, local.refresh_token):
        assert len(secret) > 10
        assert not [text[:80] for text in texts if secret in text]
    journal = b"".join(path.read_bytes() for path in state.glob("journal.db*") if path.is_file())
    assert b"Name 0" not in journal  # nor is any row in it
    assert left.load_id.encode() in journal


def test_steps_are_written_in_their_order(org):
    steps = []
    record = Journal.record
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Journal, "record", lambda self, part: (steps.append(part.step), record(self, part)))
        org.insert(contacts(2), "Contact")
    assert steps == list(Step)
