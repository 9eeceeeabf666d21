"""The panel in a real kernel: its buttons are heard while the cell runs, and one line stays in the saved notebook."""

import json
import os
import time
from pathlib import Path
from queue import Empty

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls, ByHand

ROOT = Path(__file__).parents[2]
VIEW = "application/vnd.jupyter.widget-view+json"
SETUP = """
import warnings
import pandas as pd
import sfbulk_pandas as sfbulk
from sfbulk_pandas.progress.widget import panel
panel.DELAY_SECONDS = 0
org = sfbulk.connect(sfbulk.JwtBearer(**{credentials}), polling=sfbulk.Polling(0.05, 0.1), journal={journal!r})
frame = pd.DataFrame({{"LastName": [f"N{{n}}" for n in range(60)]}})
"""
LOAD = 'result = org.insert(frame, "Contact", part_rows=20, repeat=True)'
QUERY = 'table = org.query_arrow("SELECT Id, LastName FROM Contact", plan="id_ranges", chunk_rows=20)'


def setup(local, journal):
    return SETUP.format(credentials=local.credentials(), journal=str(journal))


class Front:
    """What a front end does: it runs cells, keeps what they show, and sends clicks over a subshell."""

    def __init__(self, client):
        self.client = client
        self.subshell = self._new_subshell()
        self.begin_anew()

    def begin_anew(self):
        self.models, self.shown, self.reply, self.told, self.closed = {}, [], None, {}, set()

    def _new_subshell(self):
        session = self.client.session
        self.client.control_channel.send(session.msg("create_subshell_request"))
        while True:
            reply = self.client.get_control_msg(timeout=30)
            if reply["msg_type"] == "create_subshell_reply":
                return reply["content"]["subshell_id"]

    def run(self, code):
        self.begin_anew()
        self.request = self.client.execute(code)

    def take(self, until, seconds=60):
        """Take in what the kernel says until something is there."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, (self.shown, self.models)
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            self._take(message["msg_type"], message["content"], message["parent_header"].get("msg_id"))

    def _take(self, kind, content, parent):
        if kind == "comm_open":
            self.models[content["comm_id"]] = dict(content["data"]["state"])
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.models[content["comm_id"]].update(content["data"]["state"])
            self.told.setdefault(content["comm_id"], []).append((time.monotonic(), content["data"]["state"]))
        elif kind == "comm_close":
            self.closed.add(content["comm_id"])
        elif kind in {"display_data", "update_display_data", "stream", "execute_result"}:
            self.shown.append((kind, content))
        elif kind == "error":
            self.reply = content
        elif kind == "status" and content["execution_state"] == "idle" and parent == self.request:
            self.reply = self.reply or {"ename": None}

    def ends(self):
        self.take(lambda: self.reply is not None)
        return self.reply["ename"]

    def button(self, word):
        found = [comm for comm, state in self.models.items() if state.get("description") == word]
        return found[0] if found else None

    def click(self, word):
        self.take(lambda: self.button(word))
        data = {"method": "custom", "content": {"event": "click"}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.button(word), "data": data})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def panel(self):
        """What the HTML of the panel says by now."""
        return " ".join(str(state.get("value", "")) for state in self.models.values())


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    home = tmp_path_factory.mktemp("ipython")
    env = os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(home), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    for name in ("VSCODE_PID", "VSCODE_CWD"):
        env.pop(name, None)
    manager, client = start_new_kernel(env=env)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def local():
    with LocalOrg(pacing=ByHand()) as org:
        yield org


@pytest.fixture
def front(kernel, local, tmp_path):
    front = Front(kernel)
    front.run(setup(local, tmp_path / "journal.db"))
    assert front.ends() is None
    return front


def jobs_of(local, journal):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), journal=journal) as org:
        return org.jobs(counts=False)["state"].tolist()


def folded(front):
    """Return the line that is left, which has taken the place of the panel."""
    displays = [content for kind, content in front.shown if kind == "display_data"]
    (view,) = [each for each in displays if VIEW in each["data"]]
    assert "text/html" in view["data"]
    (line,) = [content for kind, content in front.shown if kind == "update_display_data"]
    assert line["transient"]["display_id"] == view["transient"]["display_id"]
    assert set(line["data"]) == {"text/html", "text/plain"}
    assert front.closed == set(front.models)  # no widget is left in the kernel, or in the front end
    return line["data"]


@pytest.mark.slow
def test_abort_is_heard_while_the_cell_runs(front, local, tmp_path):
    front.run(LOAD)
    front.take(lambda: "UploadComplete" in front.panel())
    front.click("Abort")
    assert front.ends() == "JobAborted"
    line = folded(front)
    assert line["text/plain"].startswith("■ aborted: insert Contact · … 60 unprocessed")
    assert set(jobs_of(local, tmp_path / "other.db")) == {"Aborted"}
    assert len(front.reply["traceback"]) < 6  # somebody has asked for it: no traceback
    pressed = [state for each in front.told.values() for _, state in each]
    assert {"description": "Aborting …"} in [{"description": each.get("description")} for each in pressed]
    assert sum(each.get("disabled") is True for each in pressed) == 2


@pytest.mark.slow
def test_detach_is_heard_and_the_resume_comes_back(front, local, tmp_path):
    front.run(LOAD)
    front.take(lambda: front.panel().count("UploadComplete") >= 3)
    front.click("Detach")
    assert front.ends() == "StillRunning"
    assert folded(front)["text/plain"].startswith("▸ detached: insert Contact · … 60 open")
    said = "\n".join(front.reply["traceback"])
    assert "go on with this load: sfbulk.resume('" in said
    assert set(jobs_of(local, tmp_path / "other.db")) == {"UploadComplete"}
    for _ in range(3):
        local.advance()
    front.run("import sys\nresult = sys.last_value.resume()\nprint(result.counts)")
    assert front.ends() is None
    assert "'successful': 60" in "".join(content["text"] for kind, content in front.shown if kind == "stream")
    assert local.records("Contact").num_rows == 60


@pytest.mark.slow
def test_cancel_ends_a_query(front, local, tmp_path):
    front.run(LOAD)
    front.take(lambda: local.advance() or front.reply is not None)
    front.run(QUERY)
    front.take(lambda: "UploadComplete" in front.panel())
    assert front.button("Detach") is None
    front.click("Cancel")
    assert front.ends() == "JobAborted"
    assert folded(front)["text/plain"].startswith("■ aborted: query Contact · 0 rows")
    assert set(jobs_of(local, tmp_path / "other.db")) == {"JobComplete", "Aborted"}


@pytest.mark.slow
def test_an_interrupted_load_leaves_one_line_too(front, local, tmp_path):
    front.run("import _thread, threading\nthreading.Timer(1.5, _thread.interrupt_main).start()\n" + LOAD)
    assert front.ends() == "KeyboardInterrupt"
    assert folded(front)["text/plain"].startswith("■ interrupted: insert Contact")
    assert set(jobs_of(local, tmp_path / "other.db")) == {"UploadComplete"}


@pytest.mark.slow
def test_without_a_front_end_the_saved_notebook_has_one_line_a_call(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    with LocalOrg(pacing=AfterPolls(3)) as local:
        cells = [
            setup(local, tmp_path / "journal.db"),
            LOAD,
            QUERY,
            "org.delete(frame, 'Contact', columns=['LastName'])",
        ]
        cells += [
            'org.query("SELECT Id FROM Contact", progress=False).shape',
            LOAD.replace("repeat", "progress=False, repeat"),
        ]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
        NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    outputs = [[json.loads(json.dumps(each)) for each in cell.outputs] for cell in notebook.cells]
    (load,), (query,) = outputs[1], outputs[2]
    assert load["data"]["text/plain"].startswith("✓ done: insert Contact · ✓ 60 successful")
    assert query["data"]["text/plain"].startswith("✓ done: query Contact · 60 rows")
    for line in (load, query):
        assert set(line["data"]) == {"text/html", "text/plain"}
        assert "<script" not in line["data"]["text/html"]
    assert [each["output_type"] for each in outputs[3]] == ["error"]  # nothing was begun: nothing is left of a panel
    assert [each["output_type"] for each in outputs[4]] == ["execute_result"]
    assert outputs[5] == []
