"""Failures on demand, and the switches of result files, as a plain client meets them."""

import csv
import io

import pytest
import requests

from sfbulk_pandas.local_org import Faults, LocalOrg, Switches

BROKEN = {"before": Faults.reset_before_body, "after": Faults.answer_lost}


class Plain:
    """The least that can load rows."""

    def __init__(self, org):
        self.base = f"{org.url}/services/data/v66.0/jobs/ingest"
        self.headers = {"Authorization": f"Bearer {org.access_token}"}

    def call(self, method, path="", **more):
        return requests.request(method, self.base + path, headers=self.headers, timeout=10, **more)

    def load(self, text, sobject="Contact"):
        job = self.call("POST", json={"object": sobject, "operation": "insert", "contentType": "CSV"}).json()["id"]
        self.call("PUT", f"/{job}/batches", data=text.encode())
        self.call("PATCH", f"/{job}", json={"state": "UploadComplete"})
        while self.call("GET", f"/{job}").json()["state"] not in {"JobComplete", "Failed"}:
            pass
        return job

    def results(self, job, which):
        return list(csv.reader(io.StringIO(self.call("GET", f"/{job}/{which}").text)))


@pytest.fixture
def org():
    with LocalOrg() as found:
        yield found


def test_rows_that_fail_in_passing(org):
    org.fail_rows("Contact", "LastName", ["B", "C"], times=2)
    plain = Plain(org)
    for failures in (2, 2, 0):
        job = plain.load("LastName\nA\nB\nC\n")
        rows = plain.results(job, "failedResults")[1:]
        assert len(rows) == failures
        assert all(row[1].startswith("UNABLE_TO_LOCK_ROW:") and row[1].endswith(":--") for row in rows)
    assert org.records("Contact").num_rows == 1 + 1 + 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_breaks_before_or_after_a_request_takes_effect(org, when):
    plain = Plain(org)
    org.faults.on("POST", "jobs/ingest", fault=BROKEN[when])
    with pytest.raises(requests.ConnectionError):
        plain.call("POST", json={"object": "Contact", "operation": "insert"})
    assert len(plain.call("GET").json()["records"]) == (when == "after")
    job = plain.call("POST", json={"object": "Contact", "operation": "insert"}).json()["id"]
    org.faults.on("PUT", "batches", fault=BROKEN[when])
    with pytest.raises(requests.ConnectionError):
        plain.call("PUT", f"/{job}/batches", data=b"LastName\nA\n")
    assert ("numberRecordsProcessed" in plain.call("GET", f"/{job}").json()) == (when == "after")


def test_answers_that_are_lost_or_come_twice(org):
    plain = Plain(org)
    org.faults.on("GET", "successfulResults", fault=Faults.rows_missing(1))
    assert len(plain.results(plain.load("LastName\nA\nB\nC\n"), "successfulResults")) == 1 + 2
    org.faults.on("GET", "successfulResults", fault=Faults.rows_surplus(2))
    assert len(plain.results(plain.load("LastName\nA\nB\nC\n"), "successfulResults")) == 1 + 5
    assert len(plain.results(plain.load("LastName\nA\nB\nC\n"), "successfulResults")) == 1 + 3


def test_result_columns_in_alphabetical_order():
    with LocalOrg(switches=Switches(alphabetical_results=True)) as org:
        plain = Plain(org)
        job = plain.load("LastName,FirstName,Email\nCurie,Marie,bad\nHopper,Grace,g@example.com\n")
        assert plain.results(job, "failedResults")[0] == ["sf__Id", "sf__Error", "Email", "FirstName", "LastName"]
        assert plain.results(job, "failedResults")[1][2:] == ["bad", "Marie", "Curie"]
        assert plain.results(job, "successfulResults")[1][2:] == ["g@example.com", "Grace", "Hopper"]
        assert plain.results(job, "unprocessedrecords") == [["LastName", "FirstName", "Email"]]


def test_limits_tell_what_is_left(org):
    plain = Plain(org)

    def left():
        limits = requests.get(f"{org.url}/services/data/v66.0/limits", headers=plain.headers, timeout=10).json()
        return limits["DailyApiRequests"]["Remaining"], limits["DailyBulkApiBatches"]["Remaining"]

    calls, batches = left()
    plain.load("LastName\n" + "A\n" * 10_001)
    later_calls, later_batches = left()
    assert batches - later_batches == 3  # two of rows, and one for the job
    assert calls - later_calls >= 4
