"""A local org with a file, killed in the middle of a job: what it says of the job is what it holds of its rows.

``SFBULK_KILLS=50`` kills it at fifty more moments.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sfbulk_pandas.local_org import LocalOrg

SCRIPT = Path(__file__).parent / "kill" / "org_at_work.py"
sys.path.insert(0, str(SCRIPT.parent))  # test modules are imported each by its file; the org is a script there

from org_at_work import POINTS, ROWS, upload  # noqa: E402 - as above

KILLED = -9


@pytest.fixture(scope="module")
def killed():
    """Return what lets an org work until it is killed, and returns its job."""
    with subprocess.Popen(
        [sys.executable, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def order(path, point="", count=0, seconds=None):
            given = {"database": str(path), "point": point, "count": count, "seconds": seconds}
            print(json.dumps(given), file=process.stdin, flush=True)
            done = json.loads(process.stdout.readline())
            assert done["ended"] in ({KILLED} if point else {KILLED, 0})
            return done["job"]

        yield order


def rows_of(reply):
    assert reply.status == 200
    return list(csv.DictReader(io.StringIO(reply.text)))


def check_whole(path, job, call_to, *, least=0):
    """Check that counters, result files and records tell of the same rows; return how many were processed."""
    with LocalOrg(path) as org:
        call = call_to(org)
        info = call.get(f"jobs/ingest/{job}").json()
        names = ("successfulResults", "failedResults", "unprocessedrecords")
        good, bad, rest = (rows_of(call.get(f"jobs/ingest/{job}/{name}")) for name in names)
        processed, failed = info["numberRecordsProcessed"], info["numberRecordsFailed"]
        assert info["state"] in {"Failed", "Aborted", "JobComplete"}
        assert (len(good), len(bad), len(rest)) == (processed - failed, failed, ROWS - processed)
        sent = list(csv.DictReader(io.StringIO(upload())))
        keys = [row["Account_Key__c"] for row in (*good, *bad)]
        assert sorted(keys) == sorted(row["Account_Key__c"] for row in sent[:processed])
        assert rest == sent[processed:]
        assert processed % 200 == 0
        assert processed >= least
        records = org.records("Account").select(["Id", "Account_Key__c"]).to_pylist()
        stored = [record for record in records if record["Account_Key__c"]]
        told = [{"Id": row["sf__Id"], "Account_Key__c": row["Account_Key__c"]} for row in good]
        assert sorted(stored, key=str) == sorted(told, key=str)
        made = call("POST", "sobjects/Account", json={"Name": "Later"}).json()["id"]
        assert made not in {row["Id"] for row in records}
        return processed


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_job_that_was_cut_short_tells_of_the_rows_that_are_there(point, killed, tmp_path, call_to):
    count = {"rows counted, not saved": 7, "files whole, job not": 1, "half of what is unprocessed": 1}.get(point, 4)
    path = tmp_path / "crm.db"
    job = killed(path, point, count)
    processed = check_whole(path, job, call_to, least=400)
    assert processed == ROWS or point != "files whole, job not"
    if point == "half a line":
        assert check_whole(path, job, call_to) == processed  # once more, after an end in order


@pytest.mark.slow
def test_an_org_that_is_killed_at_any_moment_agrees_with_itself(killed, tmp_path, call_to):
    for number in range(int(os.environ.get("SFBULK_KILLS", "2"))):
        path = tmp_path / f"crm{number}.db"
        job = killed(path, seconds=random.Random(number).uniform(0.0, 0.4))
        check_whole(path, job, call_to)
