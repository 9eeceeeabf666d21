"""A real process, killed by SIGKILL at every step of its journal and at any moment: one record a row, all the same."""

import importlib.util
import os
import random
import signal
import time
from pathlib import Path

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal
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


def load(local, journal, die=None):
    order = {"task": "load", "credentials": local.credentials(), "journal": str(journal), "die": die}
    return order | {"rows": ROWS, "part_rows": PART_ROWS}


def an_org(locked=()):
    """Return an org; rows that fail in passing are sent again, as an attempt of its own in the journal."""
    local = LocalOrg(pacing=AfterPolls(2))
    local.fail_rows("Contact", "Description", locked)
    return local


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


def check_attempts(result, locked):
    """Check that exactly the rows that failed in passing went up twice."""
    sends = result.successful["sf__Attempts"]
    assert [f"row {at}" for at in sends.index[sends > 1]] == locked
    assert sends.max() <= 2


def journal_writes(zygote, local, journal):
    """Count the writes of a load that nothing disturbs, and how long it takes."""
    begun = time.monotonic()
    assert zygote.run(load(local, journal)) == 0
    seconds = time.monotonic() - begun
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), journal=journal) as org:
        attempts = org.resume(org.loads()["load_id"][0], frame=FRAME, progress=False).attempts
    parts = sum(len(jobs) for jobs in attempts["jobs"])
    return 2 + len(attempts) + 8 * parts, seconds  # begin, finish; one for an attempt; eight steps a part


LOCKED = ["row 3", "row 210", "row 599"]


@pytest.mark.slow
@pytest.mark.parametrize("locked", [[], LOCKED], ids=["no row fails", "rows fail in passing"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_step_of_the_journal(zygote, tmp_path, when, locked):
    with an_org(locked) as local:
        writes, _ = journal_writes(zygote, local, tmp_path / "whole.db")
    assert writes == 27 + 9 * bool(locked)
    first = 27 if locked else 1  # the steps before are those of a load without a retry
    for turn in range(first, writes + 1):
        journal = tmp_path / f"{turn}.db"
        with an_org(locked) as local:
            assert zygote.run(load(local, journal, [when, turn])) == -signal.SIGKILL
            result = go_on(local, journal)
            check(local, result)
            check_attempts(result, locked)
    with an_org(locked) as local:
        assert zygote.run(load(local, tmp_path / "none.db", [when, writes + 1])) == 0  # there are no further writes


@pytest.mark.slow
def test_killed_at_any_moment(zygote, tmp_path):
    with an_org(LOCKED) as local:
        _, seconds = journal_writes(zygote, local, tmp_path / "whole.db")
    moments = random.Random(20261124)
    killed, retrying = 0, 0
    for turn in range(2 * MOMENTS):
        if killed == MOMENTS:
            break
        journal = tmp_path / f"{turn}.db"
        with an_org(LOCKED) as local:
            begun = time.monotonic()
            was_killed = zygote.kill_after(load(local, journal), moments.uniform(0, seconds)) == -signal.SIGKILL
            if not was_killed:  # it was faster: so may be those that follow
                seconds = min(seconds, time.monotonic() - begun)
            killed += was_killed
            retrying += was_killed and len(attempts_begun(journal)) > 1
            result = go_on(local, journal)
            check(local, result)
            check_attempts(result, LOCKED)
    print(f"{killed} loads killed in mid-run, {retrying} after their retry had begun: one record a row")
    assert killed == MOMENTS


def attempts_begun(path):
    with Journal(path) as journal:
        return [each for load in journal.loads() for each in journal.attempts(load.load_id)]
