"""An insert that went up before is refused, whatever came of it and however long the history is; nothing else is."""

from dataclasses import replace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.cargo import Cargo
from sfbulk_pandas.journal import ids
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.local_org import Faults

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


def contacts(rows, mark="", **more):
    return pd.DataFrame({"LastName": [f"Name {n}{mark}" for n in range(rows)], **more})


@pytest.fixture
def encoded(monkeypatch):
    """Note which rows are encoded for a comparison."""
    calls = []
    for name in ("part", "ends"):
        real = getattr(Cargo, name)

        def counted(self, *args, _name=name, _real=real):
            calls.append((_name, args[-1]))
            return _real(self, *args)

        monkeypatch.setattr(Cargo, name, counted)
    return calls


def test_an_ordinary_insert_is_not_encoded_for_it(org, encoded):
    org.insert(contacts(6), "Contact")
    org.insert(contacts(7), "Contact")
    org.insert(contacts(6, Phone="1"), "Contact")
    org.insert(contacts(6, Company="Acme"), "Lead")
    org.upsert(contacts(6, Contact_Key__c=list("abcdef")), "Contact", external_id_field="Contact_Key__c")
    assert encoded == []


def test_a_long_history_of_other_rows_costs_one_pass(org, encoded):
    for turn in range(8):
        frame = contacts(12, mark="!" * turn)
        org.insert(frame, "Contact", part_bytes=60 + 4 * turn)
        encoded.clear()
    org.insert(contacts(12, mark="!" * 9), "Contact")
    assert [name for name, _ in encoded] == ["ends"]
    assert encoded[0][1] < 12  # as far as the longest first part, and no further
    encoded.clear()
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.insert(contacts(12, mark="!!!"), "Contact")
    assert [name for name, _ in encoded].count("ends") == 1
    stops = [stop for name, stop in encoded if name == "part"]
    assert stops == sorted(set(stops))  # no part of it was encoded twice
    assert stops[-1] == 12


def test_rows_of_equal_length_are_encoded_once_for_all_loads(org, encoded):
    for mark in "abcdef":
        org.insert(contacts(9, mark), "Contact", part_rows=4)
    encoded.clear()
    org.insert(contacts(9, "g"), "Contact", part_rows=4)
    assert encoded == [("ends", 4), ("part", 4)]


@pytest.mark.parametrize("loads", [1, 3])
def test_keys_of_each_load_are_compared_as_its_own(local, org, loads):
    for mark in "abc"[:loads]:
        org.insert(contacts(4, mark), "Contact", correlation_field="Contact_Key__c")
    for mark in "abc"[:loads]:
        with pytest.raises(sfbulk.AlreadyLoaded):
            org.insert(contacts(4, mark), "Contact", correlation_field="Contact_Key__c", part_rows=3)
    org.insert(contacts(4, "d"), "Contact", correlation_field="Contact_Key__c")
    assert local.records("Contact").num_rows == 4 * (loads + 1)


@pytest.fixture
def elsewhere(local, tmp_path):
    """A client that knows nothing of what others have sent."""
    login = sfbulk.ClientCredentials(local.client_id, local.client_secret, login_url=local.url)
    with sfbulk.connect(login, polling=FAST, journal=tmp_path / "elsewhere.db") as client:
        yield client


def test_an_insert_by_keys_of_its_own_makes_no_second_record_wherever_it_is_sent_from(local, org, elsewhere):
    frame = contacts(7, Email=["bad", *["a@example.com"] * 6])
    made = org.insert(frame, "Contact", correlation_field="Contact_Key__c")
    with pytest.warns(UserWarning, match=r"^6 row\(s\) were in Contact already"):
        again = elsewhere.insert(frame, "Contact", correlation_field="Contact_Key__c", part_rows=3)
    assert (made.counts["successful"], len(again.jobs)) == (6, 3)
    assert again.successful["sf__Id"].tolist() == made.successful["sf__Id"].tolist()
    assert not again.successful["sf__Created"].any()
    assert local.records("Contact").num_rows == 6
    last = again.retry(again.failed.assign(Email="b@example.com"))
    assert last.counts["successful"] == 7
    assert local.records("Contact").num_rows == 7


@pytest.mark.parametrize(("method", "path"), [("PUT", "batches"), ("POST", "jobs/ingest")])
def test_a_load_that_broke_off_may_be_sent_again_from_elsewhere(local, org, elsewhere, method, path):
    frame = contacts(10)
    local.faults.on(method, path, fault=Faults.reset_before_body, skip=2, times=None)
    with pytest.raises(sfbulk.TransportError):
        org.insert(frame, "Contact", part_rows=2, correlation_field="Contact_Key__c")
    local.faults.clear()
    with pytest.warns(UserWarning, match="were in Contact already") as warned:
        result = elsewhere.insert(frame, "Contact", part_rows=2, correlation_field="Contact_Key__c")
    assert result.counts["successful"] == 10
    assert 0 < result.successful["sf__Created"].sum() < 10
    assert str(warned[0].message).startswith(f"{10 - result.successful['sf__Created'].sum()} row(s)")
    assert sorted(local.records("Contact")["LastName"].to_pylist()) == frame["LastName"].tolist()


@pytest.mark.parametrize("field", ["Contact_Key__c", "Description"])
def test_keys_are_as_long_as_the_plan_reckons_with(org, field):
    frame, planned, loaded = contacts(4), [], []
    for part_bytes in range(90, 124, 4):  # a part holds one row, then two
        how = {"part_bytes": part_bytes, "correlation_field": field}
        plan = org.check(frame, "Contact", "insert", **how)
        planned += plan.loc[plan["check"] == "jobs", "value"].tolist()
        loaded.append(len(org.insert(frame, "Contact", repeat=True, **how).jobs))
    assert planned == loaded
    assert {2, 4} <= set(loaded)


