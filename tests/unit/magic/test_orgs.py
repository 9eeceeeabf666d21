"""Which org a magic acts on."""

import pytest

from sfbulk_pandas.auth.sf_orgs import CliOrg
from sfbulk_pandas.errors import CliLoginMissing, UsageError
from sfbulk_pandas.magic.orgs import Orgs
from sfbulk_pandas.org.current import connected_org, make_current


@pytest.fixture
def cli(monkeypatch, org):
    """Let the Salesforce CLI know one org, and note which aliases are connected to."""
    asked = []

    def connect(alias):
        asked.append(alias)
        if alias != "uat":
            raise CliLoginMissing("the CLI does not know it", hint="run: sf org login web")
        made = type(org)("https://uat.my.salesforce.com")
        make_current(made)
        return made

    listed = CliOrg("uat", "me@acme.com.uat", "https://uat.my.salesforce.com", is_default=True)
    monkeypatch.setattr("sfbulk_pandas.magic.orgs.connect", connect)
    monkeypatch.setattr("sfbulk_pandas.magic.orgs.cli_orgs", lambda: [listed])
    return asked


def test_the_org_last_connected_is_taken_without_a_name(org):
    assert Orgs().find(None, {}) is org


def test_without_an_org_the_error_says_how_to_connect():
    with pytest.raises(UsageError, match="no org is connected") as caught:
        Orgs().find(None, {})
    assert "--org" in caught.value.hint


def test_a_variable_that_holds_an_org_is_taken_before_an_alias(org, cli):
    uat = type(org)()
    assert Orgs().find("uat", {"uat": uat}) is uat
    assert cli == []


def test_a_variable_that_holds_something_else_is_named(cli):
    with pytest.raises(UsageError, match="--org df: this variable holds a list, not an Org"):
        Orgs().find("df", {"df": []})


def test_an_alias_is_connected_to_once_and_does_not_become_the_org_of_others(org, cli):
    orgs = Orgs()
    assert orgs.find("uat", {}) is orgs.find("uat", {})
    assert cli == ["uat"]
    assert connected_org() is org
    assert orgs.connected("uat", {}) is orgs.find("uat", {})
    assert orgs.names({"prod": org, "_1": org, "x": 1}) == ["prod", "uat"]


def test_a_name_that_nobody_knows_is_an_error_with_the_nearest(org, cli):
    with pytest.raises(CliLoginMissing, match="no variable prdo holds an Org, and the CLI does not know it") as caught:
        Orgs().find("prdo", {"prod": org})
    assert caught.value.hint == "did you mean prod?"
    with pytest.raises(CliLoginMissing) as caught:
        Orgs().find("xyz", {"prod": org})
    assert caught.value.hint == "run: sf org login web"
    assert connected_org() is org


def test_the_table_has_variables_aliases_and_what_the_cli_knows(org, cli):
    orgs = Orgs()
    orgs.find("uat", {})
    table = orgs.table({"prod": type(org)(None)})
    assert table[["name", "known_by", "connected", "current"]].values.tolist() == [
        ["", "connect()", True, True],
        ["prod", "a variable", False, False],
        ["uat", "an alias", True, False],
        ["uat", "Salesforce CLI, its default", False, False],
    ]
    assert table["username"].tolist()[-1] == "me@acme.com.uat"
    assert table.shown_note == ""


def test_what_the_cli_has_to_say_stands_under_the_table(org, cli, monkeypatch):
    def fails():
        raise CliLoginMissing("the Salesforce CLI says: broken")

    monkeypatch.setattr("sfbulk_pandas.magic.orgs.cli_orgs", fails)
    table = Orgs().table({"prod": org})
    assert table["name"].tolist() == ["prod"]
    assert "the Salesforce CLI says: broken" in repr(table)


def test_the_table_is_typed_also_when_it_is_empty(monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.magic.orgs.cli_orgs", list)
    table = Orgs().table({})
    assert (len(table), str(table["connected"].dtype)) == (0, "bool")
