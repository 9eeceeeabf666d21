"""Answers that are not what they should be, to every reader: one clear error of ours with their beginning in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfbulk_pandas import errors
from sfbulk_pandas.wire import describe, jobs, limits, oauth, query, query_v1, rest_query, server_time
from sfbulk_pandas.wire.faults import raise_for_fault, read_fault
from sfbulk_pandas.wire.http import Response

if TYPE_CHECKING:
    from collections.abc import Callable

LOGIN = "https://login.salesforce.com"
JOB = {"id": "7505g000003xAAA", "operation": "insert", "object": "Lead", "state": "Open"}
FIELD = {"name": "Name", "type": "string"}
PAGE = {"totalSize": 1, "done": True, "records": [{"Id": "001"}]}
LOTS = "[" * 100_000


@dataclass(frozen=True)
class Reader:
    """A reader, an answer that it reads, and others that it must not."""

    read: Callable[[Response], Any]
    good: Any
    bad: tuple[Any, ...]


def token(answer):
    return oauth.read_token(answer, LOGIN)


READERS = {
    "job": Reader(
        jobs.read_job,
        JOB,
        (
            *({name: value for name, value in JOB.items() if name != gone} for gone in JOB),
            *(JOB | {name: None} for name in JOB),
            JOB | {"id": 7},
            JOB | {"id": ""},
            JOB | {"object": {}},
            JOB | {"state": "Thinking"},
            JOB | {"state": ["Open"]},
            JOB | {"operation": "explode"},
            JOB | {"lineEnding": "NEL"},
            *(JOB | {"numberRecordsProcessed": odd} for odd in ("many", [], {}, float("inf"), float("nan"))),
            JOB | {"apiVersion": "newest"},
        ),
    ),
    "list of jobs": Reader(
        jobs.read_job_page,
        {"done": True, "records": [JOB]},
        (
            {"done": True},
            {"done": True, "records": None},
            {"done": True, "records": {"0": JOB}},
            {"done": True, "records": "none"},
            {"done": True, "records": [None]},
            {"done": False, "records": [JOB]},
            {"done": "false", "records": [JOB], "nextRecordsUrl": "/x"},
            {"done": False, "records": [JOB], "nextRecordsUrl": 2},
            {"done": False, "records": [JOB], "nextRecordsUrl": ""},
        ),
    ),
    "result pages": Reader(
        query.read_result_pages,
        {"done": True, "resultPages": [{"resultUrl": "/a"}]},
        (
            {"done": True},
            {"done": True, "resultPages": [{}]},
            {"done": True, "resultPages": [{"resultUrl": None}]},
            {"done": True, "resultPages": [{"resultUrl": ""}]},
            {"done": True, "resultPages": {"resultUrl": "/a"}},
            {"done": True, "resultPages": ["/a"]},
            {"done": False, "resultPages": [{"resultUrl": "/a"}]},
            {"done": False, "resultPages": [{"resultUrl": "/a"}], "nextRecordsUrl": {}},
            {"done": 1, "resultPages": [{"resultUrl": "/a"}]},
        ),
    ),
    "page of records": Reader(
        rest_query.read_rest_page,
        PAGE,
        (
            {"done": True, "records": []},
            *(PAGE | {"totalSize": odd} for odd in (None, "many", [], float("inf"))),
            *(PAGE | {"records": odd} for odd in ("rows", {"Id": "001"}, ["001"], [None], 5)),
            PAGE | {"done": False},
            PAGE | {"done": "false", "nextRecordsUrl": "/x"},
            PAGE | {"done": False, "nextRecordsUrl": []},
        ),
    ),
    "describe": Reader(
        describe.read_describe,
        {"name": "Lead", "fields": [FIELD]},
        (
            {"name": "Lead"},
            {"fields": [FIELD]},
            {"name": None, "fields": [FIELD]},
            *({"name": "Lead", "fields": odd} for odd in (None, {"Name": FIELD}, "Name", [None], ["Name"], [{}])),
            *(
                {"name": "Lead", "fields": [FIELD | odd]}
                for odd in (
                    {"name": 5},
                    {"length": "long"},
                    {"referenceTo": "Account"},
                    {"referenceTo": [None]},
                    {"picklistValues": {"value": "a"}},
                    {"picklistValues": ["a"]},
                    {"relationshipName": 5},
                )
            ),
        ),
    ),
    "list of objects": Reader(
        describe.read_describe_global,
        {"sobjects": [{"name": "Lead"}]},
        ({}, {"sobjects": None}, {"sobjects": {"name": "Lead"}}, {"sobjects": [{}]}, {"sobjects": [{"name": None}]}),
    ),
    "limits": Reader(
        limits.read_limits,
        {"DailyApiRequests": {"Max": 5, "Remaining": 4}},
        (
            {},
            {"DailyApiRequests": 5},
            {"DailyApiRequests": {"Max": 5}},
            {"DailyApiRequests": {"Max": None, "Remaining": 4}},
            {"DailyApiRequests": {"Max": "some", "Remaining": 4}},
            {"DailyApiRequests": {"Max": float("inf"), "Remaining": 4}},
        ),
    ),
    "record count": Reader(
        limits.read_record_count,
        {"sObjects": [{"count": 5, "name": "Lead"}]},
        ({}, {"sObjects": None}, {"sObjects": {"count": 5}}, {"sObjects": [{"count": "many"}]}, {"sObjects": [5]}),
    ),
    "token": Reader(
        token,
        {"access_token": "planted", "instance_url": "https://acme.my.salesforce.com"},
        (
            {},
            {"access_token": "planted"},
            {"access_token": None, "instance_url": "https://acme.my.salesforce.com"},
            {"access_token": ["planted"], "instance_url": "https://acme.my.salesforce.com"},
            {"access_token": "", "instance_url": "https://acme.my.salesforce.com"},
            {"access_token": "two words", "instance_url": "https://acme.my.salesforce.com"},
            {"access_token": "planted", "instance_url": "acme"},
            {"access_token": "planted", "instance_url": "https://evil.example.com"},
        ),
    ),
    "job of Bulk API 1.0": Reader(
        query_v1.read_job_v1,
        {"id": "750", "state": "Open"},
        ({"id": "750"}, {"id": None, "state": "Open"}, {"id": "750", "state": "Open", "numberBatchesTotal": "some"}),
    ),
    "batch": Reader(
        query_v1.read_batch,
        {"id": "751", "state": "Queued"},
        ({"id": "751"}, {"id": "751", "state": {}}, {"id": "751", "state": "Queued", "numberRecordsProcessed": []}),
    ),
    "batches": Reader(
        query_v1.read_batches_v1,
        {"batchInfo": [{"id": "751", "state": "Queued"}]},
        ({"batchInfo": None}, {"batchInfo": {"id": "751", "state": "Queued"}}, {"batchInfo": [None]}, {"other": []}),
    ),
    "list of results": Reader(query_v1.read_result_list, ["752"], ([None], [7], [""], {"result": "752"}, "752")),
}
NO_JSON = {
    "a web page": b"<!DOCTYPE html><html><body>Log in, please</body></html>",
    "nothing": b"",
    "blanks": b" \n ",
    "cut off": b'{"id": "750',
    "null": b"null",
    "a number": b"5",
    "a text": b'"fine"',
    "a list": b"[[]]",
    "a truth value": b"true",
    "Latin-1": '{"id": "Zürich"}'.encode("latin-1"),
    "UTF-16": '{"id": "750"}'.encode("utf-16"),
    "bytes": bytes(range(256)),
    "CSV": b"Id,Name\n001,Acme\n",
    "XML of another kind": b"<?xml version='1.0'?><other><thing/></other>",
    "lists in lists": LOTS.encode(),
    "elements in elements": b"<a>" * 5_000 + b"</a>" * 5_000,
}


def each_reader():
    return pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@each_reader()
def test_the_good_answer_is_read_whatever_its_type_and_with_keys_nobody_knows(reader):
    good = reader.good | {"newIn2027": {"x": 1}} if isinstance(reader.good, dict) else reader.good
    if "DailyApiRequests" in good:
        good = good | {"newIn2027": {"Max": 1, "Remaining": 1}}
    if "batchInfo" in good:
        good = reader.good
    first = reader.read(Response(200, {"Content-Type": "application/json;charset=UTF-8"}, json.dumps(good).encode()))
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}):
        body = b"\xef\xbb\xbf" + json.dumps(good, ensure_ascii=False).encode()
        assert reader.read(Response(200, headers, body)) == first


@each_reader()
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize("status", [200, 204])
def test_what_is_no_such_answer_is_an_error_that_shows_its_beginning(reader, body, status):
    with pytest.raises(errors.SalesforceBroken) as caught:
        reader.read(Response(status, {"Content-Type": "application/json"}, body))
    error = caught.value
    start = Response(status, {}, body).start()
    assert error.body_start == start
    assert error.status_code == status
    assert (repr(start) if start else "it is empty") in str(error)
    assert len(str(error)) < 3_000
    assert error.__cause__ is None


BAD = [(name, value) for name, reader in READERS.items() for value in reader.bad]


@pytest.mark.parametrize(("name", "value"), BAD, ids=[f"{name}: {value}"[:70] for name, value in BAD])
def test_json_of_another_shape_is_an_error_that_shows_it(name, value):
    body = json.dumps(value).encode()
    with pytest.raises(errors.SalesforceBroken) as caught:
        READERS[name].read(Response(200, {}, body))
    assert caught.value.body_start.replace("***", "") in body.decode() or "***" in caught.value.body_start
    assert "planted" not in str(caught.value)


@each_reader()
@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 308])
def test_a_redirect_is_an_error_whatever_stands_in_it(reader, status):
    if reader.read is token:  # the session has refused it by then
        return
    answer = Response(status, {"Location": "https://evil.example.com/x?sid=planted"}, json.dumps(reader.good).encode())
    with pytest.raises(errors.ApiError, match=r"redirect.*evil\.example\.com") as caught:
        reader.read(answer)
    assert "planted" not in str(caught.value)


@each_reader()
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize("status", [400, 404, 503, 599])
def test_an_error_without_words_is_one_of_ours_that_shows_its_beginning(reader, body, status):
    try:
        reader.read(Response(status, {}, body))
    except (errors.ApiError, errors.AuthError) as error:
        assert Response(status, {}, body).start()[:40] in getattr(error, "body_start", "") or str(error)  # noqa: PT017
    else:
        pytest.fail("it was read")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"[null]",
        b"[[1]]",
        b"{}",
        b'[{"errorCode": null, "message": null}]',
        b'[{"errorCode": 5, "message": {"a": []}, "fields": "Name"}]',
        b'{"error": [], "error_description": 1e999}',
        b'[{"errorCode": "X", "fields": [null, {}]}]',
        b"<error/>",
        b"<error><exceptionCode><x/></exceptionCode></error>",
        LOTS.encode(),
        b"<a>" * 5_000 + b"</a>" * 5_000,
    ],
    ids=lambda body: body[:40].decode(),
)
@pytest.mark.parametrize("status", [400, 403, 500])
def test_words_of_another_shape_are_an_error_all_the_same(body, status):
    error = read_fault(Response(status, {}, body))
    assert error.status_code == status
    assert str(error)


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"{}", b"gone"])
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_nobody_reads_has_no_effect(body, status):
    raise_for_fault(Response(status, {"Content-Type": "image/png"}, body))


@pytest.mark.parametrize("value", ["", "yesterday", "Thu, 99 Nov 2026 10:00:00 GMT", "0"])
def test_an_answer_that_does_not_say_when_it_was_made(value):
    with pytest.raises(errors.SalesforceBroken, match="when it was made"):
        server_time.read_server_time(Response(200, {"Date": value}, b"[]"))


@pytest.mark.parametrize(
    ("headers", "head"),
    [
        ({}, query.PageHead(None, None)),
        ({"Sforce-Locator": "", "Sforce-NumberOfRecords": ""}, query.PageHead(None, None)),
        ({"Sforce-Locator": " null ", "Sforce-NumberOfRecords": "many"}, query.PageHead(None, None)),
        ({"Sforce-Locator": "x", "Sforce-NumberOfRecords": "-5"}, query.PageHead(None, "x")),
    ],
)
def test_the_head_of_a_page_takes_what_it_knows(headers, head):
    assert query.read_page_head(headers) == head


def test_every_reader_is_here():
    wire = Path(query.__file__).parent
    defined = {
        line.partition("(")[0].removeprefix("def ")
        for path in wire.glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("def read_")
    }
    tested = {reader.read.__name__ for reader in READERS.values()} - {"token"} | {"read_token"}
    parts = {"read_as", "read_answer", "read_all_limits", "read_fault", "read_page_head", "read_server_time"}
    assert defined - tested - parts == {"read_refresh_token"}  # of an answer that read_token has read before
