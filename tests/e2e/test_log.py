"""The log: a line a request at debug, a line for each event of a job at info, and nothing else there."""

import logging
import re

import pandas as pd
import pytest
import requests

import sfbulk_pandas as sfbulk
from sfbulk_pandas.auth import address
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request

FRAME = pd.DataFrame({"LastName": [f"N{n}" for n in range(30)], "Email": ["a@example.com", "bad"] * 15})
LINE = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/\S*) (?P<outcome>\d{3}( [A-Z]\w+)?|[A-Z]\w+) in (?P<ms>\d+) ms, "
    r"(?P<up>\d+) bytes up, (?P<down>\d+) down, request id (?P<id>[0-9a-f]{32}|-)"
)


def lines(caplog, level):
    return [each.getMessage() for each in caplog.records if each.name == "sfbulk_pandas" and each.levelno == level]


@pytest.fixture(autouse=True)
def _at_debug(caplog):
    caplog.set_level(logging.DEBUG, logger="sfbulk_pandas")


def test_each_request_is_one_line_with_all_there_is_to_say(local, org, caplog):
    caplog.clear()
    since = len(local.exchanges)
    org.insert(FRAME, "Contact", part_rows=20, progress=False)
    org.query("SELECT Id FROM Contact", plan="result_pages", progress=False)
    org.query("SELECT Id FROM Contact", plan="pk_chunks", progress=False)
    told = [LINE.fullmatch(line) for line in lines(caplog, logging.DEBUG)]
    assert all(told)
    asked = sorted((each.method, each.path, str(each.status)) for each in list(local.exchanges)[since:])
    assert sorted((each["method"], each["path"], each["outcome"]) for each in told) == asked
    assert len({each["id"] for each in told}) == len(told)
    uploads = [int(each["up"]) for each in told if each["method"] == "PUT"]
    assert all(size > 20 * 8 for size in uploads[:1])
    assert all(int(each["down"]) > 0 for each in told if each["path"].endswith("/successfulResults/"))
    assert all(int(each["up"]) == 0 for each in told if each["method"] == "GET")


def test_a_load_tells_of_each_step_of_each_job(org, caplog):
    result = org.insert(FRAME, "Contact", part_rows=20, parallel_parts=1, progress=False)
    found = [line for line in lines(caplog, logging.INFO) if line.startswith("job ")]
    sizes = {job.id: rows for job, rows in zip(result.jobs, (20, 10), strict=True)}
    for job_id, rows in sizes.items():
        created, uploaded, closed, ended = [line for line in found if job_id in line]
        assert created == f"job {job_id} created: insert Contact"
        assert re.fullmatch(rf"job {job_id} uploaded: \d\d+ bytes", uploaded)
        assert closed == f"job {job_id} closed: UploadComplete"
        assert ended == f"job {job_id} ended, JobComplete: {rows} of {rows} rows processed, {rows // 2} failed"
    assert len(found) == 8


@pytest.mark.parametrize(
    ("options", "created", "ended"),
    [
        ({"plan": "locator"}, "query Contact", "JobComplete: 30 rows"),
        ({"plan": "result_pages", "query_all": True}, "queryAll Contact", "JobComplete: 30 rows"),
        ({"plan": "pk_chunks", "chunk_rows": 15}, "query Contact, Bulk API 1.0", "Closed: 3 batches"),
    ],
)
def test_a_query_tells_of_its_job(org, caplog, options, created, ended):
    org.insert(FRAME[["LastName"]], "Contact", progress=False)
    caplog.clear()
    (job_id,) = org.query("SELECT Id FROM Contact", progress=False, **options).attrs["sfbulk"]["job_ids"]
    assert lines(caplog, logging.INFO) == [f"job {job_id} created: {created}", f"job {job_id} ended, {ended}"]


def test_ranges_tell_of_each_of_their_jobs(org, caplog):
    org.insert(FRAME[["LastName"]], "Contact", progress=False)
    caplog.clear()
    facts = org.query("SELECT Id FROM Contact", plan="id_ranges", chunk_rows=10, progress=False).attrs["sfbulk"]
    told = lines(caplog, logging.INFO)
    assert len(told) == 2 * len(facts["job_ids"]) == 6
    assert sum(int(re.search(r"JobComplete: (\d+) rows", line)[1]) for line in told if "ended" in line) == 30


def test_aborted_and_deleted_jobs_are_told_of(org, caplog):
    (job,) = org.insert(FRAME[["LastName"]], "Contact", progress=False).jobs
    org.delete_job(job.id)
    assert lines(caplog, logging.INFO)[-1] == f"job {job.id} deleted"


class Cut(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        if "never" in request.url:
            raise requests.ReadTimeout("slow", request=request)
        answer = super().send(request, **options)
        if "packed" in request.url:
            answer.headers["Content-Encoding"] = "br"
        if "cut" in request.url:
            answer.headers.pop("Transfer-Encoding", None)
            answer.headers["Content-Length"] = "5000"
        return answer


@pytest.mark.parametrize(
    ("path", "outcome", "kind"),
    [
        ("/never", "ReadTimedOut", sfbulk.RetriesExhausted),
        ("/services/data?packed", "200 ConnectionFailed", sfbulk.RetriesExhausted),
        ("/services/data?cut", "200 ConnectionFailed", sfbulk.RetriesExhausted),
        ("/services/data/v66.0/nothing", "404", sfbulk.NotFound),
    ],
)
def test_what_fails_is_a_line_too(local, caplog, path, outcome, kind):
    own = requests.Session()
    own.mount("http://", Cut())
    network = sfbulk.Network(session=own, retry=sfbulk.RetryPolicy(attempts=2, first_seconds=0))
    session = Session(sfbulk.AccessToken(local.access_token, local.url), network=network)
    with own, session, pytest.raises(kind):
        session.send(Request("GET", path))
    told = [LINE.fullmatch(line) for line in lines(caplog, logging.DEBUG)]
    assert [(each["path"], each["outcome"]) for each in told] == [(path.partition("?")[0], outcome)] * session.calls


def test_an_upload_that_breaks_off_by_itself_is_a_line_too(local, caplog):
    class Body:
        def __len__(self):
            return 10

        def __iter__(self):
            yield b"Id"
            raise KeyboardInterrupt

    with Session(sfbulk.AccessToken(local.access_token, local.url)) as session, pytest.raises(KeyboardInterrupt):
        session.send(Request("PUT", "/services/data/x", body=Body(), replayable=False))
    (line,) = lines(caplog, logging.DEBUG)
    assert line.startswith("PUT /services/data/x KeyboardInterrupt in ")


@pytest.mark.parametrize(
    "make",
    [
        lambda url: sfbulk.AccessToken("tok", url),
        lambda url: sfbulk.ClientCredentials("id", "secret", login_url=url),
        lambda url: sfbulk.RefreshToken("id", "secret", login_url=url),
        lambda url: sfbulk.JwtBearer("id", "me", private_key=lambda data: data, login_url=url),
    ],
)
def test_an_address_of_the_browser_is_rewritten_and_that_is_said_once(make, caplog, monkeypatch):
    monkeypatch.setattr(address, "_TOLD", set())
    for _ in range(3):
        made = make("https://acme.lightning.force.com/lightning/page/home")
    assert "acme.my.salesforce.com" in repr(made)
    (told,) = lines(caplog, logging.WARNING)
    assert told.endswith("takes no API calls: https://acme.my.salesforce.com is used in its place")
    make("https://other.lightning.force.com")
    assert len(lines(caplog, logging.WARNING)) == 2
    make("https://third.my.salesforce.com")
    assert len(lines(caplog, logging.WARNING)) == 2
