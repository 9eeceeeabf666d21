"""A real Ctrl-C to a real process: jobs go on, one line says how to come back, and nothing is sent twice."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import attempt
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process alone")
KILL = Path(__file__).parent / "kill"
ROWS, PART_ROWS = 500, 100
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
MOMENTS = ("encoding", "creating", "uploading", "closing", "polling", "reading", "pausing", "retrying")


def frame_of(rows):
    spec = importlib.util.spec_from_file_location("zygote", KILL / "zygote.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.frame_of(rows)


FRAME = frame_of(ROWS)


@pytest.fixture
def local():
    with LocalOrg(pacing=AfterPolls(2)) as org:
        org.fail_rows("Contact", "Description", ["row 7", "row 250", "row 499"])  # so that there is a retry
        yield org


def interrupted_at(moment, local, journal, *, progress=False):
    """Let a process load, press Ctrl-C at the moment, and return what it has said on its way out."""
    order = {"credentials": local.credentials(), "journal": str(journal), "moment": moment, "progress": progress}
    with subprocess.Popen(
        [sys.executable, KILL / "interrupted.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write(json.dumps(order | {"rows": ROWS, "part_rows": PART_ROWS}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGINT)
        pressed = time.monotonic()
        said, errors = process.communicate(timeout=60)
        assert said == "interrupted\n"
        assert process.returncode == 0
        assert time.monotonic() - pressed < 15  # in what was under way, and no longer
    return errors


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_the_jobs_alone_and_says_one_line(local, tmp_path, moment):
    journal = tmp_path / "journal.db"
    said = interrupted_at(moment, local, journal)
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, journal=journal) as org:
        (load_id,) = org.loads()["load_id"]
        jobs = org.jobs(counts=False)
        assert "Aborted" not in set(jobs["state"])
        assert org.loads()["state"].tolist() == ["unfinished"]
        first, line = said.splitlines()
        assert first.startswith(f"load {load_id} interrupted")
        assert re.fullmatch(
            rf"  -> go on: sfbulk\.resume\('{load_id}', frame=\.\.\.\)(; stop a job: org\.abort\('750\w+'\))?", line
        )
        goes_on = re.findall(r"750\w{15}", first)
        assert set(goes_on) <= set(jobs["id"])
        assert bool(goes_on) == ("org.abort" in line)
        if moment in {"polling", "reading"}:
            assert goes_on

        result = org.resume(load_id, frame=FRAME, progress=False)
        assert result.counts == {"rows": ROWS, "successful": ROWS, "failed": 0, "unprocessed": 0}
        assert org.jobs(state="Open", counts=False).empty
    records = local.records("Contact")
    assert sorted(records.column("Description").to_pylist()) == sorted(FRAME["Description"])
    by_id = dict(zip(records.column("Id").to_pylist(), records.column("Description").to_pylist(), strict=True))
    assert [by_id[record] for record in result.successful["sf__Id"]] == FRAME["Description"].tolist()
    assert result.attempts["rows"].tolist() == [ROWS, 3]
    sends = result.successful["sf__Attempts"]
    assert sends.index[sends > 1].tolist() == [7, 250, 499]


@pytest.mark.slow
def test_the_line_stands_below_a_bar_and_not_beside_it(local, tmp_path):
    said = interrupted_at("polling", local, tmp_path / "journal.db", progress=True)
    *bar, first, line = said.splitlines()
    assert any("insert Contact" in each for each in bar)
    assert (first[:4], line[:4]) == ("load", "  ->")


def test_a_thread_that_outlives_ctrl_c_twice_says_nothing_more_of_the_load(local, tmp_path, monkeypatch):
    arrived, go_on = threading.Event(), threading.Event()
    upload, threads = Ingest.upload, []

    def lingering(self, job, body):
        upload(self, job, body)
        threads.append(threading.current_thread())
        arrived.set()
        assert go_on.wait(60)

    def press(*_):
        assert arrived.wait(60)
        raise KeyboardInterrupt

    class Left(ThreadPoolExecutor):
        __exit__ = press  # the second time: nobody waits for the thread

    with (
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, journal=tmp_path / "journal.db") as org,
        monkeypatch.context() as patched,
    ):
        patched.setattr(Ingest, "upload", lingering)
        patched.setattr(attempt.Attempt, "_watch_sending", press)
        patched.setattr(attempt, "ThreadPoolExecutor", Left)
        with pytest.raises(KeyboardInterrupt):
            org.insert(FRAME, "Contact", progress=False)
        patched.undo()
        (load_id,) = org.loads()["load_id"]
        assert org.resume(load_id, frame=FRAME, progress=False).counts["successful"] == ROWS
        go_on.set()
        for thread in threads:
            thread.join()
        assert {part.step for part in Journal(tmp_path / "journal.db").parts(load_id)} == {Step.COLLECTED}
        with pytest.raises(sfbulk.AlreadyLoaded):
            org.insert(FRAME, "Contact", progress=False)
    assert len(local.records("Contact")) == ROWS