def test_other_rows_have_other_keys(local, org, elsewhere):
    org.insert(contacts(4), "Contact", correlation_field="Contact_Key__c")
    titled = contacts(4).rename(columns={"LastName": "Title"}).assign(LastName="Name")
    for other in (contacts(5), contacts(4)[::-1], titled):
        result = elsewhere.insert(other, "Contact", correlation_field="Contact_Key__c")
        assert result.successful["sf__Created"].all()
    assert local.records("Contact").num_rows == 4 + 5 + 4 + 4


@pytest.mark.parametrize("field", ["Contact_Key__c", "Description"])
@pytest.mark.parametrize("repeat", [False, True])
def test_keys_stay_when_a_load_is_gone_on_with(local, org, field, repeat):
    frame = contacts(6)
    local.faults.on("PUT", "batches", fault=Faults.reset_before_body, skip=1, times=None)
    with pytest.raises(sfbulk.TransportError) as caught:
        org.insert(frame, "Contact", part_rows=2, parallel_parts=1, correlation_field=field, repeat=repeat)
    local.faults.clear()
    with pytest.raises(sfbulk.JournalMismatch, match="part 1 "):
        org.resume(caught.value.result.load_id, contacts(6, "!"))
    assert org.resume(caught.value.result.load_id, frame).counts["successful"] == 6
    held = [key.rsplit("-", 1) for key in local.records("Contact")[field].to_pylist()]
    assert len({prefix for prefix, _ in held}) == 1
    assert sorted(at for _, at in held) == list("012345")


def test_rows_that_are_to_be_made_again_have_new_keys(local, org, elsewhere):
    for client in (org, org, elsewhere):
        client.insert(contacts(4), "Contact", correlation_field="Contact_Key__c", repeat=True)
    assert local.records("Contact").num_rows == 12


def test_keys_tell_apart_which_rows_of_the_frame_have_gone_up(local, org, elsewhere):
    """Row 0 of the second load is row 1 of the first, though they send the same bytes."""
    first = contacts(3, Email=["bad", "a@example.com", "a@example.com"])
    org.insert(first, "Contact", correlation_field="Contact_Key__c", on_problem="skip")
    elsewhere.insert(first[1:], "Contact", correlation_field="Contact_Key__c")
    names = local.records("Contact")["LastName"].to_pylist()
    assert sorted(names) == ["Name 1", "Name 1", "Name 2", "Name 2"]


def test_keys_of_loads_whose_ids_were_shorter_are_compared_as_well(org, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(ids, "_COUNT", 4)
        for mark in "ab":
            org.insert(contacts(4, mark), "Contact", correlation_field="Contact_Key__c")
    for mark in "ab":
        with pytest.raises(sfbulk.AlreadyLoaded):
            org.insert(contacts(4, mark), "Contact", correlation_field="Contact_Key__c")


def test_a_load_that_broke_off_in_the_middle_is_refused_as_well(local, org):
    local.faults.on("PUT", "batches", fault=Faults.reset_before_body, times=None)
    with pytest.raises(sfbulk.TransportError):
        org.insert(contacts(4), "Contact")  # nothing of it was closed: nothing can have been stored
    local.faults.clear()
    assert org.insert(contacts(4), "Contact", part_rows=2).counts["successful"] == 4
    frame = contacts(5, Email=["bad", *["a@example.com"] * 4])
    assert org.insert(frame, "Contact").counts["successful"] == 4
    with pytest.raises(sfbulk.AlreadyLoaded, match="ended at"):
        org.insert(frame, "Contact")
    result = org.insert(frame, "Contact", repeat=True)
    assert result.counts["successful"] == 4


def test_an_insert_that_only_began_is_refused_after_its_first_part_was_closed(local, org):
    frame, session, puts = contacts(6), org._session, []
    real = session.send

    def send(request):
        puts.extend([request] if request.method == "PUT" else [])
        if request.method == "PUT" and len(puts) > 1:
            raise sfbulk.ConnectionFailed("the line is down for uploads", may_have_arrived=False)
        return real(request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "send", send)
        with pytest.raises(sfbulk.TransportError):
            org.insert(frame, "Contact", part_rows=2, parallel_parts=1)
    assert local.records("Contact").num_rows == 2
    with pytest.raises(sfbulk.AlreadyLoaded, match="has not ended") as caught:
        org.insert(frame, "Contact")
    assert org.resume(caught.value.load_id, frame).counts["successful"] == 6
    assert local.records("Contact").num_rows == 6


@pytest.mark.parametrize("step", [Step.CREATING, Step.CREATED, Step.UPLOADING, Step.UPLOADED])
def test_a_load_that_is_on_its_way_in_another_process_is_refused_also_before_it_is_closed(org, step):
    journal = org._loading.journal
    done = org.insert(contacts(3), "Contact")
    (part,) = journal.parts(done.load_id)
    journal._write("UPDATE load SET finished_at = NULL, manifest = 'null'", {})
    journal.record(replace(part, step=step))
    with journal.hold(done.load_id), pytest.raises(sfbulk.AlreadyLoaded, match="has not ended"):
        org.insert(contacts(3), "Contact")
    assert org.insert(contacts(3), "Contact").counts["successful"] == 3  # its process died before it was closed


def test_a_retry_is_no_repetition_of_the_load_it_belongs_to(org):
    frame = contacts(2, Email=["bad", "worse"])
    result = org.insert(frame, "Contact")
    assert result.retry().counts["failed"] == 2
    mended = frame.assign(Email="a@example.com")
    assert result.retry(mended).counts["successful"] == 2
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.insert(mended, "Contact")
