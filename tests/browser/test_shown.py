"""What is shown in a cell: blocks under one stylesheet, in light and dark, read by everybody."""

from __future__ import annotations

import pytest

BLOCKS = """
import pandas as pd
from sfbulk_pandas.display.blocks import bar, card, facts, meter, table
from sfbulk_pandas.display.shown import ShownFrame

frame = pd.DataFrame({"Name": ["Ada", "<script>document.title = 'hit'</script>", "x" * 500], "rows": [1, 20_000, 3]})
counts = {"successful": 700, "failed": 200, "unprocessed": 50, "unknown": 50}
marks = pd.DataFrame({"Name": [False, True, False], "rows": [False, False, True]})
class Shown:
    def _repr_html_(self):
        blocks = bar(counts), facts({"jobs": 3}), meter(0.4, "40 %"), table(frame, marks=marks)
        return str(card("insert Lead", *blocks, note="more"))

display(Shown(), ShownFrame(frame, "A frame", note="its note"))
"""


@pytest.fixture(scope="module")
def notebook(desk_of_all):
    return desk_of_all.written("", name="shown.ipynb")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_block_can_be_read(desk, notebook, theme):
    notebook.theme(theme)
    index = notebook.add(BLOCKS)
    notebook.run(index)
    desk.picture(notebook.cell(index), "blocks")
    assert notebook.page.locator(".sfbulk").count() >= 2
    assert notebook.troubles(".sfbulk") == []
    assert notebook.page.title() != "hit"
