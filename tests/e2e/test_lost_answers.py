"""A connection that breaks at any one request: the org's records stay exactly right."""

import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
import requests
from requests.adapters import HTTPAdapter

import sfbulk_pandas as sfbulk
from sfbulk_pandas.org import Org
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


class Breaking(HTTPAdapter):
    """Break the connection once at a kind of request, before it is sent or after it has arrived."""

    def __init__(self, method, part, *, after):
        super().__init__()
        self.wanted = (method, part)
        self.after = after
        self.broken = 0
        self.lock = threading.Lock()

    def is_hit(self, request):
        method, part = self.wanted
        with self.lock:
            hit = not self.broken and request.method == method and part in request.url
            self.broken += hit
        return hit

    def send(self, request, *args, **kwargs):
        hit = self.is_hit(request)
        if hit and not self.after:
            raise requests.ConnectionError("the connection broke on the way out")
        answer = super().send(request, *args, **kwargs)
        if hit:
            answer.close()
            raise requests.ConnectionError("the connection broke before the answer came")
        return answer


class AlwaysBreaking(Breaking):
    """Break the connection at every request of a kind."""

    def send(self, request, *args, **kwargs):
        self.broken = 0
        return super().send(request, *args, **kwargs)


def org_over(local, adapter):
    http = requests.Session()
    http.mount("http://", adapter)
    credentials = sfbulk.JwtBearer(**local.credentials())
    return Org(Session(credentials, network=Network(session=http), clock=NoWait()), FAST)


FRAME = pd.DataFrame({"LastName": [f"N{n}" for n in range(20)], "Email": ["a@example.com", "bad"] * 10})


@pytest.mark.parametrize("after", [False, True], ids=["on the way out", "answer lost"])
@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("POST", "/jobs/ingest"),
        ("PUT", "/batches"),
        ("PATCH", "/jobs/ingest/"),
        ("GET", "/jobs/ingest/"),
        ("GET", "/successfulResults"),
        ("GET", "/failedResults"),
        ("GET", "/unprocessedrecords"),
        ("GET", "/describe"),
        ("POST", "/oauth2/token"),
    ],
)
def test_one_record_a_row_whichever_request_breaks(local, method, part, after):
    adapter = Breaking(method, part, after=after)
    with org_over(local, adapter) as org:
        result = org.insert(FRAME, "Contact", part_rows=7)
    assert adapter.broken == 1
    assert result.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}
    stored = local.records("Contact").column("LastName").to_pylist()
    assert sorted(stored) == sorted(FRAME["LastName"][::2])


def test_a_create_whose_answer_is_lost_leaves_no_open_job(local):
    with org_over(local, Breaking("POST", "/jobs/ingest", after=True)) as org:
        org.insert(FRAME, "Contact", part_rows=7)
        assert sorted(org.jobs()["state"]) == ["Aborted", "JobComplete", "JobComplete", "JobComplete"]


def test_creates_that_always_break_are_an_error_that_accounts_for_every_row(local):
    with org_over(local, AlwaysBreaking("POST", "/jobs/ingest", after=False)) as org:
        with pytest.raises(sfbulk.TransportError) as caught:
            org.insert(FRAME, "Contact", part_rows=7)
        assert caught.value.result.counts == {"rows": 20, "successful": 0, "failed": 0, "unprocessed": 20}
        assert "sfbulk.resume" in caught.value.__notes__[-1]
    with org_over(local, HTTPAdapter()) as org:
        whole = org.resume(caught.value.result.load_id, FRAME)
    assert whole.counts == {"rows": 20, "successful": 10, "failed": 10, "unprocessed": 0}
    assert local.records("Contact").num_rows == 10


@pytest.mark.parametrize("part", ["/jobs/query/", "/results", "/describe"])
def test_a_query_is_whole_whichever_request_breaks(local, part):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        org.insert(FRAME.drop(columns="Email"), "Contact")
    with org_over(local, Breaking("GET", part, after=True)) as org:
        assert sorted(org.query("SELECT LastName FROM Contact", plan="locator")["LastName"]) == sorted(
            FRAME["LastName"]
        )


def test_a_page_that_never_comes_leaves_what_came_before(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        org.insert(FRAME.drop(columns="Email"), "Contact")
    with (
        org_over(local, AlwaysBreaking("GET", "/results", after=True)) as org,
        pytest.raises(sfbulk.TransportError) as caught,
    ):
        org.query("SELECT LastName FROM Contact", plan="locator")
    assert caught.value.partial.column_names == ["LastName"]
    assert "page 1 did not come" in caught.value.__notes__[0]


def test_jobs_that_run_on_when_polling_fails_are_named(local):
    with (
        org_over(local, AlwaysBreaking("GET", "/jobs/ingest/", after=True)) as org,
        pytest.raises(sfbulk.TransportError) as caught,
    ):
        org.insert(FRAME, "Contact")
    assert caught.value.result.counts["unknown"] == 20
    assert caught.value.result.jobs[0].id in caught.value.__notes__[0]


def test_a_part_that_cannot_be_uploaded_leaves_no_open_job(local):
    class FullUp(HTTPAdapter):
        """Refuse every upload after the first."""

        uploads = 0

        def send(self, request, *args, **kwargs):
            if request.method == "PUT":
                self.uploads += 1
                if self.uploads > 1:
                    raise requests.ConnectionError("the line is down for uploads")
            return super().send(request, *args, **kwargs)

    with org_over(local, FullUp()) as org, pytest.raises(sfbulk.TransportError) as caught:
        org.insert(FRAME, "Contact", part_rows=7, parallel_parts=1)
    result = caught.value.result
    assert result.counts == {"rows": 20, "successful": 4, "failed": 3, "unprocessed": 13}
    assert [job.state for job in result.jobs] == ["JobComplete", "Aborted"]


def test_rows_whose_end_is_not_known_are_never_sent_again(local):
    with org_over(local, AlwaysBreaking("GET", "/jobs/ingest/", after=True)) as org:
        with pytest.raises(sfbulk.TransportError) as caught:
            org.insert(FRAME, "Contact")
        result = caught.value.result
        assert result.retry() is result
    assert local.records("Contact").num_rows == 10


def test_a_deletion_whose_answer_is_lost_is_a_deletion(local):
    with org_over(local, Breaking("DELETE", "/jobs/ingest/", after=True)) as org:
        job_id = org.insert(FRAME, "Contact").jobs[0].id
        org.delete_job(job_id)
        with pytest.raises(sfbulk.NotFound):
            org.job(job_id)
