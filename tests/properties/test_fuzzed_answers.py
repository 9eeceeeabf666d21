"""Whatever comes instead of an answer, every reader reads it or raises an error of ours: soon, and in little room.

``SFBULK_EXAMPLES=1500`` looks longer.
"""

from __future__ import annotations

import io
import resource
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.codec.decode import PageReader, ReadOptions, read_result_table, read_typed_table
from sfbulk_pandas.codec.records import record_texts
from sfbulk_pandas.codec.schema import TypeOptions, arrow_type
from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.columns import json_keys
from sfbulk_pandas.salesforce.row_error import split_row_errors
from sfbulk_pandas.salesforce.soql import parse
from sfbulk_pandas.transport.body import BodyFile
from sfbulk_pandas.transport.retry import failure_of, retry_after_seconds
from sfbulk_pandas.wire import describe, ingest, limits, oauth, query, query_v1, rest_query, server_time
from sfbulk_pandas.wire.faults import read_fault
from sfbulk_pandas.wire.http import Headers

sys.path.insert(0, str(Path(__file__).parent))  # test modules are imported each by its file

from mutations import EXAMPLES, HEADER_VALUES, answers, mutated

SECONDS, MEGABYTES, MESSAGE_CHARS = 5, 200, 10_000
QUERY = parse("SELECT Id, Name, Owner.Name FROM Account")
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@contextmanager
def soon_and_in_little_room():
    """Let nothing through but our own errors, of a length that can be read."""
    begun, room = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = ""
    try:
        yield
    except SfBulkError as error:
        told = str(error)
    assert len(told) < MESSAGE_CHARS
    assert time.process_time() - begun < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - room < MEGABYTES * 1024


def rest_rows(response):
    page = rest_query.read_rest_page(response)
    names = ["Id", "Name", "Owner.Name"]
    record_texts(page.records, dict(zip(names, json_keys(QUERY), strict=True)))


def described(response):
    for field in describe.read_describe(response).fields:
        arrow_type(field, TypeOptions(decimals=True, categories=True, lists=True))


def fault(response):
    error = read_fault(response)
    failure_of(error)
    retry_after_seconds(error.retry_after, 0.0)
    raise error


def token(response):
    oauth.read_token(response, oauth.PRODUCTION_LOGIN)


READERS = {
    "job": (ingest.read_job, "ingest_job", "query_job"),
    "job list": (ingest.read_job_page, "ingest_job", "query_job"),
    "result pages": (query.read_result_pages, "result_pages"),
    "page head": (lambda response: query.read_page_head(response.headers), "query_results"),
    "fault": (fault, "bulk_errors", "edge", "oauth", "bulk_v1"),
    "v1 job": (query_v1.read_job_v1, "bulk_v1"),
    "v1 batch": (query_v1.read_batch, "bulk_v1"),
    "v1 batches": (query_v1.read_batches_v1, "bulk_v1"),
    "v1 results": (query_v1.read_result_list, "bulk_v1"),
    "describe": (described, "describe"),
    "describe global": (describe.read_describe_global, "describe"),
    "limits": (limits.read_limits, "rest"),
    "record count": (limits.read_record_count, "rest"),
    "token": (token, "oauth"),
    "refresh token": (oauth.read_refresh_token, "oauth"),
    "rest page": (rest_rows, "rest"),
    "server time": (server_time.read_server_time, "rest"),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_of_answers_knows_no_error_but_ours(name):
    reader, *resources = READERS[name]

    @EXAMPLES
    @given(answers(*resources))
    def check(response):
        with soon_and_in_little_room():
            reader(response)

    check()


SCHEMA = pa.schema(
    [
        ("Id", pa.string()),
        ("FirstName", pa.string()),
        ("Account.Name", pa.decimal128(18, 2)),
        ("MailingPostalCode", pa.int64()),
        ("HasOptedOutOfEmail", pa.bool_()),
    ]
)
KINDS = [pa.float64(), pa.int64(), pa.bool_(), pa.date32(), pa.timestamp("ms", "UTC"), pa.time32("ms"), pa.string()]


@EXAMPLES
@given(mutated("query_results"), st.sampled_from([16, 64, 1 << 20]), st.integers(0, 3), st.sampled_from(KINDS))
def test_a_page_of_any_bytes_is_rows_or_an_error_of_ours(body, block_bytes, skip_rows, kind):
    schema = pa.schema([field.with_type(kind) if field.name != "Id" else field for field in SCHEMA])
    with soon_and_in_little_room():
        options, buffers = ReadOptions(skip_rows=skip_rows), Buffers(block_bytes)
        for batch in PageReader(io.BytesIO(body), schema, BadCells(), options, buffers=buffers):
            batch.validate(full=True)


@EXAMPLES
@given(mutated("ingest_results"), st.sampled_from([16, 64, 1 << 20]), st.sampled_from(",;|\t^`"))
def test_a_result_file_of_any_bytes_is_rows_or_an_error_of_ours(body, block_bytes, delimiter):
    with soon_and_in_little_room():
        table = read_result_table(io.BytesIO(body), delimiter=delimiter, buffers=Buffers(block_bytes))
        table.validate(full=True)
        for column in (column for name, column in zip(table.column_names, table.columns, strict=True) if "Err" in name):
            for text in column.to_pylist():
                split_row_errors(text)
    with soon_and_in_little_room():
        kinds = iter(KINDS * len(body))
        table, _ = read_typed_table(io.BytesIO(body), lambda _: next(kinds), delimiter=delimiter)
        table.validate(full=True)


class Wire:
    def __init__(self, sent):
        self.sent = io.BytesIO(sent)

    def read(self, amt, decode_content):
        return self.sent.read(amt)


@EXAMPLES
@given(
    mutated(),
    st.sampled_from(["gzip", "gzip", "gzip", "identity", "", "br", "GZIP "]),
    st.booleans(),
    st.data(),
)
def test_a_body_of_any_bytes_is_read_whole_or_fails_with_an_error_of_ours(body, packing, packs, data):
    packed = gzip_with_flips(body, data) if packs else body
    headers = {"Content-Encoding": packing, "Content-Length": data.draw(HEADER_VALUES)}
    with soon_and_in_little_room(), BodyFile(Wire(packed), Headers(headers), "GET /x", lambda *_: None) as file:
        assert len(b"".join(iter(lambda: file.read(1_000), b""))) <= max(len(body), len(packed))


def gzip_with_flips(body, data):
    import gzip

    packed = bytearray(gzip.compress(body, mtime=0))
    for _ in range(data.draw(st.integers(0, 2))):
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    return bytes(packed)[: data.draw(st.sampled_from([len(packed), len(packed) - 1, len(packed) // 2]))]
