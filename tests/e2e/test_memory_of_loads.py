"""What a load holds beside its frame: a few parts, however many there are."""

import gc
import json
import os
import sys
import tempfile
import threading
import time
import weakref
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec import blocks, decode, slices
from sfbulk_pandas.codec.encode import PartLimits
from sfbulk_pandas.jobs import outcome
from sfbulk_pandas.jobs.attempt import Attempt
from sfbulk_pandas.jobs.collecting import Collector
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.preflight import blocks as preflight_blocks
from sfbulk_pandas.spool import blocks as spool_blocks
from sfbulk_pandas.spool import sources, store

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # the org is a script there, and runs by itself

from discarding_org import TOKEN, DiscardingOrg, folder_of
from load_tasks import DESCRIBES, FAST, _write_results, crm_frame, parts_of, with_parents

PART_BYTES = 2_000_000
ROWS, MANY = 120_000, 160_000  # 11 parts, and 15
SMALL = 64  # times smaller than in life are the pieces in which rows are worked on, and parts 50 times


@pytest.fixture
def host(tmp_path):
    describes = tmp_path / "describes.json"
    describes.write_text(json.dumps(DESCRIBES), "utf-8")
    results = tmp_path / "results"
    results.mkdir()
    with DiscardingOrg(results, describes) as org:
        org.results = results
        yield org


def prepared(frame, folder):
    """Write the answers of each part, and return how many parts there are."""
    number = 0
    for part in parts_of(frame, PartLimits(PART_BYTES)):
        number = part.number
        body = b"".join(part.body)
        into = folder_of(folder, len(body), body)
        into.mkdir(exist_ok=True)
        _write_results(body, into)
    return number


def held_bytes(load):
    """Return how much more Arrow held at most than before, where nobody looks for what refers to itself."""
    gc.collect()
    gc.disable()
    before, most, done = pa.total_allocated_bytes(), [0], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], pa.total_allocated_bytes() - before)
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        load()
    finally:
        done.set()
        watcher.join()
        gc.enable()
    return most[0]


