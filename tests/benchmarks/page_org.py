"""An org that gives prepared pages of one object, on loopback, in a process of its own: a script, ``ROWS PAGES ...``.

It answers what clients ask on the way to a query's rows: token, versions, describe, count, job, its pages. How many
pages a job has is told by the object's name, ``Pages4__c``; with ``maxRecords`` they are of so many rows, as in
Salesforce. Only what was prepared can be asked for. ``with PageOrg(ROWS) as org: ...`` in a benchmark.
"""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parent))  # the page server is a script beside this file

from page_server import page_of

TOKEN = "00D000000000001AAA!pages"
IDENTITY = "00D000000000001AAA/005000000000001AAA"
VERSION = "66.0"
PAGES = (1, 4, 20)
_TEXT = {"type": "string", "length": 255}
_NUMBER = {"type": "double", "precision": 18, "scale": 2}
FIELDS = {
    "Id": {"type": "id", "length": 18, "nillable": False},
    "LastName": _TEXT,
    "Email": {"type": "email", "length": 80},
    "MailingStreet": {"type": "textarea", "length": 255},
    "MailingCity": _TEXT,
    "MailingPostalCode": _TEXT,
    "Amount__c": _NUMBER | {"type": "currency"},
    "Rate__c": _NUMBER,
    "Staff__c": {"type": "int", "digits": 8},
    "Active__c": {"type": "boolean", "nillable": False},
    "Birthdate": {"type": "date"},
    "Seen__c": {"type": "datetime"},
}


def soql_of(pages):
    """Return the query for all rows, in so many pages."""
    return f"SELECT {', '.join(FIELDS)} FROM Pages{pages}__c"


class PageOrg:
    """Start the org, with so many rows in each of some numbers of pages, and stop it at the end of the context."""

    def __init__(self, rows, pages=PAGES):
        self._command = [sys.executable, __file__, str(rows), *map(str, pages)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.host = f"127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *exc_info):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def describe_of(sobject):
    fields = [{"name": name, "label": name} | field for name, field in FIELDS.items()]
    return {"name": sobject, "label": sobject, "keyPrefix": "a00", "queryable": True, "fields": fields}


def job_of(job_id, pages, rows):
    return {
        "id": job_id,
        "operation": "query",
        "object": f"Pages{pages}__c",
        "createdById": IDENTITY.rpartition("/")[2],
        "createdDate": "2026-01-01T00:00:00.000+0000",
        "systemModstamp": "2026-01-01T00:00:00.000+0000",
        "state": "JobComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(VERSION),
        "jobType": "V2Query",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
        "numberRecordsProcessed": rows,
        "retries": 0,
        "totalProcessingTime": 1,
        "isPkChunkingSupported": True,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/services/oauth2/token"):
            url = f"http://{self.headers['Host']}"
            return self._json({"access_token": TOKEN, "instance_url": url, "id": f"{url}/id/{IDENTITY}"})
        pages = int(re.search(r"FROM Pages(\d+)__c", json.loads(body)["query"])[1])
        return self._json(self._job(f"750{pages:012}AAA") | {"state": "UploadComplete"})

    def do_GET(self):
        parts = urlsplit(self.path)
        above, _, name = parts.path.rstrip("/").rpartition("/")
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if name == "results":
            return self._page(self._pages_of(above.rpartition("/")[2]), asked)
        return self._json(self._found(above.rpartition("/")[2], name, asked))

    def _found(self, above, name, asked):
        if name == "data":
            return [{"label": "now", "url": f"/services/data/v{VERSION}", "version": VERSION}]
        if name == "describe":
            return describe_of(above)
        if name == "recordCount":
            return {"sObjects": [{"name": asked["sObjects"], "count": self.server.rows}]}
        if name == "resultPages":
            path = f"/services/data/v{VERSION}/jobs/query/{above}/results?locator="
            return {"done": True, "resultPages": [{"resultUrl": path + str(n)} for n in range(self._pages_of(above))]}
        return self._job(name)

    def _job(self, job_id):
        return job_of(job_id, self._pages_of(job_id), self.server.rows)

    @staticmethod
    def _pages_of(job_id):
        return int(job_id[3:15])

    def _page(self, pages, asked):
        """Send a prepared page; the locator is its number."""
        if "maxRecords" in asked:
            pages = max(pages, self.server.rows // int(asked["maxRecords"]))
        number = int(asked.get("locator", "0"))
        body, rows = self.server.pages[pages][number]
        following = str(number + 1) if number + 1 < pages else "null"
        self._answer("text/csv", body, {"Sforce-NumberOfRecords": str(rows), "Sforce-Locator": following})

    def _json(self, value):
        self._answer("application/json", json.dumps(value).encode(), {})

    def _answer(self, kind, body, headers):
        self.send_response(200)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def prepared(rows, pages):
    """Return the body and the rows of each page."""
    edges = [rows * number // pages for number in range(pages + 1)]
    return [(page_of(start, stop), stop - start) for start, stop in pairwise(edges)]


def main(rows, *each):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.rows, server.pages = rows, {pages: prepared(rows, pages) for pages in each}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
