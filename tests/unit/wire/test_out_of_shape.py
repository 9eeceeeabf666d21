"""Values that fuzzing has found readers to stumble over: each is an error of ours now, or has no effect."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.schema import TypeOptions, arrow_type
from sfbulk_pandas.errors import ApiError, SalesforceBroken
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType
from sfbulk_pandas.transport.retry import retry_after_seconds
from sfbulk_pandas.wire.describe import read_describe, read_describe_global
from sfbulk_pandas.wire.faults import read_fault
from sfbulk_pandas.wire.hosts import is_trusted
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.ingest import read_job, read_job_page
from sfbulk_pandas.wire.limits import read_limits, read_record_count
from sfbulk_pandas.wire.oauth import read_refresh_token
from sfbulk_pandas.wire.query import PageHead, read_page_head, read_result_pages
from sfbulk_pandas.wire.query_v1 import read_batch, read_batches_v1, read_job_v1
from sfbulk_pandas.wire.rest_query import read_rest_page
from sfbulk_pandas.wire.server_time import read_server_time

DEEP = 100_000
JOB = {"id": "750", "operation": "insert", "object": "Account", "state": "Open"}


def answer(value, **headers):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(200, headers, body)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (read_job, JOB | {"numberRecordsProcessed": float("inf")}),
        (read_job, JOB | {"apiVersion": 10**400}),
        (read_job_page, {"records": [JOB | {"retries": float("inf")}]}),
        (read_limits, {"DailyApiRequests": {"Max": float("inf"), "Remaining": 1}}),
        (read_record_count, {"sObjects": [{"count": float("inf")}]}),
        (read_rest_page, {"totalSize": float("inf"), "records": []}),
        (read_rest_page, {"totalSize": 1, "records": [None]}),
        (read_rest_page, {"totalSize": 1, "records": "text"}),
        (read_batch, {"id": "751", "state": "Queued", "numberRecordsProcessed": float("inf")}),
        (read_describe, {"name": "A", "fields": [{"name": "F", "type": "double", "precision": "many"}]}),
        (read_describe, {"name": "A", "fields": [{"name": "F", "type": "double", "scale": float("inf")}]}),
        (read_describe_global, {"sobjects": [3]}),
        (read_describe_global, {"sobjects": ["text"]}),
        (read_describe_global, {"sobjects": [{"label": "without a name"}]}),
        (read_describe_global, {"sobjects": [{"name": "A", "keyPrefix": 5}]}),
        (read_describe_global, {"sobjects": [{"name": "A", "labelPlural": ["As"]}]}),
        (read_result_pages, {"resultPages": 5, "done": True}),
        (read_job_v1, b"<a>" * DEEP),
        (read_job_v1, b"<a>" * DEEP + b"</a>" * DEEP),
        (read_batches_v1, b"[" * DEEP + b"]" * DEEP),
        (read_job, b"[" * DEEP + b"]" * DEEP),
    ],
)  # fmt: skip
def test_an_answer_out_of_shape_is_broken(read, value):
    with pytest.raises(SalesforceBroken):
        read(answer(value))


def test_where_the_next_list_of_pages_is_is_a_text():
    with pytest.raises(SalesforceBroken, match="should list result pages and does not"):
        read_result_pages(answer({"resultPages": [], "done": False, "nextRecordsUrl": 5}))


@pytest.mark.parametrize("value", [None, [], 5, "text", {"refresh_token": 5}])
def test_no_new_refresh_token_is_read_where_there_is_none(value):
    assert read_refresh_token(answer(value)) is None


@pytest.mark.parametrize("body", [b"<a>" * DEEP + b"</a>" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"message":' * DEEP])
def test_an_error_nested_without_end_keeps_its_status(body):
    error = read_fault(Response(503, {}, body))
    assert (type(error), error.status_code) == (SalesforceBroken, 503)


def test_a_redirect_to_no_address_is_told_as_such():
    error = read_fault(Response(302, {"Location": "https://[half"}, b""))
    assert isinstance(error, ApiError)
    assert "to somewhere else" in str(error)


@pytest.mark.parametrize("rows", ["9" * 5_000, "-1", "many", "", "1" * 19])
def test_a_count_that_is_none_is_not_counted_with(rows):
    assert read_page_head({"Sforce-NumberOfRecords": rows, "Sforce-Locator": "x"}) == PageHead(None, "x")


DATES = [
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2026 99999999999:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -1200",
]


@pytest.mark.parametrize("date", DATES)
def test_a_date_out_of_this_world_is_none(date):
    with pytest.raises(SalesforceBroken, match="does not say when"):
        read_server_time(answer({}, Date=date))
    wait = retry_after_seconds(date, 0.0)
    assert wait is None or wait >= 0.0


def test_a_date_is_read():
    assert read_server_time(answer({}, Date="Thu, 01 Jan 2026 00:00:00 GMT")) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("precision", "scale"), [(39, 2), (5, 6), (-1, 0), (0, 0), (10**9, 0)])
def test_a_precision_that_no_decimal_has_leaves_a_double(precision, scale):
    field = FieldDescribe("F", FieldType.DOUBLE, precision=precision, scale=scale)
    assert arrow_type(field, TypeOptions(decimals=True)) == pa.float64()
    fits = FieldDescribe("F", FieldType.DOUBLE, precision=38, scale=38)
    assert arrow_type(fits, TypeOptions(decimals=True)) == pa.decimal128(38, 38)


def test_half_an_address_is_not_trusted():
    assert not is_trusted("https://[half")
