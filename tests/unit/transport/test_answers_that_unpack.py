"""A few kB of gzip unpack to any size: answers are bounded by what Salesforce sends, streams by what is read."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.decode import PageReader
from sfbulk_pandas.errors import NotFound, SalesforceBroken, SessionExpired
from sfbulk_pandas.salesforce.limits import MAX_ANSWER_BYTES, MAX_FAULT_BYTES
from sfbulk_pandas.transport.body import BodyFile, whole_answer
from sfbulk_pandas.transport.exchange import Opened
from sfbulk_pandas.wire.faults import read_fault
from sfbulk_pandas.wire.http import Headers, Response

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from room import room_taken

MEGABYTE = 1 << 20
PACKED = Headers({"Content-Encoding": "gzip"})


class Wire:
    def __init__(self, sent):
        self._sent = io.BytesIO(sent)
        self.taken = 0

    def read(self, amt, decode_content):
        piece = self._sent.read(amt)
        self.taken += len(piece)
        return piece


def bomb(megabytes, start=b"", piece=b" "):
    """Pack so many MB of one piece; a member for each, as gzip allows."""
    return gzip.compress(start, mtime=0) + gzip.compress(piece * (MEGABYTE // len(piece)), 9, mtime=0) * megabytes


def opened(status, packed):
    return Opened(status, PACKED, BodyFile(Wire(packed), PACKED, "GET /x", lambda *_: None), None)


def test_an_answer_that_unpacks_without_end_is_refused_and_begins_as_shown():
    packed = bomb(2_000, b'{"id": "750"')
    assert len(packed) < 3 * MEGABYTE
    with room_taken() as room, pytest.raises(SalesforceBroken, match="has more than 33,554,432 bytes") as caught:
        opened(200, packed).whole()
    assert caught.value.body_start.startswith('{"id": "750"')
    assert room.megabytes < 3 * MAX_ANSWER_BYTES / MEGABYTE


def test_an_answer_as_long_as_allowed_is_read():
    body = b"[" + b" " * (MAX_ANSWER_BYTES - 2) + b"]"
    assert opened(200, gzip.compress(body, 1)).whole().json() == []
    with pytest.raises(SalesforceBroken):
        opened(200, gzip.compress(body + b" ", 1)).whole()


def test_of_an_error_the_first_part_is_enough():
    with room_taken() as room:
        response = opened(404, bomb(2_000, b"<html>Not here")).whole()
        error = read_fault(response)
    assert len(response.body) == MAX_FAULT_BYTES
    assert isinstance(error, NotFound)
    assert "<html>Not here" in str(error)
    assert room.megabytes < 20


def test_a_token_longer_than_the_part_of_an_error_that_is_shown_is_masked():
    body = b"x" * 290 + b" Bearer " + b"Z" * 5_000
    assert "Z" not in Response(500, {}, body).start()


def test_an_error_with_a_message_without_end_is_cut():
    error = read_fault(Response(401, {}, b'[{"errorCode":"INVALID_SESSION_ID","message":"' + b"x" * 10**6 + b'"}]'))
    assert isinstance(error, SessionExpired)
    assert len(str(error)) < 10_000
    assert str(error).startswith("INVALID_SESSION_ID: xxx")


def test_pages_that_unpack_to_a_hundred_times_their_size_pass_through_in_little_room():
    packed = bomb(300, b'"Id","Name"\n', b'"001","' + b"a" * 16_375 + b'"\n')
    assert len(packed) < 2 * MEGABYTE
    schema = pa.schema([("Id", pa.string()), ("Name", pa.string())])
    with room_taken() as room:
        file = BodyFile(Wire(packed), PACKED, "GET /x", lambda *_: None)
        assert sum(batch.num_rows for batch in PageReader(file, schema, BadCells())) == 300 * 64
    assert room.megabytes < 120


def test_a_limit_of_its_own_may_be_given():
    with pytest.raises(SalesforceBroken, match="has more than 10 bytes"):
        whole_answer(200, PACKED, BodyFile(Wire(gzip.compress(b"x" * 11)), PACKED, "GET /x", lambda *_: None), 10)
