"""Deleted records, the stamps that an incremental copy needs, and Ids of several pods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bulk_v1 import V1

from sfbulk_pandas.local_org import LocalOrg, Switches
from sfbulk_pandas.local_org.store import Store

START = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now.timestamp()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def call(clock, call_to):
    with LocalOrg(clock=clock) as org:
        yield call_to(org)


def load(call, operation, text, sobject="Contact", **more):
    job = call("POST", "jobs/ingest", json={"object": sobject, "operation": operation, **more}).json()["id"]
    call("PUT", f"jobs/ingest/{job}/batches", body=text.encode())
    call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
    done = call.get(f"jobs/ingest/{job}").json()
    assert (done["state"], done["numberRecordsFailed"]) == ("JobComplete", 0), done
    return done


def ids(call):
    return {row["LastName"]: row["Id"] for row in call.rows("SELECT Id, LastName FROM Contact", "queryAll")}


def test_deleted_records_stay_until_the_bin_is_emptied(call):
    load(call, "insert", "LastName\nA\nB\nC\n")
    known = ids(call)
    load(call, "delete", f"Id\n{known['A']}\n")
    load(call, "hardDelete", f"Id\n{known['B']}\n")
    told = "SELECT LastName, IsDeleted FROM Contact"
    both = [{"LastName": "A", "IsDeleted": True}, {"LastName": "C", "IsDeleted": False}]
    assert sorted(call.rows(told, "queryAll"), key=str) == sorted(both, key=str)
    assert call.rows(told) == [both[1]]
    assert call.rows(f"{told} WHERE IsDeleted = true", "queryAll") == [both[0]]
    assert sorted(call.csv(told, operation="queryAll").text.splitlines()[1:]) == ['"A","true"', '"C","false"']
    v1 = V1(call)
    job = v1.new("queryAll")
    assert sorted(v1.rows(job, v1.batch(job, told))) == ['"A","true"', '"C","false"']
    assert call.org.empty_recycle_bin("contact") == 1
    assert call.org.empty_recycle_bin() == 0
    assert call.rows(told, "queryAll") == [both[1]]
    with pytest.raises(KeyError):
        call.org.empty_recycle_bin("Nobody")


def test_the_children_of_what_is_deleted_are_in_the_bin_too(call):
    load(call, "insert", "Name\nP\n", "Account")
    (account,) = (row["Id"] for row in call.rows("SELECT Id FROM Account"))
    load(call, "insert", f"LastName,AccountId\nA,{account}\n")
    load(call, "delete", f"Id\n{account}\n", "Account")
    assert call.rows("SELECT IsDeleted FROM Account", "queryAll") == [{"IsDeleted": True}]
    assert call.rows("SELECT IsDeleted FROM Contact", "queryAll") == [{"IsDeleted": True}]


def test_record_counts_leave_deleted_records_out(call):
    load(call, "insert", "LastName\nA\nB\n")
    load(call, "delete", f"Id\n{ids(call)['A']}\n")
    counts = call.get("limits/recordCount", params={"sObjects": "Contact,Nobody,account"}).json()
    assert counts == {"sObjects": [{"count": 1, "name": "Contact"}, {"count": 0, "name": "Account"}]}


def test_stamps_tell_what_is_new_changed_and_deleted(call, clock):
    load(call, "insert", "LastName\nkept\nchanged\ndeleted\n")
    known = ids(call)
    clock.now += timedelta(hours=1)
    since = clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    load(call, "update", f"Id,Email\n{known['changed']},a@b.co\n")
    load(call, "delete", f"Id\n{known['deleted']}\n")
    load(call, "insert", "LastName\nnew\n")

    def found(condition, path="queryAll"):
        return sorted(row["LastName"] for row in call.rows(f"SELECT LastName FROM Contact WHERE {condition}", path))

    assert found(f"SystemModstamp >= {since}") == ["changed", "deleted", "new"]
    assert found(f"SystemModstamp >= {since}", "query") == ["changed", "new"]
    assert found(f"SystemModstamp >= {since} AND IsDeleted = true") == ["deleted"]
    assert found(f"CreatedDate >= {since}") == ["new"]
    assert found(f"CreatedDate < {since} AND LastModifiedDate >= {since}") == ["changed", "deleted"]
    assert found(f"SystemModstamp < {since}") == ["kept"]
    clock.now += timedelta(hours=1)
    call("DELETE", f"sobjects/Contact/{known['kept']}")
    later = clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(f"SystemModstamp >= {later}") == ["kept"]


def test_ids_of_several_pods(other_org):
    call = other_org(switches=Switches(pods=("5g0", "0Aa", "zz9")))
    load(call, "insert", "LastName\n" + "".join(f"N{number}\n" for number in range(1_000)))
    load(call, "insert", "LastName\nlast\n")
    known = ids(call)
    assert len(set(known.values())) == len(known) == 1_001
    assert {each[:6] for each in known.values()} == {"0035g0", "0030Aa", "003zz9"}
    assert known["N0"][:6] != known["N250"][:6]
    v1 = V1(call)
    job = v1.new(Sforce_Enable_PKChunking="chunkSize=500")
    v1.batch(job, "SELECT Id FROM Contact")
    rows = [line[1:19] for each in v1.batches(job)[1:] for line in v1.rows(job, each["id"])]
    assert sorted(rows) == sorted(known.values())


def test_a_pod_is_three_letters_or_digits():
    for wrong in ((), ("5g",), ("5g-",)):
        with pytest.raises(ValueError, match="three letters or digits"):
            Store(pods=wrong)
