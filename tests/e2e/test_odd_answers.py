"""Answers that are not Salesforce's, in the middle of the work: nothing is lost and nothing is sent twice."""

import sys
from pathlib import Path

import pandas as pd
import pytest
import requests
from requests.adapters import HTTPAdapter

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.org import Org
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
FRAME = pd.DataFrame({"LastName": [f"N{n}" for n in range(20)], "Email": ["a@example.com", "bad"] * 10})
PAGE = b"<!DOCTYPE html><html><title>Please log in to Acme Guest WLAN</title></html>"
SOQL = "SELECT Id, LastName FROM Contact"


class Odd(HTTPAdapter):
    """Answer one request of a kind with something else, in its place or after it has taken effect."""

    def __init__(self, method, part, *, after, status=200, body=PAGE, kind="text/html"):
        super().__init__()
        self.wanted, self.after, self.left = (method, part), after, 1
        self.status, self.body, self.kind = status, body, kind

    def send(self, request, **options):
        method, part = self.wanted
        if not self.left or request.method != method or part not in request.url:
            return super().send(request, **options)
        self.left -= 1
        if self.after:
            super().send(request, **options).close()
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = self.status, request, request.url
        answer.headers["Content-Type"] = self.kind
        answer.raw = Raw(self.body)
        return answer


class OddInTurn(Odd):
    """Answer the first requests of a kind with one body after the other."""

    def __init__(self, method, part, *bodies):
        super().__init__(method, part, after=False, kind="text/csv")
        self.bodies, self.left = bodies, len(bodies)

    def send(self, request, **options):
        self.body = self.bodies[-self.left]
        return super().send(request, **options)


class Raw:
    def __init__(self, body):
        self.body = body

    def read(self, size, decode_content):
        piece, self.body = self.body[:size], self.body[size:]
        return piece

    def release_conn(self):
        pass

    close = release_conn


@pytest.fixture
def org_over(local, tmp_path):
    opened = []

    def make(adapter):
        http = requests.Session()
        http.mount("http://", adapter)
        journal = Journal(tmp_path / "journal.db")
        org = Org(
            Session(sfbulk.JwtBearer(**local.credentials()), network=Network(session=http), clock=NoWait()),
            FAST,
            journal,
        )
        opened.extend([http, journal, org])
        return org

    yield make
    for each in reversed(opened):
        each.close()


STEPS = [("POST", "/jobs/ingest"), ("PUT", "/batches"), ("PATCH", "/jobs/ingest/")]
ODD = {
    "a web page": {},
    "a web page that says it is JSON": {"kind": "application/json"},
    "an empty JSON": {"body": b"{}", "kind": "application/json"},
    "a list for an object": {"body": b"[1]", "kind": "application/json", "status": 201},
    "nothing": {"body": b"", "status": 204},
    "too many, with a page": {"status": 429},
    "a page of the gateway": {"status": 502},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize(("method", "part"), STEPS, ids=[method for method, _ in STEPS])
def test_a_step_whose_answer_is_odd_has_its_effect_once(local, org_over, method, part, odd):
    if method == "PUT" and not odd.get("body", PAGE).startswith(b"<"):
        odd = {"body": b"what nobody reads", "kind": "image/png"}  # a success in which there is nothing to read
    adapter = Odd(method, part, after=True, **odd)
    result = org_over(adapter).insert(FRAME, "Contact", progress=False)
    assert adapter.left == 0
    assert result.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}
    assert local.records("Contact").num_rows == 10


@pytest.mark.parametrize("status", [200, 429, 502])
@pytest.mark.parametrize(("method", "part"), STEPS, ids=[method for method, _ in STEPS])
def test_a_step_in_whose_place_a_page_came_is_taken_again(local, org_over, method, part, status):
    adapter = Odd(method, part, after=False, status=status)
    result = org_over(adapter).insert(FRAME, "Contact", progress=False)
    assert adapter.left == 0
    assert result.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}
    assert local.records("Contact").num_rows == 10


@pytest.mark.parametrize(
    "part", ["/describe", "/jobs/ingest/", "/successfulResults", "/failedResults", "/unprocessedrecords"]
)
def test_a_page_where_something_is_read_is_shown_and_the_load_goes_on_afterwards(local, org_over, part):
    org = org_over(Odd("GET", part, after=False))
    with pytest.raises(sfbulk.SalesforceBroken, match="Acme Guest WLAN") as caught:
        org.insert(FRAME, "Contact", progress=False)
    assert "Acme Guest WLAN" in caught.value.body_start
    again = (
        org.insert
        if part == "/describe"
        else lambda frame, *_, **__: org.resume(org.loads()["load_id"].iloc[0], frame=frame, progress=False)
    )
    assert again(FRAME, "Contact", progress=False).counts["successful"] == 10
    assert local.records("Contact").num_rows == 10


@pytest.mark.parametrize("which", ["successfulResults", "failedResults", "unprocessedrecords"])
def test_a_result_file_that_is_no_csv_is_fetched_anew_when_the_load_goes_on(org_over, which):
    org = org_over(Odd("GET", f"/{which}", after=False, body=b'"sf__Id",LastName\n"a","b","c"\n', kind="text/csv"))
    with pytest.raises(sfbulk.DecodeError, match=f"result file 750.*-{which}: "):
        org.insert(FRAME, "Contact", progress=False)
    result = org.resume(org.loads()["load_id"].iloc[0], frame=FRAME, progress=False)
    assert result.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}


def test_a_result_file_that_was_short_is_fetched_anew_when_the_load_goes_on(org_over):
    header = b'"sf__Id","sf__Error",LastName,Email\n'
    org = org_over(OddInTurn("GET", "/failedResults", header, header + b'"a"\n'))  # the second keeps the load open
    with pytest.raises((sfbulk.ReconcileError, sfbulk.DecodeError)) as caught:
        org.insert(FRAME, "Contact", progress=False, part_rows=10)
    assert caught.value.result.counts["successful"] in {5, 10}
    result = org.resume(org.loads()["load_id"].iloc[0], frame=FRAME, progress=False)
    assert result.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}


QUERIES = [
    ("locator", "POST", "/jobs/query"),
    ("locator", "GET", "/jobs/query/"),
    ("locator", "GET", "/results"),
    ("result_pages", "GET", "/resultPages"),
    ("pk_chunks", "GET", "/batch"),
    ("pk_chunks", "GET", "/result/"),
    ("rest", "GET", "/query"),
]


@pytest.mark.parametrize(("plan", "method", "part"), QUERIES)
def test_a_query_that_meets_a_page_shows_it(org_over, plan, method, part):
    adapter = Odd(method, part, after=False)
    org = org_over(adapter)
    org.insert(FRAME[["LastName"]], "Contact", progress=False)
    with pytest.raises(sfbulk.SalesforceBroken, match="Acme Guest WLAN"):
        org.query(SOQL, plan=plan, progress=False)
    assert adapter.left == 0
    assert len(org.query(SOQL, plan=plan, progress=False)) == 20


@pytest.mark.parametrize("body", [b'{"error": "no CSV"}', b"Name\nAcme\n"], ids=["JSON", "other columns"])
def test_a_page_of_results_of_another_shape_is_named(org_over, body):
    org = org_over(Odd("GET", "/results", after=False, body=body, kind="text/csv"))
    org.insert(FRAME[["LastName"]], "Contact", progress=False)
    with pytest.raises(sfbulk.DecodeError, match="lacks Id") as caught:
        org.query(SOQL, plan="locator", progress=False)
    assert body.split(b"\n")[0].strip(b"{}").replace(b'"', b"").decode() in str(caught.value).replace('"', "")
