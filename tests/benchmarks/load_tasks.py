"""What the load benchmarks measure, each in a process of its own: ``python load_tasks.py TASK JSON`` prints JSON.

The frame of a process is made before anything is measured; a small load of the same kind goes before it.
"""

from __future__ import annotations

import csv
import gc
import io
import json
import random
import re
import sys
import tempfile
import threading
import time
import warnings
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import requests
from discarding_org import COUNTS, RESULTS, TOKEN, closed, folder_of
from pyarrow import csv as arrow_csv
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec.encode import RowOrder, encode_parts
from sfbulk_pandas.codec.frame import Column
from sfbulk_pandas.preflight import LoadCall, sibling_order
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
from sfbulk_pandas.transport.pool import Threads

TEXT = {"type": "string", "length": 255}
FIELDS = {
    "Key__c": {"type": "string", "length": 40, "externalId": True, "unique": True},
    "FirstName": TEXT,
    "LastName": TEXT | {"length": 80, "nillable": False},
    "Email": {"type": "email", "length": 80},
    "City": TEXT,
    "Notes__c": {"type": "textarea", "length": 32_000},
    "Amount__c": {"type": "currency", "precision": 18, "scale": 4},
    "Rate__c": {"type": "double", "precision": 18, "scale": 4},
    "Staff__c": {"type": "int", "digits": 8},
    "Active__c": {"type": "boolean", "nillable": False, "defaultedOnCreate": True},
    "Day__c": {"type": "date"},
    "Seen__c": {"type": "datetime"},
    "AccountId": {"type": "reference", "length": 18, "referenceTo": ["Account"], "relationshipName": "Account"},
}
DESCRIBE = {
    "name": "Contact",
    "keyPrefix": "003",
    "fields": [{"name": name, "label": name} | field for name, field in FIELDS.items()],
}
DESCRIBES = {"Contact": DESCRIBE, "Account": {"name": "Account", "keyPrefix": "001", "fields": []}}
ALL_COLUMNS = [Column(each["name"], each["name"], FieldDescribe.from_json(each)) for each in DESCRIBE["fields"]]
COLUMNS = ALL_COLUMNS[:-1]  # of a frame without parents
FAST = sfbulk.Polling(interval_seconds=0.01, cap_seconds=0.1)
FAILED = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
ONE_IN = 10  # of the prepared answers is a failure
BATCH_ROWS = 10_000  # Salesforce's: results come batch by batch, in no certain order of the batches
WARM_UP_ROWS = 2_000
FOLDER = tempfile.TemporaryDirectory()  # gone with the process


def crm_frame(rows):
    """Make a frame of 12 columns: texts, numbers, a truth, a date and a timestamp."""
    random_numbers = np.random.default_rng(7)
    numbers = random_numbers.integers(0, 10**6, rows)
    texts = pd.Series(numbers, dtype="string[pyarrow]")
    return pd.DataFrame(
        {
            "Key__c": "K-" + pd.Series(np.arange(rows), dtype="string[pyarrow]"),
            "FirstName": pd.Series(np.array(["Ann", "Bob", "Zoë"])[numbers % 3], dtype="string[pyarrow]"),
            "LastName": "Name " + texts,
            "Email": texts + "@example.com",
            "City": "Some City, no. " + texts,
            "Notes__c": 'A note with "quotes" for ' + texts,
            "Amount__c": random_numbers.random(rows).round(4) * 1e6,
            "Rate__c": pd.Series(numbers % 1000).astype("float64"),
            "Staff__c": pd.Series(numbers % 5000).astype("Int64"),
            "Active__c": numbers % 2 == 0,
            "Day__c": pd.Series(np.datetime64("2020-01-01") + numbers % 3000).astype(pd.ArrowDtype(pa.date32())),
            "Seen__c": pd.to_datetime(1_600_000_000 + numbers, unit="s", utc=True),
        }
    )


