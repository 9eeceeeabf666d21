"""A real process, killed by SIGKILL while it brings a copy up to date: the last state or the next, then the next."""

import importlib.util
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes to kill are forked"),
    pytest.mark.slow,
]
MOMENTS = int(os.environ.get("SFBULK_KILLS", "6"))  # 200 on demand: SFBULK_KILLS=200
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
ROWS = 600
ALL = "SELECT Id, SystemModstamp, IsDeleted, LastName, Description FROM Contact"
OPTIONS = {"columns": ["LastName", "Description"], "page_rows": 100, "sweep": True}


def script():
    spec = importlib.util.spec_from_file_location("zygote", Path(__file__).parent / "kill" / "zygote.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def local():
    with LocalOrg(pacing=AfterPolls(2)) as local:
        yield local


@pytest.fixture(scope="module")
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


@pytest.fixture(scope="module")
def states(local, org, tmp_path_factory):
    """The copy before and after records have changed, were deleted, and have come: as folder and rows, and as rows."""
    base = tmp_path_factory.mktemp("base") / "copy"
    assert org.insert(script().frame_of(ROWS), "Contact", progress=False).counts["successful"] == ROWS
    before = org.sync("Contact", base, progress=False, **OPTIONS)
    ids = before.dataset().to_table(columns=["Id"])["Id"].to_pylist()
    org.update(pd.DataFrame({"Id": ids[:350], "Description": "second"}), "Contact", progress=False)
    org.delete(pd.DataFrame({"Id": ids[300:340]}), "Contact", progress=False)
    org.insert(script().frame_of(150), "Contact", progress=False)
    return base, rows_of(before.dataset().to_table()), rows_of(org.query_arrow(ALL, query_all=True, progress=False))


def rows_of(table):
    return table.sort_by("Id").to_pylist()


def order(local, path, die=None):
    return {"task": "sync", "credentials": local.credentials(), "path": str(path), "options": OPTIONS, "die": die}


def check(org, path, before, after):
    """Hold what is there against the states, and what the next run makes of it against the last one."""
    left = path.with_name(f".{path.name}.sync")
    if path.exists():
        found = rows_of(ds.dataset(path).to_table())
        assert found in (before, after)
    else:
        assert (left / "next" / "_sfbulk.json").exists()  # killed between two renames: the next run puts it there
    assert rows_of(org.sync("Contact", path, progress=False, **OPTIONS).dataset().to_table()) == after
    assert not left.exists()


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_step_on_disk(zygote, local, org, states, tmp_path, when):
    base, before, after = states
    turn, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        turn += 1
        path = tmp_path / f"{turn}"
        shutil.copytree(base, path)
        ended = zygote.run(order(local, path, [when, turn]))
        check(org, path, before, after)
    assert ended == 0
    assert turn > 20  # two extracts with their pages, the window, and the renames


def test_killed_at_any_moment_and_once_more_when_it_goes_on(zygote, local, org, states, tmp_path):
    base, before, after = states
    shutil.copytree(base, tmp_path / "whole")
    begun = time.monotonic()
    assert zygote.run(order(local, tmp_path / "whole")) == 0
    seconds = time.monotonic() - begun
    moments = random.Random(20261126)
    killed = 0
    for turn in range(MOMENTS):
        path = tmp_path / f"{turn}"
        shutil.copytree(base, path)
        killed += zygote.kill_after(order(local, path), moments.uniform(0, seconds)) == -signal.SIGKILL
        zygote.kill_after(order(local, path), moments.uniform(0, seconds))
        check(org, path, before, after)
    print(f"{killed} of {MOMENTS} runs killed, each with the right copy in the end")
    assert killed
