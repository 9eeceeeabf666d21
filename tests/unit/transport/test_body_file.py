"""The body of an answer as a file: whole or an error, packed or not."""

from __future__ import annotations

import gc
import gzip
import io

import pyarrow as pa
import pyarrow.csv as pc
import pytest
import urllib3.exceptions as u3

from sfbulk_pandas.errors import ConnectionFailed, ReadTimedOut
from sfbulk_pandas.transport.body import BodyFile
from sfbulk_pandas.wire.http import Headers

CSV = b'"Id","Name"\n' + b"".join(b'"%d","Z\xc3\xbcrich"\n' % number for number in range(50_000))


class Wire:
    """Give pieces as they came; an exception among them is raised."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def read(self, amt, decode_content):
        assert not decode_content
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        if len(piece) > amt:
            self.pieces.insert(0, piece[amt:])
        return piece[:amt]


def body(*pieces, closed=None, **headers):
    names = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    ends = [] if closed is None else closed
    return BodyFile(Wire(*pieces), Headers(names), "GET /x", lambda *_: ends.append(1))


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6, 10**8])
@pytest.mark.parametrize("packed", [False, True])
def test_any_block_size(size, packed):
    text = CSV[:20_000] if size < 1000 else CSV
    sent = gzip.compress(text) if packed else text
    file = body(sent, content_length=len(sent), **({"content_encoding": "gzip"} if packed else {}))
    pieces = []
    while piece := file.read(size):
        pieces.append(piece)
    assert b"".join(pieces) == text
    assert all(len(piece) == size for piece in pieces[:-1])
    assert file.received_bytes == len(sent)
    assert file.read(size) == b""


@pytest.mark.parametrize("packed", [False, True])
def test_arrow_reads_it(packed):
    sent = gzip.compress(CSV) if packed else CSV
    file = body(sent, **({"content_encoding": "gzip"} if packed else {}))
    table = pc.open_csv(pa.PythonFile(file, mode="r")).read_all()
    assert table.num_rows == 50_000


@pytest.mark.parametrize("size", [1, 1000, 10**6, 10**8])
@pytest.mark.parametrize("packed", [False, True])
def test_a_buffer_is_filled_piece_by_piece(size, packed):
    text = CSV[:20_000] if size < 1000 else CSV
    sent = gzip.compress(text) if packed else text
    file = body(sent, content_length=len(sent), **({"content_encoding": "gzip"} if packed else {}))
    buffer, pieces = bytearray(size), []
    assert file.readinto(bytearray(0)) == 0
    while got := file.readinto(buffer):
        pieces.append(buffer[:got])
    assert b"".join(pieces) == text
    assert file.received_bytes == len(sent)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_cut_short_fills_no_buffer_silently(packed):
    sent = gzip.compress(CSV) if packed else CSV
    file = body(sent[:-1], **({"content_encoding": "gzip"} if packed else {"content_length": len(sent)}))
    with pytest.raises(ConnectionFailed):
        list(iter(lambda: file.readinto(bytearray(1000)), 0))


def test_python_reads_it_too():
    assert io.BufferedReader(body(CSV)).readline() == b'"Id","Name"\n'
    assert io.TextIOWrapper(body(CSV), encoding="utf-8").readlines()[1] == '"0","Zürich"\n'
    assert body(CSV).read() == body(CSV).read(None) == body(CSV).readall() == CSV
    assert body(CSV).read(0) == b""
    assert body(CSV).readable()
    assert not body(CSV).seekable()


def test_several_gzip_members_follow_each_other():
    sent = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"two" * 100_000)
    assert (
        body(*[sent[at : at + 5] for at in range(0, len(sent), 5)], content_encoding="gzip").read()
        == b"one" + b"two" * 100_000
    )


def test_a_packed_bomb_stays_small_in_memory():
    sent = gzip.compress(bytes(50_000_000))
    file = body(sent, content_encoding="x-gzip")
    assert len(file.read(1000)) == 1000


@pytest.mark.parametrize(
    "file",
    [
        lambda: body(CSV[:-1], content_length=len(CSV)),
        lambda: body(content_length=5),
        lambda: body(gzip.compress(CSV)[:-1], content_encoding="gzip"),
        lambda: body(gzip.compress(CSV)[:5000], content_encoding="gzip"),
        lambda: body(gzip.compress(CSV)[:5], content_encoding="gzip"),
        lambda: body(gzip.compress(b"a") + gzip.compress(b"b")[:-3], content_encoding="gzip"),
        lambda: body(CSV[:100], u3.ProtocolError("Connection broken", ConnectionResetError())),
        lambda: body(CSV[:100], u3.IncompleteRead(100, 5)),
        lambda: body(CSV[:100], ConnectionResetError("reset")),
        lambda: body(CSV, content_encoding="gzip"),
        lambda: body(gzip.compress(CSV)[:20] + b"rubbish" * 100, content_encoding="gzip"),
    ],
)
def test_what_is_short_or_garbled_raises(file):
    with pytest.raises(ConnectionFailed) as caught:
        file().read()
    assert caught.value.may_have_arrived
    assert caught.value.__context__ is None
    with pytest.raises(ConnectionFailed):
        pc.open_csv(file()).read_all()


def test_length_is_not_looked_at_where_the_body_is_chunked():
    assert body(CSV, content_length=3, transfer_encoding="chunked").read() == CSV


def test_empty_packed_body_is_empty():
    assert body(content_encoding="gzip", content_length=0).read() == b""


def test_unknown_packing():
    with pytest.raises(ConnectionFailed, match="'br'"):
        body(b"x", content_encoding="br")


def test_slow_body():
    with pytest.raises(ReadTimedOut):
        body(b"a", u3.ReadTimeoutError(None, "/x", "slow")).read()


def test_closed_once():
    closed = []
    file = body(CSV, closed=closed)
    file.close()
    file.close()
    assert closed == [1]
    assert file.closed


def test_a_body_that_cannot_be_opened_is_closed_with_nothing_received():
    closed = []
    with pytest.raises(ConnectionFailed) as caught:
        BodyFile(Wire(b""), Headers({"Content-Encoding": "zstd"}), "GET /x", lambda *told: closed.append(told))
    assert closed == [(0, "ConnectionFailed")]  # at once, not when the error lets go of the file
    del caught
    gc.collect()
    assert closed == [(0, "ConnectionFailed")]
