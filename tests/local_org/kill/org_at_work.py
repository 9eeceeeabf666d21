"""A local org with a file, at work on one job until it is killed: by itself at a point, or from outside.

``python org_at_work.py DATABASE POINT COUNT``: the process kills itself when it comes to the point for the COUNT-th time.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import sys
from pathlib import Path
from unittest import mock

from werkzeug.test import Client

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls, Immediate

BASE = "/services/data/v66.0/jobs/ingest"
ROWS = 3_000
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


def work(path, aborts):
    pacing = AfterPolls(1, STEP_ROWS) if aborts else Immediate(STEP_ROWS)
    with LocalOrg(path, pacing=pacing) as org:
        client = Client(org.app)
        headers = {"Authorization": f"Bearer {org.access_token}", "Content-Type": "application/json"}

        def call(method, place="", data=None):
            body = json.dumps(data) if isinstance(data, dict) else data
            return client.open(f"{BASE}{place}", method=method, headers=headers, data=body)

        made = call("POST", data={"operation": "insert", "object": "Account"}).json["id"]
        call("PUT", f"/{made}/batches", upload())
        print(made, flush=True)
        call("PATCH", f"/{made}", {"state": "UploadComplete"})
        for _ in range(3 if aborts else 0):
            call("GET", f"/{made}")
        call("PATCH", f"/{made}", {"state": "Aborted"})


if __name__ == "__main__":
    database, point, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if point in POINTS:
        target, is_done = POINTS[point]
        with killed_at(target, number, is_done=is_done):
            work(database, aborts=point == "half of what is unprocessed")
    work(database, aborts=False)
