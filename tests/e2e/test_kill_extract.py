"""A real process, killed by SIGKILL at every step on disk and at any moment: the same call has each row once."""

import importlib.util
import os
import random
import signal
import time
from pathlib import Path

import pyarrow.dataset as ds
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.wide import groups
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls
from sfbulk_pandas.sinks.partial import is_under_way

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes to kill are forked"),
    pytest.mark.slow,
]
MOMENTS = int(os.environ.get("SFBULK_KILLS", "6"))  # of each way; 200 on demand: SFBULK_KILLS=200
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
ROWS = 1_200
SOQL = "SELECT Id, LastName, Description FROM Contact"
WIDE = "SELECT Id, LastName, Description, FirstName, Email, Phone FROM Contact"
LONGEST = (
    len("SELECT Id, SystemModstamp, LastName, Description FROM Contact") + 2
)  # so that WIDE is fetched in two groups
# Files are smaller than pages, so that most notes tell of pages that have begun and not ended.
FILES = {"rows_per_file": 130, "page_rows": 400}
WAYS = {
    "result_pages": ("parquet", FILES),
    "locator": ("parquet", FILES | {"plan": "locator"}),
    "in order": ("parquet", FILES | {"keep_order": True}),
    "partitioned": ("parquet", FILES | {"partition_by": "LastName"}),
    "id_ranges": ("parquet", FILES | {"plan": "id_ranges", "chunk_rows": 500}),
    "pk_chunks": ("parquet", FILES | {"plan": "pk_chunks", "chunk_rows": 500}),
    "rest": ("parquet", {"plan": "rest", "rows_per_file": 130}),
    "groups of columns": ("parquet", {"rows_per_file": 350, "page_rows": 700}),
    "spool of a table": ("arrow", {"page_rows": 400}),
    "spool of a stream": ("batches", {"page_rows": 400, "keep_order": True}),
}


def script():
    spec = importlib.util.spec_from_file_location("zygote", Path(__file__).parent / "kill" / "zygote.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = script()


@pytest.fixture(scope="module")
def local():
    with LocalOrg(pacing=AfterPolls(2)) as local:
        with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
            assert org.insert(SCRIPT.frame_of(ROWS), "Contact", progress=False).counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


def soql_of(way):
    return WIDE if way == "groups of columns" else SOQL


def order(local, way, path, die=None):
    task, options = WAYS[way]
    told = {"task": "extract", "credentials": local.credentials(), "soql": soql_of(way), "way": task, "path": str(path)}
    return told | {"options": options, "die": die, "longest": LONGEST if way == "groups of columns" else None}


@pytest.fixture(autouse=True)
def _short_queries(request, monkeypatch):
    """Let the same call be cut into the same groups of columns here."""
    if request.node.callspec.params["way"] == "groups of columns":
        monkeypatch.setattr(groups, "MAX_SOQL_CHARS", LONGEST)
        monkeypatch.setattr(groups, "SPARE_CHARS", 0)


def check(local, org, way, path):
    """Make the same call again, and hold what it returns against the org."""
    task, options = WAYS[way]
    partial = path.with_name(f".{path.name}.partial")
    if task == "parquet" and path.exists() and not is_under_way(path):  # it was killed after its last step
        with pytest.raises(sfbulk.UsageError, match="is there already"):
            SCRIPT.fetch(org, task, soql_of(way), path, options)
        table = ds.dataset(path, partitioning="hive").to_table()
    else:
        table = SCRIPT.fetch(org, task, soql_of(way), path, options)
    expected = local.records("Contact").select(table.column_names).sort_by("Id")
    assert table.num_rows == ROWS
    assert table.sort_by("Id").to_pylist() == expected.to_pylist()
    assert not partial.exists()
    assert path.exists() == (task == "parquet")
    assert way != "groups of columns" or "2 groups of columns" in (path / "_sfbulk.json").read_text("utf-8")


BOTH = [
    ("result_pages", "before"),
    ("spool of a table", "before"),
]  # after a step is before the next, but for the first


@pytest.mark.parametrize(("way", "when"), [*((way, "after") for way in WAYS), *BOTH])
def test_killed_at_every_step_on_disk(zygote, local, org, tmp_path, way, when):
    turn, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        turn += 1
        ended = zygote.run(order(local, way, tmp_path / f"{turn}", [when, turn]))
        check(local, org, way, tmp_path / f"{turn}")
    assert ended == 0
    steps = turn - 1
    assert steps >= (14 if WAYS[way][0] == "parquet" else 3)  # head, job, ten files, closing, publishing


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_moment_and_once_more_when_it_goes_on(zygote, local, org, tmp_path, way):
    begun = time.monotonic()
    assert zygote.run(order(local, way, tmp_path / "whole")) == 0
    seconds = time.monotonic() - begun
    moments = random.Random(20261126)
    killed = 0
    for turn in range(MOMENTS):
        path = tmp_path / f"{turn}"
        killed += zygote.kill_after(order(local, way, path), moments.uniform(0, seconds)) == -signal.SIGKILL
        if not (path.exists() and WAYS[way][0] == "parquet"):
            zygote.kill_after(order(local, way, path), moments.uniform(0, seconds))
        check(local, org, way, path)
    print(f"{way}: {killed} of {MOMENTS} extracts killed in mid-run, each with every row once in the end")
    assert killed