def with_parents(frame):
    """Return the frame with an Account in each row: every one in ten of them, here and there."""
    parents = np.random.default_rng(5).permutation(len(frame)) // 10
    ids = np.char.add("001", np.char.zfill(parents.astype(str), 12))
    return frame.assign(AccountId=pd.Series(ids, dtype="string[pyarrow]", index=frame.index))


def parts_of(frame, limits=None):
    """Encode the parts that a load of a frame sends, siblings side by side."""
    columns = [each for each in ALL_COLUMNS if each.label in frame.columns]
    siblings = sibling_order(frame, SObjectDescribe.from_json(DESCRIBE), LoadCall(Operation.INSERT))
    return encode_parts(frame, columns, limits=limits, order=siblings and RowOrder(*siblings))


def prepare(folder, rows, way="frame"):
    """Prepare the result files of each part that a load of the frame sends."""
    for part in parts_of(_made(rows, way)):
        body = b"".join(part.body)
        into = folder_of(folder, len(body), body)
        into.mkdir(exist_ok=True)
        _write_results(body, into)
        del body
    return {}


def _write_results(body, folder):
    texts = arrow_csv.ConvertOptions(column_types=dict.fromkeys(FIELDS, pa.string()), strings_can_be_null=False)
    form = arrow_csv.ParseOptions(newlines_in_values=True)
    table = arrow_csv.read_csv(io.BytesIO(body), parse_options=form, convert_options=texts)
    starts = np.random.default_rng(3).permutation(np.arange(0, table.num_rows, BATCH_ROWS))
    order = np.concatenate([np.arange(at, min(at + BATCH_ROWS, table.num_rows)) for at in starts])
    failed = table.take(pa.array(order[order % ONE_IN == 0]))
    good = table.take(pa.array(order[order % ONE_IN > 0]))
    ids = pa.array(np.char.add(np.char.zfill(np.arange(good.num_rows).astype(str), 15), "AAA"))
    good = good.add_column(0, "sf__Created", pa.repeat("true", good.num_rows)).add_column(0, "sf__Id", ids)
    failed = failed.add_column(0, "sf__Error", pa.repeat(FAILED, failed.num_rows))
    failed = failed.add_column(0, "sf__Id", pa.repeat("", failed.num_rows))
    for name, each in zip(RESULTS, (good, failed, table.slice(0, 0)), strict=True):
        arrow_csv.write_csv(each, folder / f"{name}.csv", arrow_csv.WriteOptions(quoting_style="all_valid"))
    counts = {"numberRecordsProcessed": table.num_rows, "numberRecordsFailed": failed.num_rows}
    (folder / COUNTS).write_text(json.dumps(counts), "utf-8")


class LoopbackAdapter(HTTPAdapter):
    """Send what is meant for https://127.0.0.1 over plain http: simple-salesforce speaks https only."""

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace("https://127.0.0.1", "http://127.0.0.1", 1)
        return super().send(request, *args, **kwargs)


def outsider(host):
    session = requests.Session()
    session.mount("https://", LoopbackAdapter())
    return Salesforce(instance=host, session_id=TOKEN, session=session)


def connected(host, polling=FAST):
    """Connect, with the journal of this process: the small load before what is measured makes it."""
    journal = Path(FOLDER.name) / "journal.db"
    return sfbulk.connect(sfbulk.AccessToken(TOKEN, f"http://{host}"), polling=polling, journal=journal)


def _encode(frame):
    with Threads(2) as pool:
        return sum(len(part.body) for part in encode_parts(frame, COLUMNS, mapper=pool.map))


def _encode_and_put(host, frame):
    """Encode a frame and upload its parts as they come, with nothing checked, written down or asked; the seconds."""
    begun = time.monotonic()
    with Threads(2) as pool, Threads(2) as uploads:
        put = partial(_put, host)
        for _ in uploads.map(put, encode_parts(frame, COLUMNS, mapper=pool.map)):
            pass
    return time.monotonic() - begun


