"""``org.faults``: which request is struck, how often, and what a plain client sees of each fault."""

import socket
import threading
import time

import pytest
import requests

from sfbulk_pandas.local_org import AfterPolls, Faults, LocalOrg
from sfbulk_pandas.local_org.on_demand.plan import FaultPlan
from sfbulk_pandas.local_org.on_demand.rows import with_rows, without_locator

CREATE = {"object": "Contact", "operation": "insert", "contentType": "CSV"}


@pytest.fixture
def org():
    with LocalOrg() as found:
        yield found


class Plain:
    """The least that can call an org."""

    def __init__(self, org, base="/services/data/v66.0/"):
        self.base = org.url + base
        self.headers = {"Authorization": f"Bearer {org.access_token}", "X-SFDC-Session": org.access_token}

    def __call__(self, method, path, **more):
        with requests.Session() as http:
            http.trust_env = False
            return http.request(method, self.base + path, headers=self.headers, timeout=10, **more)

    def made(self):
        return self("POST", "jobs/ingest", json=CREATE).json()["id"]

    def state(self, job):
        return self("GET", f"jobs/ingest/{job}").json()["state"]


def struck(plan, method, path):
    return plan.strike(method, path) is not None


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("batches", "/services/data/v66.0/jobs/ingest/750/batches", True),
        ("/jobs/ingest/*", "/services/data/v66.0/jobs/INGEST/750/", True),
        ("jobs/ingest", "/services/data/v66.0/jobs/ingest/750", False),
        ("jobs/ingest/*", "/services/data/v66.0/jobs/ingest/750/batches", False),
        ("jobs/*/750*/results", "/services/data/v66.0/jobs/query/750A/results", True),
        ("a/b/c", "/b/c", False),
        ("ingest", "/services/data/v66.0/jobs/myingest", False),
    ],
)
def test_a_path_is_named_by_its_end(pattern, path, fits):
    plan = FaultPlan()
    plan.on("get", pattern, fault=Faults.answer_lost)
    assert struck(plan, "GET", path) is fits
    assert not struck(plan, "POST", path)


def test_the_first_fault_that_was_planned_strikes_as_often_as_it_says():
    plan = FaultPlan()
    first = plan.on("GET", "x", fault=Faults.answer_lost, times=2, skip=1)
    second = plan.on("GET", "x", fault=Faults.server_error, times=None)
    found = [plan.strike("GET", "/x") for _ in range(5)]
    assert found == [Faults.server_error, Faults.answer_lost, Faults.answer_lost, *[Faults.server_error] * 2]
    assert (first.struck, second.struck) == (2, 3)
    plan.clear()
    assert not struck(plan, "GET", "/x")


@pytest.mark.parametrize("wrong", [{"times": 0}, {"skip": -1}])
def test_a_fault_that_never_strikes_is_refused(wrong):
    with pytest.raises(ValueError, match="never strike"):
        FaultPlan().on("GET", "x", fault=Faults.answer_lost, **wrong)


@pytest.mark.parametrize("fault", [Faults.reset_before_body, Faults.reset_during_body, Faults.reset_after_body])
def test_a_reset_leaves_no_trace_but_in_the_exchanges(org, fault):
    plain = Plain(org)
    job = plain.made()
    org.faults.on("PUT", "batches", fault=fault)
    with pytest.raises(requests.ConnectionError):
        plain("PUT", f"jobs/ingest/{job}/batches", data=b"LastName\n" + b"A\n" * 500_000)
    assert "numberRecordsProcessed" not in plain("GET", f"jobs/ingest/{job}").json()
    assert [each.status for each in org.exchanges if each.method == "PUT"] == [0]


def test_a_reset_is_one_and_no_orderly_end(org):
    org.faults.on("GET", "data", fault=Faults.reset_after_body)
    with socket.create_connection(org.url.removeprefix("http://").split(":")) as connection:
        connection.sendall(b"GET /services/data HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Faults.unauthorized, 401, "INVALID_SESSION_ID"),
        (Faults.daily_limit, 403, "REQUEST_LIMIT_EXCEEDED"),
        (Faults.concurrent_limit, 403, "REQUEST_LIMIT_EXCEEDED"),
        (Faults.server_error, 500, "UNKNOWN_EXCEPTION"),
        (Faults.unavailable("7"), 503, "SERVER_UNAVAILABLE"),
        (Faults.locator_refused, 400, "INVALID_QUERY_LOCATOR"),
        (Faults.too_many_requests, 429, None),
        (Faults.bad_gateway, 502, None),
    ],
)
def test_an_answer_in_place_of_the_work(org, fault, status, code):
    plain = Plain(org)
    org.faults.on("POST", "jobs/ingest", fault=fault)
    answer = plain("POST", "jobs/ingest", json=CREATE)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)
    assert (answer.json()[0]["errorCode"] if code else None) == code
    assert org.state.jobs.all() == []


