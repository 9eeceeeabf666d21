"""The local org's answers over HTTP held to the samples: status, headers, keys and their order, types, and texts.

The same samples hold the client's readers, so that one wrong belief cannot pass in both.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# The versions between which isPkChunkingSupported came to the answers about a job.
BEFORE_PK_CHUNKING_KEY, AFTER_PK_CHUNKING_KEY = "59.0", "66.0"
_SHAPES = {
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000"),
    "job id": re.compile(r"750\w{15}"),
    "user id": re.compile(r"005\w{15}"),
    "content url": re.compile(r"services/data/v\d\d\.0/jobs/ingest/750\w{15}/batches"),
    "results url": re.compile(r"/services/data/v\d\d\.0/jobs/query/750\w{15}/results\?locator=[\w%-]+"),
    "version url": re.compile(r"/services/data/v\d\d\.0"),
}


def shape(value):
    """Reduce a JSON value to what must agree: keys in their order, types, and the form of ids, dates and paths."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str):
        return next((name for name, form in _SHAPES.items() if form.fullmatch(value)), "text")
    return type(value).__name__


class Sample:
    def __init__(self, name: str) -> None:
        status = json.loads((SAMPLES / name / "status.json").read_text(encoding="utf-8"))
        self.status: int = status["status"]
        self.headers: dict[str, str] = status["headers"]
        self.body = (SAMPLES / name / "body").read_bytes()

    @property
    def json(self):
        return json.loads(self.body)

    def check_frame(self, answer: requests.Response) -> None:
        """Compare the status, the content type and the presence of every other header."""
        assert answer.status_code == self.status, answer.text
        assert answer.headers.get("Content-Type") == self.headers.get("Content-Type")
        assert [name for name in self.headers if name not in answer.headers] == []

    def check_shape(self, answer: requests.Response) -> None:
        self.check_frame(answer)
        assert shape(answer.json()) == shape(self.json)

    def check_body(self, answer: requests.Response) -> None:
        self.check_frame(answer)
        assert answer.json() == self.json
        assert shape(answer.json()) == shape(self.json)


class Caller:
    """Call a local org as any HTTP client would."""

    def __init__(self, org: LocalOrg, version: str = AFTER_PK_CHUNKING_KEY) -> None:
        self.org = org
        self.version = version
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {org.access_token}"

    def __call__(self, method: str, path: str, **options) -> requests.Response:
        url = path if path.startswith("/services") else f"/services/data/v{self.version}/{path}"
        return self.http.request(method, self.org.url + url, timeout=30, **options)

    def token(self, **form: str) -> requests.Response:
        url = f"{self.org.url}/services/oauth2/token"
        return self.http.post(url, data=form, headers={"Authorization": None}, timeout=30)

    def create(self, sobject: str = "Contact", operation: str = "upsert", **more: str) -> requests.Response:
        key = {"externalIdFieldName": f"{sobject}_Key__c"} if operation == "upsert" else {}
        return self(
            "POST", "jobs/ingest", json={"object": sobject, "operation": operation, "contentType": "CSV", **key, **more}
        )

    def upload(self, job: str, text: str) -> requests.Response:
        return self("PUT", f"jobs/ingest/{job}/batches", data=text.encode(), headers={"Content-Type": "text/csv"})

    def set_state(self, job: str, state: str, kind: str = "ingest") -> requests.Response:
        return self("PATCH", f"jobs/{kind}/{job}", json={"state": state})

    def load(self, text: str, **job: str) -> str:
        """Run a whole job and return its id."""
        job_id = self.create(**job).json()["id"]
        assert self.upload(job_id, text).status_code == 201
        assert self.set_state(job_id, "UploadComplete").status_code == 200
        return job_id

    def results(self, job: str, which: str) -> requests.Response:
        return self("GET", f"jobs/ingest/{job}/{which}/")

    def query(self, soql: str) -> requests.Response:
        return self("POST", "jobs/query", json={"operation": "query", "query": soql})


@pytest.fixture(scope="module")
def org():
    """An org where jobs end within the request that closes them."""
    with LocalOrg() as org:
        yield org


