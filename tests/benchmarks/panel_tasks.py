"""Load and query with the panel and without, in turn: imported in a kernel, beside the benchmarks' other scripts."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import load_tasks
from discarding_org import TOKEN, folder_of
from page_org import TOKEN as PAGES_TOKEN
from page_org import soql_of

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec.encode import PartLimits, encode_parts
from sfbulk_pandas.progress.widget import panel
from sfbulk_pandas.salesforce.limits import PART_BYTES

FAST = sfbulk.Polling(interval_seconds=0.005, cap_seconds=0.05)
spent = Counter()


def counted(name):
    """Count the processor time of what the panel does, thread by thread."""
    real = getattr(panel.Panel, name)

    def call(self, *arguments):
        began = time.thread_time()
        try:
            return real(self, *arguments)
        finally:
            spent["seconds"] += time.thread_time() - began
            spent[name] += 1

    setattr(panel.Panel, name, call)


def prepare(folder, rows, part_rows):
    """Prepare the results of a frame's parts."""
    frame = load_tasks.crm_frame(rows)
    for part in encode_parts(frame, load_tasks.COLUMNS, limits=PartLimits(PART_BYTES, part_rows)):
        body = b"".join(part.body)
        into = folder_of(folder, len(body), body)
        into.mkdir(exist_ok=True)
        load_tasks._write_results(body, into)


def loads(host, rows, part_rows):
    """Return what loads a frame, with progress or without."""
    frame = load_tasks.crm_frame(rows)

    def load(progress):
        journal = Path(tempfile.mkdtemp()) / "journal.db"
        credentials = sfbulk.AccessToken(TOKEN, f"http://{host}")
        with sfbulk.connect(credentials, polling=FAST, journal=journal) as org:
            result = org.insert(frame, "Contact", part_rows=part_rows, row_retries=0, check=False, progress=progress)
            assert result.counts["rows"] == rows

    return load


def queries(host, rows, pages):
    """Return what queries pages, with progress or without."""

    def query(progress):
        with sfbulk.connect(sfbulk.AccessToken(PAGES_TOKEN, f"http://{host}"), polling=FAST) as org:
            table = org.query_arrow(soql_of(pages), plan="locator", progress=progress)
            assert table.num_rows == rows

    return query


def rounds(call, turns):
    """Call with the panel and without, in random order; return wall and processor seconds, and the panel's own."""
    for name in ("__call__", "end", "_draw"):
        counted(name)
    ways = {"panel": "widget", "none": False}
    for progress in ways.values():
        call(progress)
    found = {way: {"wall": [], "cpu": []} for way in ways}
    spent.clear()
    for _ in range(turns):
        for way in random.sample(sorted(ways), len(ways)):
            wall, cpu = time.monotonic(), time.process_time()
            call(ways[way])
            found[way]["wall"].append(time.monotonic() - wall)
            found[way]["cpu"].append(time.process_time() - cpu)
    return found | {"events": spent["__call__"] / turns, "own": spent["seconds"] / turns}
