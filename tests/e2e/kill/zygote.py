"""Load or extract in processes that may be killed: imports once, forks for each order that comes on stdin as JSON.

``{"task": "load", "credentials": ..., "journal": ..., "rows": n, "part_rows": n, "die": ["before"|"after", k] | null}``
dies by its own SIGKILL around the k-th write to the journal, counted from 1;
``{"task": "extract", "credentials": ..., "soql": ..., "way": ..., "path": ..., "options": {...}, "die": ...}`` around
the k-th step on disk, with ``"longest": n`` as if no query could be longer than n characters; ``{"task": "sync", ...}``
likewise. Answers with the child's pid, and once it has ended with how.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import pandas as pd

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.sync import publish
from sfbulk_pandas.jobs.sync.state import Window
from sfbulk_pandas.jobs.wide import groups
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.sinks.checkpoint import Checkpoint
from sfbulk_pandas.sinks.partial import Partial

POLLING = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
JOURNAL = [(Journal, name) for name in ("begin", "begin_attempt", "record", "finish")]
DISK = [(Checkpoint, "append"), (Path, "rename"), (Partial, "remove")]
COPY = [*DISK, (Window, "write"), (publish, "durable"), (Path, "unlink"), (publish.shutil, "rmtree")]


def frame_of(rows):
    return pd.DataFrame(
        {"LastName": [f"Name {n % 7}" for n in range(rows)], "Description": [f"row {n}" for n in range(rows)]}
    )


def die_at(steps, when, number):
    """Kill this process around the n-th of certain steps, whichever thread takes it."""
    taken, lock = [], threading.RLock()  # a step may take others

    def deadly(step):
        def counted(*args, **kwargs):
            with lock:
                taken.append(step)
                turn = len(taken)
                if when == "before" and turn == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                done = step(*args, **kwargs)
                if when == "after" and turn == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

        return counted

    for owner, name in steps:
        setattr(owner, name, deadly(getattr(owner, name)))


def load(order):
    if order["die"]:
        die_at(JOURNAL, *order["die"])
    org = sfbulk.connect(sfbulk.JwtBearer(**order["credentials"]), polling=POLLING, journal=order["journal"])
    org.insert(frame_of(order["rows"]), "Contact", part_rows=order["part_rows"], progress=False)


def extract(order):
    if order["longest"]:
        groups.MAX_SOQL_CHARS, groups.SPARE_CHARS = order["longest"], 0
    if order["die"]:
        die_at(DISK, *order["die"])
    org = sfbulk.connect(sfbulk.JwtBearer(**order["credentials"]), polling=POLLING)
    fetch(org, order["way"], order["soql"], order["path"], order["options"])


def sync(order):
    if order["die"]:
        die_at(COPY, *order["die"])
    org = sfbulk.connect(sfbulk.JwtBearer(**order["credentials"]), polling=POLLING)
    org.sync("Contact", order["path"], progress=False, **order["options"])


def fetch(org, way, soql, path, options):
    """Fetch rows by one of the ways that go on after a kill, and return them."""
    if way == "parquet":
        return org.query_parquet(soql, path, progress=False, **options).dataset().to_table()
    if way == "batches":
        return org.query_batches(soql, spool=path, progress=False, **options).read_all()
    return org.query_arrow(soql, spool=path, progress=False, **options)


TASKS = {"load": load, "extract": extract, "sync": sync}


def main():
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            order = json.loads(line)
            TASKS[order["task"]](order)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
