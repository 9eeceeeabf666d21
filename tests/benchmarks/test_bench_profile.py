"""Show what a profile adds to the extract that it looks at, in time and memory: ``pytest -m benchmark -s``.

One page of 1,000,000 rows of 12 columns (240 MB) is served again and again, on loopback, by a process of its own; what
extracts is another one: by turns the batches alone, and their profile. ``PAGES=1,3`` says how many pages there are for
the memory, ``ROUNDS=n`` how often each is timed.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark
HERE = Path(__file__).parent
PAGE_ROWS = int(os.environ.get("ROWS", "1000000"))
PAGES = [int(each) for each in os.environ.get("PAGES", "1,3,10").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "7"))


@pytest.fixture(scope="module")
def port():
    command = [sys.executable, str(HERE / "page_server.py"), str(PAGE_ROWS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield int(server.stdout.readline())
        server.stdin.close()


def extracted(way, port, pages, folder):
    command = [sys.executable, HERE / "extract_tasks.py", way, str(port), str(pages), str(PAGE_ROWS), folder]
    figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert figures["rows"] == pages * PAGE_ROWS
    return figures


def test_time_of_a_profile_beside_that_of_its_extract(port, tmp_path):
    seconds = {"batches": [], "profile": []}
    for turn in range(ROUNDS):
        for way in sorted(seconds, reverse=bool(turn % 2)):
            folder = tmp_path / f"{way}{turn}"
            folder.mkdir()
            seconds[way].append(extracted(way, port, 2, folder)["seconds"] / (2 * PAGE_ROWS) * 1e6)
    ratios = [b / a for a, b in zip(seconds["batches"], seconds["profile"], strict=True)]
    for way, times in seconds.items():
        print(f"\n  {way}: median {statistics.median(times):.2f} s a million rows, best {min(times):.2f}", end="")
    print(f"\n  profile / batches: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


def test_memory_of_a_profile(port, tmp_path):
    for pages in PAGES:
        folder = tmp_path / str(pages)
        folder.mkdir()
        used = [extracted(way, port, pages, folder)["bytes"] / 1e6 for way in ("batches", "profile")]
        print(
            f"\n  {pages * PAGE_ROWS:>12,} rows: {used[0]:4.0f} MB for the batches, {used[1]:4.0f} MB profiled", end=""
        )
