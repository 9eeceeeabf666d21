"""Unpacking gzip: the same from isal and from zlib, whole or an error."""

import gzip
import itertools
import random
import zlib

import pytest

from sfbulk_pandas.errors import ConnectionFailed
from sfbulk_pandas.transport import gunzip
from sfbulk_pandas.transport.body import BodyFile
from sfbulk_pandas.wire.http import Headers

TEXT = b'"Id","Name"\n' + b"".join(b'"%d","Z\xc3\xbcrich %d"\n' % (number, number * 7919) for number in range(300))
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.fixture(autouse=True, params=["zlib", "isal"])
def inflater(request, monkeypatch):
    name = request.param
    module = zlib if name == "zlib" else pytest.importorskip("isal.isal_zlib", reason="isal is not installed")
    monkeypatch.setattr(gunzip, "inflater", module)


class Wire:
    """Give a body in pieces of at most some size."""

    def __init__(self, body, size):
        self.body = body
        self.size = size

    def read(self, amt, decode_content):
        assert not decode_content
        piece, self.body = self.body[: min(amt, self.size)], self.body[min(amt, self.size) :]
        return piece


def unpacked(body, size=10**6, ask=-1):
    headers = Headers({"Content-Encoding": "gzip"})
    file = BodyFile(Wire(body, size), headers, "GET /x", lambda *_: None)
    if ask < 0:
        return file.read()
    return b"".join(iter(lambda: file.read(ask), b""))


@pytest.mark.parametrize(("size", "ask"), list(itertools.product([1, 7, 1000, 10**6], [1, 13, 4096, 10**6])))
def test_any_size_of_pieces_gives_the_same(size, ask):
    assert unpacked(PACKED, size, ask) == TEXT


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_any_level(level):
    text = TEXT * 200 + random.Random(1).randbytes(300_000)
    assert unpacked(gzip.compress(text, level), 5000, 70_000) == text


@pytest.mark.parametrize("size", [1, 5, 10**6])
def test_several_members_follow_each_other(size):
    sent = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b"two")
    assert unpacked(sent, size) == b"one" + TEXT + b"two"


def test_a_stream_cut_at_any_byte_is_an_error():
    for length in range(1, len(PACKED)):
        with pytest.raises(ConnectionFailed):
            unpacked(PACKED[:length], ask=1000)


def test_a_second_member_cut_at_any_byte_is_an_error():
    second = gzip.compress(b"two")
    for length in range(1, len(second)):
        with pytest.raises(ConnectionFailed):
            unpacked(PACKED + second[:length])


def test_a_bit_that_fell_over_never_gives_another_text():
    refused = 0
    for place in range(len(PACKED)):
        sent = bytearray(PACKED)
        sent[place] ^= 1 << place % 8
        try:
            assert unpacked(bytes(sent)) == TEXT
        except ConnectionFailed:
            refused += 1
    assert refused >= len(PACKED) - 11  # of the header's 10 bytes some say nothing, nor do the bits before the trailer


@pytest.mark.parametrize("rubbish", [b"x", b"rubbish" * 100, b"\0\0x", b"\x1f\x8b", b"\n"])
@pytest.mark.parametrize("size", [1, 10**6])
def test_rubbish_after_the_end_is_an_error(rubbish, size):
    with pytest.raises(ConnectionFailed):
        unpacked(PACKED + rubbish, size)


@pytest.mark.parametrize("size", [1, 10**6])
def test_zero_bytes_after_a_member_are_padding(size):
    assert unpacked(PACKED + b"\0", size) == TEXT
    assert unpacked(PACKED + bytes(100_000) + gzip.compress(b"two") + bytes(7), size) == TEXT + b"two"


def test_zero_bytes_alone_are_no_gzip_and_nothing_is_nothing():
    with pytest.raises(ConnectionFailed):
        unpacked(bytes(20))
    assert unpacked(b"") == b""


def test_a_bomb_is_unpacked_no_further_than_asked():
    unpacker = gunzip.Gunzip()
    unpacker.feed(gzip.compress(bytes(50_000_000)))
    assert len(unpacker.take(1000)) == 1000
    assert not unpacker.complete


def test_what_a_piece_holds_is_given_before_the_next_is_asked_for():
    packed = gzip.compress(b"ab" * 20_000)
    for length in range(len(packed)):
        unpacker = gunzip.Gunzip()
        unpacker.feed(packed[:length])
        given = b"".join(iter(lambda: unpacker.take(10), b""))  # noqa: B023 - used at once
        assert given == zlib.decompressobj(31).decompress(packed[:length])