def test_bulk_api_1_says_it_in_its_own_words(org):
    org.faults.on("GET", "job/*", fault=Faults.unauthorized)
    answer = Plain(org, "/services/async/66.0/")("GET", "job/750000000000001")
    assert (answer.status_code, "<exceptionCode>InvalidSessionId<" in answer.text) == (400, True)


def test_a_token_endpoint_that_is_down_stays_so_until_all_is_cleared(org):
    plain = Plain(org)
    org.faults.on("GET", "limits", fault=Faults.token_endpoint_down)
    assert plain("GET", "limits").status_code == 401
    assert plain("GET", "limits").status_code == 401  # no token is good any more
    login = {"grant_type": "client_credentials", "client_id": org.client_id, "client_secret": org.client_secret}
    url = f"{org.url}/services/oauth2/token"
    assert [requests.post(url, login, timeout=10).status_code for _ in range(2)] == [503, 503]
    org.faults.clear()
    assert requests.post(url, login, timeout=10).status_code == 200


def test_a_request_that_is_handled_twice(org):
    plain = Plain(org)
    org.faults.on("POST", "jobs/ingest", fault=Faults.request_twice)
    job = plain.made()
    assert len(org.state.jobs.all()) == 2
    org.faults.on("PUT", "batches", fault=Faults.request_twice)
    answer = plain("PUT", f"jobs/ingest/{job}/batches", data=b"LastName\nA\n")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "BULK_API_ERROR")


def test_a_delayed_answer_comes_when_all_is_cleared(org):
    plain, times = Plain(org), []
    org.faults.on("POST", "jobs/ingest", fault=Faults.answer_delayed(600))
    caller = threading.Thread(target=lambda: (plain.made(), times.append(time.monotonic())))
    caller.start()
    while not org.state.jobs.all():  # the work is done at once
        time.sleep(0.01)
    assert not times
    org.faults.clear()
    caller.join(10)
    assert times


def test_an_answer_that_is_cut_and_one_without_a_next_page(org):
    plain = Plain(org)
    org.faults.on("GET", "limits", fault=Faults.cut_at(10))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        plain("GET", "limits")
    assert plain("GET", "limits").json()["DailyApiRequests"]


@pytest.mark.parametrize(
    ("fault", "state"), [(Faults.job_failing, "Failed"), (Faults.job_aborted, "Aborted"), (Faults.job_stuck, "Open")]
)
def test_the_fate_of_a_job_that_is_made(org, fault, state):
    plain = Plain(org)
    org.faults.on("POST", "jobs/ingest", fault=fault)
    job = plain.made()
    plain("PUT", f"jobs/ingest/{job}/batches", data=b"LastName\nA\n")
    closed = {"Open": "UploadComplete"}.get(state, state)  # a job that is stuck can be closed, and waits
    plain("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
    assert [plain.state(job) for _ in range(2)] == [closed, closed]
    assert org.records("Contact").num_rows == 0
    org.faults.clear()
    assert plain.state(job) == ("JobComplete" if state == "Open" else state)
    assert org.records("Contact").num_rows == (state == "Open")


def test_the_fate_of_a_job_under_way_leaves_what_is_written():
    with LocalOrg(pacing=AfterPolls(rows_per_step=200)) as org:
        plain = Plain(org)
        job = plain.made()
        plain("PUT", f"jobs/ingest/{job}/batches", data=b"LastName\n" + b"A\n" * 500)
        plain("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
        assert plain.state(job) == "InProgress"
        org.faults.on("GET", "jobs/ingest/*", fault=Faults.job_failing)
        assert plain.state(job) == "Failed"
        assert org.records("Contact").num_rows == 200
        assert plain("GET", f"jobs/ingest/{job}/unprocessedrecords").text.count("\n") == 1 + 300


@pytest.mark.parametrize(
    ("body", "rows", "expected"),
    [
        (b'"A","B"\n"1","x\ny"\n"2","z"\n', -1, b'"A","B"\n"1","x\ny"\n'),
        (b'"A","B"\n"2","z"\n"1","x\ny"\n', -1, b'"A","B"\n"2","z"\n'),
        (b'"A"\n"1"\n"2"\n', 1, b'"A"\n"1"\n"2"\n"2"\n'),
        (b'"A"\n"1"\n', -5, b'"A"\n'),
        (b'"A"\n', 2, b'"A"\n'),
        (b'{"records":[1,2],"done":true}', -1, b'{"records":[1],"done":true}'),
        (b'{"records":[1,2]}', 1, b'{"records":[1,2,2]}'),
        (b'{"other":1}', 1, b'{"other":1}'),
        (b"[1]", -1, b"[1]"),
    ],
)
def test_bodies_with_other_rows(body, rows, expected):
    assert with_rows(body, rows) == expected


def test_answers_without_a_next_page():
    body, headers = without_locator(b'{"nextRecordsUrl":"/x","done":false}', {"Sforce-Locator": "abc", "X": "1"})
    assert (body, headers) == (b'{"done":false}', {"X": "1"})
