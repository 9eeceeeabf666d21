"""CSV that never ends: a line of a gigabyte, a million columns, quotes that do not close; refused, in little room."""

from __future__ import annotations

import io
import sys
from itertools import chain, repeat
from pathlib import Path

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.blocks import Buffers, row_blocks
from sfbulk_pandas.codec.decode import PageReader, read_result_table
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.limits import MAX_ANSWER_COLUMNS, MAX_FIELD_CHARS

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from room import room_taken

GIGABYTE = 1 << 30
MEGABYTES = 250  # a row of 64 MB, the buffer that it grew out of, and what Arrow takes to say no
SCHEMA = pa.schema([("Id", pa.string()), ("Name", pa.string())])


class Pieces:
    """A body that is made while it is read, and counts what was taken of it."""

    def __init__(self, pieces):
        self._pieces = iter(pieces)
        self._rest = b""
        self.taken = 0

    def readinto(self, buffer):
        self._rest = self._rest or next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        self.taken += size
        return size


def endless(start, piece):
    return Pieces(chain([start], repeat(piece, GIGABYTE // len(piece))))


def page_rows(raw):
    return sum(batch.num_rows for batch in PageReader(raw, SCHEMA, BadCells()))


@pytest.mark.parametrize(
    ("read", "start", "piece"),
    [
        (page_rows, b'Id,Name\n"1","', b"x" * 65_536),
        (read_result_table, b"Id,Name\n1,", b"x" * 65_536),
        (read_result_table, b'Id,Name\n"1","\n', b'"1","a"\n' * 8_192),
        (read_result_table, b'Id,Name\n"1","', b'""' * 32_768),
        (read_result_table, b'Id,Name\n"1","', b"\n" * 65_536),
        (read_result_table, b"", b"x" * 65_536),
    ],
    ids=["line", "bare line", "open quote", "quotes", "breaks", "header"],
)
def test_a_row_of_a_gigabyte_is_refused_before_it_is_held(read, start, piece):
    raw = endless(start, piece)
    with room_taken() as room, pytest.raises(DecodeError, match="cannot be read"):
        read(raw)
    assert raw.taken < GIGABYTE / 2
    assert room.megabytes < MEGABYTES


def test_a_record_as_large_as_salesforce_allows_is_read():
    cell = "ä" * MAX_FIELD_CHARS
    text = f'Id,Name\n"1","{cell}"\n"2","{cell}"\n'.encode()
    raw = Pieces([text])
    assert read_result_table(io.BytesIO(text), buffers=Buffers(4_096)).column("Name").to_pylist() == [cell, cell]
    assert page_rows(raw) == 2


def test_line_ends_are_found_far_from_each_other_whatever_is_quoted():
    row = b'"1","' + b'a""\n' * 600_000 + b'"\n'  # more than two strides
    blocks = [bytes(block) for block in row_blocks(io.BytesIO(row * 3), Buffers(5_000))]
    assert b"".join(blocks) == row * 3
    assert all(block.endswith(b'"\n') and block.startswith(b'"1"') for block in blocks)


@pytest.mark.parametrize("read", [page_rows, read_result_table], ids=["page", "result file"])
def test_a_million_columns_are_refused(read):
    names = b",".join(b"c%d" % place for place in range(1_000_000))
    with room_taken() as room, pytest.raises(DecodeError, match=f"more than {MAX_ANSWER_COLUMNS:,} columns") as caught:
        read(io.BytesIO(names + b"\n" + b"," * 999_999 + b"\n"))
    assert len(str(caught.value)) < 500
    assert room.megabytes < MEGABYTES


@pytest.mark.parametrize("read", [page_rows, read_result_table], ids=["page", "result file"])
def test_a_million_cells_in_a_row_are_refused(read):
    with room_taken() as room, pytest.raises(DecodeError, match="Expected 2 columns, got 1000000") as caught:
        read(io.BytesIO(b'"Id","Name"\n"1","a"\n' + b"x," * 999_999 + b"x\n"))
    assert len(str(caught.value)) < 10_000
    assert room.megabytes < MEGABYTES


def test_columns_that_were_not_asked_for_are_named_no_longer_than_anyone_reads():
    names = [f"Field_{place}__c" for place in range(MAX_ANSWER_COLUMNS - 2)]
    with pytest.raises(DecodeError, match="columns are not those of the query") as caught:
        page_rows(io.BytesIO(",".join(["Id", "Name", *names]).encode() + b"\n"))
    assert len(str(caught.value)) < 10_000
    assert caught.value.surplus == names


@pytest.mark.parametrize("read", [page_rows, read_result_table], ids=["page", "result file"])
@pytest.mark.parametrize("rows", [b'"1","a\n', b'"1","a"\n"2","b\n"3","c"\n', b'"1","a""\n', b'"1","\n' * 999])
def test_quotes_that_do_not_close_are_no_rows(read, rows):
    with pytest.raises(DecodeError, match="ends inside quotes"):
        read(io.BytesIO(b'"Id","Name"\n' + rows))


def test_a_name_longer_than_any_header_is_refused():
    with pytest.raises(DecodeError, match="its header is none"):
        read_result_table(io.BytesIO(b"x" * 140_000 + b"\n1\n"))
