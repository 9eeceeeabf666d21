"""The client's readers held to every sample: answers shaped as public documents and recordings print them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from sfbulk_pandas import errors
from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.decode import PageReader, read_result_table
from sfbulk_pandas.salesforce.job import JobState, Operation
from sfbulk_pandas.salesforce.row_error import split_row_errors
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.wire.describe import read_describe, read_describe_global
from sfbulk_pandas.wire.faults import raise_for_fault, read_fault
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.ingest import read_job, read_job_page
from sfbulk_pandas.wire.limits import Limit, Limits, read_limits
from sfbulk_pandas.wire.oauth import read_token
from sfbulk_pandas.wire.query import read_page_head

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@dataclass(frozen=True)
class Sample:
    name: str

    @property
    def response(self) -> Response:
        status = json.loads((SAMPLES / self.name / "status.json").read_text(encoding="utf-8"))
        return Response(status["status"], status["headers"], (SAMPLES / self.name / "body").read_bytes())

    @property
    def json(self):
        return json.loads(self.response.body)


def samples(resource: str, *, starting: str = "") -> list[Sample]:
    folders = sorted(path for path in (SAMPLES / resource).iterdir() if path.is_dir())
    return [Sample(f"{resource}/{path.name}") for path in folders if path.name.startswith(starting)]


def each_of(found: list[Sample]):
    return pytest.mark.parametrize("sample", found, ids=lambda sample: sample.name)


ALL = [sample for resource in sorted(SAMPLES.iterdir()) if resource.is_dir() for sample in samples(resource.name)]
JOBS = [
    sample
    for sample in samples("ingest_job") + samples("query_job")
    if not sample.name.endswith(("uploaded", "deleted")) and "/list" not in sample.name
]
TOKENS = [sample for sample in samples("oauth") if sample.name.endswith("_success")]
REFUSALS = [sample for sample in samples("oauth") if sample not in TOKENS]


@each_of(ALL)
def test_sample_is_whole(sample):
    folder = SAMPLES / sample.name
    assert sorted(path.name for path in folder.iterdir()) == ["body", "source.txt", "status.json"]
    status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    assert list(status) == ["status", "headers"]
    assert (folder / "source.txt").read_text(encoding="utf-8").strip()
    if "json" in status["headers"].get("Content-Type", ""):
        sample.json  # noqa: B018 - it must be readable


@each_of([sample for sample in ALL if sample.response.status_code < 300])
def test_success_raises_no_fault(sample):
    raise_for_fault(sample.response)


@each_of(TOKENS)
def test_token(sample):
    token = read_token(sample.response, "https://login.salesforce.com")
    assert token.token == sample.json["access_token"]
    assert token.instance_url == "https://acme.my.salesforce.com"
    assert token.token_id_url == sample.json["id"]
    assert "Sample" not in repr(token)


@each_of(REFUSALS)
def test_refusal_is_told_in_plain_words(sample):
    with pytest.raises(errors.TokenRefused) as caught:
        read_token(sample.response, "https://login.salesforce.com")
    assert caught.value.error == sample.json["error"]
    assert sample.json["error_description"] in str(caught.value)
    assert caught.value.hint


def test_each_refusal_has_its_own_words():
    told = set()
    for sample in REFUSALS:
        with pytest.raises(errors.TokenRefused) as caught:
            read_token(sample.response, "https://login.salesforce.com")
        told.add(caught.value.args[0].partition(" (")[0])
    assert len(told) == len(REFUSALS)


@each_of(JOBS)
def test_job(sample):
    job, data = read_job(sample.response), sample.json
    assert (job.id, job.object, job.state) == (data["id"], data["object"], JobState(data["state"]))
    assert job.operation == Operation(data["operation"])
    assert job.api_version == "66.0"
    assert job.number_records_processed == data.get("numberRecordsProcessed")
    assert job.number_records_failed == data.get("numberRecordsFailed")
    assert job.error_message == data.get("errorMessage")
    assert job.external_id_field_name == data.get("externalIdFieldName")


@pytest.mark.parametrize("resource", ["ingest_job", "query_job"])
def test_list_holds_jobs(resource):
    sample = Sample(f"{resource}/list")
    jobs, following = read_job_page(sample.response)
    assert [job.id for job in jobs] == [record["id"] for record in sample.json["records"]]
    assert {job.created_by_id for job in jobs} == {"0058d000004LmNoAAK"}
    assert {job.number_records_processed for job in jobs} == {None}
    assert following is None


def test_list_of_every_kind_leaves_out_what_only_other_apis_know():
    jobs, _ = read_job_page(Sample("ingest_job/list_every_kind").response)
    assert [(job.operation, job.state, job.job_type) for job in jobs] == [
        ("insert", "Open", "V2Ingest"),
        ("insert", "Open", "Classic"),
        ("queryAll", "JobComplete", "V2Query"),
    ]


def test_list_says_where_its_next_page_is():
    jobs, following = read_job_page(Sample("ingest_job/list_first_page").response)
    assert len(jobs) == 1
    assert following == "/services/data/v66.0/jobs/ingest?queryLocator=01gRM000000NS1vYAG-1000"


@pytest.mark.parametrize(
    ("rest", "following"),
    [
        ({"done": True, "nextRecordsUrl": None}, None),
        ({"done": True, "nextRecordsUrl": "/services/data/v66.0/jobs/ingest?queryLocator=1"}, None),
        ({"nextRecordsUrl": ""}, None),
        (
            {"nextRecordsUrl": "services/data/v66.0/jobs/ingest?queryLocator=1"},
            "/services/data/v66.0/jobs/ingest?queryLocator=1",
        ),
        ({"nextRecordsUrl": "https://acme.my.salesforce.com/next"}, "https://acme.my.salesforce.com/next"),
    ],
)
def test_next_page_of_jobs(rest, following):
    assert read_job_page(Response(200, {}, json.dumps({"records": [], **rest}).encode())) == ((), following)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"records":null}', b'{"records":[1]}', b'{"records":[{}]}'])
def test_what_is_no_list_of_jobs_is_named(body):
    with pytest.raises(errors.SalesforceBroken, match="should list jobs"):
        read_job_page(Response(200, {}, body))


def test_limits():
    limits = read_limits(Sample("rest/limits").response)
    assert limits.daily_api_requests == Limit(15_000, 14_997)
    assert limits.daily_bulk_api_batches == Limit(15_000, 14_997)
    assert limits.daily_bulk_v2_query_jobs == Limit(10_000, 9_997)
    assert limits.daily_bulk_v2_query_file_storage_mb == Limit(976_562, 976_559)
    assert limits.data_storage_mb == Limit(1_073, 1_070)


def test_limits_of_single_apps_and_of_other_names():
    limits = read_limits(Sample("rest/limits_per_app").response)
    assert limits == Limits(daily_api_requests=Limit(15_000, 14_998), daily_bulk_api_batches=Limit(10_000, 9_999))


@pytest.mark.parametrize("body", [b"[]", b'{"DailyApiRequests":1}', b'{"DailyApiRequests":{"Max":1}}'])
def test_what_names_no_limits_is_named(body):
    with pytest.raises(errors.SalesforceBroken, match="should name the org's limits"):
        read_limits(Response(200, {}, body))


KINDS = {
    "job_not_found": errors.NotFound,
    "bad_token": errors.SessionExpired,
    "daily_limit": errors.RequestLimitExceeded,
    "concurrent_limit": errors.RequestLimitExceeded,
    "query_daily_limit": errors.RequestLimitExceeded,
    "query_invalid_field": errors.InvalidQuery,
    "query_invalid_type": errors.InvalidQuery,
    "query_malformed": errors.InvalidQuery,
    "query_compound": errors.InvalidQuery,
    "query_aggregate": errors.InvalidQuery,
    "query_version_mismatch": errors.ApiVersionMismatch,
}


@each_of(samples("bulk_errors"))
def test_fault_becomes_the_right_exception(sample):
    error, (said,) = read_fault(sample.response), sample.json
    assert type(error) is KINDS.get(sample.name.partition("/")[2], errors.ApiError)
    assert error.status_code == sample.response.status_code
    assert error.error_code == said["errorCode"]
    assert said["message"].strip() in str(error)


@each_of(samples("bulk_errors") + [sample for sample in samples("ingest_job") if sample.response.status_code >= 400])
def test_no_reader_takes_a_fault_for_an_answer(sample):
    for reader in (read_job, read_job_page, read_describe, read_describe_global, read_limits):
        with pytest.raises(errors.ApiError):
            reader(sample.response)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unavailable_html", errors.SalesforceBroken),
        ("bad_message_html", errors.SalesforceBroken),
        ("too_many_requests_empty", errors.RequestLimitExceeded),
        ("server_error_json", errors.ApiError),
        ("unavailable_json", errors.ApiError),
    ],
)
def test_answer_from_the_edge(name, kind):
    error = read_fault(Sample(f"edge/{name}").response)
    assert type(error) is kind
    assert error.status_code == Sample(f"edge/{name}").response.status_code


def test_entity_deleted_is_an_error_with_its_code():
    assert read_fault(Sample("rest/entity_deleted").response).error_code == "ENTITY_IS_DELETED"


@each_of(samples("ingest_results"))
def test_result_file_has_names_as_sent_and_text_everywhere(sample):
    table = read_result_table(io.BytesIO(sample.response.body))
    first_line = sample.response.body.decode().partition("\n")[0]
    assert table.column_names == [name.strip('"') for name in first_line.split(",")]
    assert all(str(kind) in {"string", "large_string"} for kind in table.schema.types)
    assert (table.num_rows == 0) == sample.name.endswith("_none")


def test_result_file_values_come_as_they_stand():
    rows = read_result_table(io.BytesIO(Sample("ingest_results/successful").response.body)).to_pylist()
    assert [row["sf__Created"] for row in rows] == ["true", "false", "true"]
    assert [row["LastName"] for row in rows] == ["Müller", 'O"Brien, Ben', "two\nlines"]
    assert not rows[1]["Email"]
    numbers = read_result_table(io.BytesIO(Sample("ingest_results/successful_numbers").response.body)).to_pydict()
    assert numbers["AnnualRevenue"] == ["9.12260031E8", "5.8284123E7", "10.0"]
    assert numbers["NumberOfEmployees"] == ["2676", "10", "0"]


@each_of(samples("ingest_results", starting="failed"))
def test_row_errors_split_into_code_message_and_fields(sample):
    for text in read_result_table(io.BytesIO(sample.response.body))["sf__Error"].to_pylist():
        (error,) = split_row_errors(text)
        assert error.code == text.partition(":")[0]
        assert text.startswith(f"{error.code}:{error.message}:")
        assert " ".join(error.fields) == text.rpartition(":")[2].removesuffix("--").strip()


def query_page(body):
    names = read_result_table(io.BytesIO(body)).column_names
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.Table.from_batches(PageReader(io.BytesIO(body), schema, BadCells()), schema)


@pytest.mark.parametrize(
    ("name", "rows", "has_more"),
    [
        ("first_page", 3, True),
        ("last_page", 1, False),
        ("no_locator", 1, False),
        ("empty_locator", 1, False),
        ("no_rows", 0, False),
    ],
)
def test_query_page(name, rows, has_more):
    response = Sample(f"query_results/{name}").response
    head = read_page_head(response.headers)
    assert (head.rows, head.locator is not None) == (rows, has_more)
    found = query_page(response.body).to_pylist()
    assert len(found) == rows
    assert all(list(row)[0] == "Id" and "Account.Name" in row for row in found)  # noqa: RUF015 - the order matters


def test_query_page_keeps_text_that_looks_missing():
    body = Sample("query_results/first_page").response.body
    columns = query_page(body).to_pydict()
    assert columns["FirstName"] == ["Anna", "NA", "null"]
    assert columns["Account.Name"] == [None, 'O"Brien, Ben', "two\nlines"]
    assert columns["MailingPostalCode"] == ["01067", "SW1A 1AA", None]


def test_describe():
    account = read_describe(Sample("describe/account").response)
    assert (account.name, account.key_prefix, len(account.fields)) == ("Account", "001", 8)
    assert account.get("name").is_required
    assert not account.get("Id").is_required
    assert account.get("AnnualRevenue").type is FieldType.CURRENCY
    assert account.get("Industry").picklist_values == ("Banking", "Energy")
    assert account.relationship("Parent").reference_to == ("Account",)


def test_describe_global():
    account, contact = read_describe_global(Sample("describe/global").response)
    assert (account.name, account.label, account.label_plural, account.key_prefix) == (
        "Account",
        "Account",
        "Accounts",
        "001",
    )
    assert (contact.name, contact.key_prefix) == ("Contact", "003")
    assert account.queryable
    assert account.createable
    assert not account.custom
    assert not account.custom_setting


def test_no_resource_is_forgotten():
    """The client reads these, ``bulk_v1`` and ``sf_cli`` in files of their own; the others hold the local org alone."""
    read = {"oauth", "ingest_job", "query_job", "bulk_errors", "edge", "ingest_results", "query_results", "describe"}
    read |= {"bulk_v1", "sf_cli"}
    assert {sample.name.partition("/")[0] for sample in ALL} == read | {"rest", "result_pages"}
