"""jsforce, unmodified, does its work on the local org: an outside opinion from another language."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

KEY = "Contact_Key__c"
FIELDS = [KEY, "LastName", "MailingPostalCode", "Birthdate", "HasOptedOutOfEmail", "Salary__c", "Description"]


@pytest.fixture
def local(make_org):
    return make_org()


def contacts(count):
    return [
        {
            KEY: f"K-{number:05}",
            "LastName": "" if number % 50 == 7 else f'O\'Néill, "{number}"\n東京',
            "MailingPostalCode": f"{number:05}",
            "Birthdate": "31.12.1999" if number % 50 == 3 else "1999-12-31",
            "HasOptedOutOfEmail": number % 3 == 0,
            "Salary__c": number + 0.25,
            "Description": None if number % 2 else "NA",
        }
        for number in range(count)
    ]


def is_good(row):
    return row["LastName"] != "" and "." not in row["Birthdate"]


def stored(org, *names):
    """Return the records that the org holds by key, dates as text."""
    table = org.records("Contact").select(list(names) or FIELDS)
    return {row[KEY]: {**row, **shown(row)} for row in table.to_pylist()}


def shown(row):
    return {"Birthdate": str(row["Birthdate"])} if row.get("Birthdate") else {}


def test_bulk_2_loads_and_queries(local, jsforce):
    sent = contacts(500)
    keys = [row[KEY] for row in sent if is_good(row)]
    soql = f"SELECT {', '.join(FIELDS)} FROM Contact"
    load = {"work": "load2", "sobject": "Contact"}
    inserted, found, upserted = jsforce(
        local,
        {**load, "operation": "insert", "records": sent},
        {"work": "query2", "soql": soql},
        {**load, "operation": "upsert", "key": KEY, "records": [{KEY: key, "LastName": key} for key in keys[:9]]},
    )
    assert {row[KEY] for row in inserted["successfulResults"]} == set(keys)
    assert {row["sf__Error"].partition(":")[0] for row in inserted["failedResults"]} == {
        "REQUIRED_FIELD_MISSING",
        "INVALID_FIELD",
    }
    assert (len(inserted["failedResults"]), inserted["unprocessedRecords"]) == (len(sent) - len(keys), [])
    assert {row[KEY]: row["LastName"] for row in found} == {row[KEY]: row["LastName"] for row in sent if is_good(row)}
    assert {row["HasOptedOutOfEmail"] for row in found} == {"true", "false"}
    assert {row["sf__Created"] for row in upserted["successfulResults"]} == {"false"}
    wanted = {row[KEY]: row for row in sent if is_good(row)}
    wanted |= {key: {**wanted[key], "LastName": key} for key in keys[:9]}
    assert stored(local) == wanted


def test_bulk_2_updates_and_deletes(local, jsforce):
    load = {"work": "load2", "sobject": "Contact"}
    jsforce(local, {**load, "operation": "insert", "records": contacts(3)})
    ids = {key: row["Id"] for key, row in stored(local, "Id", KEY).items()}
    updated, deleted, live, every = jsforce(
        local,
        {**load, "operation": "update", "records": [{"Id": ids["K-00000"], "LastName": "Changed"}]},
        {**load, "operation": "delete", "records": [{"Id": ids["K-00001"]}, {"Id": "003000000000001AAA"}]},
        {"work": "query2", "soql": "SELECT Id FROM Contact"},
        {"work": "query2", "soql": "SELECT Id FROM Contact", "scanAll": True},
    )
    assert [row["sf__Id"] for row in updated["successfulResults"]] == [ids["K-00000"]]
    assert (len(deleted["successfulResults"]), len(deleted["failedResults"])) == (1, 1)
    assert {row["Id"] for row in live} == {ids["K-00000"], ids["K-00002"]}
    assert {row["Id"] for row in every} == set(ids.values())
    left = {key: row["LastName"] for key, row in stored(local, KEY, "LastName").items()}
    assert left == {"K-00000": "Changed", "K-00002": contacts(3)[2]["LastName"]}


def test_bulk_1_loads_and_queries(local, jsforce):
    sent = contacts(500)
    load = {"work": "load1", "sobject": "Contact"}
    inserted, again, found = jsforce(
        local,
        {**load, "operation": "insert", "records": sent},
        {**load, "operation": "upsert", "key": KEY, "records": [{KEY: "K-00000", "LastName": "again"}]},
        {"work": "query1", "soql": f"SELECT {KEY}, LastName FROM Contact"},
    )
    assert [row["success"] for row in inserted] == [is_good(row) for row in sent]
    assert [(row["success"], row["created"]) for row in again] == [(True, False)]
    wanted = {row[KEY]: row for row in sent if is_good(row)}
    wanted["K-00000"] = {**wanted["K-00000"], "LastName": "again"}
    assert stored(local) == wanted
    assert {row[KEY]: row["LastName"] for row in found} == {key: row["LastName"] for key, row in wanted.items()}


def test_rest_queries_and_describes(local, jsforce):
    load = {"work": "load2", "sobject": "Contact", "operation": "insert", "records": contacts(3)}
    _, answer, wrong, contact, every = jsforce(
        local,
        load,
        {"work": "query", "soql": f"SELECT {KEY}, Salary__c, Account.Name FROM Contact ORDER BY {KEY}"},
        {"work": "query", "soql": "SELECT Nope FROM Contact"},
        {"work": "describe", "sobject": "Contact"},
        {"work": "describeGlobal"},
    )
    assert (answer["totalSize"], answer["done"]) == (3, True)
    assert [(row[KEY], row["Salary__c"], row["Account"]) for row in answer["records"]] == [
        (row[KEY], row["Salary__c"], None) for row in contacts(3)
    ]
    assert wrong["error"] == "INVALID_FIELD"
    assert set(FIELDS) <= {each["name"] for each in contact["fields"]}
    assert "Contact" in {each["name"] for each in every["sobjects"]}


def test_collections_of_records_over_rest(local, jsforce):
    sent = contacts(60)
    good = [row for row in sent if is_good(row)]
    rest = {"work": "collect", "sobject": "Contact"}
    made, upserted = jsforce(
        local,
        {**rest, "method": "create", "records": sent},
        {**rest, "method": "upsert", "key": KEY, "records": [{KEY: "K-00000", "LastName": "x"}, {**good[1], KEY: "n"}]},
    )
    assert [each["success"] for each in made] == [is_good(row) for row in sent]
    assert [each["created"] for each in upserted] == [False, True]
    ids = [each["id"] for each in made if each["success"]]
    (gone,) = jsforce(local, {**rest, "method": "destroy", "records": ids[1:]})
    assert [each["success"] for each in gone] == [True] * (len(good) - 1)
    left = local.records("Contact").filter(~pc.field("IsDeleted")).select([KEY, "LastName"]).to_pylist()
    assert left == [{KEY: "K-00000", "LastName": "x"}, {KEY: "n", "LastName": good[1]["LastName"]}]
