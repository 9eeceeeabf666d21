"""Every kind of request against every fault, for a load and for an extract; README.md's table is what comes of it.

``SFBULK_WRITE_TABLES=1 python -m pytest tests/e2e/test_fault_table.py`` writes the table anew.
"""

import logging
import os
import re
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from sfbulk_pandas.local_org import AfterPolls, LocalOrg, Switches

sys.path.insert(0, str(Path(__file__).parent / "fault_table"))  # test modules are imported each by its file

import fault_cells
import fault_kinds
import fault_report

IS_WRITING = bool(os.environ.get("SFBULK_WRITE_TABLES"))
PAGE_ROWS = 1_000
LINES = fault_report.lines_of_readme()
SIDES = {"load": (fault_cells.LoadCell, fault_kinds.LOAD), "extract": (fault_cells.ExtractCell, fault_kinds.EXTRACT)}


@pytest.fixture(scope="module", autouse=True)
def _scratch(tmp_path_factory):
    """Keep rows that lie on disk apart from those of all other processes, which every load would look through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))
        yield


@pytest.fixture(scope="module")
def orgs(tmp_path_factory):
    """Orgs by side and pace: jobs that end at once, and jobs that take a step a poll."""
    switches = Switches(query_page_rows=PAGE_ROWS)
    with (
        LocalOrg() as load,
        LocalOrg(pacing=AfterPolls(rows_per_step=200)) as paced_load,
        LocalOrg(switches=switches) as extract,
        LocalOrg(pacing=AfterPolls(), switches=switches) as paced_extract,
    ):
        for each in (extract, paced_extract):
            with fault_cells.client(each, tmp_path_factory.mktemp("fill")) as org:
                names = pd.DataFrame({"LastName": [f"N{number}" for number in range(fault_cells.EXTRACT_ROWS)]})
                org.insert(names, "Contact", progress=False)
        yield {
            ("load", False): load,
            ("load", True): paced_load,
            ("extract", False): extract,
            ("extract", True): paced_extract,
        }


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "sfbulk_pandas")


def forget_jobs(local):
    """Leave no job for the next cell to find."""
    for job in local.state.jobs.all():
        local.state.jobs.delete(job)


def word(side, local, kind, failing, folder):
    """Return how a call ends one of whose requests meets a fault."""
    number = fault_kinds.FAULTS.index(failing)
    more = {"rows": 600} if side == "load" and failing.is_paced else {}
    cell = SIDES[side][0](local, folder, f"{kind.name} {number} ", kind.how, **more)
    folder.mkdir()
    try:
        return fault_cells.outcome(cell, kind, failing)
    except BaseException as error:
        error.add_note(f"{side}: {kind.name!r} met {failing.name!r}")
        raise
    finally:
        local.faults.clear()
        forget_jobs(local)


@pytest.mark.slow
@pytest.mark.parametrize("failing", fault_kinds.FAULTS, ids=lambda failing: failing.name)
@pytest.mark.parametrize("side", SIDES)
def test_every_request_meets_a_fault_and_nothing_is_lost_or_doubled(side, failing, orgs, tmp_path):
    _, kinds = SIDES[side]
    local = orgs[side, failing.is_paced]
    met = [kind for kind in kinds if failing.reason(kind) is None]
    words = {kind.name: word(side, local, kind, failing, tmp_path / kind.name) for kind in met}
    line = fault_report.row_line(failing, kinds, words)
    if IS_WRITING:
        LINES[side][failing.name] = line
    assert LINES[side].get(failing.name) == line, "README.md's table is not fresh"


def test_the_rest_of_the_table_in_the_readme_is_fresh_too():
    if IS_WRITING:
        fault_report.write_readme(LINES)
    assert fault_report.block_of_readme() == fault_report.written(LINES)


def test_every_fault_there_is_stands_in_the_table():
    named = {name for name in vars(fault_kinds.Faults) if not name.startswith("_")}
    source = (Path(__file__).parent / "fault_table" / "fault_kinds.py").read_text(encoding="utf-8")
    untested = {name for name in named if not re.search(rf"Faults\.{name}\b", source)}
    assert untested == {"answer"}  # which is whatever its caller likes