@pytest.fixture
def call(org):
    caller = Caller(org)
    with caller.http:
        yield caller


@pytest.fixture
def by_hand():
    """A caller of an org where jobs move only when told to, with a version from before the newest key."""
    with LocalOrg(pacing=ByHand()) as org:
        caller = Caller(org, BEFORE_PK_CHUNKING_KEY)
        with caller.http:
            yield caller


class TestSignIn:
    def assertion(self, org: LocalOrg, key=None, **claims) -> dict[str, str]:
        said = {"iss": org.client_id, "sub": org.username, "aud": org.url, "exp": int(time.time()) + 180} | claims
        return {"grant_type": JWT_GRANT, "assertion": jwt.encode(said, key or org.private_key_pem, algorithm="RS256")}

    def test_jwt(self, org, call):
        answer = call.token(**self.assertion(org))
        Sample("oauth/jwt_success").check_shape(answer)
        assert answer.json()["instance_url"] == org.url
        assert call.http.get(f"{org.url}/services/data/v66.0/limits", timeout=30).status_code == 200

    @pytest.mark.parametrize(
        ("sample", "claims"),
        [
            ("jwt_not_approved", {"sub": "somebody.else@example.com"}),
            ("jwt_unknown_client", {"iss": "3MVG9unknown"}),
            ("jwt_wrong_audience", {"aud": "https://elsewhere.example"}),
            ("jwt_expired", {"exp": 1_000_000_000}),
        ],
    )
    def test_jwt_with_a_wrong_claim(self, org, call, sample, claims):
        Sample(f"oauth/{sample}").check_body(call.token(**self.assertion(org, **claims)))

    def test_jwt_with_a_wrong_signature(self, org, call):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        Sample("oauth/jwt_invalid_assertion").check_body(call.token(**self.assertion(org, pem)))

    @pytest.mark.parametrize("flow", ["client_credentials", "refresh_token"])
    def test_other_flows(self, org, call, flow):
        form = {"grant_type": flow, "client_id": org.client_id, "client_secret": org.client_secret}
        if flow == "refresh_token":
            form["refresh_token"] = org.refresh_token
        answer = call.token(**form)
        sample = Sample("oauth/password_success")
        sample.check_frame(answer)
        said = answer.json()
        assert set(sample.json) <= set(said)
        assert "expires_in" not in said
        assert re.fullmatch(r"\d{13}", said["issued_at"])

    def test_refusals(self, org, call):
        wrong = {"client_id": org.client_id, "client_secret": "wrong"}
        Sample("oauth/wrong_secret").check_body(call.token(grant_type="client_credentials", **wrong))
        Sample("oauth/unknown_grant_type").check_body(call.token(grant_type="telepathy"))
        stale = {"client_id": org.client_id, "client_secret": org.client_secret, "refresh_token": "stale"}
        Sample("oauth/refresh_token_expired").check_body(call.token(grant_type="refresh_token", **stale))
        Sample("oauth/wrong_password").check_body(
            call.token(grant_type="password", username=org.username, password="x")
        )


