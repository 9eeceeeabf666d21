"""Who reaches the org, and what it takes: this machine alone unless told, bodies of bounded size, any bytes."""

from __future__ import annotations

import gzip
import os
import socket
import sys
import warnings
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.switches import Switches

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from room import room_taken

sys.path.insert(0, str(Path(__file__).parents[1] / "properties"))  # test modules are imported each by its file

from mutations import retyped, torn

MEGABYTE = 1 << 20
JSON = b'{"object":"Account","operation":"insert","contentType":"CSV","lineEnding":"LF","columnDelimiter":"COMMA"}'
NEW_RECORD = b'{"Name":"A","NumberOfEmployees":5,"AnnualRevenue":1.5,"Parent":{"Account_Key__c":"k"}}'
NEW_QUERY = (
    b'{"operation":"query","query":"SELECT Id, Name FROM Account WHERE (Name = \'A\' OR NOT (Name LIKE \'B%\'))"}'
)
XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
    b"<operation>query</operation><object>Account</object><contentType>CSV</contentType></jobInfo>"
)
FORM = (
    b'--BOUNDARY\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="job"\r\n\r\n'
    + JSON
    + b"\r\n"
    b"--BOUNDARY\r\nContent-Type: text/csv\r\n"
    b'Content-Disposition: form-data; name="content"; filename="content"\r\n\r\n'
    b"Name\nA\n\r\n--BOUNDARY--\r\n"
)


def listens_at(org):
    return org._server.socket.getsockname()[0]


def test_the_org_listens_to_this_machine_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with LocalOrg() as org:
            assert listens_at(org) == "127.0.0.1"
        with LocalOrg().start("localhost") as org:
            assert listens_at(org) == "127.0.0.1"
            assert org.url.startswith("http://localhost:")


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_an_org_that_others_reach_warns(host):
    with pytest.warns(UserWarning, match="whoever reaches this machine can read and write its records"):
        org = LocalOrg().start(host)
    with org:
        assert listens_at(org) == "0.0.0.0"
        assert org.url.startswith("http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(org.url.rpartition(":")[2]))):
            pass


def test_an_address_of_ipv6_is_bracketed():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with LocalOrg().start("::1") as org:
        assert org.url.startswith("http://[::1]:")


TOO_LARGE = (413, "REQUEST_ENTITY_TOO_LARGE", "The request body exceeds the maximum size allowed")


def fault(reply):
    (error,) = reply.json()
    return reply.status, error["errorCode"], error["message"]


@pytest.mark.parametrize("place", ["jobs/ingest", "jobs/query", "sobjects/Account"])
def test_a_body_above_50_megabytes_is_refused_before_it_is_read(direct, place):
    body = b'{"a":"' + b"x" * 50_000_000 + b'"}'
    with room_taken() as room:
        assert fault(direct("POST", place, body=body)) == TOO_LARGE
    assert room.megabytes < 30
    assert fault(direct("POST", place, body=gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})) == TOO_LARGE


def test_a_body_that_does_not_say_its_size_is_bounded_too(local):
    """Take a body in pieces, without a Content-Length, that goes on for ever."""

    class Endless:
        taken = 0

        def read(self, size=-1):
            self.taken += size
            return b" " * size

    endless = Endless()
    builder = EnvironBuilder("/services/data/v66.0/jobs/ingest", method="POST", content_type="application/json")
    environ = builder.get_environ()
    environ |= {"wsgi.input": endless, "wsgi.input_terminated": True}
    environ["HTTP_AUTHORIZATION"] = f"Bearer {local.access_token}"
    with room_taken() as room:
        body, status, _ = run_wsgi_app(local.app, environ)
    assert status.startswith("413")
    assert b"REQUEST_ENTITY_TOO_LARGE" in b"".join(body)
    assert room.megabytes < 120
    assert endless.taken < 250_000_000


def bomb(megabytes):
    return gzip.compress(b"Name\n", mtime=0) + gzip.compress(b"A" * (MEGABYTE - 1) + b"\n", 9, mtime=0) * megabytes


def test_gzip_that_unpacks_without_end_is_refused_in_little_room(other_org):
    call = other_org(switches=Switches(gzip_uploads=True))
    packed = {"Content-Encoding": "gzip", "Content-Type": "text/csv"}
    job = call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
    with room_taken() as room:
        assert fault(call("PUT", f"jobs/ingest/{job}/batches", body=bomb(1_000), headers=packed))[0] == 413
        assert fault(call("POST", "jobs/ingest", body=bomb(1_000), headers={"Content-Encoding": "gzip"})) == TOO_LARGE
    assert room.megabytes < 120
    assert call(
        "PUT", f"jobs/ingest/{job}/batches", body=gzip.compress(b"Name\n") + gzip.compress(b"A\n"), headers=packed
    )
    call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
    assert call.get(f"jobs/ingest/{job}").json()["numberRecordsProcessed"] == 1  # both members were read


def test_gzip_without_its_end_is_refused(other_org):
    call = other_org(switches=Switches(gzip_uploads=True))
    job = call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
    cut = gzip.compress(b"Name\nA\nB\n")[:-5]
    packed = {"Content-Encoding": "gzip", "Content-Type": "text/csv"}
    assert fault(call("PUT", f"jobs/ingest/{job}/batches", body=cut, headers=packed))[:2] == (400, "API_ERROR")
    assert fault(call("POST", "jobs/ingest", body=cut, headers=packed))[:2] == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(
    ("method", "path", "kind", "body"),
    [
        ("POST", "/services/data/v66.0/jobs/ingest", "application/json", JSON),
        ("POST", "/services/data/v66.0/jobs/ingest", "multipart/form-data; boundary=BOUNDARY", FORM),
        ("POST", "/services/data/v66.0/jobs/query", "application/json", NEW_QUERY),
        ("POST", "/services/data/v66.0/sobjects/Account", "application/json", NEW_RECORD),
        ("POST", "/services/async/66.0/job", "application/xml", XML),
        ("POST", "/services/async/66.0/job", "application/json", JSON),
        ("POST", "/services/oauth2/token", "application/x-www-form-urlencoded", b"grant_type=password&username=a"),
        ("PUT", "upload", "text/csv", b'Name,AnnualRevenue,Parent.Account_Key__c\n"A",1.5,"k"\n"B",,\n'),
    ],
    ids=["ingest", "multipart", "query", "record", "v1 xml", "v1 json", "token", "upload"],
)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_no_body_makes_the_org_fail(method, path, kind, body, local, caplog):
    client = Client(local.app)
    headers = {"Authorization": f"Bearer {local.access_token}", "X-SFDC-Session": local.access_token}

    def send(method, path, kind, body):
        return client.open(path, method=method, headers={**headers, "Content-Type": kind}, data=body)

    @settings(
        max_examples=int(os.environ.get("SFBULK_EXAMPLES", "12")),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(retyped(body), torn(body, (body,))))
    def check(sent):
        place = path
        if path == "upload":
            job = send("POST", "/services/data/v66.0/jobs/ingest", "application/json", JSON).json["id"]
            place = f"/services/data/v66.0/jobs/ingest/{job}/batches"
        assert send(method, place, kind, sent).status_code < 500, caplog.text
        if path == "upload":
            state = b'{"state":"UploadComplete"}'
            assert send("PATCH", place.removesuffix("/batches"), "application/json", state).status_code < 500, (
                caplog.text
            )
            info = send("GET", place.removesuffix("/batches"), "application/json", None).json
            assert "Retried" not in info.get("errorMessage", ""), (info, caplog.text)

    check()
