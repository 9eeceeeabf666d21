"""Rows that Salesforce will refuse are named to whoever loads them: in a script, in a notebook, and once."""

import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand

SCRIPT = """
import pandas as pd
import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg

polling = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=polling) as org:
    people = pd.DataFrame({"LastName": ["a", "b"], "Email": ["bad", "b@example.com"]})
    org.insert(people, "Contact", repeat=True, {options})
"""
SAID = "check: 1 problem(s) that Salesforce will refuse"


@pytest.fixture
def own_state(tmp_path, monkeypatch):
    """Keep the journal of other processes in a folder of the test's own."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("options", ["", "progress=None", "progress=False", "progress=True", "on_problem='skip'"])
def test_a_script_says_it_once_on_standard_error(own_state, options):
    script = SCRIPT.replace("{options}", options)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.count(SAID) == 1
    assert "1 x Email: this is no email address (such as 'bad')" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("options", ["", "progress=False"])
def test_a_notebook_shows_it_once_under_the_cell(own_state, options):
    cell = nbformat.v4.new_code_cell(SCRIPT.replace("{options}", options))
    NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=120, kernel_name="python3").execute()
    said = [each.get("text") or each["data"]["text/plain"] for each in cell.outputs]
    assert sum(each.count(SAID) for each in said) == 1


def test_going_on_with_a_load_does_not_say_it_again(caplog):
    frame = pd.DataFrame({"LastName": ["a"], "Email": ["bad"]})
    polling = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
    with (
        LocalOrg(pacing=ByHand()) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=polling) as org,
    ):
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.insert(frame, "Contact", wait_seconds=0)
        assert caplog.text.count(SAID) == 1
        while org.job(org.jobs(counts=False)["id"][0]).state != "JobComplete":
            local.advance()
        assert caught.value.resume().report["severity"].tolist() == ["row"]
    assert caplog.text.count(SAID) == 1