class TestIngestJob:
    CSV = "Contact_Key__c,LastName\nK-1,One\nK-2,\n"

    def test_answers_of_a_life(self, by_hand):
        created = by_hand.create()
        Sample("ingest_job/created").check_shape(created)
        job = created.json()["id"]
        Sample("ingest_job/open").check_shape(by_hand("GET", f"jobs/ingest/{job}"))
        uploaded = by_hand.upload(job, self.CSV)
        Sample("ingest_job/uploaded").check_frame(uploaded)
        assert uploaded.content == b""
        Sample("ingest_job/open_after_upload").check_shape(by_hand("GET", f"jobs/ingest/{job}"))
        closed = by_hand.set_state(job, "UploadComplete")
        Sample("ingest_job/closed").check_shape(closed)
        assert closed.json()["state"] == "UploadComplete"
        by_hand.org.advance()
        Sample("ingest_job/in_progress").check_shape(by_hand("GET", f"jobs/ingest/{job}"))
        for _ in range(3):
            by_hand.org.advance()
        done = by_hand("GET", f"jobs/ingest/{job}")
        Sample("ingest_job/complete").check_shape(done)
        assert {key: done.json()[key] for key in ("state", "numberRecordsProcessed", "numberRecordsFailed")} == {
            "state": "JobComplete",
            "numberRecordsProcessed": 2,
            "numberRecordsFailed": 1,
        }
        deleted = by_hand("DELETE", f"jobs/ingest/{job}")
        Sample("ingest_job/deleted").check_frame(deleted)
        Sample("bulk_errors/job_not_found").check_body(by_hand("GET", f"jobs/ingest/{job}"))

    def test_insert_has_no_key_field(self, by_hand):
        Sample("ingest_job/created_insert").check_shape(by_hand.create(operation="insert"))

    def test_newer_versions_say_whether_chunks_are_supported(self, call):
        job = call.load(self.CSV)
        Sample("ingest_job/complete_with_pk_chunking_key").check_shape(call("GET", f"jobs/ingest/{job}"))

    def test_closing_says_upload_complete_even_where_the_job_is_done_at_once(self, call):
        job = call.create().json()["id"]
        call.upload(job, self.CSV)
        closed = call.set_state(job, "UploadComplete")
        Sample("ingest_job/closed").check_shape(closed)
        assert closed.json()["state"] == "UploadComplete"

    def test_aborted(self, by_hand):
        aborted = by_hand.set_state(by_hand.create().json()["id"], "Aborted")
        Sample("ingest_job/aborted").check_shape(aborted)
        assert aborted.json()["state"] == "Aborted"

    def test_failed(self, by_hand):
        job = by_hand.load("Contact_Key__c,Emial\nK-1,x\n")
        for _ in range(3):
            by_hand.org.advance()
        answer = by_hand("GET", f"jobs/ingest/{job}")
        Sample("ingest_job/failed").check_shape(answer)
        for key in ("state", "errorMessage", "numberRecordsProcessed", "numberRecordsFailed"):
            assert answer.json()[key] == Sample("ingest_job/failed").json[key]

    @pytest.mark.parametrize(
        ("sample", "sent"),
        [
            ("line_ending", "Contact_Key__c,LastName\r\nK-1,x\r\n"),
            ("unescaped_quote", 'Contact_Key__c,LastName\nK-1,a "b" c\n'),
            ("delete_with_columns", "Id,LastName\n003000000000001AAA,x\n"),
            ("type_not_needed", "Contact_Key__c,Account:Account.Account_Key__c\nK-1,A-1\n"),
            ("no_such_relationship", "Contact_Key__c,Acount.Account_Key__c\nK-1,A-1\n"),
        ],
    )
    def test_why_a_job_failed(self, by_hand, sample, sent):
        expected = Sample(f"ingest_job/failed_{sample}")
        job = by_hand.load(sent, operation=expected.json["operation"])
        for _ in range(3):
            by_hand.org.advance()
        answer = by_hand("GET", f"jobs/ingest/{job}")
        expected.check_shape(answer)
        assert answer.json()["errorMessage"] == expected.json["errorMessage"]

    def test_multipart(self, by_hand):
        job = json.dumps({"object": "Contact", "operation": "insert", "contentType": "CSV"})
        parts = {
            "job": (None, job, "application/json"),
            "content": ("content", "LastName\nMultipart\n", "text/csv"),
        }
        Sample("ingest_job/created_multipart").check_shape(by_hand("POST", "jobs/ingest", files=parts))

    def test_list(self, by_hand):
        by_hand.create(operation="insert")
        job = by_hand.load(self.CSV)
        for _ in range(4):
            by_hand.org.advance()
        sample, answer = Sample("ingest_job/list"), by_hand("GET", "jobs/ingest")
        sample.check_frame(answer)
        ended, is_open = sample.json["records"]
        assert list(answer.json()) == list(sample.json)
        assert answer.json()["done"] is True
        for record in answer.json()["records"]:
            assert shape(record) == shape(ended if record["id"] == job else is_open)


