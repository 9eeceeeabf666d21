"""A local org with a file, at work on one job until it is killed: by itself at a point, or from outside.

Reads orders from stdin, a line of JSON each: ``database``, ``point``, ``count`` (the process kills itself when it comes
to the point for the count-th time) and ``seconds`` after which it is killed from outside, or null.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import sys
import time
import traceback
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

from werkzeug.test import Client

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls, Immediate

BASE = "/services/data/v66.0/jobs/ingest"
ROWS = 1_800
STEP_ROWS = 400
POINTS = {  # what is called at each point, and whether it is done before the end comes
    "file ahead of the database": ("sfbulk_pandas.local_org.ingest_run.note", False),
    "rows not committed": ("sfbulk_pandas.local_org.ingest_run.note", True),
    "rows committed, not counted": ("sfbulk_pandas.local_org.ingest_run.IngestRunner._count", False),
    "rows counted, not saved": ("sfbulk_pandas.local_org.jobs.Jobs.save", False),
    "files whole, job not": ("sfbulk_pandas.local_org.ingest_run.forget", False),
    "half of what is unprocessed": ("sfbulk_pandas.local_org.results.shutil.copyfileobj", False),
    "half a line": ("sfbulk_pandas.local_org.results.pacsv.write_csv", False),
}


def upload(rows=ROWS):
    """Return rows of which every seventh fails, and has a line break in it."""
    lines = [f'K{row},"{"" if row % 7 == 0 else "Name"}","a\nb"' for row in range(rows)]
    return "\n".join(["Account_Key__c,Name,Description", *lines, ""])


def killed_at(target, count, *, is_done):
    name = target.rpartition(".")[2]
    real = pkgutil.resolve_name(target)
    calls = [0]

    def stand_in(*args, **kwargs):
        calls[0] += 1
        if calls[0] < count:
            return real(*args, **kwargs)
        if is_done:
            real(*args, **kwargs)
        elif name == "write_csv":  # what a full buffer brings to disk
            args[1].write(b'"001')
            args[1].flush()
        elif name == "copyfileobj":
            args[1].write(args[0].read(100))
            args[1].flush()
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return mock.patch(target, stand_in)


def work(path, aborts, told):
    pacing = AfterPolls(1, STEP_ROWS) if aborts else Immediate(STEP_ROWS)
    with LocalOrg(path, pacing=pacing) as org:
        client = Client(org.app)
        headers = {"Authorization": f"Bearer {org.access_token}", "Content-Type": "application/json"}

        def call(method, place="", data=None):
            body = json.dumps(data) if isinstance(data, dict) else data
            return client.open(f"{BASE}{place}", method=method, headers=headers, data=body)

        made = call("POST", data={"operation": "insert", "object": "Account"}).json["id"]
        call("PUT", f"/{made}/batches", upload())
        os.write(told, made.encode())
        call("PATCH", f"/{made}", {"state": "UploadComplete"})
        for _ in range(3 if aborts else 0):
            call("GET", f"/{made}")
        call("PATCH", f"/{made}", {"state": "Aborted"})


def child(database, point, count, told):
    target, is_done = POINTS.get(point, (None, False))
    with killed_at(target, count, is_done=is_done) if target else nullcontext():
        work(Path(database), point == "half of what is unprocessed", told)


def carry_out(order):
    """Fork, for a child has everything imported already; return its job, and how it has ended."""
    told, tell = os.pipe()
    number = os.fork()
    if not number:
        try:
            child(order["database"], order["point"], order["count"], tell)
        except BaseException:  # noqa: BLE001 - this process must end here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(tell)
    job = os.read(told, 100).decode()
    os.close(told)
    if order["seconds"] is not None:
        time.sleep(order["seconds"])
        os.kill(number, signal.SIGKILL)
    return {"job": job, "ended": os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(carry_out(json.loads(line))), flush=True)
