"""Start and stop, bodies in chunks, many callers at once, and what a file keeps."""

from __future__ import annotations

import gc
import http.client
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sfbulk_pandas.local_org import ByHand, LocalOrg
from sfbulk_pandas.local_org.writing import insert_records


def get(org, path, **options):
    headers = {"Authorization": f"Bearer {org.access_token}", "Connection": "close"}
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{org.url}/services/data/v66.0/{path}", headers=headers, timeout=30, **options)


def test_nothing_is_left_behind():
    before = set(threading.enumerate())
    for _ in range(3):
        with LocalOrg() as org:
            assert get(org, "limits").status_code == 200
            folder = org.state.store.folder
    gc.collect()  # a socket that was not closed would warn here, and warnings are errors
    assert not set(threading.enumerate()) - before  # threads of other tests may end meanwhile
    assert not folder.exists()


def test_closing_lets_go_of_jobs_under_way(tmp_path, call_to):
    before = set(threading.enumerate())
    rows = "".join(f"A{number}\n" for number in range(1000))
    with LocalOrg(tmp_path / "crm.db", pacing=ByHand(rows_per_step=200)) as org:
        call = call_to(org)
        job = call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
        call("PUT", f"jobs/ingest/{job}/batches", body=f"Name\n{rows}".encode())
        call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
        org.advance()
        query = call.bulk("SELECT Id, Name FROM Account").json()["id"]
        org.advance()
    assert not set(threading.enumerate()) - before  # threads of other tests may end meanwhile
    assert not (tmp_path / "crm.db.wal").exists()  # the database is closed in order, though a query was half read
    with LocalOrg(tmp_path / "crm.db") as org:
        call = call_to(org)
        assert call.get(f"jobs/query/{query}").json()["state"] == "Failed"
        info = call.get(f"jobs/ingest/{job}").json()
        assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 400)
        assert call.get(f"jobs/ingest/{job}/successfulResults").text.count("\n") == 401
        assert call.get(f"jobs/ingest/{job}/unprocessedrecords").text == "Name\n" + rows[rows.index("A400\n") :]
        assert org.records("Account").num_rows == 400


def test_an_upload_that_is_cut_off_may_be_sent_again(local, call_to):
    call = call_to(local)
    path = "jobs/ingest/" + call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
    head = f"PUT /services/data/v66.0/{path}/batches HTTP/1.1\r\nAuthorization: Bearer {local.access_token}\r\n"
    with socket.create_connection(("127.0.0.1", int(local.url.rpartition(":")[2]))) as caller:
        caller.sendall(f"{head}Content-Length: 1000\r\n\r\nName\nA\n".encode())
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(100).startswith(b"HTTP/1.1 400")
    assert "numberRecordsProcessed" not in call.get(path).json()
    assert call("PUT", f"{path}/batches", body=b"Name\nA\n").status == 201


def test_a_step_that_breaks_down_writes_nothing(local, call_to, monkeypatch, caplog):
    def broken(*arguments):
        insert_records(*arguments)
        raise ArithmeticError

    monkeypatch.setattr("sfbulk_pandas.local_org.apply.insert_records", broken)
    call = call_to(local)
    path = "jobs/ingest/" + call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
    call("PUT", f"{path}/batches", body=b"Name\nA\n")
    assert call("PATCH", path, json={"state": "UploadComplete"}).status == 500
    assert "ArithmeticError" in caplog.text
    assert call.get(path).json()["state"] == "Failed"
    assert local.records("Account").num_rows == 0
    assert call.get(f"{path}/unprocessedrecords").text == "Name\nA\n"


def test_what_cannot_start_leaves_nothing_behind(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="not a describe answer"):
        LocalOrg(describes=[{"name": 1}])
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        LocalOrg(port=taken.getsockname()[1]).__enter__()
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_close_may_be_called_twice_and_before_start():
    org = LocalOrg()
    org.close()
    with LocalOrg() as second:
        url = second.url
        second.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_no_address_before_the_start():
    org = LocalOrg()
    try:
        assert repr(org) == "LocalOrg(not started)"
        with pytest.raises(RuntimeError, match="before it is started"):
            _ = org.url
    finally:
        org.close()


def test_start_twice_is_one_server():
    with LocalOrg() as org:
        url = org.url
        assert org.start().url == url


def test_loopback_only_and_a_port_of_choice():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LocalOrg(port=port) as org:
        assert org.url == f"http://127.0.0.1:{port}"
        assert repr(org) == f"LocalOrg({org.url})"
        assert org._server.server_address[0] == "127.0.0.1"


def test_silence(capfd):
    with LocalOrg() as org:
        get(org, "limits")
        get(org, "nothing")
    assert capfd.readouterr() == ("", "")