def _put(host, part):
    path = "/services/data/v66.0/jobs/ingest"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    job = {"object": "Contact", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}
    with closing(HTTPConnection(host)) as connection:

        def call(method, path, body, **more):
            connection.request(method, path, body, headers | more)
            with connection.getresponse() as answer:
                assert answer.status < 300, answer.status
                return answer.read()

        made = json.loads(call("POST", path, json.dumps(job)))["id"]
        csv_headers = {"Content-Type": "text/csv", "Content-Length": str(len(part.body))}
        call("PUT", f"{path}/{made}/batches", iter(part.body), **csv_headers)
        call("PATCH", f"{path}/{made}", json.dumps({"state": "UploadComplete"}))


def _insert(host, source, **options):
    """Load with our client; return the seconds until the last job was closed, and until the result was there."""
    org = connected(host)
    closed(host)
    start = time.monotonic()
    result = org.insert(source, "Contact", repeat=True, progress=False, **options)
    end = time.monotonic()
    assert result.counts["failed"] + result.counts["successful"] == result.counts["rows"], result.counts
    return closed(host)["at"] - start, end - start


def _records(host, frame):
    """Load with simple-salesforce's records, and wait no longer than it must; the seconds, as for _insert."""
    org = outsider(host)
    closed(host)
    start = time.monotonic()
    org.bulk2.Contact.insert(records=frame.to_dict("records"), wait=0)
    end = time.monotonic()
    return closed(host)["at"] - start, end - start


def load(host, rows, way):
    """Load by one way: seconds to the closed job and to the end, and peak memory above the start in bytes.

    The first load touches memory that the process has never had; ``again`` is how long a second one takes to the
    closed job.
    """
    frame = crm_frame(rows)
    ways = {
        "ours": lambda rows: _insert(host, rows),
        "ours, unchecked": lambda rows: _insert(host, rows, check=False),
        "simple-salesforce": lambda rows: _records(host, rows),
        "encoding": lambda rows: (_encode(rows),) * 2,
    }
    _warm_up(ways[way], frame)
    with Memory() as memory:
        to_closed, to_end = ways[way](frame)
    again, _ = ways[way](frame)
    return {"closed": to_closed, "end": to_end, "again": again, **memory.peaks}


