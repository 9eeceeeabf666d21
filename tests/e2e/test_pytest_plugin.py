"""The fixtures that ship with the package, as a user's own tests take them."""

import os
import tomllib
from pathlib import Path

import pytest

pytest_plugins = "pytester"

ROOT = Path(__file__).resolve().parents[2]
USERS_TESTS = """
import sys

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk

PEOPLE = pd.DataFrame({"LastName": ["Curie", "Hopper"]})
COUNT = "SELECT COUNT() FROM Contact"


def count():
    return sfbulk.query(COUNT, progress=False).iloc[0, 0]


def test_the_local_org_is_not_there_before_it_is_asked_for():
    assert not [name for name in sys.modules if name.startswith(("sfbulk_pandas.local_org", "duckdb", "werkzeug"))]


def test_a_load(sfbulk_org, local_org):
    assert PEOPLE.sfbulk.insert("Contact", progress=False).counts["successful"] == 2
    assert local_org.records("Contact").num_rows == count() == 2


def test_another_one_finds_an_empty_org_and_a_journal_of_its_own(sfbulk_org, local_org, tmp_path):
    assert local_org.records("Contact").num_rows == 0
    assert sfbulk_org.loads().empty
    PEOPLE.sfbulk.insert("Contact", progress=False)
    assert sfbulk_org.loads()["rows"].tolist() == [2]
    assert (tmp_path / "sfbulk-journal.db").exists()


def test_after_a_test_no_org_is_connected():
    with pytest.raises(sfbulk.UsageError, match="no org is connected"):
        count()


def test_a_fault(sfbulk_org, local_org):
    from sfbulk_pandas.local_org import Faults

    lost = local_org.faults.on("PUT", "batches", fault=Faults.answer_lost)
    assert PEOPLE.sfbulk.insert("Contact", progress=False).counts["successful"] == 2
    assert lost.struck == 1


@pytest.mark.local_org(weather="fine")
def test_a_marker_gives_options(request):
    with pytest.raises(TypeError, match="weather"):
        request.getfixturevalue("local_org")


@pytest.fixture(scope="module")
def hers():
    from sfbulk_pandas.local_org import LocalOrg

    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        PEOPLE.sfbulk.insert("Contact", progress=False)
        yield org


def test_an_org_of_ones_own_gives_way_for_a_test(hers, sfbulk_org):
    assert count() == 0


def test_and_is_connected_again_after_it(hers):
    assert count() == 2
"""


@pytest.fixture
def installed(pytester, monkeypatch, state_folder):
    """Let pytest find the plugin as it finds it once the package is installed: by the entry point in pyproject.toml."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
    folder = pytester.mkdir("site") / "installed_here-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: installed_here\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{name} = {module}" for name, module in points.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder.parent), str(ROOT)]))
    monkeypatch.setenv("XDG_STATE_HOME", str(state_folder))
    return pytester


def test_a_users_tests_take_the_fixtures_without_any_setting(installed):
    installed.makepyfile(test_users=USERS_TESTS)
    done = installed.runpytest_subprocess("--strict-markers", "-W", "error")
    done.assert_outcomes(passed=8)
