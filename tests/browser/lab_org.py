"""A local org in the process of the tests, and what a notebook needs to work with it."""

from __future__ import annotations

ROWS, PART_ROWS = 1_000, 500
CONNECT = """
import pandas as pd
import sfbulk_pandas as sfbulk

polling = sfbulk.Polling(interval_seconds=0.1, cap_seconds=0.1)
org = sfbulk.connect(sfbulk.AccessToken({token!r}, {url!r}), polling=polling)
"""
LOAD = """
frame = pd.DataFrame({{"LastName": [f"Lead {{n:04}}" for n in range({rows})], "Company": "Acme"}})
frame["Email"] = ["no address" if n % 10 == 0 else "a@example.com" for n in range({rows})]
result = frame.sfbulk.insert("Lead", part_rows={part_rows}, parallel_parts=2)
result
"""
# A cell with a load of five rows, three of which fail, and the panel to mend them.
FAILING = """
names = ["Ada", "Grace", "Emmy", "Sofia", "Mary"]
frame = pd.DataFrame({"LastName": names, "Email": "a@example.com", "LeadSource": "Web"})
frame.loc[[1, 2], "Email"] = ["at home", "emmy at example.com"]
frame.loc[3, "LeadSource"] = "  web"
result = frame.sfbulk.insert("Contact", progress=False)
panel = result.triage()
panel
"""


def connect(local):
    """Return the cell that connects a notebook with an org."""
    return CONNECT.format(token=local.access_token, url=local.url)


def load():
    """Return a cell that loads leads in two parts; a tenth of them has no proper address."""
    return LOAD.format(rows=ROWS, part_rows=PART_ROWS)


def states(local):
    return [str(job.state) for job in local.state.jobs.all()]


def wait(notebook, condition, step=lambda: None, seconds=60):
    """Wait for something, and do something again and again meanwhile."""
    for _ in range(seconds * 10):
        if condition():
            return
        step()
        notebook.page.wait_for_timeout(100)
    raise AssertionError("it has not come")
