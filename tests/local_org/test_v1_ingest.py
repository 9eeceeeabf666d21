"""Bulk API 1.0 ingest: each operation by the rules of all rows, results in the order of the request."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from bulk_v1 import V1, element, error

from sfbulk_pandas.local_org import ByHand

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "bulk_v1"
KEY = "<externalIdFieldName>Contact_Key__c</externalIdFieldName>"


@pytest.fixture
def v1(direct):
    return V1(direct)


def load(v1, operation, text, **more):
    """Run a job of one batch, and return the rows of its result."""
    job = v1.new(operation, **more)
    batch = v1.batch(job, text)
    answer = v1("GET", f"job/{job}/batch/{batch}/result")
    assert answer.status == 200, answer.text
    return [tuple(row) for row in csv.reader(io.StringIO(answer.text))][1:]


def stored(v1, *names):
    return v1.call.org.records("Contact").select(list(names)).to_pylist()


def test_the_result_is_as_the_sample(v1):
    job = v1.new("insert")
    batch = v1.batch(job, "LastName,Email\nÄnne,a@example.com\n,b@example.com\n")
    answer = v1("GET", f"job/{job}/batch/{batch}/result")
    status = json.loads((SAMPLES / "ingest_result" / "status.json").read_text(encoding="utf-8"))
    assert (answer.status, answer.headers["Content-Type"]) == (status["status"], status["headers"]["Content-Type"])
    (made,) = [each["Id"] for each in stored(v1, "Id")]
    expected = (SAMPLES / "ingest_result" / "body").read_text(encoding="utf-8")
    assert answer.text == expected.replace("0038d00000AbCdEAAV", made)


def test_every_operation(v1):
    made = load(v1, "insert", "Contact_Key__c,LastName\nA,One\nB,Two\nC,Three\n")
    ids = [row[0] for row in made]
    assert [row[1:] for row in made] == [("true", "true", "")] * 3
    assert load(v1, "update", f"Id,LastName\n{ids[2]},New\n003000000000000AAA,x\n") == [
        (ids[2], "true", "false", ""),
        ("", "false", "false", "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"),
    ]
    upserted = load(v1, "upsert", "Contact_Key__c,LastName\nD,Four\nA,Again\nE,\n", more=KEY)
    assert [row[1:3] for row in upserted] == [("true", "true"), ("true", "false"), ("false", "false")]
    assert upserted[1][0] == ids[0]
    assert upserted[2][3].startswith("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]")
    assert load(v1, "delete", f"Id\n{ids[1]}\n{ids[1]}\n") == [
        (ids[1], "true", "false", ""),
        ("", "false", "false", "ENTITY_IS_DELETED:entity is deleted:--"),
    ]
    assert [row[1] for row in load(v1, "hardDelete", f"Id\n{ids[2]}\n")] == ["true"]
    assert {row["LastName"] for row in stored(v1, "LastName")} == {"Again", "Four"}
    assert v1.call.rows("SELECT LastName FROM Contact WHERE IsDeleted = true", "queryAll") == [{"LastName": "Two"}]


def test_results_stand_in_the_order_of_the_request(v1):
    names = [f"N{number}" if number % 3 else "" for number in range(1_000)]
    made = load(v1, "insert", "LastName,Title\n" + "".join(f"{name},t\n" for name in names))
    assert [row[1] for row in made] == ["true" if name else "false" for name in names]
    by_id = {row["Id"]: row["LastName"] for row in stored(v1, "Id", "LastName")}
    assert [by_id.get(row[0], "") for row in made] == names


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_either_line_end_will_do(v1, end):
    assert [row[1] for row in load(v1, "insert", f'LastName,Title{end}"A","two\nlines"{end}B,{end}')] == ["true"] * 2
    assert {row["Title"] for row in stored(v1, "Title")} == {"two\nlines", None}


def test_a_batch_may_be_gzip(v1):
    job = v1.new("insert")
    sent = v1("POST", f"job/{job}/batch", gzip.compress(b"LastName\nA\n"), Content_Encoding="gzip")
    assert sent.status == 201
    assert [row["LastName"] for row in stored(v1, "LastName")] == ["A"]
    batch = element(sent)["id"]
    assert v1("GET", f"job/{job}/batch/{batch}/request").text == "LastName\nA\n"


def test_rows_that_fail_in_passing_fail_here_too(v1):
    v1.call.org.fail_rows("Contact", "LastName", ["B"])
    made = load(v1, "insert", "LastName\nA\nB\n")
    assert made[1] == ("", "false", "false", "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--")
    assert load(v1, "insert", "LastName\nB\n")[0][1] == "true"


@pytest.mark.parametrize(
    ("operation", "text", "message"),
    [
        ("insert", "Emial,LastName\na,b\n", "InvalidBatch : Field name not found : Emial"),
        ("insert", "", "InvalidBatch : Records not found"),
        ("insert", "LastName\n", "InvalidBatch : Records not found"),
        ("delete", "Id,Name\n1,2\n", "InvalidBatch : InvalidBatch : The 'delete' batch must contain only ids."),
        ("insert", 'LastName\n"a', "InvalidBatch : Failed to parse CSV. Found unescaped quote."),
        ("insert", "LastName\n" + "A\n" * 10_001, "InvalidBatch : Number of records in the batch exceeds 10000"),
    ],
)
def test_batches_that_fail_as_a_whole(v1, operation, text, message):
    job = v1.new(operation)
    batch = v1.batch(job, text)
    (told,) = v1.batches(job)
    assert told["state"] == "Failed"
    assert told["stateMessage"].startswith(message)
    assert element(v1("GET", f"job/{job}"))["numberBatchesFailed"] == "1"
    refused = error(v1("GET", f"job/{job}/batch/{batch}/result"))
    assert refused == (400, "InvalidBatch", "Batch not completed")
    assert v1.call.org.records("Contact").num_rows == 0


def test_ten_thousand_rows_are_not_too_many(v1):
    job = v1.new("insert")
    v1.batch(job, "LastName\n" + "A\n" * 10_000)
    assert v1.batches(job)[0]["numberRecordsProcessed"] == "10000"


def test_a_batch_above_ten_megabytes_is_refused(v1):
    job = v1.new("insert")
    big = v1("POST", f"job/{job}/batch", "LastName,Description\nA," + "x" * 10_000_000)
    assert error(big)[:2] == (400, "ClientInputError")
    packed = gzip.compress(b"LastName,Description\nA," + b"x" * 10_000_000)
    assert error(v1("POST", f"job/{job}/batch", packed, Content_Encoding="gzip"))[:2] == (400, "ClientInputError")
    assert v1.batches(job) == []


def test_no_result_before_the_end(other_org):
    v1 = V1(other_org(pacing=ByHand()))
    job = v1.new("insert")
    batch = v1.batch(job, "LastName\nA\n")
    assert error(v1("GET", f"job/{job}/batch/{batch}/result")) == (400, "InvalidBatch", "Batch not completed")
