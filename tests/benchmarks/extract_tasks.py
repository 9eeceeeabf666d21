"""Extract prepared pages in a process of its own: ``python extract_tasks.py WAY PORT PAGES PAGE_ROWS FOLDER``.

Prints JSON: rows, seconds, those of all threads at work, and the most memory that no file stands behind above what
there was before, in bytes. A small extract of the same kind goes before it.
"""

import gc
import json
import re
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import query as queries
from sfbulk_pandas.jobs.explore.profiling import profiled
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.extract.to_disk import to_csv, to_parquet
from sfbulk_pandas.jobs.loading import Loading
from sfbulk_pandas.jobs.plans.base import CsvPage
from sfbulk_pandas.jobs.query import Extract, stream_of
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.salesforce.soql import parse
from sfbulk_pandas.sinks.parquet import ParquetOptions
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.query import build_page

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("Id", "LastName", "Email", "MailingStreet")),
        *((name, pa.string()) for name in ("MailingCity", "MailingPostalCode")),
        ("Amount__c", pa.float64()),
        ("Rate__c", pa.float64()),
        ("Staff__c", pa.int64()),
        ("Active__c", pa.bool_()),
        ("Birthdate", pa.date32()),
        ("Seen__c", pa.timestamp("ms", "UTC")),
    ]
)


def plan_of(pages, page_rows):
    class Again:
        """The same page again and again, each of them a chain, as the list of result pages gives them."""

        name, reason, is_stable, job_ids = "again", "asked for", True, (f"750again{pages}",)

        def __init__(self, question):
            self.question = question

        def chains(self):
            for number in range(pages):
                yield Chain(number, build_page("66.0", *self.job_ids, str(number), None), *self.job_ids)

        def open(self, answer, todo):
            return CsvPage(answer, self.question, todo, None)

        def page(self, path):
            return Request("GET", path)

        def expected_rows(self):
            return {self.job_ids[0]: pages * page_rows}

        def abandon(self):
            pass

    return Again


class NoDescribes:
    """Know no field: types are given."""

    def field(self, sobject, path):
        return None


def rss_anon():
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024


def measured(run):
    """Return how long a run takes, and how much memory above what the process has before it."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    before, most, done = rss_anon(), [0], threading.Event()

    def watch():
        while not done.wait(0.002):
            most[0] = max(most[0], rss_anon() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, worked = time.perf_counter(), time.process_time()
    rows = run()
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - worked
    done.set()
    watcher.join()
    return {"rows": rows, "seconds": seconds, "cpu_seconds": cpu_seconds, "bytes": most[0]}


def ways(extract, folder):
    path = Path(folder)
    return {
        "batches": lambda: sum(batch.num_rows for batch in stream_of(extract)),
        "parquet": lambda: to_parquet(extract, path / "rows", ParquetOptions(), overwrite=True).rows,
        "partitioned": lambda: to_parquet(extract, path / "rows", ParquetOptions("Active__c"), overwrite=True).rows,
        "profile": lambda: int(profiled(extract)["rows"].max()),
        "csv": lambda: to_csv(extract, path / "rows.csv", overwrite=True).stat().st_size,
    }


def main(way, port, pages, page_rows, folder):
    soql = f"SELECT {', '.join(SCHEMA.names)} FROM Contact"
    with Session(sfbulk.AccessToken("token", f"http://127.0.0.1:{port}")) as session:
        loading = Loading(session, NoDescribes(), sfbulk.Polling(), Journal(Path(folder) / "journal.db"))
        extract = Extract(loading, parse(soql), SCHEMA, sfbulk.QueryOptions(plan="result_pages", progress=False))
        for count in (1, int(pages)):
            queries._PLANS["result_pages"] = plan_of(count, int(page_rows))
            figures = measured(ways(extract, folder)[way])
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
