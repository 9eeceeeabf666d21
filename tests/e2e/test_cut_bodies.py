"""Bodies cut off by a real socket on this machine: never a short answer, always an error."""

from __future__ import annotations

import gzip
import re
import socket
import socketserver
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow.csv as pc
import pytest

from sfbulk_pandas.auth import AccessToken
from sfbulk_pandas.errors import ConnectionFailed, ReadTimedOut, RetriesExhausted, TransportError
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

CSV = b'"Id","Name"\n' + b"".join(b'"%d","somebody"\n' % number for number in range(200_000))
PACKED = gzip.compress(CSV, 1)
GET = Request("GET", "/services/data/v66.0/jobs/query/750A/results")


def answer(body, *headers):
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: text/csv", *headers, b"", body])


def chunked(body, size=50_000):
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def length(body):
    return b"Content-Length: %d" % len(body)


CHUNKED = b"Transfer-Encoding: chunked"
GZIP = b"Content-Encoding: gzip"
WHOLE = {
    "length": answer(CSV, length(CSV)),
    "chunked": answer(chunked(CSV) + b"0\r\n\r\n", CHUNKED),
    "length, gzip": answer(PACKED, length(PACKED), GZIP),
    "chunked, gzip": answer(chunked(PACKED) + b"0\r\n\r\n", CHUNKED, GZIP),
    "until the end": answer(CSV, b"Connection: close"),
}
CUT = {
    "length short": answer(CSV[:2_000_000], length(CSV)),
    "length short by a byte": answer(CSV[:-1], length(CSV)),
    "length and nothing": answer(b"", length(CSV)),
    "chunk cut": answer(chunked(CSV)[:1_000_000], CHUNKED),
    "between chunks": answer(chunked(CSV), CHUNKED),
    "chunks, then rubbish": answer(chunked(CSV) + b"zz\r\n", CHUNKED),
    "gzip, length short": answer(PACKED[: len(PACKED) // 2], length(PACKED), GZIP),
    "gzip cut, length fits": answer(PACKED[: len(PACKED) // 2], length(PACKED[: len(PACKED) // 2]), GZIP),
    "gzip cut in its last bytes": answer(PACKED[:-4], length(PACKED[:-4]), GZIP),
    "gzip cut, chunks whole": answer(chunked(PACKED[:-100]) + b"0\r\n\r\n", CHUNKED, GZIP),
    "gzip cut, no length": answer(PACKED[:-100], GZIP, b"Connection: close"),
}


@contextmanager
def server(*replies, reset=False):
    """Answer each connection with the next bytes, the last ones from then on, then hang up."""
    left = list(replies)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked = b""
                    while b"\r\n\r\n" not in asked and (piece := connection.recv(65536)):
                        asked += piece
                    try:
                        connection.sendall(left.pop(0) if len(left) > 1 else left[0])
                    except OSError:
                        continue
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextmanager
def lasting_server(reply):
    """Answer each request with the same bytes; a connection lasts until the other side ends it. Gives its address and
    a list with a place for each connection made."""
    made = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            made.append(self.client_address)
            while self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(reply)

        def finish(self):
            with suppress(OSError):
                super().finish()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", made
        listening.shutdown()


def opened(url, read_seconds=5):
    network = Network(connect_seconds=5, read_seconds=read_seconds)
    return Session(AccessToken("tok", url), clock=NoWait(), network=network)


def take_all(session):
    with session.stream(GET) as streamed:
        return streamed.raw.read()


def fill_all(session):
    """Read into a buffer, as pages are read."""
    buffer, pieces = bytearray(300_000), []
    with session.stream(GET) as streamed:
        while size := streamed.raw.readinto(buffer):
            pieces.append(buffer[:size])
    return b"".join(pieces)


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE)
def test_whole(reply):
    with server(reply) as url, opened(url) as session:
        with session.stream(GET) as streamed:
            assert pc.open_csv(streamed.raw).read_all().num_rows == 200_000
        assert session.send(GET).body == CSV
        assert session.calls == 2
        assert fill_all(session) == CSV


@pytest.mark.parametrize("reply", CUT.values(), ids=CUT)
def test_cut(reply):
    with server(reply) as url, opened(url) as session:
        with pytest.raises(ConnectionFailed) as caught, session.stream(GET) as streamed:
            pc.open_csv(streamed.raw).read_all()
        assert caught.value.may_have_arrived
        assert re.search(r"cut off|broke", str(caught.value))
        with pytest.raises(RetriesExhausted):
            session.send(GET)
        assert session.calls == 6
        with pytest.raises(ConnectionFailed, match=r"cut off|broke"):
            fill_all(session)


def rows(streamed):
    return pc.open_csv(streamed.raw).read_all().num_rows


def test_reading_starts_again_where_the_body_broke_off():
    replies = [CUT["length short"], CUT["chunk cut"], CUT["gzip cut, length fits"], WHOLE["length, gzip"]]
    with server(*replies) as url, opened(url) as session:
        assert session.read(GET, rows) == 200_000
        assert session.calls == 4


def test_reading_ends_where_the_body_always_breaks_off():
    with server(CUT["length short"]) as url, opened(url) as session:
        with pytest.raises(RetriesExhausted, match="5 times"):
            session.read(GET, rows)
        assert session.calls == 5


def test_reset_in_mid_body():
    with server(CUT["length short"], reset=True) as url, opened(url) as session, pytest.raises(TransportError):
        take_all(session)


def test_hang_up_without_an_answer_may_have_arrived():
    put = Request("PUT", "/x", body=b"Id\n1\n", replayable=False)
    with server(b"") as url, opened(url) as session:
        with pytest.raises(ConnectionFailed) as caught:
            session.send(put)
        assert caught.value.may_have_arrived
        assert session.calls == 1


def test_nobody_there_has_surely_not_arrived():
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        url = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    put = Request("PUT", "/x", body=b"Id\n1\n", replayable=False)
    with opened(url) as session:
        with pytest.raises(ConnectionFailed, match="no connection") as caught:
            session.send(put)
        assert not caught.value.may_have_arrived
        assert session.calls == 5


def test_a_stream_left_early_harms_nobody():
    with server(WHOLE["length"]) as url, opened(url) as session:
        with session.stream(GET) as streamed:
            streamed.raw.read(10)
        assert session.send(GET).body == CSV


@pytest.mark.parametrize("name", ["length short", "chunk cut", "gzip, length short"])
def test_a_body_that_stops_coming_is_late(name):
    with lasting_server(CUT[name]) as (url, _), opened(url, read_seconds=0.2) as session, pytest.raises(ReadTimedOut):
        fill_all(session)


LASTING = [name for name in WHOLE if name != "until the end"]


@pytest.mark.parametrize("name", LASTING)
@pytest.mark.parametrize("read", [take_all, fill_all, lambda session: session.send(GET).body])
def test_a_connection_serves_again_once_a_body_is_whole(name, read):
    with lasting_server(WHOLE[name]) as (url, made), opened(url) as session:
        assert read(session) == read(session) == read(session) == CSV
    assert len(made) == 1


def test_a_connection_whose_body_was_left_early_serves_no_more():
    with lasting_server(WHOLE["length"]) as (url, made), opened(url) as session:
        for _ in range(3):
            with session.stream(GET) as streamed:
                assert streamed.raw.readinto(bytearray(1000)) == 1000
        assert fill_all(session) == CSV
    assert len(made) == 4


@pytest.mark.parametrize("name", ["length", "chunked", "until the end"])
def test_bodies_are_received_where_they_are_to_be(name, monkeypatch):
    monkeypatch.delattr("urllib3.response.HTTPResponse.read")  # which receives elsewhere, and copies
    with server(WHOLE[name]) as url, opened(url) as session:
        assert fill_all(session) == CSV
