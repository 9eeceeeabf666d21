"""Loads side by side, of one journal: none takes another's jobs for its own lost ones."""

import threading
from dataclasses import replace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import orphans
from sfbulk_pandas.jobs.notes import KnownJobs, Notes
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.journal.records import LoadRecord, PartRecord, Step
from sfbulk_pandas.local_org import Faults
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.transport.clock import SystemClock
from sfbulk_pandas.wire.ingest import IngestJob

ORG = "00D000000000001AAA"
LOAD = LoadRecord(
    "ours", 1.0, "Contact", "insert", None, ORG, "https://acme.my.salesforce.com", "005A", ("LastName",), {}, 3
)
PART = PartRecord("theirs", 1, 1, 0, 3, "ab", 120, Step.CREATING, 1.0)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as found:
        found.begin(LOAD)
        found.begin(replace(LOAD, load_id="theirs"))
        yield found


def known(journal):
    return KnownJobs(Notes(journal, "ours", 1, SystemClock()), ORG)


def test_jobs_that_get_their_id_after_the_list_was_asked_for_are_known(journal):
    jobs = known(journal)
    with journal.hold("theirs"):
        journal.record(PART)
        journal.record(replace(PART, step=Step.CREATED, job_id="750A"))
        assert "750A" in jobs
        assert not jobs.others_create


def test_a_load_that_creates_a_job_may_have_made_any(journal):
    jobs = known(journal)
    with journal.hold("theirs"):
        journal.record(replace(PART, at=0.0))  # however long ago it was written down: it may have waited since
        assert "750A" not in jobs
        assert jobs.others_create


def test_neither_dead_loads_nor_those_of_other_orgs_create_any(journal):
    jobs = known(journal)
    journal.begin(replace(LOAD, load_id="elsewhere", org_id="00D000000000002AAA"))
    journal.record(PART)
    journal.record(replace(PART, load_id="elsewhere"))
    with journal.hold("elsewhere"):
        assert "750A" not in jobs
    assert not jobs.others_create


@pytest.mark.parametrize("noted", [False, True], ids=["still creating", "created"])
def test_a_job_that_another_load_makes_while_jobs_are_listed_is_left_alone(org, monkeypatch, noted):
    """Let the create of one load be lost, and that of another come in just before the list is read."""
    journal, ingest = org._loading.journal, org._loading
    job = IngestJob("Contact", Operation.INSERT)
    org_id = "00D" + org._session.token_id_url.partition("/id/00D")[2].partition("/")[0]
    theirs = replace(LOAD, load_id="theirs", org_id=org_id)
    made = []
    real = orphans.job_pages

    def job_pages(session, kind):
        if not made:
            journal.record(PART)
            made.append(orphans.Ingest(session).create(job))
            if noted:
                journal.record(replace(PART, step=Step.CREATED, job_id=made[0].id))
        return real(session, kind)

    monkeypatch.setattr(orphans, "job_pages", job_pages)
    journal.begin(theirs)
    lost = Lost(ingest.session, monkeypatch)
    with journal.hold("theirs"):
        result = org.insert(pd.DataFrame({"LastName": ["A", "B"]}), "Contact")
    assert lost.turns == 1
    assert made
    assert result.counts["successful"] == 2
    assert org.job(made[0].id).state == "Open"


class Lost:
    """Lose the first create on its way out, in a manner that leaves open whether it has arrived."""

    def __init__(self, session, monkeypatch):
        self.turns, self.real = 0, session.send
        monkeypatch.setattr(session, "send", self.send)

    def send(self, request):
        if request.method == "POST" and request.path.endswith("/jobs/ingest") and not self.turns:
            self.turns += 1
            raise sfbulk.ConnectionFailed("the connection broke", may_have_arrived=True)
        return self.real(request)


def test_to_look_whether_a_load_is_held_does_not_keep_it_from_being_held(journal):
    stop = threading.Event()

    def look():
        while not stop.is_set():
            journal.is_held("theirs")

    with journal.hold("theirs"):
        pass
    threads = [threading.Thread(target=look) for _ in range(3)]
    for each in threads:
        each.start()
    try:
        for _ in range(50):
            with Journal(journal.path) as other, other.hold("theirs"):
                assert journal.is_held("theirs")
    finally:
        stop.set()
        for each in threads:
            each.join()


def test_several_loads_of_one_object_at_once_make_one_record_a_row(local, org):
    frames = [pd.DataFrame({"LastName": [f"{name} {n}" for n in range(30)]}) for name in "ABCD"]
    results, errors = [], []

    def insert(org, frame):
        try:
            return org.insert(frame, "Contact", part_rows=7, parallel_parts=3, progress=False)
        except sfbulk.ConnectionFailed as error:  # both creates of one part met a break: an error that resumes
            return org.resume(error.result.load_id, frame, progress=False)

    def load(frame):
        try:
            with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=org._loading.polling) as other:
                results.append(insert(other, frame))
        except sfbulk.SfBulkError as error:
            errors.append(error)

    for _ in range(3):
        local.faults.on("POST", "jobs/ingest", fault=Faults.answer_lost)
    threads = [threading.Thread(target=load, args=(frame,)) for frame in frames]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []
    assert [result.counts["successful"] for result in results] == [30] * 4
    stored = sorted(local.records("Contact").column("LastName").to_pylist())
    assert stored == sorted(name for frame in frames for name in frame["LastName"])
