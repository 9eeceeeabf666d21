"""Paths, methods, tokens, headers: what every resource has in common."""

from __future__ import annotations

import gzip
import json
import logging

import pytest

from sfbulk_pandas.local_org import Switches

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
BAD_SESSION = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
JSON = "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    "path",
    [
        "/services/data/v66.0/limits",
        "/Services/DATA/V66.0/Limits/",
        "/services/data/v31.0/limits",
        "/services/data/v66.0",
        "/services/data/v66.0/",
        "/services/data",
        "/services/data/",
        "/services/data/v66.0/SObjects/account/DESCRIBE/",
        "/services/data/v47.0/jobs/QUERY/",
        "/services/data/v41.0/jobs/ingest",
    ],
)
def test_known(call, path):
    reply = call.get(path)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == JSON
    assert reply.headers["X-SFDC-Request-Id"] == reply.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path",
    [
        "/services/data/v66.0//limits",
        "/services//data/v66.0/limits",
        "/services/data/v66.0/limits//",
        "/services/data/v66.0/nothing",
        "/services/data/v67.0/limits",
        "/services/data/66.0/limits",
        "/services/data/v46.0/jobs/query",
        "/services/data/v40.0/jobs/ingest",
        "/services/other",
        "/",
    ],
)
def test_unknown(direct, path):
    reply = direct.get(path)
    assert (reply.status, reply.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("version", ["30.0", "21.0", "7.0"])
def test_retired(direct, version):
    reply = direct.get(f"/services/data/v{version}/limits")
    error = {"message": f"API version {version} is retired", "errorCode": "UNSUPPORTED_API_VERSION"}
    assert (reply.status, reply.json()) == (410, [error])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "query", "GET"),
        ("PUT", "jobs/query/750000000000001AAA", "GET,PATCH,DELETE"),
        ("POST", "jobs/query/750000000000001AAA/results", "GET"),
        ("PUT", "jobs/ingest", "POST,GET"),
        ("GET", "/services/oauth2/token", "POST"),
    ],
)
def test_method_not_allowed(direct, method, path, allowed):
    reply = direct(method, path)
    error = {"errorCode": "METHOD_NOT_ALLOWED", "message": f"HTTP Method '{method}' not allowed. Allowed are {allowed}"}
    assert (reply.status, reply.json()) == (405, [error])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "sobjects"),
        ("GET", "sobjects/Account/describe"),
        ("POST", "sobjects/Account"),
        ("GET", "query?q=SELECT+Id+FROM+Account"),
        ("GET", "limits"),
        ("POST", "jobs/query"),
        ("GET", "jobs/query/750000000000001AAA/results"),
        ("POST", "jobs/ingest"),
        ("PUT", "jobs/ingest/750000000000001AAA/batches"),
        ("GET", "nothing"),
        ("GET", "/services/oauth2/userinfo"),
    ],
)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", "Bearer"])
def test_bad_token(direct, method, path, header):
    reply = direct(method, path, headers={"Authorization": header})
    assert (reply.status, reply.json()) == (401, BAD_SESSION)


def test_no_token_is_asked_for(direct):
    assert direct.get("/services/data", headers={"Authorization": None}).status == 200


def test_another_scheme_is_no_session(direct, local):
    reply = direct.get("limits", headers={"Authorization": f"Basic {local.access_token}"})
    assert (reply.status, reply.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_oauth_scheme(direct):
    assert direct.get("limits", headers={"Authorization": f"OAuth {direct.org.access_token}"}).status == 200


def test_limit_info(call):
    first, second = (call.get("limits").headers["Sforce-Limit-Info"] for _ in range(2))
    assert first != second
    assert first.startswith("api-usage=")
    assert first.endswith("/15000")
    assert "Sforce-Limit-Info" not in call.get("/services/data").headers


def test_json_has_no_length(http):
    headers = http.get("limits").headers
    assert headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in headers


def test_no_content(http):
    made = http.bulk("SELECT Id FROM Account").json()["id"]
    reply = http("DELETE", f"jobs/query/{made}")
    assert (reply.status, reply.body) == (204, b"")
    assert "Content-Type" not in reply.headers


@pytest.mark.parametrize("switch", [True, False])
def test_gzip_answers(other_org, switch):
    call = other_org(switches=Switches(gzip_answers=switch))
    reply = call.get("sobjects", headers={"Accept-Encoding": "gzip, deflate"})
    assert reply.headers.get("Content-Encoding") == ("gzip" if switch else None)
    text = gzip.decompress(reply.body) if switch else reply.body
    assert json.loads(text)["encoding"] == "UTF-8"
    assert "Content-Encoding" not in call.get("sobjects", headers={"Accept-Encoding": "identity"}).headers


def test_gzip_request(direct):
    body = gzip.compress(json.dumps({"operation": "query", "query": "SELECT Id FROM Account"}).encode())
    assert direct("POST", "jobs/query", body=body, headers={"Content-Encoding": "gzip"}).status == 200
    broken = direct("POST", "jobs/query", body=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (broken.status, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_fault_of_its_own_is_500_and_in_the_log(direct, local, monkeypatch, caplog):
    monkeypatch.setattr(type(local.state.store), "describe", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        reply = direct.get("sobjects/Account/describe")
    assert (reply.status, reply.json()[0]["errorCode"]) == (500, "UNKNOWN_EXCEPTION")
    assert "ZeroDivisionError" in caplog.text


def test_exchanges(call):
    call.get("limits")
    call.get("nothing")
    last = call.org.exchanges[-2:]
    assert [(each.method, each.path, each.status) for each in last] == [
        ("GET", "/services/data/v66.0/limits", 200),
        ("GET", "/services/data/v66.0/nothing", 404),
    ]
