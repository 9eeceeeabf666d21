"""Show the codec's speed as ratios of interleaved medians: ``pytest -m benchmark -s``."""

import gc
import io
import random
import re
import statistics
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.decode import PageReader
from sfbulk_pandas.codec.encode import RowOrder, encode_parts
from sfbulk_pandas.codec.frame import Column, text_table
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.salesforce.limits import PART_BYTES
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType
from sfbulk_pandas.transport.pool import Threads

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


@pytest.fixture(scope="module")
def frame():
    return crm_frame(ROWS)


@pytest.fixture(scope="module")
def columns(frame):
    kinds = {name: FieldType(KINDS.get(name, "datetime" if name == "Seen__c" else "string")) for name in frame.columns}
    return [Column(name, name, FieldDescribe(name, kind)) for name, kind in kinds.items()]


def medians(**variants):
    """Time each variant in every round, in random order, after a warm-up."""
    times = {name: [] for name in variants}
    for turn in range(ROUNDS + 1):
        for name in random.sample(list(variants), len(variants)):
            start = time.perf_counter()
            variants[name]()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def show(title, figures, reference):
    print(f"\n{title} (pandas {pd.__version__}, pyarrow {pa.__version__}, {ROWS:,} rows)")
    for name, seconds in figures.items():
        print(f"  {name:<34} {seconds:7.3f} s  {seconds / figures[reference]:6.2f} times {reference}")


def rss_anon():
    """Return the bytes of memory that no file stands behind."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024


def peak_memory(parts):
    """Return the most that Arrow held beyond what it held before, and the same of the whole process."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    arrow, anon, peaks, done = pa.total_allocated_bytes(), rss_anon(), [0, 0], threading.Event()

    def watch():
        while not done.wait(0.001):
            peaks[0] = max(peaks[0], pa.total_allocated_bytes() - arrow)
            peaks[1] = max(peaks[1], rss_anon() - anon)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for part in parts():
        size = len(part.body)
        del part
    done.set()
    watcher.join()
    assert size
    return peaks


def as_objects(frame):
    """Hold texts, days and truths as Python objects, as frames from other sources do."""
    return frame.astype(
        dict.fromkeys(["Key__c", "LastName", "Email", "City", "Notes__c", "Day__c", "Active__c"], object)
    )


def test_encoding(frame, columns):
    table = text_table(frame, columns)
    shuffled = RowOrder(np.random.default_rng(5).permutation(ROWS))
    objects = as_objects(frame)

    with Threads(2) as pool:
        ways = {
            "encode_parts": lambda: encode_parts(frame, columns, mapper=pool.map),
            "encode_parts, one thread": lambda: encode_parts(frame, columns),
            "encode_parts, shuffled order": lambda: encode_parts(frame, columns, order=shuffled, mapper=pool.map),
            "encode_parts, object columns": lambda: encode_parts(objects, columns, mapper=pool.map),
        }
        size = sum(len(part.body) for part in ways["encode_parts"]())

        def bare():
            out = pa.BufferOutputStream()
            csv.write_csv(table, out)
            return out.getvalue().size

        def pandas_on_a_tenth():
            return len(frame.iloc[: ROWS // 10].to_csv(index=False))

        runs = {name: lambda parts=parts: sum(part.rows for part in parts()) for name, parts in ways.items()}
        figures = medians(**runs, to_csv=pandas_on_a_tenth, **{"write_csv of text": bare})
        figures["to_csv"] *= 10
        show(f"encode {size / 1e6:.0f} MB, {PART_BYTES / 1e6:.0f} MB a part", figures, "write_csv of text")
        print(f"  encode_parts is {figures['to_csv'] / figures['encode_parts']:.1f} times as fast as to_csv")
        for name, parts in ways.items():
            arrow, anon = peak_memory(parts)
            print(f"  {name:<34} {arrow / 1e6:7.0f} MB of Arrow, {anon / 1e6:.0f} MB of RssAnon at most")


def test_looking_for_what_cannot_travel(frame, columns):
    objects = as_objects(frame)
    with Threads(2) as pool:
        figures = medians(
            refused_cells=lambda: list(refused_cells(frame, columns)),
            object_columns=lambda: list(refused_cells(objects, columns)),
            encode_parts=lambda: sum(part.rows for part in encode_parts(frame, columns, mapper=pool.map)),
        )
    show("look for refused cells", figures, "encode_parts")


def test_decoding(frame, columns):
    body = b"".join(b"".join(part.body) for part in encode_parts(frame.iloc[:ROWS], columns[:5]))
    schema = pa.schema([(column.header, pa.string()) for column in columns[:5]])

    def streamed():
        return sum(batch.num_rows for batch in PageReader(io.BytesIO(body), schema, BadCells()))

    def whole():
        options = csv.ConvertOptions(column_types={column.header: pa.string() for column in columns})
        return csv.read_csv(
            io.BytesIO(body), parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options
        )

    show(f"decode {len(body) / 1e6:.0f} MB", medians(PageReader=streamed, read_csv=whole), "read_csv")
