"""Creates whose answer was lost leave Open jobs: they are cleaned up where they are surely those of dead loads."""

from dataclasses import replace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.local_org import Faults
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.wire.ingest import IngestJob

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
FRAME = pd.DataFrame({"LastName": ["A", "B", "C"]})
KEYED = FRAME.assign(Contact_Key__c=["a", "b", "c"])
INSERT = IngestJob("Contact", Operation.INSERT)


@pytest.fixture
def org(local):
    network = Network(retry=sfbulk.RetryPolicy(attempts=1))
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, network=network) as client:
        yield client


def lost(local, load, *args, skip=0, **options):
    """Begin a load that never learns of the jobs that it has created, and return its id."""
    local.faults.on("POST", "jobs/ingest", fault=Faults.answer_lost, times=None)
    local.faults.on("GET", "jobs/ingest", fault=Faults.answer_lost, times=None, skip=skip)
    with pytest.raises(sfbulk.TransportError) as caught:
        load(*args, progress=False, **options)
    local.faults.clear()
    return caught.value.result.load_id


def listed(frame):
    return frame[["load_id", "state", "object", "aborted"]].to_numpy().tolist()


def test_jobs_of_lost_answers_are_aborted_and_their_load_goes_on(local, org):
    load_id = lost(local, org.insert, FRAME, "Contact", part_rows=2)
    left = org.jobs()
    assert set(left["state"]) == {"Open"}
    cleaned = org.clean_up()
    assert listed(cleaned) == [[load_id, "Aborted", "Contact", True]] * len(left)
    assert sorted(cleaned["id"]) == sorted(left["id"])
    assert set(org.jobs()["state"]) == {"Aborted"}
    assert org.clean_up().empty
    assert org.resume(load_id, FRAME).counts["successful"] == 3
    assert local.records("Contact").num_rows == 3


def test_a_create_that_is_lost_in_a_resume_is_looked_for_in_its_own_time(local, org):
    load_id, journal = lost(local, org.insert, FRAME, "Contact"), org._loading.journal
    assert listed(org.clean_up()) == [[load_id, "Aborted", "Contact", True]]
    for part in journal.parts(load_id):
        journal.record(replace(part, at=part.at - 86_400))  # the resume comes a day later
    assert lost(local, org.resume, load_id, FRAME, skip=1) == load_id  # what the first create has left is listed first
    assert listed(org.clean_up()) == [[load_id, "Aborted", "Contact", True]]
    assert set(org.jobs()["state"]) == {"Aborted"}


@pytest.mark.parametrize(
    ("frame", "options"),
    [
        (KEYED, {"external_id_field": "contact_key__C"}),
        (FRAME, {"correlation_field": "Contact_Key__c"}),  # an external id: it goes up as an upsert by it
        (FRAME, {"correlation_field": "Description"}),
    ],
)
def test_jobs_are_found_by_what_they_were_created_with(local, org, frame, options):
    load = org.upsert if "external_id_field" in options else org.insert
    load_id = lost(local, load, frame, "Contact", **options)
    assert listed(org.clean_up()) == [[load_id, "Aborted", "Contact", True]]


def test_a_job_of_another_form_is_no_load_s(local, org):
    lost(local, org.insert, FRAME, "Contact")
    job = Ingest(org._session).create(IngestJob("Account", Operation.INSERT))
    assert job.id not in set(org.clean_up()["id"])
    assert org.job(job.id).state == "Open"


def test_where_more_jobs_fit_than_were_lost_they_are_listed_once_and_none_is_touched(local, org):
    loads = [lost(local, org.insert, FRAME, "Contact") for _ in range(2)]
    cleaned = org.clean_up()
    assert set(cleaned["load_id"]) <= set(loads)
    assert [row[1:] for row in listed(cleaned)] == [["Open", "Contact", False]] * 2
    assert cleaned["id"].is_unique
    assert set(org.jobs()["state"]) == {"Open"}


def test_where_another_load_may_be_creating_a_job_none_is_touched(local, org):
    load_id, journal = lost(local, org.insert, FRAME, "Contact"), org._loading.journal
    other = replace(journal.load(load_id), load_id="other")
    journal.begin(other)
    journal.record(replace(journal.parts(load_id)[0], load_id="other"))
    with journal.hold("other"):
        assert listed(org.clean_up()) == [[load_id, "Open", "Contact", False]]
    journal.forget(["other"])
    assert listed(org.clean_up()) == [[load_id, "Aborted", "Contact", True]]


def test_loads_under_way_are_left_alone_also_those_that_are_taken_up_just_now(local, org, monkeypatch):
    load_id, journal = lost(local, org.insert, FRAME, "Contact"), org._loading.journal
    with journal.hold(load_id):
        assert org.clean_up().empty
        with monkeypatch.context() as patch:
            patch.setattr(type(journal), "is_held", lambda *_: False)  # it was not a moment ago
            assert org.clean_up().empty
    assert org.jobs()["state"].tolist() == ["Open"]


@pytest.mark.parametrize("user_id", [None, "005000000000009AAA"])
def test_jobs_of_another_user_than_the_load_s_are_not_touched(local, org, user_id):
    load_id, journal = lost(local, org.insert, FRAME, "Contact"), org._loading.journal
    journal._write("UPDATE load SET user_id = :user_id", {"user_id": user_id})
    found = [[load_id, "Open", "Contact", False]] if user_id is None else []  # of whoever it is, for none is known
    assert listed(org.clean_up()) == found
    assert org.jobs()["state"].tolist() == ["Open"]


def test_where_nothing_was_lost_no_list_of_jobs_is_asked_for(local, org):
    org.insert(FRAME, "Contact")
    before = len(local.exchanges)
    assert org.clean_up().empty
    assert len(local.exchanges) == before


def test_parts_that_were_noted_and_never_created_have_left_nothing(local, org):
    org.insert(FRAME, "Contact")
    (load,) = org._loading.journal.loads()
    (part,) = org._loading.journal.parts(load.load_id)
    org._loading.journal.record(replace(part, number=2, step=Step.CREATING, job_id=None))
    assert org.clean_up().empty


def test_a_job_whose_close_never_arrived_is_aborted(org, local):
    local.faults.on("PATCH", "*", fault=Faults.unavailable(None), times=None)
    with pytest.raises(sfbulk.SfBulkError) as caught:
        org.insert(FRAME, "Contact", progress=False)
    local.faults.clear()
    assert listed(org.clean_up()) == [[caught.value.result.load_id, "Aborted", "Contact", True]]
    assert local.records("Contact").num_rows == 0


def test_a_job_whose_load_is_taken_up_just_now_is_left_alone(org, local, monkeypatch):
    local.faults.on("PATCH", "*", fault=Faults.unavailable(None), times=None)
    with pytest.raises(sfbulk.SfBulkError) as caught:
        org.insert(FRAME, "Contact", progress=False)
    local.faults.clear()
    journal = org._loading.journal
    monkeypatch.setattr(type(journal), "is_held", lambda *_: False)  # it was not a moment ago
    with journal.hold(caught.value.result.load_id):
        assert org.clean_up().empty
    assert org.jobs()["state"].tolist() == ["Open"]
