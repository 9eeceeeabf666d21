"""Loads end to end, on a server that counts their bytes and drops them: beside encoding alone and simple-salesforce."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the tasks are scripts beside this file

from discarding_org import DiscardingOrg
from load_tasks import DESCRIBES

pytestmark = pytest.mark.benchmark
TASKS = Path(__file__).with_name("load_tasks.py")
ROWS = 500_000
ROUNDS = int(os.environ.get("ROUNDS", "9"))
TURNS, OURS = 3, 5  # a load of ours is so short that the machine's moods show: five processes of it a turn
MB = 1e6


def run(task, **arguments):
    """Run a task in a process of its own."""
    done = subprocess.run(
        [sys.executable, TASKS, task, json.dumps(arguments)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


@pytest.fixture
def org(tmp_path):
    describes = tmp_path / "describes.json"
    describes.write_text(json.dumps(DESCRIBES), "utf-8")
    results = tmp_path / "results"
    results.mkdir()
    with DiscardingOrg(results, describes) as org:
        org.results = results
        yield org


def told(name, figures):
    print(f"  {name:<32} {figures}")


def test_end_to_end_beside_encoding_alone(org):
    run("prepare", folder=str(org.results), rows=ROWS)
    times = run("rounds", host=org.host, rows=ROWS, turns=ROUNDS)
    alone = statistics.median(times["encoding alone"])
    print(
        f"\n{ROWS:,} rows by 12 columns, frame to closed job, {ROUNDS} rounds in random order, pandas", pd.__version__
    )
    for name, each in times.items():
        told(name, f"{statistics.median(each):.3f} s, {statistics.median(each) / alone:.2f} times encoding alone")
    ours = {"to closed job, checked", "to closed job, check=False"}
    assert set(times) == {"encoding alone", "encoding and bare uploads", *ours}


def test_end_to_end_beside_simple_salesforce(org):
    run("prepare", folder=str(org.results), rows=ROWS)
    ways = {"ours": OURS, "ours, unchecked": OURS, "simple-salesforce": 1}
    found = {way: [] for way in ways}
    for _ in range(TURNS):
        for way, processes in ways.items():
            found[way] += [run("load", host=org.host, rows=ROWS, way=way) for _ in range(processes)]
    print(f"\n{ROWS:,} rows by 12 columns to the closed job, two loads a process, medians of")
    print(f"{TURNS * OURS} processes of ours and {TURNS} of simple-salesforce, in turn")

    def median(way, name):
        return statistics.median(each[name] for each in found[way])

    def times(name, way):
        return median("simple-salesforce", name) / median(way, name)

    for way in ways:
        loads = {"first": "closed", "second": "again"}
        seconds = [
            f"{which} {median(way, name):7.3f} s ({times(name, way):.0f} times)" for which, name in loads.items()
        ]
        told(way, f"{', '.join(seconds)}, {median(way, 'anon') / MB:6.0f} MB extra (1/{times('anon', way):.0f})")
        assert median(way, "closed") > 0


def test_reading_results(org):
    run("prepare", folder=str(org.results), rows=ROWS)
    times = run("reading_rounds", host=org.host, rows=ROWS, turns=ROUNDS // 2)
    print(f"\nthe results of {ROWS:,} rows, a tenth of them failed, {ROUNDS // 2} rounds in random order")
    ours = statistics.median(times["ours"])
    for name, each in times.items():
        memory = run("reading", host=org.host, rows=ROWS, way=name)
        seconds = statistics.median(each)
        told(name, f"{seconds:6.2f} s, {seconds / ours:5.1f} times ours, {memory['anon'] / MB:6.0f} MB extra")
        assert seconds > 0


@pytest.mark.parametrize("way", ["frame", "frame with parents", "Parquet file", "RecordBatchReader"])
def test_memory_stays_level_whatever_the_size(org, tmp_path, way):
    print(f"\nfrom a {way}, default parts, two at a time")
    for millions in (1, 5, 10):
        rows = millions * 10**6
        path = str(tmp_path / f"{millions}.parquet")
        run("prepare", folder=str(org.results), rows=rows, way=way)
        if "frame" not in way:
            run("write_parquet", path=path, rows=rows)
        found = run("load_source", host=org.host, rows=rows, way=way, path=path)
        per_million = found["closed"] / millions
        told(f"{rows:,} rows", f"{per_million:.2f} s a million, {found['anon'] / MB:.0f} MB beyond the source")
        assert found["anon"] >= 0
