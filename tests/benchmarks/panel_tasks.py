"""Load and query with the panel and without, in turn: imported in a kernel, beside the benchmarks' other scripts."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter

import load_tasks
from discarding_org import folder_of
from page_org import TOKEN as PAGES_TOKEN
from page_org import soql_of

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec.encode import PartLimits, encode_parts
from sfbulk_pandas.jobs.collecting import Collector
from sfbulk_pandas.progress.widget import panel, stage
from sfbulk_pandas.salesforce.limits import PART_BYTES

FAST = sfbulk.Polling(interval_seconds=0.005, cap_seconds=0.05)
OWN = {"__call__": panel.Panel, "end": panel.Panel, "_draw": panel.Panel, "_causes": Collector}
spent = Counter()


def counted(kind, name):
    """Count the processor time of what is done for the panel, thread by thread."""
    real = getattr(kind, name)

    def call(self, *arguments):
        began = time.thread_time()
        try:
            return real(self, *arguments)
        finally:
            spent[f"seconds, {name}"] += time.thread_time() - began
            spent[name] += 1

    setattr(kind, name, call)


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
        options = {"part_rows": part_rows, "row_retries": 0, "check": False, "repeat": True}
        with load_tasks.connected(host) as org:
            result = org.insert(frame, "Contact", progress=progress, **options)
            assert result.counts["rows"] == rows

    return load


def queries(host, rows, pages):
    """Return what queries pages, with progress or without."""

    def query(progress):
        with (
            sfbulk.connect(sfbulk.AccessToken(PAGES_TOKEN, f"http://{host}"), polling=FAST) as org,
            org.query_batches(soql_of(pages), plan="locator", progress=progress) as reader,
        ):
            assert sum(batch.num_rows for batch in reader) == rows

    return query


def messengers_seconds():
    """Return the processor seconds of the thread that brings the kernel's messages out."""
    threads = [each for each in threading.enumerate() if each.name == "IOPub"]
    assert threads
    return sum(time.clock_gettime(time.pthread_getcpuclockid(each.ident)) for each in threads)


def rounds(call, turns):
    """Call with the panel and without, in random order; return wall and processor seconds, and the panel's own.

    To its own belongs what its messages cost.
    """
    for name, kind in OWN.items():
        counted(kind, name)
    counted(stage.Stage, "show")  # within _draw
    ways = {"panel": "widget", "none": False}
    for progress in ways.values():
        call(progress)
    found = {way: {"wall": [], "cpu": [], "user": []} for way in ways}
    spent.clear()
    for _ in range(turns):
        for way in random.sample(sorted(ways), len(ways)):
            wall, cpu, user, sent = time.monotonic(), time.process_time(), os.times().user, messengers_seconds()
            call(ways[way])
            spent[f"messages, {way}"] += messengers_seconds() - sent
            found[way]["wall"].append(time.monotonic() - wall)
            found[way]["cpu"].append(time.process_time() - cpu)
            found[way]["user"].append(os.times().user - user)
    own = sum(spent[f"seconds, {name}"] for name in OWN) + spent["messages, panel"] - spent["messages, none"]
    return found | {"events": spent["__call__"] / turns, "drawings": spent["show"] / turns, "own": own / turns}
