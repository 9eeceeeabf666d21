"""Ingest jobs over their endpoints: whole-job failures, states, keys, uploads, result files, abort and delete."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from itertools import count

import pytest
from werkzeug.test import Client

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls, AfterSeconds, ByHand
from sfbulk_pandas.local_org.switches import Switches

BASE = "/services/data/v66.0/jobs/ingest"
COMMON = ["id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state"]
FIXED = ["concurrencyMode", "contentType", "apiVersion"]
FORM = ["lineEnding", "columnDelimiter"]
COUNTS = ["numberRecordsProcessed", "numberRecordsFailed"]
TIMES = ["retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"]
PK = ["isPkChunkingSupported"]


class Jobs:
    def __init__(self, org):
        self.org = org
        self.client = Client(org.app)

    def call(self, method, path="", data=None, **headers):
        given = {"Authorization": f"Bearer {self.org.access_token}", "Content-Type": "application/json", **headers}
        body = json.dumps(data).encode() if isinstance(data, dict) else data
        url = path if path.startswith("/") else f"{BASE}/{path}".rstrip("/")
        return self.client.open(url, method=method, headers=given, data=body)

    def create(self, operation="insert", sobject="Account", **more):
        answer = self.call("POST", data={"operation": operation, "object": sobject, **more})
        assert answer.status_code == 200, answer.text
        return answer.json["id"]

    def put(self, job, text):
        body = text if isinstance(text, bytes) else text.encode()
        return self.call("PUT", f"{job}/batches", body, **{"Content-Type": "text/csv"})

    def patch(self, job, state):
        return self.call("PATCH", job, {"state": state})

    def start(self, text, operation="insert", sobject="Account", **more):
        job = self.create(operation, sobject, **more)
        assert self.put(job, text).status_code == 201
        assert self.patch(job, "UploadComplete").status_code == 200
        return job

    def info(self, job):
        return self.call("GET", job).json

    def result(self, job, name):
        answer = self.call("GET", f"{job}/{name}")
        assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
        return answer.text

    def failed_with(self, text, operation="insert", sobject="Account", **more):
        job = self.start(text, operation, sobject, **more)
        info = self.info(job)
        assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("Failed", 0, 0)
        assert list(info)[-1] == "errorMessage"
        assert self.org.records("Account").num_rows == 0
        return info["errorMessage"]


@contextmanager
def jobs_of(**options):
    org = LocalOrg(**options)
    try:
        yield Jobs(org)
    finally:
        org.close()


@pytest.fixture
def jobs():
    with jobs_of(switches=Switches(shuffle_results=False)) as each:
        yield each


def fault(answer):
    (error,) = answer.json
    return answer.status_code, error["errorCode"], error["message"]


UNESCAPED = "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
LINE_ENDING = "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {}"
NOT_FOUND = "InvalidBatch : Field name not found : {}"
ONLY_IDS = "InvalidBatch : InvalidBatch : The '{}' batch must contain only ids."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Name,Nmae,Worse\nA,B,C\n", NOT_FOUND.format("Nmae")),
        ("Name,BillingAddress\nA,B\n", NOT_FOUND.format("BillingAddress")),
        ("Name;Phone\nA;1\n", NOT_FOUND.format("Name;Phone")),
        ("\nName\nA\n", NOT_FOUND.format("")),
        ("Name\r\nA\r\n", LINE_ENDING.format("LF")),
        ('Name\n"A\r\nB"\n', LINE_ENDING.format("LF")),
        ("Name\rA\n", LINE_ENDING.format("LF")),
        ("\ufeffName\nA\n", NOT_FOUND.format("\ufeffName")),
        ('\ufeff"Name"\nA\n', UNESCAPED),
        ('Name\nA "B" C\n', UNESCAPED),
        ('Name,Phone\n"A", "B"\n', UNESCAPED),
        ('Name\n"A"B\n', UNESCAPED),
        ('Name\n"A\n', UNESCAPED),
        ("Name,name\nA,B\n", "InvalidBatch : Duplicate field name found : Name"),
        ("Name,Prent.Name\nA,B\n", "InvalidBatch : Unable to find relationship: Prent"),
        (
            "Name,Account:Parent.Account_Key__c\nA,B\n",
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
        ),
        ("Name,Parent.Phone\nA,B\n", NOT_FOUND.format("Parent.Phone")),
        ("Name,Phone\nA\n", "InvalidBatch : Failed to parse CSV. Found a row with 1 values under a header with 2"),
        (b"Name\n\xff\xfe\n", "InvalidBatch : Failed to parse CSV. The file is not UTF-8"),
    ],
)
def test_a_file_that_is_wrong_fails_its_job(jobs, text, message):
    assert jobs.failed_with(text) == message


@pytest.mark.parametrize("operation", ["delete", "hardDelete"])
def test_a_delete_takes_ids_alone(jobs, operation):
    assert jobs.failed_with("Id,Name\n001,A\n", operation) == ONLY_IDS.format(operation)


def test_a_polymorphic_lookup_needs_its_object(jobs):
    message = jobs.failed_with("Subject,Owner.Username\nA,B\n", sobject="Case")
    assert message == "InvalidBatch : type is needed for polymorphic foreign key references: Owner"


def test_a_crlf_job_takes_crlf_alone(jobs):
    assert jobs.failed_with("Name\nA\n", lineEnding="CRLF") == LINE_ENDING.format("CRLF")
    job = jobs.start('Name,Phone\r\n"A\r\nB",1\r\n', lineEnding="CRLF")
    assert jobs.result(job, "successfulResults").endswith(',"A\r\nB","1"\r\n')
    assert jobs.result(job, "failedResults") == '"sf__Id","sf__Error",Name,Phone\r\n'


def test_rows_of_a_failed_job_are_unprocessed(jobs):
    text = "Nmae\nA\n"
    job = jobs.start(text)
    assert jobs.result(job, "unprocessedRecords") == text
    assert jobs.result(job, "failedResults") == '"sf__Id","sf__Error",Nmae\n'


@pytest.mark.parametrize(
    ("delimiter", "char"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t"), ("COMMA", ",")],
)
def test_every_delimiter_comes_back(jobs, delimiter, char):
    job = jobs.start(f'Name{char}Phone\nA{char}"1{char}2"\n', columnDelimiter=delimiter)
    header, row, end = jobs.result(job, "successfulResults").split("\n")
    assert header == char.join(['"sf__Id"', '"sf__Created"', "Name", "Phone"])
    assert row.endswith(f'"A"{char}"1{char}2"')
    assert end == ""


def test_quotes_and_breaks_inside_values(jobs):
    job = jobs.start('"Name",Phone\n"say ""hi""\nthere",1\n\n"",2\n')
    assert jobs.result(job, "successfulResults").endswith(',"say ""hi""\nthere","1"\n')
    assert jobs.result(job, "failedResults").split("\n")[0] == '"sf__Id","sf__Error","Name",Phone'
    assert jobs.result(job, "unprocessedrecords") == '"Name",Phone\n'


@pytest.mark.parametrize("text", ["", "Name\n", "Name"])
def test_a_file_without_rows_completes(jobs, text):
    info = jobs.info(jobs.start(text))
    assert (info["state"], info["numberRecordsProcessed"]) == ("JobComplete", 0)


def test_keys_by_state(jobs):
    made = jobs.call("POST", data={"operation": "upsert", "object": "account", "externalIdFieldName": "Account_Key__c"})
    key = ["externalIdFieldName"]
    assert list(made.json) == [*COMMON, *key, *FIXED, "contentUrl", *FORM]
    assert (made.json["apiVersion"], made.json["object"]) == (66.0, "Account")
    job = made.json["id"]
    assert made.json["contentUrl"] == f"services/data/v66.0/jobs/ingest/{job}/batches"
    opened = [*COMMON, *key, *FIXED, "jobType", "contentUrl", *FORM]
    assert list(jobs.info(job)) == [*opened, *TIMES, *PK]
    put = jobs.put(job, "Account_Key__c,Name\nA,B\n")
    assert (put.status_code, put.data) == (201, b"")
    assert list(jobs.info(job)) == [*opened, *COUNTS, *TIMES, *PK]
    closed = jobs.patch(job, "UploadComplete").json
    assert (list(closed), closed["state"]) == ([*COMMON, *key, *FIXED], "UploadComplete")
    info = jobs.info(job[:15])
    assert list(info) == [*COMMON, *key, *FIXED, "jobType", *FORM, *COUNTS, *TIMES, *PK]
    assert (info["state"], info["jobType"], info["numberRecordsProcessed"]) == ("JobComplete", "V2Ingest", 1)
    assert info["createdDate"].endswith(".000+0000")


def test_older_versions_lack_a_key(jobs):
    base = "/services/data/v59.0/jobs/ingest"
    job = jobs.call("POST", base, {"operation": "insert", "object": "Account"}).json
    info = jobs.call("GET", f"{base}/{job['id']}/").json
    assert (job["apiVersion"], "isPkChunkingSupported" in info) == (59.0, False)


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"object": "Nope"}, "INVALIDJOB", "InvalidJob : Unable to find object: Nope"),
        ({"object": ""}, "INVALIDJOB", "InvalidJob : Unable to find object: "),
        ({"operation": "Insert"}, "API_ERROR", "Invalid value: 'Insert' supplied for property: 'operation'"),
        ({"operation": "query"}, "API_ERROR", "Invalid value: 'query' supplied for property: 'operation'"),
        ({"contentType": "XML"}, "API_ERROR", "Invalid value: 'XML' supplied for property: 'contentType'"),
        ({"lineEnding": "CR"}, "API_ERROR", "Invalid value: 'CR' supplied for property: 'lineEnding'"),
        (
            {"operation": "upsert"},
            "INVALIDJOB",
            "InvalidJob : External ID was blank for Account. An External ID must be specified for upsert.",
        ),
        (
            {"operation": "upsert", "externalIdFieldName": ""},
            "INVALIDJOB",
            "InvalidJob : Field name provided,  does not match an External ID for Account",
        ),
        (
            {"operation": "upsert", "externalIdFieldName": "Phone"},
            "INVALIDJOB",
            "InvalidJob : Field name provided, Phone does not match an External ID for Account",
        ),
    ],
)
def test_a_wrong_create_call_is_refused(jobs, given, code, message):
    answer = jobs.call("POST", data={"operation": "insert", "object": "Account", **given})
    assert fault(answer) == (400, code, message)
    assert list(answer.json[0]) == ["errorCode", "message"]


def test_a_second_upload_is_refused(jobs):
    job = jobs.create()
    jobs.put(job, "Name\nA\n")
    text = (
        f"Found multipe contents for job: <{job[:15]}>, please 'Close' / 'Abort' / 'Delete' the current Job then "
        "create a new Job and make sure you only do 'PUT' once on a given Job."
    )
    assert fault(jobs.put(job, "Name\nB\n")) == (400, "BULK_API_ERROR", text)
    jobs.patch(job, "UploadComplete")
    assert fault(jobs.put(job, "Name\nB\n"))[:2] == (400, "INVALIDJOBSTATE")


def test_gzip_uploads_need_a_switch(jobs):
    job = jobs.create()
    packed = gzip.compress(b"Name\nA\n")
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    assert jobs.call("PUT", f"{job}/batches", packed, **headers).status_code == 415
    with jobs_of(switches=Switches(gzip_uploads=True)) as other:
        job = other.create()
        assert other.call("PUT", f"{job}/batches", packed, **headers).status_code == 201
        other.patch(job, "UploadComplete")
        assert other.info(job)["numberRecordsProcessed"] == 1
        broken = other.call("PUT", f"{other.create()}/batches", b"Name\nA\n", **headers)
        assert fault(broken)[:2] == (400, "API_ERROR")


def test_an_upload_above_the_limit_is_refused(jobs, monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.local_org.uploads.MAX_CSV_BYTES", 10)
    job = jobs.create()
    assert jobs.put(job, "Name\n" + "A" * 20).status_code == 413
    assert "numberRecordsProcessed" not in jobs.info(job)
    assert jobs.put(job, "Name\nA\n").status_code == 201


@pytest.mark.parametrize(("size", "status"), [(112_500_000, 201), (112_500_001, 413)])
def test_the_limit_of_an_upload_is_counted_in_base64(jobs, size, status):
    assert jobs.put(jobs.create(), b"Name\n".ljust(size, b"A")).status_code == status


def test_states_move_one_way(jobs):
    job = jobs.start("Name\nA\n")
    assert fault(jobs.patch(job, "Aborted")) == (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    closing = (400, "INVALIDJOBSTATE", "Closing already Completed Job not allowed")
    assert fault(jobs.patch(job, "UploadComplete")) == closing
    assert fault(jobs.patch(job, "Open"))[:2] == (400, "API_ERROR")


def test_a_job_that_is_open_can_be_aborted_and_then_deleted(jobs):
    job = jobs.create()
    jobs.put(job, "Name\nA\n")
    text = "Error encountered when deleting the job because the job is not terminated"
    assert fault(jobs.call("DELETE", job)) == (400, "API_ERROR", text)
    aborted = jobs.patch(job, "Aborted").json
    assert (list(aborted), aborted["state"]) == ([*COMMON, *FIXED], "Aborted")
    assert jobs.result(job, "unprocessedrecords/") == "Name\nA\n"
    assert jobs.result(job, "successfulresults") == '"sf__Id","sf__Created",Name\n'
    gone = jobs.call("DELETE", job)
    assert (gone.status_code, gone.data) == (204, b"")
    missing = (404, "NOT_FOUND", "The requested resource does not exist")
    assert fault(jobs.call("GET", job)) == fault(jobs.call("DELETE", job)) == missing


def test_closing_without_a_file(jobs):
    job = jobs.create()
    assert jobs.patch(job, "UploadComplete").status_code == 200
    info = jobs.info(job)
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("JobComplete", 0, 0)
    assert jobs.result(job, "failedResults") == '"sf__Id","sf__Error"\n'
    with jobs_of(switches=Switches(close_without_upload=False)) as strict:
        assert fault(strict.patch(strict.create(), "UploadComplete"))[:2] == (400, "INVALIDJOBSTATE")


def multipart(job, content):
    parts = [
        'Content-Type: application/json\r\nContent-Disposition: form-data; name="job"\r\n\r\n' + job,
        'Content-Type: text/csv\r\nContent-Disposition: form-data; name="content"; filename="content"\r\n\r\n'
        + content,
    ]
    return "".join(f"--BOUNDARY\r\n{part}\r\n" for part in parts).encode() + b"--BOUNDARY--\r\n"


def test_a_multipart_call_makes_loads_and_closes(jobs):
    body = multipart('{"object":"Contact","contentType":"CSV","operation":"insert"}', "LastName\nÜber\nB\n")
    made = jobs.call("POST", "", body, **{"Content-Type": "multipart/form-data; boundary=BOUNDARY"})
    assert list(made.json) == [*COMMON, *FIXED, *FORM]
    assert (made.status_code, made.json["state"]) == (200, "UploadComplete")
    assert jobs.info(made.json["id"])["numberRecordsProcessed"] == 2
    assert sorted(jobs.org.records("Contact")["Name"].to_pylist()) == ["B", "Über"]


@pytest.mark.parametrize("job", ["[1]", "{"])
def test_a_multipart_call_needs_a_job(jobs, job):
    answer = jobs.call("POST", "", multipart(job, "x"), **{"Content-Type": "multipart/form-data; boundary=BOUNDARY"})
    assert fault(answer)[:2] == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("content", ["Name\n" + "x" * 100_000, None])
def test_a_multipart_call_has_limits(jobs, content):
    body = multipart('{"object":"Account","operation":"insert"}', content or "").replace(b"content", b"other")
    answer = jobs.call("POST", "", body, **{"Content-Type": "multipart/form-data; boundary=BOUNDARY"})
    assert fault(answer)[:2] == (400, "API_ERROR")


def test_a_multipart_call_counts_characters(jobs):
    body = multipart('{"object":"Account","operation":"insert"}', "Name\n" + ("Ü" * 200 + "\n") * 300)
    assert len(body) > 100_000
    answer = jobs.call("POST", "", body, **{"Content-Type": "multipart/form-data; boundary=BOUNDARY"})
    assert answer.status_code == 200
    assert jobs.info(answer.json["id"])["numberRecordsProcessed"] == 300


def test_null_stands_for_the_default(jobs):
    nulls = dict.fromkeys(("lineEnding", "columnDelimiter", "contentType"))
    made = jobs.call("POST", "", json.dumps({"object": "Account", "operation": "insert", **nulls}).encode())
    assert (made.json["lineEnding"], made.json["columnDelimiter"], made.json["contentType"]) == ("LF", "COMMA", "CSV")


def test_a_change_of_state_answers_the_stamp_before_it():
    seconds = count(1_700_000_000)
    with jobs_of(pacing=ByHand(), clock=lambda: float(next(seconds))) as jobs:
        job = jobs.create()
        for state in ("UploadComplete", "Aborted"):
            before = jobs.info(job)["systemModstamp"]
            assert jobs.patch(job, state).json["systemModstamp"] == before
            assert jobs.info(job)["systemModstamp"] > before


def test_the_list_of_jobs_has_pages(jobs):
    made = [jobs.create() for _ in range(1003)]
    first = jobs.call("GET", "").json
    assert (len(first["records"]), first["done"]) == (1000, False)
    rest = jobs.call("GET", first["nextRecordsUrl"]).json
    assert (len(rest["records"]), rest["done"], rest["nextRecordsUrl"]) == (3, True, None)
    assert {each["id"] for each in first["records"] + rest["records"]} == set(made)
    assert list(rest["records"][0]) == [*COMMON, *FIXED, "jobType", "contentUrl", *FORM]
    for others in ("jobType=V2Query", "isPkChunkingEnabled=true", "concurrencyMode=Serial"):
        assert jobs.call("GET", f"{BASE}?{others}").json["records"] == []


def lines(count):
    return "Name\n" + "".join(f"A{number}\n" for number in range(count))


def test_progress_comes_by_batches():
    with jobs_of(pacing=AfterPolls(1)) as jobs:
        job = jobs.start(lines(25_000))
        seen = [(info["state"], info["numberRecordsProcessed"]) for info in (jobs.info(job) for _ in range(4))]
    assert seen == [("InProgress", 10_000), ("InProgress", 20_000), ("InProgress", 25_000), ("JobComplete", 25_000)]


def test_progress_comes_by_the_clock():
    now = [1_770_000_000.0]
    with jobs_of(pacing=AfterSeconds(2), clock=lambda: now[0]) as jobs:
        job = jobs.start(lines(15_000))
        seen = []
        for _ in range(4):
            seen.append((jobs.info(job)["state"], jobs.info(job)["numberRecordsProcessed"]))
            now[0] += 2
    assert [count for _, count in seen] == [0, 10_000, 15_000, 15_000]
    assert [state for state, _ in seen] == ["UploadComplete", "InProgress", "InProgress", "JobComplete"]


def test_an_aborted_job_leaves_whole_chunks_and_the_rest_unprocessed():
    with jobs_of(pacing=ByHand(rows_per_step=2_600)) as jobs:
        job = jobs.start(lines(12_000))
        counts = []
        for _ in range(3):
            jobs.org.advance(job)
            counts.append(jobs.info(job)["numberRecordsProcessed"])
        early = jobs.result(job, "successfulResults")
        assert fault(jobs.call("DELETE", job))[1] == "API_ERROR"
        assert jobs.patch(job, "Aborted").json["state"] == "Aborted"
        jobs.org.advance(job)
        assert jobs.info(job)["numberRecordsProcessed"] == 7_800
        assert jobs.org.records("Account").num_rows == 7_800
        successful = jobs.result(job, "successfulResults").splitlines()
        unprocessed = jobs.result(job, "unprocessedrecords").splitlines()
    assert counts == [2_600, 5_200, 7_800]
    assert early == '"sf__Id","sf__Created",Name\n'
    assert len(successful) == 7_801
    assert unprocessed == ["Name", *(f"A{number}" for number in range(7_800, 12_000))]


def test_unprocessed_rows_are_verbatim():
    row = '"x ""y""\n' + 'z",  1\n'
    with jobs_of(pacing=ByHand(rows_per_step=200)) as jobs:
        job = jobs.start("Name,Phone\n" + row * 300 + "\n" + row)
        jobs.org.advance()
        jobs.patch(job, "Aborted")
        assert jobs.result(job, "unprocessedrecords") == "Name,Phone\n" + row * 100 + "\n" + row


def test_early_results_may_be_refused():
    with jobs_of(pacing=ByHand(), switches=Switches(early_results=False)) as jobs:
        job = jobs.start("Name\nA\n")
        assert fault(jobs.call("GET", f"{job}/failedResults"))[1] == "INVALIDJOBSTATE"


def test_jobs_and_records_are_there_after_a_restart(tmp_path):
    with jobs_of(path=tmp_path / "crm.db", pacing=ByHand()) as jobs:
        done, waiting, cut = (jobs.start(f"Name\n{name}\n") for name in ("done", "waiting", "cut"))
        jobs.org.advance(done)
        jobs.org.advance(done)
        jobs.org.advance(cut)
    with LocalOrg(tmp_path / "crm.db") as org:
        jobs = Jobs(org)
        states = [jobs.info(job)["state"] for job in (done, waiting, cut)]
        assert states == ["JobComplete", "JobComplete", "Failed"]
        assert '"done"' in jobs.result(done, "successfulResults")
        assert sorted(org.records("Account")["Name"].to_pylist()) == ["cut", "done", "waiting"]
        ids = org.records("Account")["Id"].to_pylist()
    assert len(set(ids)) == 3


def test_a_bad_token_is_refused_everywhere(jobs):
    jobs.org.expire_tokens()
    for method, path in (
        ("POST", ""),
        ("GET", ""),
        ("GET", "750"),
        ("PUT", "750/batches"),
        ("GET", "750/failedResults"),
    ):
        assert fault(jobs.call(method, path)) == (401, "INVALID_SESSION_ID", "Session expired or invalid")
