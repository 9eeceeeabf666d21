"""No test writes to the journal of the user who runs it, and none of its fixtures does."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _state_of_fixtures(tmp_path_factory):
    """Keep the journals of fixtures that several tests share in a folder of their own."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platformdirs.user_state_path", lambda name, appauthor: folder / name)
        yield


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    """Keep journals in a folder of the test's own."""
    folder = tmp_path / "state"
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor: folder / name)
    return folder