class TestFaults:
    def test_create(self, call):
        Sample("bulk_errors/unknown_object").check_body(call.create("Contct", "insert"))
        Sample("bulk_errors/not_an_external_id").check_body(call.create(externalIdFieldName="Department"))
        Sample("bulk_errors/bad_operation").check_body(call.create(operation="Upsert"))
        Sample("bulk_errors/bad_content_type").check_body(call.create(contentType="XML"))
        blank = {"object": "Contact", "operation": "upsert", "contentType": "CSV"}
        Sample("bulk_errors/external_id_blank").check_body(call("POST", "jobs/ingest", json=blank))

    def test_second_upload(self, call):
        job = call.create().json()["id"]
        call.upload(job, TestIngestJob.CSV)
        answer, sample = call.upload(job, TestIngestJob.CSV), Sample("bulk_errors/second_upload")
        sample.check_shape(answer)
        neutral = re.compile(r"<750\w{12}>")
        (said,), (expected,) = answer.json(), sample.json
        assert said["errorCode"] == expected["errorCode"]
        assert neutral.sub("<>", said["message"]) == neutral.sub("<>", expected["message"])

    def test_wrong_state(self, call):
        job = call.create().json()["id"]
        Sample("bulk_errors/delete_open").check_body(call("DELETE", f"jobs/ingest/{job}"))
        call.upload(job, TestIngestJob.CSV)
        call.set_state(job, "UploadComplete")
        Sample("bulk_errors/abort_completed").check_body(call.set_state(job, "Aborted"))
        Sample("bulk_errors/close_completed").check_body(call.set_state(job, "UploadComplete"))

    @pytest.mark.parametrize(
        "path", ["jobs/ingest", "jobs/query", "sobjects", "limits", "query?q=SELECT+Id+FROM+Contact"]
    )
    def test_bad_token(self, call, path):
        answer = call("GET", path, headers={"Authorization": "Bearer 00D000000000062!expired"})
        Sample("bulk_errors/bad_token").check_body(answer)

    def test_method_not_allowed(self, call):
        job = call.create().json()["id"]
        answer, sample = call("PUT", f"jobs/ingest/{job}"), Sample("bulk_errors/method_not_allowed")
        sample.check_shape(answer)
        assert answer.json()[0]["message"].startswith("HTTP Method 'PUT' not allowed. Allowed are ")

    @pytest.mark.parametrize(
        ("sample", "soql"),
        [
            ("query_invalid_field", "SELECT Id, BadField FROM Account"),
            ("query_invalid_type", "SELECT Id FROM XYZZY"),
            ("query_compound", "SELECT Id, BillingAddress FROM Account"),
            ("query_aggregate", "SELECT COUNT(Id) FROM Account"),
        ],
    )
    def test_query(self, call, sample, soql):
        Sample(f"bulk_errors/{sample}").check_body(call.query(soql))

    def test_malformed_query(self, call):
        sample, answer = Sample("bulk_errors/query_malformed"), call.query("SELECT Id FORM Account")
        sample.check_shape(answer)
        assert answer.json()[0]["errorCode"] == sample.json[0]["errorCode"]

    def test_results_with_another_version(self, call):
        job = call.query("SELECT Id FROM Account").json()["id"]
        answer = call("GET", f"/services/data/v60.0/jobs/query/{job}/results")
        Sample("bulk_errors/query_version_mismatch").check_shape(answer)
        assert answer.json()[0]["errorCode"] == "CONFLICT"


