"""Show queries beside those of others, 1,000,000 rows to a typed DataFrame: ``pytest -m benchmark -s``.

All of them run their whole public way on one org, which gives prepared pages on loopback and costs nothing. In the
environment, ``TURNS=n`` says how often each of them runs, and ``ROWS=n`` how many rows there are; jsforce runs once.
Shown are a first query in a new process, a later one in the same process, and the latter's time of the processors,
which other programs on the machine disturb less.

jsforce is looked for where node looks: ``npm install --prefix FOLDER jsforce``, then
``NODE_PATH=FOLDER/node_modules``. It is given its rows in one page, as its bulk2.query reads no other.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the org is a script beside this file

from page_org import PageOrg, soql_of

pytestmark = pytest.mark.benchmark
HERE = Path(__file__).parent
ROWS = int(os.environ.get("ROWS", "1000000"))
TURNS = int(os.environ.get("TURNS", "5"))
WAYS = {
    "ours, 4 pages": ("ours", 4),
    "ours, 1 page": ("ours", 1),
    "ours, query_arrow, 4 pages": ("ours, query_arrow", 4),
    "ours, query_arrow, 1 page": ("ours, query_arrow", 1),
    "floor: socket, parser, to_pandas": ("floor", 1),
    "simple-salesforce, read_csv": ("read_csv", 4),
    "simple-salesforce, read_csv as text": ("read_csv as text", 4),
}
JSFORCE = "jsforce, records counted"


@pytest.fixture(scope="module")
def org():
    with PageOrg(ROWS) as org:
        yield org


def printed(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run(org, name, task):
    """Run a way in a process of its own."""
    if name == JSFORCE:
        return printed(["node", HERE / "jsforce_query.js", org.host, soql_of(1)])
    way, pages = WAYS[name]
    return printed([sys.executable, HERE / "query_tasks.py", way, org.host, str(ROWS), str(pages), task])


def medians(runs):
    return {name: statistics.median(each[name] for each in runs) for name in ("first", "seconds", "cpu")}


def told(way, runs, ours, anon):
    assert all(each["rows"] == ROWS for each in runs)
    each = medians(runs)
    times = ", ".join(f"{name} {each[name]:6.2f} s ({each[name] / ours[name]:5.1f})" for name in each)
    print(f"  {way:<36} {times}, {anon / 1e6:5.0f} MB extra")


def has_jsforce():
    finds = ["node", "-e", "require.resolve('jsforce')"]
    return shutil.which("node") and subprocess.run(finds, check=False, capture_output=True).returncode == 0


def test_queries_beside_others(org):
    found = {way: [] for way in WAYS}
    for _ in range(TURNS):
        for way in random.sample(list(WAYS), len(WAYS)):
            found[way].append(run(org, way, "time"))
    print(f"\n{ROWS:,} rows by 12 columns, each way in processes of its own, medians of {TURNS}, in random order")
    print("  first: first query of a process; seconds: its third; cpu: processors for that; in brackets times ours")
    print(f"  pandas {pd.__version__}, pyarrow {pa.__version__}, {os.cpu_count()} cores")
    ours = medians(found["ours, 4 pages"])
    for way, runs in found.items():
        told(way, runs, ours, run(org, way, "memory")["anon"])
    if has_jsforce():
        alone = run(org, JSFORCE, "time")
        told(JSFORCE, [alone | {"first": alone["seconds"]}], ours, alone["anon"])
    else:
        print("  jsforce is not there: npm install --prefix FOLDER jsforce; NODE_PATH=FOLDER/node_modules")
