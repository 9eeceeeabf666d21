"""What is shown in a cell, in light and dark: blocks, results, frames, charts. All can read it, and none of it runs."""

from __future__ import annotations

import pytest
from lab_org import connect

from sfbulk_pandas.local_org import LocalOrg

BLOCKS = """
from sfbulk_pandas.display.blocks import bar, card, facts, meter, table

frame = pd.DataFrame({"Name": ["Ada", "<script>document.title = 'hit'</script>", "x" * 500], "rows": [1, 20_000, 3]})
counts = {"successful": 700, "failed": 200, "unprocessed": 50, "unknown": 50}
marks = pd.DataFrame({"Name": [False, True, False], "rows": [False, False, True]})
class Shown:
    def _repr_html_(self):
        blocks = bar(counts), facts({"jobs": 3}), meter(0.4, "40 %"), table(frame, marks=marks)
        return str(card("insert Lead", *blocks, note="more"))

Shown()
"""
REPRS = """
hostile = "<img src=x onerror='document.title = String(\\\\'hit\\\\')'>"
leads = pd.DataFrame({"LastName": ["Ada", hostile, "Emmy"], "Company": "Acme", "Email": ["", hostile, "a@example.com"]})
result = leads.sfbulk.insert("Lead", progress=False, repeat=True)
soql = "SELECT Id, LastName, Email, CreatedDate FROM Lead"
report = leads.sfbulk.check("Lead", "insert")
of_org = [org, org.sobjects(), org.describe("Lead"), org.limits(), org.jobs(), org.loads()]
of_load = [result, result.errors, report, org.explain(soql), org.profile(soql, progress=False)]
for each in [*of_org, *of_load]:
    display(each)
"""
SHOWN = 11


@pytest.fixture(scope="module")
def notebook(desk_of_all):
    with LocalOrg() as local:
        page = desk_of_all.written(connect(local), name="shown.ipynb")
        page.run(0)
        yield page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("source", "count"), [(BLOCKS, 1), (REPRS, SHOWN)], ids=["blocks", "reprs"])
def test_everything_can_be_read(desk, notebook, source, count, theme):
    notebook.theme(theme)
    index = notebook.add(source)
    notebook.run(index)
    cell = notebook.cell(index)
    assert cell.locator(".jp-OutputArea-output > .sfbulk").count() == count
    assert notebook.troubles(".sfbulk") == []
    for number in range(count):
        desk.picture(cell.locator(".jp-OutputArea-output > .sfbulk").nth(number), f"{number + 1:02}")
    assert notebook.page.title() != "hit"
