"""Show that extracts take no more memory the larger they are, and how long they take: ``pytest -m benchmark -s``.

One page of 1,000,000 rows (240 MB) is served again and again, on loopback, by a process of its own; what extracts is
another one. ``PAGES=1,3`` in the environment says how many pages there are; by default up to 30.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

pytestmark = pytest.mark.benchmark
HERE = Path(__file__).parent
PAGE_ROWS = int(os.environ.get("ROWS", "1000000"))
PAGES = [int(each) for each in os.environ.get("PAGES", "1,3,10,30").split(",")]
WAYS = {"batches": PAGES, "parquet": PAGES, "partitioned": PAGES[:2], "csv": PAGES[:2]}


@pytest.fixture(scope="module")
def port():
    command = [sys.executable, str(HERE / "page_server.py"), str(PAGE_ROWS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield int(server.stdout.readline())
        server.stdin.close()


def extracted(way, port, pages, folder):
    command = [sys.executable, HERE / "extract_tasks.py", way, str(port), str(pages), str(PAGE_ROWS), folder]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


@pytest.mark.parametrize("way", WAYS)
def test_memory_and_time_of_extracts(port, tmp_path, way):
    print(f"\n{way} (pyarrow {pa.__version__}, {os.cpu_count()} cores)")
    for pages in WAYS[way]:
        folder = tmp_path / str(pages)
        folder.mkdir()
        figures = extracted(way, port, pages, folder)
        million = figures["seconds"] / (pages * PAGE_ROWS) * 1e6
        took = f"{figures['seconds']:6.1f} s, {million:.2f} s a million"
        print(f"  {pages * PAGE_ROWS:>12,} rows: {took}, {figures['bytes'] / 1e6:4.0f} MB above the start")
        assert way == "csv" or figures["rows"] == pages * PAGE_ROWS
