"""The magics in a real kernel: completion as a front end asks for it, and a cell that fails stops what follows."""

import json
import sys
from queue import Empty

import nbclient
import nbformat
import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from sfbulk_pandas.local_org import LocalOrg

SETUP = """\
%load_ext sfbulk_pandas
import sfbulk_pandas as sfbulk
uat = sfbulk.connect(sfbulk.AccessToken({token!r}, {url!r}))
accounts = ["a"]
"""
WRONG = "%%soql\nSELECT Id, Emial\nFROM Contact"


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as started:
        yield started


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """Describe a kernel for this Python in a folder that only these tests know."""
    folder = tmp_path_factory.mktemp("kernels")
    spec = folder / "jupyter" / "kernels" / "soql"
    spec.mkdir(parents=True)
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "soql", "language": "python"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        yield str(folder / "jupyter" / "kernels")


@pytest.fixture(scope="module")
def kernel(kernels, local):
    manager = KernelManager(kernel_name="soql", kernel_spec_manager=KernelSpecManager(kernel_dirs=[kernels]))
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    setup = SETUP.format(token=local.access_token, url=local.url)
    assert client.execute_interactive(setup, timeout=60)["content"]["status"] == "ok"
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("cell", "some"),
    [
        ("%%soql\nSELECT Id FROM Con|", ["Contact"]),
        ("%%soql\nSELECT na|\nFROM Contact", ["Name"]),
        ("%%soql\nSELECT Id, Account.Na|\nFROM Contact", ["Name"]),
        ("%%soql\nSELECT Id\nFROM Contact\nWHERE Las|\nLIMIT 1", ["LastActivityDate", "LastName"]),
        ("%%soql\nSELECT Id FROM Contact ORDER BY Acc|", ["Account.", "AccountId"]),
        ("%%soql\nSELECT Id FROM Contact WHERE Id IN {acc|} LIMIT 1", ["accounts"]),
        ("x = 1\ndf = %soql SELECT Id FROM Con|", ["Contact"]),
        ("%%soql --pla|\nSELECT Id", ["--plan"]),
        ("%%soql --plan id|\nSELECT Id", ["id_ranges"]),
        ("%%soql --org u|\nSELECT Id", ["uat"]),
        ("%sfbulk lim|", ["limits"]),
        ("%%so|", ["%%soql"]),
    ],
)
def test_tab_completes(kernel, cell, some):
    reply = kernel.complete(cell.replace("|", ""), cell.index("|"), reply=True, timeout=60)["content"]
    assert [each for each in some if each not in reply["matches"]] == []
    assert len(reply["matches"]) < 20, "names of Python or of files came along"
    kinds = {each["type"] for each in reply["metadata"]["_jupyter_types_experimental"]}
    assert kinds <= {"object", "field", "relationship", "option", "plan", "org", "command", "variable", "magic"}


def test_what_was_completed_costs_one_call_for_each_object(kernel, local):
    paths = [each.path for each in local.exchanges if "/sobjects" in each.path]
    assert sorted(set(paths)) == sorted(paths)


def test_other_cells_are_completed_as_ever(kernel):
    reply = kernel.complete("import os\naccou", 15, reply=True, timeout=60)["content"]
    assert reply["matches"] == ["accounts"]


def test_a_cell_that_fails_stops_those_that_wait_behind_it(kernel):
    first, second = kernel.execute(WRONG), kernel.execute("print('not reached')")
    replies = {}
    while second not in replies:
        reply = kernel.get_shell_msg(timeout=60)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]
    assert (replies[first]["status"], replies[first]["ename"]) == ("error", "QueryRefused")
    assert replies[second]["status"] == "aborted"
    errors = [each["content"] for each in shown(kernel) if each["msg_type"] == "error"]
    assert [each["ename"] for each in errors] == ["QueryRefused"]
    lines = errors[0]["traceback"]
    assert lines[1:] == ["    SELECT Id, Emial", "               ^", "  -> did you mean Email?"]


def shown(kernel):
    """Return what the kernel has published by now."""
    found = []
    while True:
        try:
            found.append(kernel.get_iopub_msg(timeout=1))
        except Empty:
            return found


def test_a_notebook_stops_at_the_cell_that_fails(kernels, local):
    setup = SETUP.format(token=local.access_token, url=local.url)
    cells = [setup, "%%soql --to df\nSELECT Id FROM Contact", WRONG, "print('not reached')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    with pytest.raises(nbclient.exceptions.CellExecutionError) as caught:
        nbclient.NotebookClient(notebook, kernel_name="soql", timeout=60).execute()
    assert caught.value.ename == "QueryRefused"
    said = "".join(each.text for each in notebook.cells[1].outputs if each.get("name") == "stdout")
    assert said.startswith("df: 0 rows, 1 column; rest, ")
    assert notebook.cells[2].outputs[-1].output_type == "error"
    assert notebook.cells[3].execution_count is None
