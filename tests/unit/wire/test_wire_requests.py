"""What is put on the wire: paths, methods, bodies, and whether a request may be sent twice."""

from __future__ import annotations

import json
import pickle

import pytest

from sfbulk_pandas.errors import SalesforceBroken, UsageError
from sfbulk_pandas.salesforce.job import JobState, Operation
from sfbulk_pandas.wire import describe, ingest, limits, query
from sfbulk_pandas.wire.http import Body, Headers, Request, Response
from sfbulk_pandas.wire.paths import data_path

VERSION = "66.0"
JOB = "750ak000009BWKLAA4"
INGEST = f"/services/data/v66.0/jobs/ingest/{JOB}"
QUERY = f"/services/data/v66.0/jobs/query/{JOB}"


@pytest.mark.parametrize(
    ("request_", "method", "path", "replayable"),
    [
        (ingest.build_upload(VERSION, JOB, b"Id\n"), "PUT", f"{INGEST}/batches", False),
        (ingest.build_set_state(VERSION, JOB, JobState.ABORTED), "PATCH", INGEST, False),
        (ingest.build_job_info(VERSION, JOB), "GET", INGEST, True),
        (ingest.build_delete_job(VERSION, JOB), "DELETE", INGEST, True),
        (ingest.build_results(VERSION, JOB, ingest.ResultSet.SUCCESSFUL), "GET", f"{INGEST}/successfulResults", True),
        (ingest.build_results(VERSION, JOB, ingest.ResultSet.FAILED), "GET", f"{INGEST}/failedResults", True),
        (ingest.build_results(VERSION, JOB, ingest.ResultSet.UNPROCESSED), "GET", f"{INGEST}/unprocessedrecords", True),
        (ingest.build_list_jobs(VERSION), "GET", "/services/data/v66.0/jobs/ingest", True),
        (
            ingest.build_list_jobs(VERSION, "V2Ingest"),
            "GET",
            "/services/data/v66.0/jobs/ingest?jobType=V2Ingest",
            True,
        ),
        (ingest.build_next_jobs("/next?queryLocator=1"), "GET", "/next?queryLocator=1", True),
        (limits.build_limits(VERSION), "GET", "/services/data/v66.0/limits", True),
        (query.build_create_query(VERSION, "SELECT Id FROM Account"), "POST", "/services/data/v66.0/jobs/query", False),
        (query.build_query_info(VERSION, JOB), "GET", QUERY, True),
        (query.build_abort_query(VERSION, JOB), "PATCH", QUERY, False),
        (query.build_delete_query(VERSION, JOB), "DELETE", QUERY, True),
        (query.build_page(VERSION, JOB, None, None), "GET", f"{QUERY}/results", True),
        (
            query.build_page(VERSION, JOB, "MDowR2FI/=", 9),
            "GET",
            f"{QUERY}/results?locator=MDowR2FI%2F%3D&maxRecords=9",
            True,
        ),
        (describe.build_describe(VERSION, "Lead"), "GET", "/services/data/v66.0/sobjects/Lead/describe", True),
        (describe.build_describe_global(VERSION), "GET", "/services/data/v66.0/sobjects", True),
    ],
)
def test_request(request_, method, path, replayable):
    assert (request_.method, request_.path, request_.replayable) == (method, path, replayable)
    assert "//" not in request_.path
    assert request_.body is None or isinstance(request_.body, bytes)


