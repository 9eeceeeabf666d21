"""A shell as IPython has it, and an org that answers without a port."""

from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

from sfbulk_pandas import load_ipython_extension, unload_ipython_extension
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.extract.facts import facts_attrs
from sfbulk_pandas.org import Org
from sfbulk_pandas.org.current import make_current
from sfbulk_pandas.salesforce.sobject import SObjectDescribe

FACTS = {b"sfbulk": b'{"plan": "rest"}'}


def described(name, *fields, **lookups):
    """Return a describe with text fields, and lookups by their relationship's name."""
    entries = [{"name": each, "type": "string"} for each in fields]
    entries += [
        {"name": f"{each}Id", "type": "reference", "referenceTo": list(targets), "relationshipName": each}
        for each, targets in lookups.items()
    ]
    return SObjectDescribe.from_json({"name": name, "fields": entries})


DESCRIBES = {
    "Contact": described("Contact", "Id", "Name", "LastName", Account=["Account"], Owner=["Group", "User"]),
    "Account": described("Account", "Id", "Name", "Industry", Parent=["Account"]),
    "Name": described("Name", "Id", "Alias"),
}


class FakeOrg(Org):
    """An org that notes what it is asked for, and has one record."""

    def __init__(self, url="https://acme.my.salesforce.com", error=None):
        self._session = SimpleNamespace(known_url=url, instance_url=url)
        self.error = error
        self.asked = []

    def query(self, soql, /, **options):
        table = self.query_arrow(soql, **options)
        frame = table.to_pandas()
        frame.attrs = facts_attrs(table.schema.metadata)
        return frame

    def query_arrow(self, soql, /, **options):
        self.asked.append((soql, options))
        if self.error is not None:
            raise self.error
        return pa.table({"Id": ["0035g0000000001AAA"], "Name": ["Curie"]}).replace_schema_metadata(FACTS)

    def explain(self, soql, /, **options):
        self.asked.append((soql, options))
        return "the plan"

    def query_parquet(self, soql, path, /, **options):
        self.asked.append((soql, options | {"path": path}))
        schema = pa.schema([("Id", pa.string())])
        return SimpleNamespace(rows=1_234, schema=schema, details={"plan": "locator"}, path=path)

    def jobs(self, **_):
        return pd.DataFrame({"id": ["750"]})

    def limits(self):
        return pd.DataFrame({"name": ["DailyApiRequests"]})

    def describe(self, sobject):
        self.asked.append(("describe", sobject))
        if sobject not in DESCRIBES:
            raise UsageError("no such object")
        return SimpleNamespace(described=DESCRIBES[sobject])


@pytest.fixture
def org():
    made = FakeOrg()
    make_current(made)
    yield made
    make_current(None)


@pytest.fixture(scope="module")
def _one_shell(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setattr("IPython.core.history.HistoryManager.enabled", False)
        shell = InteractiveShell.instance(colors="nocolor")
        yield shell
        InteractiveShell.clear_instance()


@pytest.fixture
def shell(_one_shell):
    before = dict(_one_shell.user_ns)
    load_ipython_extension(_one_shell)
    yield _one_shell
    unload_ipython_extension(_one_shell)
    _one_shell.user_ns.clear()
    _one_shell.user_ns.update(before)


@pytest.fixture
def run(shell):
    """Run a cell, and return what it has come to and what it has shown."""

    def cell(code):
        with capture_output(display=False) as shown:
            done = shell.run_cell(code, store_history=True)
        done.shown = shown.stdout + shown.stderr
        return done

    return cell