@pytest.fixture
def small_pieces(monkeypatch):
    """Let rows be worked on in small pieces, by two threads: only parts count then, on every machine."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(slices, "SLICE_ROWS", 512)
    write = csv.WriteOptions(include_header=False, batch_size=slices._WRITE.batch_size // SMALL, quoting_style="needed")
    monkeypatch.setattr(slices, "_WRITE", write)  # Arrow makes room for a whole batch, however few rows there are
    monkeypatch.setattr(decode, "Buffers", partial(blocks.Buffers, blocks.BLOCK_BYTES // SMALL))
    monkeypatch.setattr(outcome, "_BLOCK_ROWS", outcome._BLOCK_ROWS // SMALL)
    monkeypatch.setattr(preflight_blocks, "BLOCK_ROWS", preflight_blocks.BLOCK_ROWS // SMALL)
    for module in (spool_blocks, sources, store):
        monkeypatch.setattr(module, "BATCH_ROWS", module.BATCH_ROWS // SMALL)
    monkeypatch.setattr(spool_blocks, "_GATHERED_BYTES", spool_blocks._GATHERED_BYTES // SMALL)


def parquet_file(frame, folder):
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=120_000 // SMALL)
    return path


def reader(frame, folder):
    file = pq.ParquetFile(parquet_file(frame, folder), pre_buffer=False)
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(500, use_threads=False))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("made", "source"),
    [
        (crm_frame, lambda frame, _: frame),
        (lambda rows: with_parents(crm_frame(rows)), lambda frame, _: frame),  # siblings are from all over the frame
        (crm_frame, parquet_file),
        (crm_frame, reader),
    ],
    ids=["plain", "siblings", "a Parquet file", "a reader"],
)
def test_memory_beside_the_source_is_that_of_two_parts_however_many_there_are(
    host, tmp_path, monkeypatch, made, source
):
    """Also where siblings are put side by side, so that what became of rows must be brought into their order again."""
    upload = Ingest.upload

    def slow_upload(self, job, body):
        upload(self, job, body)
        time.sleep(0.1)  # as many parts are on their way as may be

    monkeypatch.setattr(Ingest, "upload", slow_upload)
    frame = made(ROWS)
    parts, rows = prepared(frame, host.results), source(frame, tmp_path)
    with sfbulk.connect(sfbulk.AccessToken(TOKEN, host.url), polling=FAST, journal=tmp_path / "journal.db") as org:

        def load():
            result = org.insert(rows, "Contact", part_bytes=PART_BYTES, progress=False)
            assert len(result.jobs) == parts
            assert result.counts["successful"] + result.counts["failed"] == len(frame)

        held = held_bytes(load)
    assert parts > 10
    # Each with room for quotes that were not needed (an eighth), and the pieces that are worked on.
    assert held < 2.8 * PART_BYTES


def test_what_became_of_rows_lies_on_disk_after_a_retry_too(host, tmp_path):
    frame = crm_frame(MANY)
    prepared(frame, host.results)
    with sfbulk.connect(sfbulk.AccessToken(TOKEN, host.url), polling=FAST, journal=tmp_path / "journal.db") as org:
        result = org.insert(frame, "Contact", part_bytes=PART_BYTES, progress=False)
        failed = frame.loc[result.failed.index]
        prepared(failed, host.results)
        gc.collect()
        before = pa.total_allocated_bytes()
        again = result.retry()
        gc.collect()
        assert 0 < len(again.failed) < len(failed)
        assert again.outcome.texts.nbytes > 5_000_000
        assert pa.total_allocated_bytes() - before < 1_000_000


def test_parts_that_go_up_slowly_leave_room_for_those_that_are_accounted_for(host, tmp_path, monkeypatch):
    """On a slow line every part that may go up does so all the time; accounting takes the place of one of them."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 1_024)
    frame = crm_frame(MANY)
    prepared(frame, host.results)
    upload, account, begin = Ingest.upload, Collector._paired, Attempt._begun
    at_once, most, alone = Counter(), [0], [0]

    @contextmanager
    def counted(what):
        at_once[what] += 1
        most[0] = max(most[0], at_once["going up"] + at_once["accounted for"])
        alone[0] = max(alone[0], at_once["encoded"] + at_once["accounted for"])
        yield
        at_once[what] -= 1

    def slow_begin(self, parts):
        with counted("encoded"):
            time.sleep(0.1)
            return begin(self, parts)

    def slow_upload(self, job, body):
        with counted("going up"):
            time.sleep(0.3)
            upload(self, job, body)

    def slow_account(self, ended):
        with counted("accounted for"):
            time.sleep(0.05)
            return account(self, ended)

    monkeypatch.setattr(Ingest, "upload", slow_upload)
    monkeypatch.setattr(Collector, "_paired", slow_account)
    monkeypatch.setattr(Attempt, "_begun", slow_begin)
    with sfbulk.connect(sfbulk.AccessToken(TOKEN, host.url), polling=FAST, journal=tmp_path / "journal.db") as org:
        result = org.insert(frame, "Contact", part_bytes=PART_BYTES, progress=False)
    assert result.counts["successful"] + result.counts["failed"] == len(frame)
    assert (most, alone) == ([2], [1])
    assert not any(at_once.values())


@pytest.mark.parametrize("progress", [False, lambda event: None, "log"], ids=["none", "a listener", "the log"])
def test_a_result_that_nobody_holds_is_let_go_at_once_with_its_files(tmp_path, monkeypatch, progress):
    """Without cycles, that is: what refers to itself stays until Python looks for it, and so would all its rows."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    frame = pd.DataFrame({"LastName": ["Curie", "Noether", None]})
    with LocalOrg() as local:
        org = sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), journal=tmp_path / "journal.db")
        gc.collect()
        gc.disable()
        try:
            result = org.insert(frame, "Contact", progress=progress)
            shown = (result._repr_html_(), repr(result), len(result.errors), len(result.suggest()))
            assert all(shown)
            held = weakref.ref(result)
            files = list(temporary.rglob("*.arrow"))
            del result
            assert held() is None
            assert files
            assert not [each for each in files if each.exists()]
        finally:
            gc.enable()
            org.close()