def test_create_job_names_the_external_id_only_where_there_is_one():
    insert = ingest.build_create_job(VERSION, ingest.IngestJob("Contact", Operation.INSERT))
    assert json.loads(insert.body) == {
        "object": "Contact",
        "operation": "insert",
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    upsert = ingest.build_create_job(VERSION, ingest.IngestJob("Contact", Operation.UPSERT, "Schlüssel__c"))
    assert json.loads(upsert.body)["externalIdFieldName"] == "Schlüssel__c"
    assert not upsert.replayable


@pytest.mark.parametrize(("query_all", "operation"), [(False, "query"), (True, "queryAll")])
def test_create_query(query_all, operation):
    body = json.loads(query.build_create_query(VERSION, "SELECT Id FROM Österreich__c", query_all).body)
    assert body["operation"] == operation
    assert body["query"] == "SELECT Id FROM Österreich__c"


def test_set_state():
    assert json.loads(ingest.build_set_state(VERSION, JOB, JobState.UPLOAD_COMPLETE).body) == {
        "state": "UploadComplete"
    }


def test_path_quotes_and_refuses_what_is_empty():
    assert data_path(VERSION, "sobjects", "a/b?c") == "/services/data/v66.0/sobjects/a%2Fb%3Fc"
    with pytest.raises(UsageError, match="empty"):
        ingest.build_job_info(VERSION, "")


def test_text_is_refused_as_body():
    with pytest.raises(UsageError, match="bytes"):
        Request("PUT", "/x", body="text")  # type: ignore[arg-type]


def test_request_shows_neither_headers_nor_body_nor_query():
    request = Request("POST", "/x?locator=abc", {"Authorization": "planted"}, b"planted")
    assert "planted" not in repr(request)
    assert str(request) == "POST /x"


def test_body_is_a_protocol_anything_sized_and_iterable_fits():
    assert isinstance([b"a"], Body)
    assert not isinstance(iter([b"a"]), Body)


def test_headers_in_any_case():
    headers = Headers({"Sforce-Locator": "abc"})
    assert headers["SFORCE-LOCATOR"] == headers.get("sforce-locator") == "abc"
    assert "Sforce-locator" in headers
    assert 3 not in headers
    assert list(headers) == ["sforce-locator"]
    assert "abc" not in repr(headers)
    assert Response(200, {"A": "b"}).headers["a"] == "b"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><h1>Bad Message 400</h1></html>", b'{"id":"750', b"\xff\xfe\x00", "{'id': 1}".encode("utf-16")],
)
def test_answer_that_is_no_json(body):
    with pytest.raises(SalesforceBroken) as caught:
        Response(200, {}, body).json()
    assert caught.value.__context__ is None
    assert caught.value.status_code == 200
    assert caught.value.body_start == Response(200, {}, body).start()
    assert type(pickle.loads(pickle.dumps(caught.value))) is SalesforceBroken


def test_answer_that_is_very_deep_json():
    with pytest.raises(SalesforceBroken):
        Response(200, {}, b"[" * 200_000).json()


def test_json_in_utf8_with_a_mark_and_another_charset_claimed():
    response = Response(200, {"Content-Type": "application/json;charset=ISO-8859-1"}, '\ufeff{"a":"Zürich"}'.encode())
    assert response.json() == {"a": "Zürich"}


def test_only_the_first_part_of_a_bad_answer_is_shown_and_its_secrets_are_masked():
    body = b"<p>Authorization: Bearer 00D000000000001!planted</p>" + b"x" * 10_000
    broken = Response(502, {}, body).broken("is odd")
    assert len(str(broken)) < 1000
    assert "planted" not in str(broken)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"x"', b"{}", b'{"id":"750","operation":"fly","object":"A","state":"Open"}', b'{"id":1}']
)
def test_answer_of_another_shape(body):
    for reader in (ingest.read_job, describe.read_describe, describe.read_describe_global):
        with pytest.raises(SalesforceBroken) as caught:
            reader(Response(200, {}, body))
        assert caught.value.__context__ is None


def test_unknown_keys_are_ignored():
    body = b'{"id":"750A","operation":"insert","object":"Lead","state":"Open","apiVersion":66.0,"newThing":{"a":1}}'
    assert ingest.read_job(Response(200, {}, body)).api_version == "66.0"


@pytest.mark.parametrize("value", ["null", "", "  ", None])
def test_last_page(value):
    headers = {} if value is None else {"Sforce-Locator": value}
    assert query.read_page_head(headers) == query.PageHead(None, None)


def test_page_head():
    head = query.read_page_head({"SFORCE-LOCATOR": "MTAwMDA", "sforce-numberofrecords": "50000"})
    assert head == query.PageHead(50000, "MTAwMDA")
