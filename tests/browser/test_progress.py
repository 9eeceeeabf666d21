"""The panels of loads and queries in JupyterLab: they move, buttons do what they say, and the last line stays."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter

import pytest
from lab_org import ROWS, connect, load, states, wait

from sfbulk_pandas.local_org import ByHand, Faults, LocalOrg, Switches

PANEL = ".jp-OutputArea-output .sfbulk"
BAD = ROWS // 10


@pytest.fixture
def local():
    with LocalOrg(pacing=ByHand(rows_per_step=200)) as org:
        yield org


@pytest.fixture(scope="module")
def notebook(desk_of_all):
    return desk_of_all.written(name="progress.ipynb")


def begun(notebook, local, source):
    """Run a cell with a load, until both of its jobs wait for Salesforce; return its place."""
    notebook.run(notebook.add(connect(local)))
    index = notebook.add(source)
    notebook.start(index)
    wait(notebook, lambda: Counter(states(local)) == {"UploadComplete": 2})
    return index


def test_the_panel_moves_tells_of_causes_and_folds(desk, notebook, local):
    index = begun(notebook, local, load())
    cell = notebook.cell(index)
    cell.get_by_text("0 of 1,000 rows processed").wait_for()
    local.advance()
    cell.get_by_text("400 of 1,000 rows processed").wait_for()
    for theme in ("light", "dark"):
        notebook.theme(theme)
        assert notebook.troubles(PANEL) == []
        desk.picture(notebook.page, f"{theme}")
    first, _ = local.state.jobs.all()
    while first.state != "JobComplete":
        local.advance(first.id)
    cell.locator(PANEL).filter(has_text="INVALID_EMAIL_ADDRESS").wait_for()
    assert notebook.is_running(index)  # the causes of the first part, while the second is still at work
    desk.picture(notebook.page, "causes")
    wait(notebook, lambda: not notebook.is_running(index), local.advance)
    notebook.wait(index)
    assert cell.get_by_role("button", name="Abort").count() == 0
    last = last_line(cell)
    assert "\n" not in last.strip()
    assert all(each in last for each in ("done", f"{ROWS - BAD:,} successful", f"{BAD} failed"))
    desk.picture(notebook.page, "folded")
    notebook.theme("light")


def test_abort_aborts(desk, notebook, local):
    index = begun(notebook, local, load())
    local.advance()
    notebook.cell(index).get_by_role("button", name="Abort").click()
    outputs = notebook.wait(index, may_fail=True)
    assert states(local) == ["Aborted"] * 2
    assert [each["ename"] for each in outputs if each["output_type"] == "error"] == ["JobAborted"]
    assert "aborted" in last_line(notebook.cell(index))
    desk.picture(notebook.page, "after")
    # What had been done by then is done, and every row is accounted for.
    counts = notebook.run(notebook.add("import sys\nprint(dict(sys.last_value.result.counts))"))[0]["text"]
    assert f"'rows': {ROWS}" in counts
    assert sum(map(int, re.findall(r"\d+", counts))) == 2 * ROWS
    assert local.records("Lead").num_rows == int(re.search(r"'successful': (\d+)", counts)[1]) == 360


def test_detach_leaves_the_jobs_and_its_line_resumes(desk, notebook, local):
    index = begun(notebook, local, load())
    local.advance()
    notebook.cell(index).get_by_role("button", name="Detach").click()
    notebook.wait(index, may_fail=True)
    assert not set(states(local)) & {"Aborted", "Open"}
    desk.picture(notebook.page, "after")
    line = re.search(r"sfbulk\.resume\('[\w-]+', frame=\.\.\.\)", notebook.shown(index))[0]
    index = notebook.add(f"{line.replace('...', 'frame')}.counts")
    notebook.start(index)
    wait(notebook, lambda: states(local) == ["JobComplete"] * 2, local.advance)
    counts = notebook.wait(index)[-1]["data"]["text/plain"]
    assert f"'successful': {ROWS - BAD}" in counts
    assert local.records("Lead").num_rows == ROWS - BAD


def test_cancel_ends_a_query_and_aborts_its_job(desk, notebook, local):
    notebook.run(notebook.add(connect(local)))
    index = notebook.add('org.query("SELECT Id, LastName FROM Lead", plan="locator")')
    notebook.start(index)
    cell = notebook.cell(index)
    cancel = cell.get_by_role("button", name="Cancel")
    cancel.wait_for()
    cell.get_by_text("query Lead: 0 rows").wait_for()
    cell.get_by_text("locator asked for").wait_for()
    assert notebook.troubles(PANEL) == []
    desk.picture(notebook.page, "before")
    cancel.click()
    outputs = notebook.wait(index, may_fail=True)
    assert states(local) == ["Aborted"]
    assert [each["ename"] for each in outputs if each["output_type"] == "error"] == ["JobAborted"]
    cell.locator(PANEL).filter(has_text="query Lead").get_by_text("aborted").first.wait_for()
    assert cancel.count() == 0
    desk.picture(notebook.page, "after")


def test_the_panel_of_a_query_tells_of_pages_as_they_come(desk, notebook):
    with LocalOrg(switches=Switches(query_page_rows=50)) as local:
        notebook.run(notebook.add(connect(local)))
        notebook.run(notebook.add(load()))
        rows = local.records("Lead").num_rows
        local.faults.on("GET", "results", fault=Faults.answer_delayed(0.4), times=None)
        index = notebook.add('table = org.query_arrow("SELECT Id, LastName FROM Lead", plan="locator")\ntable.num_rows')
        notebook.start(index)
        panel = notebook.cell(index).locator(PANEL)
        panel.first.wait_for()
        seen = pages_beyond(notebook, panel, 0)
        seen_later = pages_beyond(notebook, panel, seen)
        for theme in ("light", "dark"):
            notebook.theme(theme)
            assert notebook.troubles(PANEL) == []
            desk.picture(notebook.cell(index), theme)
        notebook.theme("light")
        local.faults.clear()
        outputs = notebook.wait(index)
    assert 0 < seen < seen_later < rows / 50
    assert outputs[-1]["data"]["text/plain"] == str(rows)
    last = notebook.cell(index).locator(PANEL).filter(has_text="query Lead").first.inner_text()
    assert all(each in last for each in ("done", f"{rows:,} rows", "locator"))


def pages_beyond(notebook, panel, pages):
    """Wait until the panel tells of more pages than that, and return of how many; it tells of all else, too."""
    told = []

    def has_more():
        text = panel.first.inner_text() + panel.last.inner_text()
        said = re.search(r"\d of 900 rows[\s\S]*B/s[\s\S]*pages\s+(\d+)[\s\S]*MB held by Python", text)
        told.append(int(said[1]) if said else 0)
        return told[-1] > pages

    wait(notebook, has_more)
    return told[-1]


@pytest.fixture(scope="module")
def kept(notebook):
    """Return a notebook's content as it was saved after a load, and the place of the load's cell."""
    with LocalOrg(pacing=ByHand(rows_per_step=200)) as local:
        index = begun(notebook, local, load())
        wait(notebook, lambda: not notebook.is_running(index), local.advance)
        notebook.wait(index)
    return notebook.save(), index


def test_what_was_saved_shows_its_end_without_a_kernel(desk, kept):
    content, index = kept
    (desk.server.root / "kept.ipynb").write_text(json.dumps(content), encoding="utf-8")
    content["metadata"]["of"] = "somebody else"  # so nobody here has signed it, and it is not trusted
    (desk.server.root / "sent.ipynb").write_text(json.dumps(content), encoding="utf-8")
    for name in ("kept", "sent"):
        reopened = desk.open(f"{name}.ipynb", kernel=False)
        assert reopened.kernel() == "none"
        last = last_line(reopened.cell(index))
        assert all(each in last for each in ("done", f"{ROWS - BAD:,} successful", f"{BAD} failed"))
        assert reopened.troubles(PANEL) == []
        desk.picture(reopened.page, name)


def test_what_was_saved_shows_its_end_as_a_page_of_html(desk, chromium, kept, tmp_path):
    content, index = kept
    (tmp_path / "kept.ipynb").write_text(json.dumps(content), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--theme", "dark", "kept.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    with chromium.new_page(java_script_enabled=False) as page:
        page.goto((tmp_path / "kept.html").as_uri())
        last = last_line(page.locator(".jp-Cell").nth(index))
        desk.picture(page, "dark")
    assert all(each in last for each in ("done", f"{ROWS - BAD:,} successful", f"{BAD} failed"))


def last_line(cell):
    """Return what the panel has left, which stands above the result."""
    from playwright.sync_api import expect

    line = cell.locator(PANEL).filter(has_text="insert Lead").first
    line.scroll_into_view_if_needed()  # what is far away is not drawn
    expect(line).to_contain_text("insert Lead", use_inner_text=True)
    return line.inner_text()
