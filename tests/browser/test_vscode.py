"""The panels and the triage with VS Code's manager of widgets, which hands clicks on when the cell has ended."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from lab_org import FAILING, ROWS, connect, load, states, wait

from sfbulk_pandas.local_org import ByHand, LocalOrg

SHOWN = ".sfbulk"
BAD = ROWS // 10


@pytest.fixture(scope="module")
def notebook(desk_of_all, vscode_server):
    from vscode_page import VsCodePage

    return VsCodePage(desk_of_all.context.new_page(), vscode_server).open()


@pytest.fixture
def local(notebook):
    with LocalOrg(pacing=ByHand(rows_per_step=200)) as org:
        notebook.run(connect(org))
        yield org


def begun(notebook, local):
    """Run a cell with a load until its panel is there; return its place."""
    index = notebook.start(load())
    wait(notebook, lambda: Counter(states(local)) == {"UploadComplete": 2})
    notebook.cell(index).get_by_text("0 of 1,000 rows processed").wait_for()
    return index


def test_the_panel_moves_and_folds(desk, notebook, local):
    index = begun(notebook, local)
    cell = notebook.cell(index)
    cell.get_by_text("Clicks may not be heard here while a cell runs").wait_for()
    local.advance()
    cell.get_by_text("400 of 1,000 rows processed").wait_for()
    for theme in ("light", "dark"):
        notebook.theme(theme)
        assert notebook.troubles(SHOWN) == []
        desk.picture(notebook.page, theme)
    wait(notebook, lambda: not notebook.is_running(index), local.advance)
    assert notebook.wait(index) is None
    assert cell.get_by_role("button", name="Abort").count() == 0
    last = cell.locator(SHOWN).filter(has_text="insert Lead").first.inner_text()
    assert all(each in last for each in ("done", f"{ROWS - BAD:,} successful", f"{BAD} failed"))
    desk.picture(notebook.page, "folded")
    notebook.theme("light")


def test_interrupt_detaches_as_the_panel_says(desk, notebook, local):
    index = begun(notebook, local)
    notebook.interrupt()
    assert notebook.wait(index) is not None
    assert not set(states(local)) & {"Aborted", "Open"}
    assert "interrupted" in notebook.cell(index).locator(SHOWN).filter(has_text="insert Lead").first.inner_text()
    desk.picture(notebook.page, "after")
    line = re.search(r"sfbulk\.resume\('[\w-]+', frame=\.\.\.\)", notebook.cell(index).inner_text())[0]
    index = notebook.start(f"{line.replace('...', 'frame')}.counts")
    wait(notebook, lambda: states(local) == ["JobComplete"] * 2, local.advance)
    assert notebook.wait(index) is None
    assert f"'successful': {ROWS - BAD}" in notebook.cell(index).inner_text()
    assert local.records("Lead").num_rows == ROWS - BAD


def test_a_click_that_comes_after_the_cell_does_no_harm(notebook, local):
    index = begun(notebook, local)
    notebook.cell(index).get_by_role("button", name="Abort").click()
    wait(notebook, lambda: not notebook.is_running(index), local.advance)
    assert notebook.wait(index) is None
    notebook.run("result.counts")  # the click has had its turn
    assert states(local) == ["JobComplete"] * 2
    assert local.records("Lead").num_rows == ROWS - BAD


def test_rows_are_mended_and_sent(desk, notebook):
    from playwright.sync_api import expect

    with LocalOrg() as local:
        notebook.run(connect(local))
        panel = notebook.cell(notebook.run(FAILING)).locator(".sfbulk-triage")
        press(panel.get_by_label("Line"), "ArrowUp")
        expect(panel.get_by_label("Cell", exact=True)).to_have_value("emmy at example.com")
        panel.get_by_label("Cell", exact=True).fill("emmy@example.net")
        press(panel.get_by_role("button", name="Set cell"), "Enter")
        for theme in ("light", "dark"):
            notebook.theme(theme)
            assert notebook.troubles(".sfbulk-triage") == []
            desk.picture(notebook.page, theme)
        press(panel.get_by_role("button", name="drop cell"), "Enter")
        press(panel.get_by_label("Causes"), "End")
        press(panel.get_by_role("button", name="LeadSource").first, "Enter")
        press(panel.get_by_role("button", name="Retry"), "Enter")
        expect(panel).to_contain_text("none is left")
        desk.picture(notebook.page, "retried")
        emails = local.records("Contact").column("Email").to_pylist()
    assert Counter(emails) == {"a@example.com": 3, "emmy@example.net": 1, None: 1}


def press(control, key):
    control.focus()
    control.press(key)
