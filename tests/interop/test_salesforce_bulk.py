"""salesforce-bulk, unmodified, does its work in Bulk API 1.0 on the local org: an outside opinion of that."""

from __future__ import annotations

import csv
import io
import json

import pytest

from sfbulk_pandas.local_org import AfterPolls, LocalOrg, Switches

salesforce_bulk = pytest.importorskip("salesforce_bulk", reason="an outside opinion that is not installed")
KEY = "Contact_Key__c"


@pytest.fixture
def local():
    # Two pods, and chunks that appear one by one: what an outsider has to cope with in a real org.
    switches = Switches(pods=("5g0", "9Zz"), chunks_per_step=1)
    with LocalOrg(pacing=AfterPolls(1), switches=switches) as org:
        yield org


@pytest.fixture
def outsider(local):
    return salesforce_bulk.SalesforceBulk(sessionId=local.access_token, host=local.url, API_version="62.0")


def contacts(count):
    return [
        {
            KEY: f"K-{number:05}",
            "LastName": "" if number % 50 == 7 else f'O\'Néill, "{number}"',
            "Birthdate": "31.12.1999" if number % 50 == 3 else "1999-12-31",
        }
        for number in range(count)
    ]


def stored(local):
    """Return what the org holds by Id, dates as text."""
    table = local.records("Contact").select(["Id", KEY, "LastName", "Birthdate"])
    return {row.pop("Id"): {**row, "Birthdate": str(row["Birthdate"])} for row in table.to_pylist()}


def load(outsider, job, records):
    """Send records as one batch, wait for it, and return its results."""
    batch = outsider.post_batch(job, salesforce_bulk.CsvDictsAdapter(iter(records)))
    outsider.wait_for_batch(job, batch, timeout=60, sleep_interval=0.01)
    outsider.close_job(job)
    return outsider.get_batch_results(batch, job)


def query(outsider, job, soql):
    """Query, and return the rows of every batch that has results, in any order."""
    outsider.query(job, soql)
    while True:
        batches = outsider.get_batch_list(job)
        assert not [each for each in batches if each["state"] == "Failed"]
        chunked = len(batches) > 1 or batches[0]["state"] == "NotProcessed"
        if batches[0]["state"] == ("NotProcessed" if chunked else "Completed") and all(
            each["state"] == "Completed" for each in batches[1:]
        ):
            break
    outsider.close_job(job)
    done = [each["id"] for each in batches if each["state"] == "Completed"]
    return done, [row for each in done for row in rows(outsider, job, each)]


def rows(outsider, job, batch):
    for result in outsider.get_all_results_for_query_batch(batch, job):
        text = result.read().decode()
        if text != "Records not found for this query":
            yield from csv.DictReader(io.StringIO(text))


def test_insert_and_upsert_give_results_in_the_order_of_the_rows(local, outsider):
    sent = contacts(500)
    results = load(outsider, outsider.create_insert_job("Contact"), sent)
    good = [row["LastName"] != "" and "." not in row["Birthdate"] for row in sent]
    assert [each.success for each in results] == ["true" if each else "false" for each in good]
    assert {each.error.partition(":")[0] for each in results} == {"", "REQUIRED_FIELD_MISSING", "INVALID_FIELD"}
    told = {each.id: row for row, each in zip(sent, results, strict=True) if each.success == "true"}
    assert stored(local) == told

    again = [{KEY: row[KEY], "LastName": "again"} for row in sent]
    results = load(outsider, outsider.create_upsert_job("Contact", KEY), again)
    assert [each.created == "false" for each in results] == good
    changed = {row[KEY]: row["LastName"] for row in stored(local).values()}
    assert changed == {row[KEY]: "again" for row in sent}


def test_update_and_delete(local, outsider):
    ids = [each.id for each in load(outsider, outsider.create_insert_job("Contact"), [{"LastName": "A"}] * 3)]
    load(outsider, outsider.create_update_job("Contact"), [{"Id": ids[0], "LastName": "B"}])
    results = load(outsider, outsider.create_delete_job("Contact"), [{"Id": ids[1]}, {"Id": ids[1]}])
    assert [each.success for each in results] == ["true", "false"]
    assert {record_id: row["LastName"] for record_id, row in stored(local).items()} == {ids[0]: "B", ids[2]: "A"}
    _, found = query(outsider, outsider.create_queryall_job("Contact"), "SELECT Id, IsDeleted FROM Contact")
    assert {row["Id"]: row["IsDeleted"] for row in found} == {
        ids[0]: "false",
        ids[1]: "true",
        ids[2]: "false",
    }


@pytest.mark.parametrize("chunking", [False, True, 100, "chunkSize=100; startRow=003000000000000AAA"])
def test_query_with_and_without_chunks(outsider, chunking):
    load(outsider, outsider.create_insert_job("Contact"), contacts(500))
    job = outsider.create_query_job("Contact", pk_chunking=chunking)
    batches, found = query(outsider, job, f"SELECT Id, {KEY}, LastName FROM Contact")
    expected = {row[KEY]: row["LastName"] for row in contacts(500) if row["LastName"] and "." not in row["Birthdate"]}
    assert len(found) == len(expected)
    assert {row[KEY]: row["LastName"] for row in found} == expected
    # Numbers from 1 on are shared by two pods in blocks of 200: of one 1 to 199 and those from 400 on, five chunks of
    # 100 with an empty one; of the other the 200 between, two chunks.
    assert len(batches) == {False: 1, True: 2}.get(chunking, 7)
    assert outsider.job_status(job)["state"] == "Closed"
    assert outsider.job_status(job)["numberRecordsProcessed"] == str(len(expected))


def test_a_query_in_json(outsider):
    load(outsider, outsider.create_insert_job("Contact"), [{"LastName": "A"}])
    job = outsider.create_query_job("Contact", contentType="JSON")
    batch = outsider.query(job, "SELECT LastName, CreatedDate FROM Contact")
    outsider.wait_for_batch(job, batch, timeout=60, sleep_interval=0.01)
    ((record,),) = (json.load(each) for each in outsider.get_all_results_for_query_batch(batch, job))
    assert record["attributes"]["type"] == "Contact"
    assert record["LastName"] == "A"
    assert isinstance(record["CreatedDate"], int)


def test_errors_reach_it(local, outsider):
    job = outsider.create_query_job("Contact")
    batch = outsider.query(job, "SELECT Nope FROM Contact")
    with pytest.raises(salesforce_bulk.salesforce_bulk.BulkBatchFailed, match="INVALID_FIELD"):
        outsider.wait_for_batch(job, batch, timeout=60, sleep_interval=0.01)
    outsider.abort_job(job)
    with pytest.raises(salesforce_bulk.BulkApiError, match="the Job is not Open"):
        outsider.query(job, "SELECT Id FROM Contact")
    local.expire_tokens()
    with pytest.raises(salesforce_bulk.BulkApiError, match="InvalidSessionId"):
        outsider.create_query_job("Contact")
