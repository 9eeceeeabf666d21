"""Answers of Bulk API 1.0, in XML and JSON: samples, and those recorded from live orgs where they lie beside."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sfbulk_pandas import errors
from sfbulk_pandas.codec.decode import read_result_table
from sfbulk_pandas.codec.records import record_texts
from sfbulk_pandas.wire import query_v1 as wire
from sfbulk_pandas.wire.faults import read_fault
from sfbulk_pandas.wire.http import Response

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bulk_v1"
RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "bulk_v1.jsonl"
EXCHANGES = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()] if RECORDED.exists() else []
JOB, BATCH = "7508d00000QxV1aAAF", "7518d00000RbV2bAAF"


def sample(name):
    status = json.loads((SAMPLES / name / "status.json").read_text(encoding="utf-8"))
    return Response(status["status"], status["headers"], (SAMPLES / name / "body").read_bytes())


def told(text, name):
    """Return the values of an element or key, without the reader that is tested."""
    if text.startswith("<"):
        return [each.text for each in ET.fromstring(text).iter() if each.tag.rpartition("}")[2] == name]
    return [str(value) for key, value in re.findall(r'"(\w+)":"?([^",}]*)', text) if key == name]


@pytest.mark.parametrize(
    ("name", "state", "batches"),
    [
        ("job_created", "Open", 0),
        ("job_created_json", "Open", 0),
        ("query_job_created", "Open", 0),
        ("job_closed", "Closed", None),
    ],
)
def test_a_job(name, state, batches):
    answer = sample(name)
    job = wire.read_job_v1(answer)
    assert (job.id, job.state) == (told(answer.body.decode(), "id")[0], state)
    assert job.batches == (int(told(answer.body.decode(), "numberBatchesTotal")[0]) if batches is None else batches)


@pytest.mark.parametrize(
    ("name", "state", "is_over"),
    [
        ("batch_queued", "Queued", False),
        ("batch_queued_json", "Queued", False),
        ("batch_completed", "Completed", True),
        ("batch_failed", "Failed", True),
        ("batch_of_another_object", "Failed", True),
    ],
)
def test_a_batch(name, state, is_over):
    answer = sample(name)
    batch = wire.read_batch(answer)
    assert (batch.id, batch.state, batch.is_over) == (told(answer.body.decode(), "id")[0], state, is_over)
    assert batch.rows == int(told(answer.body.decode(), "numberRecordsProcessed")[0])
    assert bool(batch.message) == (state == "Failed")


def test_lists_of_batches():
    assert wire.read_batches_v1(sample("batch_list_empty")) == ()
    assert [each.state for each in wire.read_batches_v1(sample("batch_list_json"))] == ["NotProcessed"]
    first, *others = wire.read_batches_v1(sample("batch_list_chunked"))
    assert (first.state, first.is_over) == ("NotProcessed", True)
    assert "Queued" in {each.state for each in others}


def test_a_list_is_the_same_with_a_blank_in_its_states():
    body = sample("batch_list_chunked").body.replace(b"NotProcessed", b"Not Processed")
    assert b"Not Processed" in body
    assert wire.read_batches_v1(Response(200, {}, body)) == wire.read_batches_v1(sample("batch_list_chunked"))


@pytest.mark.parametrize("count", ['"numberRecordsProcessed":null', '"other":1'])
def test_a_batch_that_does_not_count_its_rows(count):
    body = f'{{"id":"{BATCH}","state":"Completed",{count}}}'.encode()
    assert wire.read_batch(Response(200, {}, body)).rows == 0


@pytest.mark.parametrize("name", ["result_list", "result_list_json"])
def test_a_list_of_results(name):
    assert wire.read_result_list(sample(name)) == ("7528d00000Fx0a1",)


@pytest.mark.parametrize("name", ["bad_session", "bad_session_json", "no_session"])
def test_a_session_that_is_over_is_told_by_its_code_not_by_the_status(name):
    answer = sample(name)
    assert answer.status_code == 400
    assert type(read_fault(answer)) is errors.SessionExpired
    without = answer.body.replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")
    assert type(read_fault(Response(400, {}, without))) is errors.SessionExpired


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("job_not_open", "InvalidJobState", "since the Job is not Open"),
        ("chunking_not_supported", "InvalidBatch", "Entity 'Group' is not supported to use PKChunking"),
    ],
)
def test_an_error_has_its_code_and_its_words(name, code, said):
    for reader in (wire.read_job_v1, wire.read_batch, wire.read_batches_v1, wire.read_result_list):
        with pytest.raises(errors.ApiError, match=said) as caught:
            reader(sample(name))
        assert caught.value.error_code == code


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"<jobInfo/>", b"{}", b"[{}]", b'"text"', b"<a><b></a>"])
def test_what_is_no_answer_is_named(body):
    for reader in (wire.read_job_v1, wire.read_batch):
        with pytest.raises(errors.SalesforceBroken, match="should describe"):
            reader(Response(200, {}, body))


def test_an_error_page_of_the_edge_is_no_error_of_salesforce():
    page = b"<html><head><title>502</title></head><body><error>busy</error></body></html>"
    assert type(read_fault(Response(502, {}, page))) is errors.SalesforceBroken


def test_requests_carry_what_the_guide_says():
    made = wire.build_create_job_v1("66.0", "Contact", query_all=True, chunking="chunkSize=250000")
    assert (made.method, made.path, made.replayable) == ("POST", "/services/async/66.0/job", False)
    assert made.headers["Sforce-Enable-PKChunking"] == "chunkSize=250000"
    fields = {each.tag.rpartition("}")[2]: each.text for each in ET.fromstring(made.body)}
    assert (fields["operation"], fields["object"], fields["contentType"]) == ("queryAll", "Contact", "CSV")
    added = wire.build_add_query("66.0", JOB, "SELECT Id FROM Contact WHERE Name = 'é'")
    assert (added.path, added.replayable) == (f"/services/async/66.0/job/{JOB}/batch", False)
    assert added.body == "SELECT Id FROM Contact WHERE Name = 'é'".encode()
    assert wire.is_async(added.path)
    assert not wire.is_async("/services/data/v66.0/jobs/query")


# Recorded answers

needs_recorded = pytest.mark.skipif(not EXCHANGES, reason="no recorded answers beside this checkout")


def kind_of(exchange):
    path = re.sub(r"75\d\w{12,15}", "*", exchange["url"].partition("/async/")[2].partition("/")[2].partition("?")[0])
    return f"{exchange['method']} {path}"


def read_records(answer):
    records = answer.json()
    names = [name for name in records[0] if name != "attributes"]
    assert all(each["attributes"]["type"] for each in records)
    return record_texts(records, {name: (name,) for name in names})


def read_ingest_or_list(answer):
    if answer.body.startswith(b"["):
        return wire.read_result_list(answer)
    return read_result_table(io.BytesIO(answer.body))


READERS = {
    "POST job": wire.read_job_v1,
    "POST job/*": wire.read_job_v1,
    "GET job/*": wire.read_job_v1,
    "POST job/*/batch": wire.read_batch,
    "GET job/*/batch/*": wire.read_batch,
    "GET job/*/batch": wire.read_batches_v1,
    "GET job/*/batch/*/result": read_ingest_or_list,
    "GET job/*/batch/*/result/*": read_records,
}


@needs_recorded
@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: f"{each['seq']} {kind_of(each)}")
def test_a_recorded_answer_is_read_whole(exchange):
    text, kind = exchange["response_body"], kind_of(exchange)
    headers = {name: values[0] for name, values in exchange["response_headers"].items()}
    value = READERS[kind](Response(exchange["status"], headers, text.encode()))
    if isinstance(value, wire.JobV1):
        assert (value.id, value.state) == (told(text, "id")[0], told(text, "state")[0])
        assert str(value.batches) == told(text, "numberBatchesTotal")[0]
    elif isinstance(value, wire.BatchV1):
        assert (value.id, value.state) == (told(text, "id")[0], told(text, "state")[0])
    elif kind == "GET job/*/batch":
        assert [each.id for each in value] == told(text, "id")
        assert [str(each.rows) for each in value] == told(text, "numberRecordsProcessed")
    elif kind == "GET job/*/batch/*/result/*":
        assert value.num_rows == len(json.loads(text))
        assert value.column("Id").null_count == 0
    elif isinstance(value, tuple):
        assert list(value) == json.loads(text)
    else:
        assert value.column_names == ["Id", "Success", "Created", "Error"]
        assert value.num_rows == len(text.splitlines()) - 1


@needs_recorded
def test_every_kind_of_recorded_answer_is_among_them():
    assert {kind_of(each) for each in EXCHANGES} == set(READERS)