def rows(answer: requests.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def check_quoting(answer: requests.Response, sample: Sample) -> None:
    """Compare the header line, and hold every data value to its quotes and every line to its end."""
    sample.check_frame(answer)
    header, newline, body = answer.content.partition(b"\n")
    assert newline == b"\n"
    assert header == sample.body.partition(b"\n")[0]
    if not body:
        return
    assert body.startswith(b'"')
    assert body.endswith(b'"\n')
    again = io.StringIO(newline="")
    csv.writer(again, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows(answer)[1:])
    assert body == again.getvalue().encode()


class TestResultFiles:
    def test_successful(self, call):
        job = call.load('Contact_Key__c,LastName,Email\nS-1,Müller,\nS-2,"O""Brien, Ben",\nS-3,"two\nlines",\n')
        answer, sample = call.results(job, "successfulResults"), Sample("ingest_results/successful")
        check_quoting(answer, sample)
        assert sorted(row[3] for row in rows(answer)[1:]) == sorted(["Müller", 'O"Brien, Ben', "two\nlines"])
        assert {row[1] for row in rows(answer)[1:]} == {"true"}
        assert all(re.fullmatch(r"003\w{15}", row[0]) for row in rows(answer)[1:])
        check_quoting(call.results(job, "failedResults"), Sample("ingest_results/failed_none"))
        check_quoting(call.results(job, "unprocessedrecords"), Sample("ingest_results/unprocessed_none"))

    def test_numbers_come_back_as_java_writes_them(self, call):
        sample = Sample("ingest_results/successful_numbers")
        sent = "Lorem Ipsum,Milano,2676,912260031\nDolor,Roma,10,58284123\nSit,Bari,0,10\n"
        job = call.load(
            "Name,BillingCity,NumberOfEmployees,AnnualRevenue\n" + sent, sobject="Account", operation="insert"
        )
        answer = call.results(job, "successfulResults")
        check_quoting(answer, sample)
        expected = list(csv.reader(io.StringIO(sample.body.decode(), newline="")))
        assert sorted(row[1:] for row in rows(answer)[1:]) == sorted(row[1:] for row in expected[1:])

    def test_header_keeps_the_quotes_and_the_case_it_was_sent_with(self, call):
        job = call.load('"name","Phone"\n"Acme","030 5550"\n', sobject="Account", operation="insert")
        check_quoting(call.results(job, "successfulResults"), Sample("ingest_results/successful_quoted_header"))

    def test_failed(self, call):
        sample = Sample("ingest_results/failed_kinds")
        job = call.load('LastName,Email,Contact_Key__c\n,,C-1\n"Sí, claro","a,b@example",C-2\n')
        answer = call.results(job, "failedResults")
        check_quoting(answer, sample)
        expected = {row[4]: row[1] for row in csv.reader(io.StringIO(sample.body.decode(), newline=""))}
        assert {row[4]: row[1] for row in rows(answer)[1:]} == {key: expected[key] for key in ("C-1", "C-2")}
        assert {row[0] for row in rows(answer)[1:]} == {""}

    def test_more_kinds(self, call):
        """Those that a trigger, a rule or another language would have to say are not asked of the local org."""
        call.org.fail_rows("Contact", "Contact_Key__c", ["C-06"])
        gone = call.load("LastName,Contact_Key__c\nx,C-04\n")
        (gone_id,) = (row[0] for row in rows(call.results(gone, "successfulResults"))[1:])
        call.load(f"Id\n{gone_id}\n", operation="delete")
        files = [
            "LastName,Contact_Key__c,Account.Account_Key__c\nx,C-01,A-9\n",
            "LastName,Contact_Key__c\nx,C-02\nx,C-02\n",
            "LastName,Contact_Key__c,AccountId\nx,C-05,001000000000001AAA\nx,C-13,12345\n",
            "LastName,Contact_Key__c\nx,C-06\n" + "x" * 81 + ",C-10\n",
            "LastName,Contact_Key__c,Level__c\nx,C-09,Fourth\n",
        ]
        jobs = [call.load(text) for text in files]
        jobs.append(call.load(f"Id,LastName,Contact_Key__c\n{gone_id},x,C-04\n", operation="update"))
        said = {}
        for job in jobs:
            header, *failed = rows(call.results(job, "failedResults"))
            said |= {row[header.index("Contact_Key__c")]: row[1] for row in failed}
        expected = {row[3]: row[1] for row in rows_of_sample("ingest_results/failed_more_kinds")[1:]}
        assert said == {key: expected[key] for key in said}
        assert set(expected) - set(said) == {"C-03", "C-07", "C-08", "C-11", "C-12"}

    def test_bad_date(self, call):
        """Only the names differ from the sample: the field, its column and the value are put in."""
        text = rows_of_sample("ingest_results/failed")[1][1]
        job = call.load("FirstName,LastName,Contact_Key__c,Birthdate\nAnna,Bad,D-1,2003-04-987654321987654321\n")
        answer = call.results(job, "failedResults")
        assert rows(answer)[1][1] == text.replace("CloseDate", "Birthdate")
        assert rows(answer)[1][5] == "2003-04-987654321987654321"

    def test_unprocessed_after_an_abort(self, by_hand):
        sent = Sample("ingest_results/unprocessed").body.decode()
        job = by_hand.load(sent)
        by_hand.set_state(job, "Aborted")
        answer = by_hand.results(job, "unprocessedrecords")
        Sample("ingest_results/unprocessed").check_frame(answer)
        assert answer.content.decode().splitlines()[0] == sent.splitlines()[0]
        assert sorted(rows(answer)) == sorted(csv.reader(io.StringIO(sent)))


def rows_of_sample(name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(Sample(name).body.decode(), newline="")))


