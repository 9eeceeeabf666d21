"""No test writes to the journal of the user who runs it."""

import pytest


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    """Keep journals in a folder of the test's own."""
    folder = tmp_path / "state"
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor: folder / name)
    return folder
