"""Show how fast query pages become record batches, and in how much memory: ``pytest -m benchmark -s``.

The floor is a raw socket received into a prepared buffer, then ``pyarrow.csv.read_csv`` with the types given. Pages
come from a process of their own, which serves prepared bytes on loopback: alone, and as an org through whose whole
public way they are asked for. In the environment, ``ROUNDS=n`` says how often each variant runs (25 rounds resolve a
ratio to about 6%), and ``ROWS=n`` how many rows there are.
"""

import gc
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv

sys.path.insert(0, str(Path(__file__).parent))  # org and floor are scripts beside this file

from floor import CONVERT, FORM, SCHEMA, Floor
from page_org import TOKEN, PageOrg, soql_of

import sfbulk_pandas as sfbulk
from sfbulk_pandas import AccessToken
from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.decode import PageReader
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.transport import gunzip
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.query import build_page

pytestmark = pytest.mark.benchmark
ROWS = int(os.environ.get("ROWS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "25"))
PAGES = 4
TOGETHER = 2


@pytest.fixture(scope="module")
def port():
    command = [sys.executable, str(Path(__file__).with_name("page_server.py")), str(ROWS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield int(server.stdout.readline())
        server.stdin.close()


@pytest.fixture
def session(port):
    with Session(AccessToken("token", f"http://127.0.0.1:{port}")) as session:
        yield session


@pytest.fixture
def parsers():
    with core_threads() as pool:
        yield pool


def page(session, parsers, job, locator=None):
    """Stream one page into batches and drop them; return its rows."""
    with session.stream(build_page("66.0", job, locator, None)) as answer:
        return sum(batch.num_rows for batch in PageReader(answer.raw, SCHEMA, BadCells(), mapper=parsers.map))


def table(session, parsers, job):
    with session.stream(build_page("66.0", job, None, None)) as answer:
        batches = PageReader(answer.raw, SCHEMA, BadCells(), mapper=parsers.map)
        return pa.Table.from_batches(batches, SCHEMA).num_rows


def streaming_reader(session, job):
    with session.stream(build_page("66.0", job, None, None)) as answer:
        read = csv.ReadOptions(block_size=8 << 20)
        return sum(batch.num_rows for batch in csv.open_csv(answer.raw, read, FORM, CONVERT))


def pages(session, parsers, kind):
    locators = [None, *(str(number) for number in range(1, PAGES))]
    with ThreadPoolExecutor(TOGETHER) as pool:
        return sum(pool.map(lambda each: page(session, parsers, f"750{kind}{PAGES}", each), locators))


def packed(session, parsers, inflater, way, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gunzip, "inflater", inflater)
        return way(session, parsers, *arguments)


def timed(variants):
    """Return the seconds of each variant by round; in each round in random order, after a warm-up."""
    seconds = {name: [] for name in variants}
    for turn in range(ROUNDS + 1):
        for name in random.sample(list(variants), len(variants)):
            start = time.perf_counter()
            rows = variants[name]()
            if turn:
                seconds[name].append(time.perf_counter() - start)
            assert rows == ROWS
    return seconds


def show(title, seconds):
    """Print each variant's ratio to the floor: the median of the paired rounds, and where 95% of such medians lie."""
    print(f"\n{title} (pandas {pd.__version__}, pyarrow {pa.__version__}, {ROUNDS} rounds)")
    floor = np.array(seconds["floor"])
    for name, each in seconds.items():
        ratios = np.array(each) / floor
        again = np.median(np.random.default_rng(1).choice(ratios, (2000, len(ratios))), axis=1)
        low, high = np.quantile(again, [0.025, 0.975])
        middle = f"{np.median(ratios):5.2f} times the floor ({low:.2f} to {high:.2f})"
        print(f"  {name:<40} {statistics.median(each):6.3f} s  {middle}")


def rss_anon():
    """Return the bytes of memory that no file stands behind."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024


def peak_memory(run):
    """Return how much memory a run takes above what the process has before it."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    before, most, done = rss_anon(), [0], threading.Event()

    def watch():
        while not done.wait(0.001):
            most[0] = max(most[0], rss_anon() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    return most[0]


def test_memory_of_streamed_pages(session, parsers):
    print()
    ways = {
        "one page, streamed": lambda: page(session, parsers, "750plain1"),
        "one page, packed, streamed": lambda: page(session, parsers, "750gzip1"),
        f"{PAGES} pages, {TOGETHER} at a time, streamed": lambda: pages(session, parsers, "plain"),
        "open_csv on the same stream": lambda: streaming_reader(session, "750plain1"),
    }
    for name, way in ways.items():
        print(f"  {name:<40} {peak_memory(way) / 1e6:6.0f} MB above the start")


def test_plain_pages(port, session, parsers):
    floor = Floor(port)
    variants = {
        "floor": floor,
        "floor again": floor,
        "one page, streamed": lambda: page(session, parsers, "750plain1"),
        "one page, kept as a table": lambda: table(session, parsers, "750plain1"),
        f"{PAGES} pages, {TOGETHER} at a time": lambda: pages(session, parsers, "plain"),
        "open_csv on the same stream": lambda: streaming_reader(session, "750plain1"),
    }
    show(f"{ROWS:,} rows, {floor.size / 1e6:.0f} MB", timed(variants))


def test_packed_pages(port, session, parsers):
    import zlib

    from isal import isal_zlib

    floor = Floor(port)
    variants = {"floor": floor, "floor again": floor}
    for module in (zlib, isal_zlib):
        name = module.__name__.rpartition(".")[2]
        variants[f"one page, {name}"] = lambda module=module: packed(session, parsers, module, page, "750gzip1")
        variants[f"{PAGES} pages, {TOGETHER} at a time, {name}"] = lambda module=module: packed(
            session, parsers, module, pages, "gzip"
        )
    show(f"the same packed, {floor.size / 1e6:.0f} MB unpacked", timed(variants))


def test_the_whole_public_way(tmp_path):
    with PageOrg(ROWS) as pages:
        at_once = sfbulk.Polling(interval_seconds=0.001)  # waiting for Salesforce is no part of this
        token = sfbulk.AccessToken(TOKEN, f"http://{pages.host}")
        org = sfbulk.connect(token, polling=at_once, journal=tmp_path / "journal.db")
        floor = Floor(int(pages.host.rpartition(":")[2]), "750000000000001AAA")
        ways = {
            f"query_arrow, {count} page(s)": lambda count=count: (
                org.query_arrow(soql_of(count), progress=False).num_rows
            )
            for count in (1, PAGES)
        }
        ways |= {
            f"query_batches, {count} page(s)": lambda count=count: sum(
                batch.num_rows for batch in org.query_batches(soql_of(count), progress=False)
            )
            for count in (1, PAGES)
        }
        ways[f"query, {PAGES} pages"] = lambda: len(org.query(soql_of(PAGES), progress=False))
        show(f"{ROWS:,} rows, from the call to the rows", timed({"floor": floor, "floor again": floor, **ways}))
        for name, way in ways.items():
            print(f"  {name:<40} {peak_memory(way) / 1e6:6.0f} MB above the start")
