"""The triage in JupyterLab: a cause is chosen, a cell mended and a fix taken with the keyboard, and the rows go up."""

from __future__ import annotations

import pytest
from lab_org import connect

from sfbulk_pandas.local_org import LocalOrg

TRIAGE = ".sfbulk-triage"
FAILING = """
names = ["Ada", "Grace", "Emmy", "Sofia", "Mary"]
frame = pd.DataFrame({"LastName": names, "Email": "a@example.com", "LeadSource": "Web"})
frame.loc[[1, 2], "Email"] = ["at home", "grace at example.com"]
frame.loc[3, "LeadSource"] = "  web"
result = frame.sfbulk.insert("Contact", progress=False)
panel = result.triage()
panel
"""


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
    index = notebook.add(FAILING)
    notebook.run(index)
    panel = notebook.cell(index).locator(TRIAGE)
    panel.locator(".lm-DataGrid").wait_for()
    notebook.page.wait_for_timeout(2000)
    desk.picture(panel, "light")
    print(notebook.troubles(TRIAGE))
    box = panel.locator(".lm-DataGrid").bounding_box()
    print(box)
    keys = notebook.page.keyboard
    panel.locator("select").focus()
    print(panel.locator("select option").all_inner_texts())
    for n in range(30):
        keys.press("Tab")
        print(n, notebook.page.evaluate("document.activeElement.outerHTML.slice(0,150)"))
    notebook.page.mouse.click(box["x"] + 500, box["y"] + 40)
    keys.press("Enter")
    notebook.page.wait_for_timeout(500)
    desk.picture(panel, "edit")
    print(notebook.page.evaluate("document.activeElement.outerHTML.slice(0,150)"))
