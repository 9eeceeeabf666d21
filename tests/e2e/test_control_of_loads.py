"""A load is aborted or left from a listener, at any moment: all rows accounted for, none sent twice, no job open."""

import os
import pickle
import signal
import threading
import time
from collections import Counter

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import cargo, run, sending
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls
from sfbulk_pandas.progress.control import Control
from sfbulk_pandas.progress.events import (
    JobPolled,
    LoadStarted,
    PartFinished,
    PartSent,
    PartStarted,
    PartUploaded,
    RowsRetried,
)
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.retry import RetryPolicy
from sfbulk_pandas.transport.session import Session

ROWS, PART_ROWS = 50, 10
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
FRAME = pd.DataFrame(
    {"LastName": [f"Name {n % 7}" for n in range(ROWS)], "Description": [f"row {n}" for n in range(ROWS)]}
)
WISHES = ("abort", "detach")


class Asking:
    """A plain callable that utters a wish at a moment."""

    def __init__(self, wish):
        self.wish, self.control, self.events = wish, None, []

    def __call__(self, event):
        if isinstance(event, LoadStarted):
            self.control = event.control
        self.events.append(event)
        self.at(event)

    def at(self, event):
        """Do nothing: a moment takes its place."""

    def ask(self):
        getattr(self.control, self.wish)()

    def after(self, seconds):
        threading.Timer(seconds, self.ask).start()


def at_event(kind, turn=1):
    def prepare(asking, monkeypatch):
        monkeypatch.setattr(sending, "_TELL_SECONDS", 0)

        def at(event):
            if isinstance(event, kind) and sum(isinstance(each, kind) for each in asking.events) == turn:
                asking.ask()

        asking.at = at

    return prepare


def before(owner, name, turn):
    def prepare(asking, monkeypatch):
        real, turns = getattr(owner, name), []

        def called(*args, **kwargs):
            turns.append(name)
            if len(turns) == turn:
                asking.ask()
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, called)

    return prepare


def while_encoding(asking, monkeypatch):
    real = cargo.encode_parts

    def encoded(*args, **kwargs):
        for number, part in enumerate(real(*args, **kwargs)):
            if number == 1:
                asking.ask()
            yield part

    monkeypatch.setattr(cargo, "encode_parts", encoded)


def in_the_pause(asking, monkeypatch):
    monkeypatch.setattr(run, "_retry_pause", lambda *_: 60)

    def at(event):
        if sum(isinstance(each, PartFinished) for each in asking.events) == ROWS // PART_ROWS:
            asking.at = lambda event: None
            asking.after(0.3)

    asking.at = at


MOMENTS = {
    "beginning": at_event(LoadStarted),
    "encoding": while_encoding,
    "creating": before(Ingest, "create", 2),
    "created": at_event(PartStarted, 2),
    "uploading": at_event(PartSent, 3),
    "closing": before(Ingest, "close", 2),
    "uploaded": at_event(PartUploaded, 2),
    "polling": at_event(JobPolled, 2),
    "reading": before(Ingest, "fetch_results", 2),
    "read": at_event(PartFinished, 2),
    "pausing before a retry": in_the_pause,
    "retrying": at_event(RowsRetried),
}


SOME = [(moment, 2) for moment in MOMENTS] + [("uploading", 1), ("polling", 1)]


@pytest.fixture
def local():
    with LocalOrg(pacing=AfterPolls(2)) as org:
        org.fail_rows("Contact", "Description", ["row 7", "row 25", "row 49"])  # so that there is a retry
        yield org


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as client:
        yield client


def texts(local):
    return Counter(local.records("Contact").column("Description").to_pylist())


def check_accounted(result, local):
    assert sum(len(each) for each in (result.successful, result.failed, result.unprocessed)) == ROWS
    assert len(result.unknown) == 0
    assert Counter(result.successful["Description"]) == texts(local)


