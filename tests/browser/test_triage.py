"""The triage in JupyterLab: a cause is chosen, a cell mended and a fix taken with the keyboard, and the rows go up."""

from __future__ import annotations

import re

import pytest
from lab_org import FAILING, connect

from sfbulk_pandas.local_org import LocalOrg

TRIAGE = ".sfbulk-triage"
RETRY_SECONDS = 60


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as org:
        yield org


@pytest.fixture(scope="module")
def notebook(desk_of_all, local):
    page = desk_of_all.written(connect(local), name="triage.ipynb")
    page.run(0)
    return page


def test_rows_are_mended_and_sent_with_the_keyboard(desk, notebook, local):
    from playwright.sync_api import expect

    index = notebook.add(FAILING)
    notebook.run(index)
    panel, keys = notebook.cell(index).locator(TRIAGE), notebook.page.keyboard
    code = panel.get_by_label("Code")
    press(panel.get_by_label("Causes"), "Home")
    # A cell of the grid is written over: what is typed opens it, and Enter keeps it.
    panel.locator(".lm-DataGrid").click(position={"x": 500, "y": 40})
    keys.type("grace@example.org")
    keys.press("Enter")
    expect(code).to_have_value(re.compile(r"fixed\.loc\[1, .Email.\] = .grace@example\.org."))
    # The same without a mouse: by line and column.
    press(panel.get_by_label("Line"), "ArrowUp")
    expect(panel.get_by_label("Cell", exact=True)).to_have_value("emmy at example.com")
    panel.get_by_label("Cell", exact=True).fill("emmy at example.net")
    press(panel.get_by_role("button", name="Set cell"), "Enter")
    expect(code).to_have_value(re.compile(r"fixed\.loc\[2, .Email.\] = .emmy at example\.net."))
    desk.picture(panel, "edited")
    assert notebook.troubles(TRIAGE) == []
    # Fixes are buttons, and each is written down as code.
    press(panel.get_by_role("button", name="e-mail signs"), "Enter")
    expect(panel.get_by_label("Causes")).to_contain_text("mended")
    press(panel.get_by_label("Causes"), "End")
    press(panel.get_by_role("button", name="LeadSource").first, "Enter")
    expect(code).to_have_value(re.compile("LeadSource"))
    notebook.theme("dark")
    desk.picture(panel, "dark")
    assert notebook.troubles(TRIAGE) == []
    press(panel.get_by_role("button", name="Check"), "Enter")
    expect(panel).to_contain_text("nothing would be refused")
    press(panel.get_by_role("button", name="Retry"), "Enter")
    expect(panel).to_contain_text("none is left", timeout=RETRY_SECONDS * 1000)
    desk.picture(panel, "retried")
    emails = dict(
        zip(*(local.records("Contact").column(name).to_pylist() for name in ("LastName", "Email")), strict=True)
    )
    assert emails == {
        "Ada": "a@example.com",
        "Grace": "grace@example.org",
        "Emmy": "emmy@example.net",
        "Sofia": "a@example.com",
        "Mary": "a@example.com",
    }
    counts = notebook.run(notebook.add("panel.result.counts"))[0]["data"]["text/plain"]
    assert "'successful': 5, 'failed': 0" in counts


def press(control, key):
    control.focus()
    control.press(key)
