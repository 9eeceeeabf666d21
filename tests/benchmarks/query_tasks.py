"""Query 1,000,000 prepared rows, in a process of its own: ``python query_tasks.py WAY HOST ROWS PAGES TASK``.

Prints JSON, rows among it. The task ``time`` queries three times: ``first`` are the seconds of the first query, which
touches its memory for the first time, ``seconds`` those of the last, as in a notebook that has queried before, and
``cpu`` its seconds of the processors. The task ``memory`` queries once, as watching costs time: ``anon`` is the most
memory that no file stands behind above what there was before, in bytes. A query of the same kind goes before each of
them, of an org that has few rows.
"""

import io
import json
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))  # the tasks are scripts beside this file

from floor import Floor
from load_tasks import Memory, connected, outsider
from page_org import PageOrg, soql_of

import sfbulk_pandas as sfbulk

MOMENTS = {"Birthdate": "%Y-%m-%d", "Seen__c": "ISO8601"}
AT_ONCE = sfbulk.Polling(interval_seconds=0.001)  # the others wait no longer than they must, either
FLOORS = {}  # by host: each has its buffer from the start
WARM_UP_ROWS = 20_000  # for fewer, our client makes no job


def ours(host, pages):
    return connected(host, AT_ONCE).query(soql_of(pages), progress=False)


def ours_as_arrow(host, pages):
    return connected(host, AT_ONCE).query_arrow(soql_of(pages), progress=False)


def floor(host, pages):
    """Parse one page with types and hand it to pandas, and nothing else: no sign-in, no job, no counting of rows."""
    found = FLOORS.setdefault(host, Floor(int(host.rpartition(":")[2]), f"750{pages:012}AAA"))
    return found.table().to_pandas(types_mapper=pd.ArrowDtype)


def pages_of(host, pages):
    """Give simple-salesforce's pages, of which it asks for 50,000 rows each, and wait no longer than it must."""
    return outsider(host).bulk2.Contact.query(soql_of(pages), wait=0)


def read_csv(host, pages):
    """Let pandas guess the types, but for dates: postal codes lose their leading zeros."""
    moments = list(MOMENTS)
    frames = [pd.read_csv(io.StringIO(page), parse_dates=moments) for page in pages_of(host, pages)]
    return pd.concat(frames, ignore_index=True)


def read_csv_as_text(host, pages):
    """Read every column as text, so that no value is changed, and give types to those that are no texts."""
    careful = {"dtype": str, "keep_default_na": False, "na_values": [""]}
    frame = pd.concat([pd.read_csv(io.StringIO(page), **careful) for page in pages_of(host, pages)], ignore_index=True)
    for name in ("Amount__c", "Rate__c"):
        frame[name] = pd.to_numeric(frame[name])
    frame["Staff__c"] = pd.to_numeric(frame["Staff__c"]).astype("Int64")
    frame["Active__c"] = frame["Active__c"] == "true"
    for name, form in MOMENTS.items():
        frame[name] = pd.to_datetime(frame[name], format=form, utc=name == "Seen__c")
    return frame


WAYS = {
    "ours": ours,
    "ours, query_arrow": ours_as_arrow,
    "floor": floor,
    "read_csv": read_csv,
    "read_csv as text": read_csv_as_text,
}


def timed(query):
    found = {}
    for turn in ("first", "second", "seconds"):
        begun, worked = time.perf_counter(), time.process_time()
        rows = len(query())
        found |= {turn: time.perf_counter() - begun, "cpu": time.process_time() - worked}
    return found | {"rows": rows}


def watched(query):
    with Memory() as memory:
        rows = len(query())
    return memory.peaks | {"rows": rows}


TASKS = {"time": timed, "memory": watched}


def main(way, host, rows, pages, task):
    query, pages = WAYS[way], int(pages)
    with PageOrg(WARM_UP_ROWS) as few:
        query(few.host, pages)
    found = TASKS[task](lambda: query(host, pages))
    assert found["rows"] == int(rows), found["rows"]
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