def _warm_up(call, frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(frame.iloc[:WARM_UP_ROWS])
        except sfbulk.ReconcileError:  # no answers were prepared for so few rows
            return


def rounds(host, rows, turns):
    """Time encoding alone and loads of the same frame, in random order, and return the seconds of each turn."""
    frame = crm_frame(rows)
    ways = {
        "encoding alone": lambda: _timed(lambda: _encode(frame)),
        "encoding and bare uploads": lambda: _encode_and_put(host, frame),
        "to closed job, checked": lambda: _insert(host, frame)[0],
        "to closed job, check=False": lambda: _insert(host, frame, check=False)[0],
    }
    return _interleaved(ways, turns)


def _timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _interleaved(ways, turns):
    times = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name in random.sample(list(ways), len(ways)):
            gc.collect()
            seconds = ways[name]()
            if turn:
                times[name].append(seconds)
    return times


def _job(host, frame, operation="insert"):
    """Return the id of a job whose results are there."""
    org = connected(host)
    call = {"insert": lambda: org.insert(frame, "Contact", repeat=True, progress=False)}
    call["upsert"] = lambda: org.upsert(frame, "Contact", external_id_field="Key__c", progress=False)
    return call[operation]().jobs[0].id


def _results(host, job_id, frame):
    result = connected(host).results(job_id, frame)
    return len(result.successful) + len(result.failed)


def _theirs_as_rows(host, job_id):
    held = outsider(host).bulk2.Contact.get_all_ingest_records(job_id)
    return len(held["successfulRecords"]) + len(held["failedRecords"])


def _theirs_as_frames(host, job_id, *, reader):
    org = outsider(host).bulk2.Contact
    return sum(len(reader(text(job_id))) for text in (org.get_successful_records, org.get_failed_records))


def _by_dict_reader(text):
    return pd.DataFrame(csv.DictReader(io.StringIO(text)))


def _by_read_csv(text):
    return pd.read_csv(io.StringIO(text))


READINGS = {
    "ours": lambda host, job, frame: _results(host, job["insert"], None),
    "ours, joined by content": lambda host, job, frame: _results(host, job["insert"], frame),
    "ours, joined by key": lambda host, job, frame: _results(host, job["upsert"], frame),
    "get_all_ingest_records": lambda host, job, frame: _theirs_as_rows(host, job["insert"]),
    "DataFrame(csv.DictReader)": lambda host, job, frame: _theirs_as_frames(
        host, job["insert"], reader=_by_dict_reader
    ),
    "pandas.read_csv": lambda host, job, frame: _theirs_as_frames(host, job["insert"], reader=_by_read_csv),
}


def reading_rounds(host, rows, turns):
    """Time each way to read a job's results, in random order, and return the seconds of each turn."""
    frame = crm_frame(rows)
    jobs = {operation: _job(host, frame, operation) for operation in ("insert", "upsert")}
    ways = {
        name: lambda read=read: _timed(lambda: _all_of(read(host, jobs, frame), rows))
        for name, read in READINGS.items()
    }
    return _interleaved(ways, turns)


def _all_of(found, rows):
    assert found == rows


def reading(host, rows, way):
    """Read a job's results once: peak memory above the start in bytes."""
    frame = crm_frame(rows)
    jobs = {operation: _job(host, frame, operation) for operation in ("insert", "upsert")}
    with Memory() as memory:
        READINGS[way](host, jobs, frame)
    return memory.peaks


def write_parquet(path, rows):
    """Write the frame as a Parquet file, as other tools would have."""
    frame = crm_frame(rows)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=120_000)
    return {}


def load_source(host, rows, way, path):
    """Load many parts once from a frame, a Parquet file or a reader: as load, with the memory at the closed job."""
    makers = {
        "frame": lambda: _made(rows, way),
        "frame with parents": lambda: _made(rows, way),
        "Parquet file": lambda: path,
        "RecordBatchReader": lambda: _reader(path),
    }
    _warm_up(lambda few: _insert(host, few), crm_frame(WARM_UP_ROWS))
    source = makers[way]()
    with Memory() as memory:
        to_closed, to_end = _insert(host, source)
    return {"closed": to_closed, "end": to_end, **memory.peaks}


def _made(rows, way):
    frame = crm_frame(rows)
    return with_parents(frame) if "parents" in way else frame


def _reader(path):
    file = pq.ParquetFile(path, pre_buffer=False)  # what a reader itself takes is not measured here, nor its threads
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(65_536, use_threads=False))


class Memory:
    """Watch this process's memory above what it held at the start (Linux).

    ``peaks``: bytes of ``rss`` (all that is resident, mapped files included) and of ``anon`` (what no file stands
    behind: it cannot be given back under pressure).
    """

    def __enter__(self):
        gc.collect()
        pa.default_memory_pool().release_unused()
        self._start, self.peaks = _resident(), {"rss": 0, "anon": 0}
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *exc_info):
        self._done.set()
        self._watcher.join()

    def _watch(self):
        while not self._done.wait(0.004):
            for name, held in _resident().items():
                self.peaks[name] = max(self.peaks[name], held - self._start[name])


def _resident():
    status = Path("/proc/self/status").read_text("ascii")
    return {name: int(re.search(rf"{field}:\s+(\d+)", status)[1]) * 1024 for name, field in _FIELDS.items()}


_FIELDS = {"rss": "VmRSS", "anon": "RssAnon"}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
