"""No test writes to the journal of the user who runs it, and none of its fixtures does; a run says whom it asks."""

import functools
import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from sfbulk_pandas.local_org import sign_in

HERE = Path(__file__).parent
# What takes longest begins first: begun last, it would keep the other workers waiting. A name that is missing costs
# seconds, never a test.
LONGEST = (
    "e2e/test_kill_extract.py",
    "e2e/test_fault_table.py",
    "browser/test_progress.py",
    "docs/test_notebooks.py",
    "e2e/test_kill.py",
    "interop/test_differential.py",
    "interop/test_salesforce_cli.py",
    "browser/test_lessons.py",
    "house/test_static.py",
    "e2e/test_resume.py",
    "browser/test_triage.py",
    "e2e/test_kill_sync.py",
    "properties/test_csv_properties.py",
    "e2e/test_interrupt.py",
    "e2e/test_sync.py",
    "e2e/test_many_and_long.py",
)


def pytest_configure(config):
    """Let workers take files in their order here; by itself xdist begins with those of many tests, which are short."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    turns = {HERE / name: turn for turn, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


def pytest_report_header():
    """Name the clients that others wrote, with their versions: those of ``tests/interop``."""
    names = {"simple-salesforce": _of_python, "salesforce-bulk": _of_python}
    names |= {"jsforce": _of_node, "@salesforce/cli": _of_node}
    return "outsiders: " + ", ".join(f"{name} {found(name)}" for name, found in names.items())


def _of_python(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not here"


def _of_node(name):
    folder = os.environ.get("SFBULK_NODE_TOOLS")
    package = Path(folder or ".", "node_modules", name, "package.json")
    return json.loads(package.read_text())["version"] if folder and package.exists() else "not named"


@pytest.fixture(scope="session", autouse=True)
def _state_of_all(tmp_path_factory):
    """Keep journals of what several tests share, and of processes that tests begin, in a folder of the tests' own."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platformdirs.user_state_path", lambda name, appauthor: folder / name)
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_key():
    """Let all local orgs of a run share one key pair: to make one takes as long as most tests do otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_in, "_new_key_pem", functools.cache(sign_in._new_key_pem))
        yield


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    """Keep journals in a folder of the test's own."""
    folder = tmp_path / "state"
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor: folder / name)
    return folder
