"""No test writes to the journal of the user who runs it, and none of its fixtures does; a run says whom it asks."""

import functools
import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from sfbulk_pandas.local_org import sign_in


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
