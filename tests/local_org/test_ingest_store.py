"""The store: tables, Ids, persistence; and one record at a time through the rules of bulk rows."""

from __future__ import annotations

import threading

import pytest

from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.rest_write import create_record, delete_record, update_record
from sfbulk_pandas.local_org.store import Store, to_batches, to_table


@pytest.fixture
def store():
    each = Store()
    yield each
    each.close()


def test_ids_are_never_given_twice(store):
    given = []

    def take():
        for _ in range(20):
            given.extend(store.new_ids("001", 5).to_pylist())

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == len(given) == 400


def test_compound_fields_have_no_column(store):
    columns = store.columns("account")
    assert "BillingCity" in columns
    assert "BillingAddress" not in columns
    assert (columns["AnnualRevenue"], columns["NumberOfEmployees"], columns["CreatedDate"]) == (
        "DOUBLE",
        "BIGINT",
        "TIMESTAMP",
    )


def test_unknown_objects_are_none(store):
    assert store.describe("Nope") is None
    with pytest.raises(KeyError):
        store.records("Nope")


def test_results_come_whole_or_in_batches(store):
    with store.cursor() as cursor:
        assert to_table(cursor, "SELECT range AS n FROM range(5000)").num_rows == 5000
        batches = list(to_batches(cursor, "SELECT range AS n FROM range(5000) WHERE range >= ?", [1000], rows=1000))
    assert sum(map(len, batches)) == 4000


def test_a_file_keeps_records_and_gains_new_fields(tmp_path):
    field = {"name": "Name", "type": "string"}
    thing = {"name": "Thing__c", "keyPrefix": "a99", "fields": [{"name": "Id", "type": "id"}, field]}
    first = Store(tmp_path / "org.db", [thing])
    ids = first.new_ids("a99", 3).to_pylist()
    with first.cursor() as cursor:
        cursor.execute("INSERT INTO Thing__c (Id, Name, IsDeleted) VALUES (?, 'x', false)", [ids[0]])
    first.close()
    thing["fields"].append({"name": "New__c", "type": "double"})
    second = Store(tmp_path / "org.db", [thing])
    assert second.records("Thing__c").select(["Name", "New__c"]).to_pylist() == [{"Name": "x", "New__c": None}]
    assert second.new_ids("a99", 1)[0].as_py() not in ids
    assert second.records("User").num_rows == 1
    second.close()
    second.close()


def test_one_record_is_made_changed_and_deleted(local):
    state = local.state
    account = create_record(state, "account", {"Name": "Acme", "AnnualRevenue": 5, "Account_Key__c": "K"})
    contact = create_record(
        state, "Contact", {"LastName": "x", "Account": {"Account_Key__c": "k"}, "Newsletter__c": True}
    )
    update_record(state, "Account", account, {"Name": "Acme 2", "AnnualRevenue": None})
    (row,) = state.store.records("Account").to_pylist()
    assert (row["Id"], row["Name"], row["AnnualRevenue"]) == (account, "Acme 2", None)
    assert [each["Id"] for each in state.store.records("Contact").to_pylist()] == [contact]
    delete_record(state, "Account", account)
    assert state.store.records("Contact").num_rows == 0


@pytest.mark.parametrize(
    ("values", "status", "code", "fields"),
    [
        ({}, 400, "REQUIRED_FIELD_MISSING", ("Name",)),
        ({"Name": ""}, 400, "REQUIRED_FIELD_MISSING", ("Name",)),
        ({"Name": "A", "Tier__c": "no"}, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Tier__c",)),
        ({"Name": "A", "Nope": 1}, 400, "INVALID_FIELD", None),
        ({"Name": "A", "Parent": {"Phone": 1}}, 400, "INVALID_FIELD", None),
        ({"Name": "A", "ParentId": "001000000000099AAA"}, 404, "INVALID_CROSS_REFERENCE_KEY", ()),
    ],
)
def test_a_record_that_breaks_a_rule_is_a_fault(local, values, status, code, fields):
    with pytest.raises(Fault) as caught:
        create_record(local.state, "Account", values)
    assert (caught.value.status, caught.value.error_code, caught.value.fields) == (status, code, fields)


def test_writing_to_nowhere_is_a_fault(local):
    for write in (
        lambda: create_record(local.state, "Nope", {}),
        lambda: delete_record(local.state, "Account", "001000000000099AAA"),
    ):
        with pytest.raises(Fault) as caught:
            write()
        assert caught.value.status == 404