@pytest.mark.parametrize(("moment", "parallel"), SOME)
def test_abort(local, org, monkeypatch, moment, parallel):
    asking = Asking("abort")
    MOMENTS[moment](asking, monkeypatch)
    began = time.monotonic()
    with pytest.raises(sfbulk.JobAborted, match="as asked") as error:
        org.insert(FRAME, "Contact", part_rows=PART_ROWS, parallel_parts=parallel, progress=asking)
    assert time.monotonic() - began < 20
    monkeypatch.undo()
    result = error.value.result
    check_accounted(result, local)
    assert set(org.jobs(counts=False)["state"]) <= {"Aborted", "JobComplete"}
    assert org.loads()["state"].tolist() == ["ended"]
    assert len(result.unprocessed) + len(result.failed) > 0
    whole = result.retry()
    assert whole.counts["failed"] == whole.counts["unprocessed"] == 0
    assert texts(local) == Counter(FRAME["Description"])


@pytest.mark.parametrize(("moment", "parallel"), SOME)
def test_detach_and_resume(local, org, monkeypatch, moment, parallel):
    asking = Asking("detach")
    MOMENTS[moment](asking, monkeypatch)
    began = time.monotonic()
    with pytest.raises(sfbulk.StillRunning, match="as asked") as error:
        org.insert(FRAME, "Contact", part_rows=PART_ROWS, parallel_parts=parallel, progress=asking)
    assert time.monotonic() - began < 20
    monkeypatch.undo()
    left = error.value
    assert sum(left.result.counts[name] for name in left.result.counts if name != "rows") == ROWS
    jobs = org.jobs(counts=False).set_index("id")["state"]
    assert not set(left.job_ids) & set(jobs.index[jobs.isin(["Aborted", "Open"])])
    assert "Open" not in set(jobs)  # what was going up is not left behind
    (load_id,) = org.loads()["load_id"]
    assert f"go on with this load: sfbulk.resume({load_id!r}, frame=...)" in left.__notes__
    result = left.resume()
    assert result.counts == {"rows": ROWS, "successful": ROWS, "failed": 0, "unprocessed": 0}
    assert texts(local) == Counter(FRAME["Description"])
    by_id = dict(
        zip(*(local.records("Contact").column(name).to_pylist() for name in ("Id", "Description")), strict=True)
    )
    assert [by_id[record] for record in result.successful["sf__Id"]] == FRAME["Description"].tolist()
    assert org.loads()["state"].tolist() == ["ended"]


@pytest.mark.parametrize("wish", WISHES)
def test_a_pause_of_half_a_minute_is_not_waited_out(wish):
    slow = sfbulk.Polling(interval_seconds=30, cap_seconds=30)
    with (
        LocalOrg(pacing=AfterPolls(99)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=slow) as org,
    ):
        asking = Asking(wish)
        asking.at = lambda event: asking.after(0.2) if isinstance(event, PartUploaded) else None
        began = time.monotonic()
        with pytest.raises(sfbulk.JobError, match="as asked"):
            org.insert(FRAME, "Contact", progress=asking)
        assert time.monotonic() - began < 10


BUSY = {
    "creating": [("POST", "jobs/ingest", Faults.concurrent_limit)],
    "uploading": [("PUT", "batches", Faults.answer_lost), ("GET", "jobs/ingest/*", Faults.unavailable("25"))],
    "closing": [("PATCH", "jobs/ingest/*", Faults.answer_lost), ("GET", "jobs/ingest/*", Faults.unavailable("25"))],
    "polling": [("GET", "jobs/ingest/*", Faults.unavailable("25"))],
    "reading": [("GET", "failedResults", Faults.unavailable("25"))],
}


@pytest.fixture
def patient(local):
    network = Network(retry=RetryPolicy(first_seconds=25, cap_seconds=25))
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, network=network) as client:
        client.describe("Contact")
        yield client


def pressed(asking):
    """Press Ctrl-C where there would be a wish."""
    asking.ask = lambda: os.kill(os.getpid(), signal.SIGINT)
    return KeyboardInterrupt


@pytest.mark.parametrize("moment", BUSY)
@pytest.mark.parametrize("wish", [*WISHES, "Ctrl-C"])
def test_the_pause_before_a_request_is_repeated_is_not_waited_out(local, patient, monkeypatch, wish, moment):
    for method, path, fault in BUSY[moment]:
        local.faults.on(method, path, fault=fault, times=1)
    asking = Asking(wish)
    before(Session, "_wait_seconds", len(BUSY[moment]))(asking, monkeypatch)
    kind = sfbulk.JobError if wish in WISHES else pressed(asking)
    began = time.monotonic()
    with pytest.raises(kind) as error:
        patient.insert(FRAME, "Contact", progress=asking)
    assert time.monotonic() - began < 15
    monkeypatch.undo()
    local.faults.clear()
    (load_id,) = patient.loads()["load_id"]
    result = error.value.result.retry() if wish == "abort" else patient.resume(load_id, FRAME, progress=False)
    assert result.counts["successful"] == ROWS
    assert texts(local) == Counter(FRAME["Description"])
    assert "Open" not in set(patient.jobs(counts=False)["state"])


