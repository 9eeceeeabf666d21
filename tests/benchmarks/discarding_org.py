"""An org that costs nothing: ingest jobs on loopback, in a process of its own, that count their bytes and drop them.

It answers as Salesforce does, and hands out result files that were prepared for an upload, which it knows by its size
and beginning. ``with DiscardingOrg(folder) as org: ...`` in a benchmark; this file, run as a script, is the server.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

TOKEN = "00D000000000001AAA!discarding"
IDENTITY = "00D000000000001AAA/005000000000001AAA"
RESULTS = ("successfulResults", "failedResults", "unprocessedrecords")
COUNTS = "counts.json"
_PIECE_BYTES = 1 << 20
_KNOWN_BY_BYTES = 1 << 16


def folder_of(folder, size, beginning):
    """Return where the results of an upload lie: its size, and at least 65,536 bytes of its beginning, tell it."""
    return Path(folder) / f"{size}-{zlib.crc32(beginning[:_KNOWN_BY_BYTES]):08x}"


class DiscardingOrg:
    """Start the org, and stop it at the end of the context.

    Parameters
    ----------
    folder : path
        Where results are prepared; may be filled while the org runs.
    describes : path
        A JSON file: object -> its describe.
    """

    def __init__(self, folder, describes):
        self._command = [sys.executable, __file__, str(folder), str(describes)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self.host = f"127.0.0.1:{int(self._process.stdout.readline())}"
        self.url = f"http://{self.host}"
        return self

    def __exit__(self, *exc_info):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


def closed(host):
    """Return what was uploaded since this was last asked: ``jobs``, ``bytes``, and ``at``, when the last one closed.

    The time is that of ``time.monotonic``, which all processes of a machine share (Linux).
    """
    with closing(HTTPConnection(host)) as connection:
        connection.request("GET", "/closed")
        return json.loads(connection.getresponse().read())


class _Jobs:
    """The jobs of the org, and what was uploaded since somebody last asked."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.held = {}
        self.results = {}
        self.fresh = {"jobs": 0, "bytes": 0, "at": 0.0}

    def create(self, wanted):
        with self.lock:
            job_id = f"750{len(self.held) + 1:012}AAA"
            self.held[job_id] = {
                "id": job_id,
                **{name: wanted[name] for name in ("object", "operation", "externalIdFieldName") if name in wanted},
                "createdById": IDENTITY.rpartition("/")[2],
                "createdDate": "2026-01-01T00:00:00.000+0000",
                "systemModstamp": "2026-01-01T00:00:00.000+0000",
                "state": "Open",
                "concurrencyMode": "Parallel",
                "contentType": "CSV",
                "apiVersion": 66.0,
                "contentUrl": f"services/data/v66.0/jobs/ingest/{job_id}/batches",
                "lineEnding": wanted.get("lineEnding", "LF"),
                "columnDelimiter": wanted.get("columnDelimiter", "COMMA"),
            }
            return self.held[job_id]

    def uploaded(self, job_id, size, beginning):
        folder = folder_of(self.folder, size, beginning)
        counts = {"numberRecordsProcessed": 0, "numberRecordsFailed": 0}
        if folder.exists():
            counts = json.loads((folder / COUNTS).read_text("utf-8"))
        with self.lock:
            self.held[job_id] |= counts
            self.results[job_id] = folder
            self.fresh["bytes"] += size

    def move(self, job_id, state):
        job = self.held[job_id]
        answer = job | {"state": state}
        with self.lock:
            job["state"] = "JobComplete" if state == "UploadComplete" else state
            self.fresh["jobs"] += state == "UploadComplete"
            self.fresh["at"] = time.monotonic()
        return answer

    def taken(self):
        with self.lock:
            taken, self.fresh = self.fresh, {"jobs": 0, "bytes": 0, "at": 0.0}
        return taken


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    jobs: ClassVar[_Jobs]
    describes: ClassVar[dict]

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/services/oauth2/token"):
            url = f"http://{self.headers['Host']}"
            token = {"access_token": TOKEN, "instance_url": url, "id": f"{url}/id/{IDENTITY}", "token_type": "Bearer"}
            return self._json(token)
        return self._json(self.jobs.create(json.loads(body)))

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return self._json(self.jobs.move(self._job_id(), body["state"]))

    def do_PUT(self):
        size = int(self.headers["Content-Length"])
        beginning = b""
        while len(beginning) < min(size, _KNOWN_BY_BYTES):
            beginning += self._some(self.rfile.read1(_KNOWN_BY_BYTES - len(beginning)))
        left, room = size - len(beginning), bytearray(_PIECE_BYTES)
        while left:
            # MSG_TRUNC: the kernel drops the bytes without handing them out (Linux, tcp(7)).
            left -= self.connection.recv_into(room, min(left, _PIECE_BYTES), socket.MSG_TRUNC) or self._some(b"")
        self.jobs.uploaded(self._job_id(), size, beginning)
        self._answer(201, "text/plain", 0)

    @staticmethod
    def _some(data):
        if not data:
            raise ConnectionError("the upload broke off")
        return data

    def do_GET(self):  # noqa: PLR0911 - a route a line
        above, _, name = self.path.partition("?")[0].strip("/").rpartition("/")
        if self.path == "/closed":
            return self._json(self.jobs.taken())
        if name == "data":
            return self._json([{"label": "now", "url": "/services/data/v66.0", "version": "66.0"}])
        if name == "describe":
            return self._json(self.describes[above.rpartition("/")[2]])
        if name == "sobjects":
            return self._json({"sobjects": [{"name": each} for each in self.describes]})
        if name == "limits":
            return self._json({})
        if name.lower() in {each.lower() for each in RESULTS}:
            return self._results(name)
        return self._json(self.jobs.held[self._job_id()])

    def _results(self, name):
        wanted = next(each for each in RESULTS if each.lower() == name.lower())
        path = self.jobs.results[self._job_id()] / f"{wanted}.csv"
        if not path.exists():
            self._answer(200, "text/csv", 0)
            return
        self._answer(200, "text/csv", path.stat().st_size)
        with path.open("rb") as file:
            self.connection.sendfile(file)

    def _job_id(self):
        return re.search(r"/jobs/ingest/(\w+)", self.path)[1]

    def _json(self, value):
        body = json.dumps(value).encode()
        self._answer(200, "application/json;charset=UTF-8", len(body))
        self.wfile.write(body)

    def _answer(self, status, kind, size):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()


def main(folder, describes):
    _Handler.jobs = _Jobs(Path(folder))
    _Handler.describes = json.loads(Path(describes).read_text("utf-8"))
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