def test_chunked_bodies():
    with LocalOrg() as org:
        pieces = iter([b'{"operation": "query", ', b'"query": "SELECT Id FROM Account"}'])
        headers = {"Authorization": f"Bearer {org.access_token}"}
        url = f"{org.url}/services/data/v66.0/jobs/query"
        answer = requests.post(url, data=pieces, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["object"]) == (200, "Account")


def test_an_answer_arrives_although_the_body_was_not_wanted():
    """A large upload with a bad token: the answer comes, and no reset connection."""
    with LocalOrg() as org:
        url = f"{org.url}/services/data/v66.0/jobs/ingest/750000000000001AAA/batches"
        answer = requests.put(url, data=b"x" * 20_000_000, headers={"Authorization": "Bearer no"}, timeout=30)
        assert answer.status_code == 401


def test_a_caller_who_hangs_up_hurts_nobody():
    with LocalOrg() as org:
        port = int(org.url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.putrequest("POST", "/services/data/v66.0/jobs/query")
        connection.putheader("Authorization", f"Bearer {org.access_token}")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"half")
        connection.close()
        assert get(org, "limits").status_code == 200


def test_uploads_and_queries_side_by_side(local, call_to):
    call = call_to(local)

    def load(number):
        given = {"object": "Account", "operation": "upsert", "externalIdFieldName": "Account_Key__c"}
        path = f"jobs/ingest/{call('POST', 'jobs/ingest', json=given).json()['id']}"
        rows = "".join(f"A{number}-{row},{number}-{row}\n" for row in range(500))
        call("PUT", f"{path}/batches", body=f"Name,Account_Key__c\n{rows}".encode())
        call("PATCH", path, json={"state": "UploadComplete"})
        return call.get(f"{path}/successfulResults").text.count("\n") - 1

    def read(_):
        made = call.bulk("SELECT Id, Name FROM Account").json()["id"]
        info, page = call.get(f"jobs/query/{made}").json(), call.get(f"jobs/query/{made}/results")
        return page.text.count("\n") - 1 - info["numberRecordsProcessed"]

    with ThreadPoolExecutor(8) as pool:
        loads, reads = (
            [pool.submit(load, number) for number in range(4)],
            [pool.submit(read, each) for each in range(8)],
        )
    assert [each.result() for each in loads] == [500] * 4
    assert [each.result() for each in reads] == [0] * 8
    assert len(set(local.records("Account")["Id"].to_pylist())) == 2000


def test_many_callers_at_once():
    with LocalOrg() as org, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(org, "query", params={"q": "SELECT Id FROM User"}), range(24)))
        assert {answer.status_code for answer in answers} == {200}
        assert {len(answer.json()["records"]) for answer in answers} == {1}
        numbers = {answer.headers["X-SFDC-Request-Id"] for answer in answers}
        assert len(numbers) == 24


def test_a_file_keeps_records_jobs_and_keys(tmp_path):
    file = tmp_path / "crm.db"
    with LocalOrg(file) as org:
        made = requests.post(
            f"{org.url}/services/data/v66.0/sobjects/Account",
            json={"Name": "Kept"},
            headers={"Authorization": f"Bearer {org.access_token}"},
            timeout=30,
        )
        record = made.json()["id"]
        first = org.credentials()
        secret = org.client_secret
    with LocalOrg(str(file)) as org:
        assert get(org, f"sobjects/Account/{record}").json()["Name"] == "Kept"
        again = org.credentials()
        assert {**again, "login_url": ""} == {**first, "login_url": ""}
        assert org.client_secret == secret
        assert org.records("account").column("Name").to_pylist() == ["Kept"]


def test_waiting_jobs_are_taken_up_after_a_restart(tmp_path):
    file = tmp_path / "crm.db"
    body = {"operation": "query", "query": "SELECT Name FROM User"}
    with LocalOrg(file, pacing=ByHand()) as org:
        url = f"{org.url}/services/data/v66.0/jobs/query"
        job = requests.post(url, json=body, headers={"Authorization": f"Bearer {org.access_token}"}, timeout=30).json()[
            "id"
        ]
    with LocalOrg(file) as org:
        assert get(org, f"jobs/query/{job}").json()["state"] == "JobComplete"
        assert get(org, f"jobs/query/{job}/results").text == '"Name"\n"Local Analyst"\n'


def test_records_of_an_unknown_object(local):
    with pytest.raises(KeyError):
        local.records("Nope")


@pytest.mark.parametrize("port", [-1, 80_000])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ValueError, match=f"port {port} is none"):
        LocalOrg(port=port)
