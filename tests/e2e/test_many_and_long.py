"""Many clients at one org, and one client for a long time: every record right, and nothing that grows.

``SFBULK_ROUNDS=1000`` makes the long time long, and prints what is held as it goes.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import psutil
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import AfterPolls, LocalOrg

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
CLIENTS = 20
ROWS = 30
ROUNDS = int(os.environ.get("SFBULK_ROUNDS", "20"))
WARM = 10  # rounds after which everything that is made once has been made
POOL_THREADS = 4  # of Arrow's own pools, which begin when they are first needed
MEGABYTES = 40  # what the memory of a process moves by for no reason; a leak of 100 kB a round is 99 MB in the long run


def rows(client, count=ROWS):
    keys = [f"C{client}-{number}" for number in range(count)]
    return pd.DataFrame({"Account_Key__c": keys, "Name": [f"Name {key}" for key in keys], "NumberOfEmployees": client})


@pytest.mark.slow
def test_twenty_clients_at_once_find_every_record_of_theirs_right(tmp_path):
    begin = threading.Barrier(CLIENTS)

    def work(number):
        credentials = sfbulk.JwtBearer(**local.credentials())
        with sfbulk.connect(credentials, polling=FAST, journal=tmp_path / f"{number}.db") as org:
            begin.wait(30)
            frame = rows(number)
            result = org.insert(frame, "Account", check=False)
            found = org.query(f"SELECT Id, Account_Key__c, Name FROM Account WHERE NumberOfEmployees = {number}")
            return result.counts, found

    with LocalOrg(pacing=AfterPolls(2)) as local, ThreadPoolExecutor(CLIENTS) as pool:
        for number, (counts, found) in enumerate(pool.map(work, range(CLIENTS))):
            assert counts == {"rows": ROWS, "successful": ROWS, "failed": 0, "unprocessed": 0}
            assert sorted(found["Name"]) == sorted(rows(number)["Name"])
            assert sorted(found["Account_Key__c"]) == sorted(rows(number)["Account_Key__c"])
        records = local.records("Account").to_pandas()
    assert records.groupby("NumberOfEmployees").size().tolist() == [ROWS] * CLIENTS
    assert records["Id"].is_unique
    assert records["Name"].eq("Name " + records["Account_Key__c"]).all()


def held(process):
    """Return what a process holds: threads, open files and sockets, and memory in MB."""
    return process.num_threads(), process.num_fds(), process.memory_info().rss / 1e6


@pytest.fixture
def served():
    """Serve an org from a process of its own, so that each side can be looked at alone; its process and credentials."""
    command = [sys.executable, "-m", "sfbulk_pandas.cli", "local-org", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        greeting = "".join(process.stdout.readline() for _ in range(4))
        token, url = re.search(r'AccessToken\("([^"]+)", "([^"]+)"', greeting).groups()
        yield psutil.Process(process.pid), sfbulk.AccessToken(token, url)
        process.terminate()
        assert "stopped" in process.stdout.read()


def one_round(credentials, journal):
    with sfbulk.connect(credentials, polling=FAST, journal=journal) as org:
        assert org.upsert(rows(1), "Account", external_id_field="Account_Key__c").counts["successful"] == ROWS
        assert len(org.query("SELECT Id, Account_Key__c, Name FROM Account", plan="locator")) == ROWS


@pytest.mark.slow
def test_a_long_time_of_small_loads_and_queries_holds_no_more_than_a_short_one(served, tmp_path):
    serving, credentials = served
    sides = {"client": psutil.Process(), "org": serving}
    after, own_threads = {}, set()
    for number in range(1, ROUNDS + 1):
        one_round(credentials, tmp_path / "journal.db")
        if number == WARM or number % max(ROUNDS // 10, 1) == 0:
            gc.collect()
            after[number] = {name: held(process) for name, process in sides.items()}
            own_threads.add(threading.active_count())
            print(f"round {number}: threads, handles, MB: {after[number]}", file=sys.stderr)
    assert len(own_threads) == 1
    for name in sides:
        threads, handles, megabytes = after[WARM][name]
        assert after[ROUNDS][name][0] <= threads + POOL_THREADS, name
        assert after[ROUNDS][name][1] <= handles, name
        assert after[ROUNDS][name][2] - megabytes < MEGABYTES, name


def test_a_closed_org_holds_no_file_open(local, tmp_path):
    credentials = sfbulk.JwtBearer(**local.credentials())
    before = psutil.Process().num_fds()
    with sfbulk.connect(credentials, polling=FAST, journal=tmp_path / "journal.db") as org:
        org.insert(rows(1, 1), "Account")
        assert [each.path for each in psutil.Process().open_files() if "journal.db" in each.path]
    assert not [each.path for each in psutil.Process().open_files() if "journal.db" in each.path]
    assert psutil.Process().num_fds() <= before
    with org:
        assert org.loads().shape[0] == 1  # it opens itself again
    assert not [each.path for each in psutil.Process().open_files() if "journal.db" in each.path]