@pytest.mark.parametrize("wish", WISHES)
def test_too_late_is_no_error(local, org, wish):
    asking = Asking(wish)
    asking.at = lambda event: asking.ask() if type(event).__name__ == "LoadFinished" else None
    assert org.insert(FRAME, "Contact", progress=asking).counts["successful"] == ROWS


def test_an_abort_after_a_resume_ends_the_jobs_of_the_earlier_process(local, org):
    asking = Asking("detach")
    at_event(PartUploaded, 3)(asking, pytest.MonkeyPatch())
    with pytest.raises(sfbulk.StillRunning) as left:
        org.insert(FRAME, "Contact", part_rows=PART_ROWS, progress=asking)
    assert left.value.job_ids
    aborting = Asking("abort")
    aborting.at = lambda event: aborting.ask() if isinstance(event, LoadStarted) else None
    (load_id,) = org.loads()["load_id"]
    with pytest.raises(sfbulk.JobAborted) as error:
        org.resume(load_id, FRAME, progress=aborting)
    check_accounted(error.value.result, local)
    assert set(org.jobs(counts=False)["state"]) <= {"Aborted", "JobComplete"}
    with pytest.raises(sfbulk.JobAborted) as again:  # it is over: nothing is sent any more
        org.resume(load_id, FRAME, progress=False)
    assert again.value.result.counts == error.value.result.counts


def test_abort_is_stronger_than_detach_and_stays():
    control, heard = Control(), []
    with control.heard_by(lambda: heard.append(control.wish)):
        control.detach()
        control.detach()
        control.abort()
        control.detach()
    assert heard == ["detach", "abort"]
    with control.heard_by(lambda: heard.append("late")):
        pass
    assert heard[2:] == ["late"]
    assert control.wait(60)
    assert not Control().wait(0)


def test_a_copy_in_another_process_controls_nothing():
    event = LoadStarted("Contact", Operation.INSERT, 3, "L1", "https://acme.my.salesforce.com")
    event.control.abort()
    copied = pickle.loads(pickle.dumps(event))
    assert copied == event
    assert copied.control.wish is None
    assert repr(event.control) == "Control(abort)"
    assert "ontrol" not in repr(event)


def test_events_of_a_load_tell_what_a_panel_needs(local, org, monkeypatch):
    monkeypatch.setattr(sending, "_TELL_SECONDS", 0)
    asking = Asking("abort")
    since = len(local.exchanges)
    org.insert(FRAME.assign(Email=["bad", *["a@example.com"] * (ROWS - 1)]), "Contact", part_rows=25, progress=asking)
    kinds = [type(event).__name__ for event in asking.events]
    assert kinds.index("PartStarted") < kinds.index("PartSent") < kinds.index("PartUploaded")
    (started,) = [each for each in asking.events if isinstance(each, LoadStarted)]
    assert (started.load_id, started.instance_url) == (org.loads()["load_id"][0], local.url)
    sizes = {each.part: each.size_bytes for each in asking.events if isinstance(each, PartStarted)}
    sent = [each for each in asking.events if isinstance(each, PartSent)]
    assert any(each.sent_bytes > 0 for each in sent)
    assert all(each.sent_bytes <= sizes[each.part] for each in sent)
    causes = [cause for each in asking.events if isinstance(each, PartFinished) for cause in each.causes]
    by_code = Counter()
    for cause in causes:
        by_code[cause.code, cause.is_passing] += cause.count
    assert by_code == {("INVALID_EMAIL_ADDRESS", False): 1, ("UNABLE_TO_LOCK_ROW", True): 3}
    assert all(cause.advice for cause in causes)
    counted = [event.api_calls for event in asking.events]
    assert counted == sorted(counted)
    assert 0 < counted[-1] <= len(local.exchanges) - since
