"""A real process, killed by SIGKILL at every step of its journal and at any moment: one record a row, all the same."""

import contextlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes to kill are forked")
SCRIPT = Path(__file__).parent / "kill" / "zygote.py"
ROWS, PART_ROWS = 600, 200
MOMENTS = int(os.environ.get("SFBULK_KILLS", "12"))  # 200 on demand: SFBULK_KILLS=200
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)


def script():
    spec = importlib.util.spec_from_file_location("zygote", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FRAME = script().frame_of(ROWS)


class Zygote:
    """Loads in processes of their own."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def begin(self, local, journal, die=None):
        order = {"credentials": local.credentials(), "journal": str(journal), "die": die}
        self.process.stdin.write(json.dumps(order | {"rows": ROWS, "part_rows": PART_ROWS}) + "\n")
        return int(self.process.stdout.readline())

    def ended(self):
        return int(self.process.stdout.readline())

    def load(self, local, journal, die=None):
        self.begin(local, journal, die)
        return self.ended()

    def kill_after(self, local, journal, seconds):
        child = self.begin(local, journal)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):  # it may have ended by then
            os.kill(child, signal.SIGKILL)
        return self.ended()


@pytest.fixture(scope="module")
def zygote():
    found = Zygote()
    with found.process:  # closes its pipes, whereupon it ends
        yield found


@pytest.fixture
def local():
    with LocalOrg(pacing=AfterPolls(2)) as org:
        yield org


def go_on(local, journal):
    """Do what a user does after the death of a kernel, and return the result."""
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, journal=journal) as org:
        loads = org.loads()
        if loads.empty:  # it died before anything was written down, so nothing can have been sent
            assert local.records("Contact").num_rows == 0
            return org.insert(FRAME, "Contact", part_rows=PART_ROWS, progress=False)
        return org.resume(loads["load_id"][0], frame=FRAME, progress=False)


def check(local, result):
    assert result.counts == {"rows": ROWS, "successful": ROWS, "failed": 0, "unprocessed": 0}
    records = local.records("Contact")
    assert sorted(records.column("Description").to_pylist()) == sorted(FRAME["Description"])
    by_id = dict(zip(records.column("Id").to_pylist(), records.column("Description").to_pylist(), strict=True))
    assert [by_id[record] for record in result.successful["sf__Id"]] == FRAME["Description"].tolist()
    assert result.unmatched.empty


def journal_writes(zygote, local, journal):
    """Count the writes of a load that nothing disturbs, and how long it takes."""
    begun = time.monotonic()
    assert zygote.load(local, journal) == 0
    seconds = time.monotonic() - begun
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), journal=journal) as org:
        parts = org.loads()["jobs"][0]
    return 3 + 8 * int(parts), seconds  # begin, begin_attempt, finish; eight steps a part


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_step_of_the_journal(zygote, tmp_path, when):
    with LocalOrg(pacing=AfterPolls(2)) as local:
        writes, _ = journal_writes(zygote, local, tmp_path / "whole.db")
    for turn in range(1, writes + 1):
        journal = tmp_path / f"{turn}.db"
        with LocalOrg(pacing=AfterPolls(2)) as local:
            assert zygote.load(local, journal, die=[when, turn]) == -signal.SIGKILL
            check(local, go_on(local, journal))
    with LocalOrg() as local:
        assert zygote.load(local, tmp_path / "none.db", die=[when, writes + 1]) == 0  # there are no further writes


@pytest.mark.slow
def test_killed_at_any_moment(zygote, tmp_path):
    with LocalOrg(pacing=AfterPolls(2)) as local:
        _, seconds = journal_writes(zygote, local, tmp_path / "whole.db")
    moments = random.Random(20261124)
    killed = 0
    for turn in range(MOMENTS):
        journal = tmp_path / f"{turn}.db"
        with LocalOrg(pacing=AfterPolls(2)) as local:
            killed += zygote.kill_after(local, journal, moments.uniform(0, seconds)) == -signal.SIGKILL
            check(local, go_on(local, journal))
    print(f"{killed} of {MOMENTS} loads killed in mid-run, each with one record a row in the end")
    assert killed > MOMENTS / 2
