"""A session that expires before any one request, whichever kind it is: one new token, and the work goes on."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import requests
from requests.adapters import HTTPAdapter

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.local_org import LocalOrg, Switches
from sfbulk_pandas.org import Org
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.limits import build_limits

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
FRAME = pd.DataFrame({"LastName": ["N"] * 12, "Company": ["X"] * 12, "Email": ["a@example.com", "bad"] * 6})
ROWS = 2_100  # more than a page of the REST API holds
SOQL = "SELECT Id, LastName FROM Contact"
_ID = re.compile(r"/(75[01][0-9A-Za-z]{12,15}|752[0-9A-Za-z]{12,15}|01g[^/?]*)(?=/|$|\?)")
_VERSION = re.compile(r"^/services/(data/v|async/)\d+\.\d")


def kind_of(request):
    path, _, query = request.path_url.partition("?")
    short = _ID.sub("/ID", _VERSION.sub("", path)) or "/"
    if "/async/" in path:
        short = f"1.0 {short}"
    return f"{request.method} {short}" + (" next" if "ocator" in query else "")


class Expiring(HTTPAdapter):
    """Let every session expire before the n-th request of a kind; note what was asked and answered."""

    def __init__(self, local, kind, nth):
        super().__init__()
        self.local, self.kind, self.nth = local, kind, nth
        self.seen, self.has_expired = [], False
        self.lock = threading.Lock()

    def send(self, request, **options):
        kind = kind_of(request)
        with self.lock:
            self.nth -= kind == self.kind
            if self.nth == 0 and kind == self.kind and not self.has_expired:
                self.has_expired = True
                self.local.expire_tokens()
        answer = super().send(request, **options)
        with self.lock:
            self.seen.append((kind, request.path_url, answer.status_code))
        return answer


def load(org, _):
    result = org.insert(FRAME, "Lead", progress=False, row_retries=0, repeat=True)
    assert result.counts == {"rows": 12, "successful": 6, "failed": 6, "unprocessed": 0}


def query(**options):
    def run(org, _):
        assert len(org.query(SOQL, progress=False, parallel_pages=1, **options)) == ROWS

    return run


def streamed(org, _):
    with org.query_batches(SOQL, plan="result_pages", parallel_pages=4, progress=False) as stream:
        assert sum(batch.num_rows for batch in stream) == ROWS


def looked_at(org, _):
    jobs = org.jobs(counts=True)
    org.job(jobs["id"].iloc[0])
    assert len(org.limits()) > 5
    org.explain(SOQL)
    assert org.check(FRAME, "Lead", "insert")["severity"].eq("plan").any()


def deleted(org, _):
    (job,) = org.insert(FRAME.iloc[:1], "Lead", progress=False, repeat=True).jobs
    assert len(org.results(job.id).successful) == 1
    org.delete_job(job.id)


JOB, QUERY, OLD = "/jobs/ingest/ID", "/jobs/query/ID", "1.0 /job/ID"
DESCRIBE = "GET /sobjects/Contact/describe"
# The kinds of request that are tried in each: of what all of them ask, none is left out.
FLOWS = {
    "load": (
        load,
        {"GET /sobjects/Lead/describe", "POST /jobs/ingest", f"PUT {JOB}/batches", f"PATCH {JOB}", f"GET {JOB}"}
        | {f"GET {JOB}/{each}" for each in ("successfulResults", "failedResults", "unprocessedrecords")},
    ),
    "locator": (
        query(plan="locator", page_rows=1_000),
        {"POST /jobs/query", f"GET {QUERY}", f"GET {QUERY}/results", f"GET {QUERY}/results next"},
    ),
    "result_pages": (
        query(plan="result_pages"),
        {f"GET {QUERY}/resultPages"},
    ),
    "pages side by side": (streamed, {f"GET {QUERY}/results next"}),
    "id_ranges": (query(plan="id_ranges", chunk_rows=1_000), {"POST /jobs/query", "GET /query"}),
    "pk_chunks": (
        query(plan="pk_chunks", chunk_rows=1_000),
        {"POST 1.0 /job", f"POST {OLD}", f"POST {OLD}/batch", f"GET {OLD}/batch"}
        | {f"GET {OLD}/batch/ID/result", f"GET {OLD}/batch/ID/result/ID"},
    ),
    "rest": (query(plan="rest"), {"GET /query/ID"}),
    "auto": (query(), {"GET /limits/recordCount"}),
    "looked at": (looked_at, {"GET /jobs/ingest", "GET /limits"}),
    "deleted": (deleted, {f"DELETE {JOB}"}),
}


@pytest.fixture(scope="module")
def local():
    with LocalOrg(switches=Switches(query_page_rows=1_000)) as made:
        with sfbulk.connect(sfbulk.JwtBearer(**made.credentials()), polling=FAST) as org:
            org.insert(pd.DataFrame({"LastName": [f"K{n}" for n in range(ROWS)]}), "Contact", progress=False)
        yield made


def run_with(local, flow, folder, kind=None, nth=0):
    """Run a flow with a session of its own, and return what was asked."""
    adapter = Expiring(local, kind, nth)
    http = requests.Session()
    http.mount("http://", adapter)
    folder.mkdir()
    journal = Journal(folder / "journal.db")
    session = Session(sfbulk.JwtBearer(**local.credentials()), network=Network(session=http))
    with http, journal, Org(session, FAST, journal) as org:
        flow(org, folder)
    return adapter


@pytest.mark.parametrize("name", FLOWS)
def test_one_new_token_and_no_request_asked_more_than_twice(local, name, tmp_path):
    flow, kinds = FLOWS[name]
    plain = {kind for kind, _, _ in run_with(local, flow, tmp_path / "plain").seen if "oauth" not in kind}
    assert kinds <= plain <= set().union(*(each for _, each in FLOWS.values())) | {DESCRIBE}
    for number, kind in enumerate(kinds):
        for nth in (1, 2) if "next" in kind or kind.endswith("/result/ID") else (1,):
            done = run_with(local, flow, tmp_path / f"{number}-{nth}", kind, nth)
            assert done.has_expired or nth > 1, kind
            refused = [(what, path) for what, path, status in done.seen if status in {400, 401}]
            assert not done.has_expired or kind in {what for what, _ in refused}, kind
            assert len(refused) == len(set(refused)), f"{kind}: a request was refused twice"
            tokens = [what for what, _, _ in done.seen if "oauth" in what]
            assert len(tokens) == 1 + done.has_expired, f"{kind}: as many tokens as threads"


def test_many_threads_that_meet_an_expired_session_fetch_one_token(local, tmp_path):
    adapter = Expiring(local, None, 0)
    http = requests.Session()
    http.mount("http://", adapter)
    session = Session(sfbulk.JwtBearer(**local.credentials()), network=Network(session=http))
    with http, session, ThreadPoolExecutor(8) as pool:
        assert session.send(build_limits("66.0")).status_code == 200
        local.expire_tokens()
        answers = list(pool.map(lambda _: session.send(build_limits("66.0")).status_code, range(40)))
    assert answers == [200] * 40
    assert sum("oauth" in kind for kind, _, _ in adapter.seen) == 2
