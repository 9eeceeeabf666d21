"""Blocks of CSV end where a row ends, wherever the stream is cut."""

import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.codec import blocks
from sfbulk_pandas.codec.blocks import Buffers, row_blocks
from sfbulk_pandas.errors import DecodeError

SHARP = st.text(st.sampled_from('a",;\n\r |'), max_size=5)


def written(rows, delimiter=",", quoting=csv.QUOTE_ALL):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def cut(body, block_bytes, window_bytes, delimiter=","):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_WINDOW_BYTES", window_bytes)
        return [bytes(each) for each in row_blocks(io.BytesIO(body), Buffers(block_bytes), delimiter)]


@given(
    st.lists(st.lists(SHARP, min_size=2, max_size=2), max_size=20),
    st.sampled_from(",;|"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(1, 80),
    st.integers(1, 40),
)
def test_every_block_holds_whole_rows_whatever_the_texts(rows, delimiter, quoting, block_bytes, window_bytes):
    if quoting == csv.QUOTE_MINIMAL:  # Python leaves a lone CR unquoted, and then takes it for a line end
        rows = [[text.replace("\r", "") for text in row] for row in rows]
    body = written(rows, delimiter, quoting)
    found = cut(body, block_bytes, window_bytes, delimiter)
    assert b"".join(found) == body
    parsed = [list(csv.reader(io.StringIO(each.decode(), newline=""), delimiter=delimiter)) for each in found]
    assert [row for block in parsed for row in block] == rows


def test_texts_that_look_like_row_ends_are_none():
    text = 'x"\n"y","z"\n"'
    body = written([["1", text], ["2", text], ["3", ""], ["4", ""]] * 50)
    for block_bytes in range(16, 120):
        for each in cut(body, block_bytes, 8):
            rows = list(csv.reader(io.StringIO(each.decode(), newline="")))
            assert {tuple(row) for row in rows} <= {("1", text), ("2", text), ("3", ""), ("4", "")}


def test_only_the_end_of_a_block_is_looked_at(monkeypatch):
    looked_at = []

    def watched(buffer, start, size, quotes_before):
        looked_at.append(size - start)
        return find(buffer, start, size, quotes_before)

    find = blocks._last_newline
    monkeypatch.setattr(blocks, "_last_newline", watched)
    body = written([["1", "some text"]] * 20_000)
    assert b"".join(bytes(each) for each in row_blocks(io.BytesIO(body), Buffers(100_000))) == body
    assert max(looked_at) <= blocks._WINDOW_BYTES


def test_blocks_are_as_large_as_asked_for_and_grow_only_for_a_larger_row():
    body = written([["1", "x" * 90]] * 50 + [["2", "y" * 1000]] + [["3", "z" * 90]] * 50)
    sizes = [len(each) for each in cut(body, 300, 16)]
    assert sizes[0] == 291
    assert sum(sizes) == len(body)
    assert 1000 < max(sizes) <= 2400


def test_a_row_end_far_from_the_end_of_a_block_is_found():
    body = written([["1", 'x"y' * 30]] * 50)
    assert max(len(each) for each in cut(body, 400, 16)) <= 400


@pytest.mark.parametrize("body", [b'"a\n', b'"a","b\n', b'"a"\n"b"",', b'"a"\n' * 100 + b'"'])
@pytest.mark.parametrize("block_bytes", [1, 1000])
def test_an_end_inside_quotes_is_an_error(body, block_bytes):
    with pytest.raises(DecodeError, match="ends inside quotes"):
        list(row_blocks(io.BytesIO(body), Buffers(block_bytes)))


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbfa\n", b"a", b"\xef\xbb", b"\n"])
def test_a_byte_order_mark_is_left_out(body):
    assert b"".join(row_blocks(io.BytesIO(body), Buffers(1))) == body.removeprefix(b"\xef\xbb\xbf")


def test_streams_that_give_a_few_bytes_at_a_time_are_cut_alike():
    class Slow(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[: random.randint(1, 9)])

    body = written([[str(i), "x" * (i % 30)] for i in range(300)])
    assert [bytes(each) for each in row_blocks(Slow(body), Buffers(500))] == cut(body, 500, 1 << 16)


def test_a_block_stays_as_it_is_until_it_is_given_back():
    body = written([[str(i), "x" * (i % 30)] for i in range(300)])
    assert b"".join(list(row_blocks(io.BytesIO(body), Buffers(200)))) == body


def test_what_is_given_back_is_used_again():
    buffers, places, found = Buffers(200), set(), []
    body = written([[str(i), "x" * (i % 30)] for i in range(300)])
    for block in row_blocks(io.BytesIO(body), buffers):
        found.append(bytes(block))
        places.add(id(block.obj))
        buffers.give_back(block)
    assert b"".join(found) == body
    assert len(places) < len(found) / 10


def test_what_a_buffer_held_before_is_no_byte_order_mark():
    buffers = Buffers(32)
    for block in row_blocks(io.BytesIO(b"..\xbf\n"), buffers):
        buffers.give_back(block)
    for block in row_blocks(io.BytesIO(b".\xbb"), buffers):
        buffers.give_back(block)
    assert b"".join(row_blocks(io.BytesIO(b"\xef"), buffers)) == b"\xef"


def test_a_buffer_that_is_too_small_for_the_rest_of_a_larger_block_is_not_used():
    buffers = Buffers(40)
    block = memoryview(bytearray(40))[:30]  # as long as somebody looks at it, it cannot grow
    buffers.give_back(block)
    buffer = buffers.begun(b"x" * 90)
    assert buffer.startswith(b"x" * 90)
    assert len(buffer) > 90