class TestQueryJob:
    SOQL = "SELECT Id, FirstName, Account.Name, MailingPostalCode, HasOptedOutOfEmail FROM Contact"

    def test_answers_of_a_life(self, by_hand):
        created = by_hand.query("SELECT Id FROM Contact")
        Sample("query_job/created").check_shape(created)
        assert created.json()["state"] == "UploadComplete"
        job = created.json()["id"]
        by_hand.org.advance()
        by_hand.org.advance()
        by_hand.org.advance()
        done = by_hand("GET", f"jobs/query/{job}")
        Sample("query_job/complete").check_shape(done)
        assert done.json()["state"] == "JobComplete"
        listed = by_hand("GET", "jobs/query", params={"jobType": "V2Query"})
        Sample("query_job/list").check_shape(listed)
        Sample("query_job/deleted").check_frame(by_hand("DELETE", f"jobs/query/{job}"))

    def test_aborted(self, by_hand):
        job = by_hand.query("SELECT Id FROM Contact").json()["id"]
        Sample("query_job/aborted").check_shape(by_hand.set_state(job, "Aborted", "query"))

    def test_newer_versions_say_whether_chunks_are_supported(self, call):
        job = call.query("SELECT Id FROM Contact").json()["id"]
        Sample("query_job/complete_with_pk_chunking_key").check_shape(call("GET", f"jobs/query/{job}"))

    def test_pages(self, call):
        call.load("Contact_Key__c,FirstName,LastName\n" + "".join(f"P-{n},NA,Page\n" for n in range(5)))
        job = call.query(f"{self.SOQL} WHERE LastName = 'Page'").json()["id"]
        first = call("GET", f"jobs/query/{job}/results", params={"maxRecords": 3})
        sample = Sample("query_results/first_page")
        check_quoting(first, sample)
        assert (first.headers["Sforce-NumberOfRecords"], len(rows(first)) - 1) == ("3", 3)
        assert re.fullmatch(r"[\w%+/=-]{4,}", first.headers["Sforce-Locator"])
        last = call(
            "GET", f"jobs/query/{job}/results", params={"maxRecords": 3, "locator": first.headers["Sforce-Locator"]}
        )
        check_quoting(last, Sample("query_results/last_page"))
        assert (last.headers["Sforce-NumberOfRecords"], last.headers["Sforce-Locator"]) == ("2", "null")
        assert {row[1] for row in rows(first)[1:] + rows(last)[1:]} == {"NA"}
        assert {row[4] for row in rows(first)[1:]} == {"false"}

    def test_no_rows(self, call):
        job = call.query(f"{self.SOQL} WHERE LastName = 'nobody'").json()["id"]
        answer, sample = call("GET", f"jobs/query/{job}/results"), Sample("query_results/no_rows")
        check_quoting(answer, sample)
        assert answer.content == sample.body
        assert {name: answer.headers[name] for name in sample.headers} == sample.headers

    def test_result_pages(self, call):
        job = call.query("SELECT Id FROM Contact").json()["id"]
        Sample("result_pages/last").check_shape(call("GET", f"jobs/query/{job}/resultPages"))


