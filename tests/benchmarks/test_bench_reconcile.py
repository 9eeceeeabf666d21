"""Show how fast rows find their answers, and in how much memory: ``pytest -m benchmark -s``."""

import random
import statistics
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sfbulk_pandas.codec.frame import text_table
from sfbulk_pandas.reconcile import Answers, reconcile
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

pytestmark = pytest.mark.benchmark
ROWS = 1_000_000
ROUNDS = 5
KINDS = {"Amount__c": "currency", "Rate__c": "double", "Staff__c": "int", "Active__c": "boolean", "Day__c": "date"}


def crm_frame(rows):
    random_numbers = np.random.default_rng(7)
    numbers = random_numbers.integers(0, 10**6, rows)
    texts = {name: pd.Series(numbers, dtype="string[pyarrow]") for name in ("LastName", "City", "Email")}
    return pd.DataFrame(
        {
            "Key__c": "K-" + pd.Series(np.arange(rows), dtype="string[pyarrow]"),
            "FirstName": pd.Series(np.array(["Ann", "Bob", "Zoë"])[numbers % 3], dtype="string[pyarrow]"),
            "LastName": "Name " + texts["LastName"],
            "Email": texts["Email"] + "@example.com",
            "City": "Some City, no. " + texts["City"],
            "Notes__c": 'A note with "quotes" for ' + texts["City"],
            "Amount__c": random_numbers.random(rows).round(4) * 1e6,
            "Rate__c": pd.Series(numbers % 1000).astype("float64"),
            "Staff__c": pd.Series(numbers % 5000).astype("Int64"),
            "Active__c": numbers % 2 == 0,
            "Day__c": pd.Series(np.datetime64("2020-01-01") + numbers % 3000).astype(pd.ArrowDtype(pa.date32())),
            "Seen__c": pd.to_datetime(1_600_000_000 + numbers, unit="s", utc=True),
        }
    )


def columns_of(names):
    kinds = {name: FieldType(KINDS.get(name, "datetime" if name == "Seen__c" else "string")) for name in names}
    return [Column(name, name, FieldDescribe(name, kind, scale=4)) for name, kind in kinds.items()]


def echoed(sent, java):
    """Split the rows, in any order, over two files; with doubles and datetimes in Java's notation if wanted."""
    order = np.random.default_rng(3).permutation(sent.num_rows)
    table = sent.take(pa.array(order)).combine_chunks()
    if java:
        for name in ("Amount__c", "Rate__c"):
            numbers = pc.cast(table[name], pa.float64()).to_pylist()
            table = table.set_column(
                table.column_names.index(name), name, pa.array([f"{number:.17E}" for number in numbers])
            )
        seen = pc.replace_substring(table["Seen__c"], "Z", "+0000")
        table = table.set_column(table.column_names.index("Seen__c"), "Seen__c", seen)
    half = sent.num_rows // 2
    ids = pa.array([f"003{i:012}AAA" for i in range(half)])
    errors = pa.array(["A_B:m:--"] * (sent.num_rows - half))
    return Answers(
        table.slice(0, half).append_column("sf__Id", ids),
        table.slice(half).append_column("sf__Error", errors),
        pa.table({}),
    )


@pytest.fixture(scope="module")
def cases():
    """Parts by name: what was sent, its columns, the answers."""
    frame = crm_frame(ROWS)
    halved = pd.concat([frame.iloc[: ROWS // 2]] * 2, ignore_index=True)
    columns = columns_of(frame.columns)
    sent, twice = text_table(frame, columns), text_table(halved, columns)
    return {
        "as sent": (sent, columns, echoed(sent, java=False)),
        "Java notation": (sent, columns, echoed(sent, java=True)),
        "every row twice": (twice, columns, echoed(twice, java=False)),
        "every row twice, Java notation": (twice, columns, echoed(twice, java=True)),
    }


def merged(sent, answers):
    """Join by pandas.merge on the key: the key and Ids alone, as frames."""
    names = {"Key__c", "sf__Id", "sf__Error"}
    tables = [
        table.select([name for name in table.column_names if name in names])
        for table in (answers.successful, answers.failed)
    ]
    left = sent.select(["Key__c"]).to_pandas(types_mapper=pd.ArrowDtype)
    right = pa.concat_tables(tables, promote_options="permissive").to_pandas(types_mapper=pd.ArrowDtype)
    right["Key__c"] = right["Key__c"].astype(left["Key__c"].dtype)
    return lambda: pd.merge(left, right, on="Key__c", how="left")  # noqa: PD015 - the name under measure


def medians(variants):
    """Time each variant in every round, in random order, after a warm-up."""
    times = {name: [] for name in variants}
    for turn in range(ROUNDS + 1):
        for name in random.sample(list(variants), len(variants)):
            start = time.perf_counter()
            variants[name]()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def resident():
    """Return this process's anonymous memory in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def peak_of(call):
    """Return how much memory a call adds at its peak."""
    pa.default_memory_pool().release_unused()
    before, peak, done = resident(), [0], threading.Event()

    def watch():
        while not done.wait(0.002):
            peak[0] = max(peak[0], resident() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call()
    finally:
        done.set()
        watcher.join()
    return peak[0]


def test_reconciling(cases):
    variants = {f"by content, {name}": (lambda case=case: reconcile(*case)) for name, case in cases.items()}
    sent, columns, answers = cases["as sent"]
    variants["by key"] = lambda: reconcile(sent, columns, answers, "Key__c")
    variants["pandas.merge"] = merged(sent, answers)
    done = variants["by content, Java notation"]()
    assert (done.unknown_rows, done.unmatched_answers) == (0, 0)
    figures = medians(variants)
    print(f"\nreconcile (pandas {pd.__version__}, pyarrow {pa.__version__}, {ROWS:,} rows, {sent.nbytes / 1e6:.0f} MB)")
    for name, seconds in figures.items():
        memory = peak_of(variants[name]) / sent.nbytes
        times = seconds / figures["pandas.merge"]
        print(f"  {name:<44} {seconds:7.3f} s {times:6.2f} times pandas.merge  +{memory:.2f} times the part")