class TestRest:
    def test_versions(self, call):
        answer, sample = call("GET", "/services/data", headers={"Authorization": None}), Sample("rest/versions")
        sample.check_frame(answer)
        assert {json.dumps(shape(each)) for each in answer.json()} == {json.dumps(shape(sample.json[0]))}
        assert answer.json()[-1] == sample.json[-1]

    def test_limits(self, call):
        answer, sample = call("GET", "limits"), Sample("rest/limits")
        sample.check_frame(answer)
        said = answer.json()
        assert set(sample.json) <= set(said)
        assert all(shape(each) == [("Max", "int"), ("Remaining", "int")] for each in said.values())

    def test_record_count(self, call):
        answer = call("GET", "limits/recordCount", params={"sObjects": "Contact"})
        Sample("rest/record_count").check_shape(answer)

    def test_a_collection_with_a_record_that_fails(self, call):
        record = {"attributes": {"type": "Contact"}, "LastName": "x", "Email": "not an address"}
        answer = call("POST", "composite/sobjects", json={"records": [record]})
        Sample("rest/collection_failed").check_shape(answer)

    def test_an_upserted_collection(self, call):
        def upserted(*keys):
            kind = {"attributes": {"type": "Contact"}}
            records = [{**kind, "Contact_Key__c": key, "LastName": "x"} for key in keys]
            path = "composite/sobjects/Contact/Contact_Key__c"
            return call("PATCH", path, json={"allOrNone": False, "records": records})

        upserted("collection 1")
        answer = upserted("collection 1", "collection 2")
        Sample("rest/collection_upserted").check_shape(answer)
        assert [each["created"] for each in answer.json()] == [False, True]

    def test_query(self, call):
        call.load("Name\nRest One\nRest Two\n", sobject="Account", operation="insert")
        soql = "SELECT Name FROM Account WHERE Name LIKE 'Rest %'"
        Sample("rest/query_last_page").check_shape(call("GET", "query", params={"q": soql}))

    def test_query_in_pages(self, call):
        call.load("Name\n" + "Many\n" * 201, sobject="Account", operation="insert")
        soql = "SELECT Name FROM Account WHERE Name = 'Many'"
        answer = call("GET", "query", params={"q": soql}, headers={"Sforce-Query-Options": "batchSize=200"})
        sample = Sample("rest/query_first_page")
        sample.check_frame(answer)
        assert list(answer.json()) == list(sample.json)
        assert (answer.json()["totalSize"], len(answer.json()["records"])) == (201, 200)
        assert re.fullmatch(r"/services/data/v66\.0/query/\w{18}-200", answer.json()["nextRecordsUrl"])
        rest = call("GET", answer.json()["nextRecordsUrl"])
        assert (rest.json()["done"], len(rest.json()["records"])) == (True, 1)

    def test_describe(self, call):
        answer, sample = call("GET", "sobjects/Account/describe"), Sample("describe/account")
        sample.check_frame(answer)
        said, expected = answer.json(), sample.json
        assert set(expected) <= set(said)
        assert [key for key in said if key in expected] == list(expected)
        by_name = {field["name"]: field for field in said["fields"]}
        for field in expected["fields"]:
            assert list(by_name[field["name"]]) == list(field)
            same = ("type", "soapType", "length", "nillable", "createable", "defaultedOnCreate", "referenceTo")
            assert {key: by_name[field["name"]][key] for key in same} == {key: field[key] for key in same}

    def test_describe_global(self, call):
        answer, sample = call("GET", "sobjects"), Sample("describe/global")
        sample.check_frame(answer)
        assert list(answer.json()) == list(sample.json)
        assert {tuple(each) for each in answer.json()["sobjects"]} == {tuple(sample.json["sobjects"][0])}
