"""What Tab offers, and where it leaves others alone."""

import pytest

from sfbulk_pandas.auth.sf_orgs import CliOrg
from sfbulk_pandas.magic.answers import Describer
from sfbulk_pandas.magic.matcher import Matcher
from sfbulk_pandas.magic.orgs import Orgs
from sfbulk_pandas.org.current import make_current


@pytest.fixture
def matcher(shell, monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.magic.answers.sobject_names", lambda org: ("Contact", "Account", "Name"))
    monkeypatch.setattr("sfbulk_pandas.magic.answers.cli_orgs", lambda: [CliOrg("urgent", "", "", is_default=False)])
    return Matcher(shell, Orgs(), Describer(wait_seconds=10))


@pytest.fixture
def offered(matcher):
    def at(cell):
        before = cell[: cell.index("|")]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        return matcher.offer(cell.replace("|", ""), line, column)

    return at


def texts(offer):
    return [text for text, _ in offer.texts]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("%%soql\nSELECT Id FROM |", ["Account", "Contact", "Name"]),
        ("\n%%soql --to x\nSELECT Id FROM con|", ["Contact"]),
        ("%%soql\nSELECT |\nFROM contact", ["Account.", "AccountId", "Id", "LastName", "Name", "Owner.", "OwnerId"]),
        ("%%soql\nSELECT own|\nFROM Contact", ["Owner.", "OwnerId"]),
        ("%%soql\nSELECT Account.Parent.ind|\nFROM Contact", ["Industry"]),
        ("%%soql\nSELECT Owner.|\nFROM Contact", ["Alias", "Id"]),
        ("%%soql\nSELECT Id FROM Contact WHERE name|", ["Name"]),
        ("%%soql\nSELECT Id FROM Contact ORDER BY zz|", []),
        ("%%soql\nSELECT Id FROM Contact ORDER BY stNa|", ["LastName"]),
        ("%%soql\nSELECT Nope.|\nFROM Contact", []),
        ("%%soql\nSELECT Na|\nFROM Nothing", []),
        ("%%soql\nSELECT Id FROM Contact WHERE Name = '|'", []),
        ("%%soql\nSELECT Id FROM Contact WHERE Name = 1 o|", ["OR", "ORDER BY"]),
        ("%%soql SELECT Na| FROM Account", ["Name"]),
        ("%%soql --all SELECT Na|\nFROM Account", ["Name"]),
        ("x = 1\ndf = %soql SELECT Id FROM Acc|", ["Account"]),
        ("    df['a'], y = %soql SELECT Id FROM Acc|", ["Account"]),
        ("%%soql --pa|", ["--parquet"]),
        ("%soql --all --|", ["--to", "--arrow", "--parquet", "--overwrite", "--plan", "--org", "--help"]),
        ("%%soql --plan |\nSELECT", ["auto", "result_pages", "locator", "id_ranges", "pk_chunks", "rest"]),
        ("%%soql --plan pk|\nSELECT", ["pk_chunks"]),
        ("%%soql --org u|\nSELECT", ["uat", "urgent"]),
        ("%sfbulk |", ["orgs", "jobs", "loads", "limits"]),
        ("%sfbulk lo|", ["loads"]),
        ("%sfbulk jobs |", ["--org"]),
        ("%sfbulk jobs --org |", ["uat", "urgent"]),
        ("%sfbulk jobs --org uat |", []),
    ],
)
def test_tab_offers(offered, shell, org, cell, found):
    shell.user_ns["uat"] = org
    assert texts(offered(cell)) == found


@pytest.mark.parametrize(
    "cell", ["acc|", "x = '%soql SELECT Id FROM '\nx|", "|%%soql\nSELECT", "%%so|ql\nSELECT", "%|soql SELECT Id FROM A"]
)
def test_other_cells_are_left_alone(offered, org, cell):
    assert offered(cell) is None


@pytest.mark.parametrize(
    "cell", ["%%soql --parquet fol|\nSELECT 1", "%%soql --parquet {fol|\nSELECT 1", "%%soql --to d|"]
)
def test_names_of_files_and_variables_are_left_to_others(offered, org, cell):
    assert offered(cell) is None


def test_variables_are_offered_within_an_expression(offered, shell, org):
    shell.user_ns["accounts"] = {"a": 1}
    assert texts(offered("%%soql\nSELECT Id FROM Contact WHERE A IN {acc|} AND B = 1")) == ["accounts"]
    assert texts(offered("%%soql\nSELECT Id FROM Contact WHERE A IN {accounts.val|")) == ["accounts.values"]


@pytest.mark.parametrize("url", [None, "https://acme.my.salesforce.com"])
def test_only_an_org_that_is_signed_in_is_asked(offered, org, url):
    org._session.known_url = url
    assert texts(offered("%%soql\nSELECT Na|\nFROM Contact")) == (["Name"] if url else [])
    assert bool(org.asked) == bool(url)


def test_without_an_org_nothing_is_offered_and_nobody_signs_in(offered, monkeypatch):
    make_current(None)
    monkeypatch.setattr("sfbulk_pandas.magic.orgs.connect", None)
    assert texts(offered("%%soql --org uat\nSELECT Na|\nFROM Contact")) == []
    assert texts(offered("%%soql\nSELECT Na|\nFROM Contact")) == []


def test_the_org_of_the_cell_is_asked(offered, shell, org):
    other = shell.user_ns["other"] = type(org)()
    assert texts(offered("%%soql --org other\nSELECT Na|\nFROM Contact")) == ["Name"]
    assert (org.asked, other.asked) == ([], [("describe", "Contact")])


def completed(shell, cell):
    """Return what the shell itself completes, as a kernel does it."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(cell, len(cell))]


def test_the_shell_completes_options_and_nothing_of_python(shell):
    assert completed(shell, "%%soql --ov") == ["--overwrite"]
    assert completed(shell, "%%soql\nSELECT Id FROM Contact WHERE Name = '") == []


def test_the_shell_completes_python_elsewhere(shell, monkeypatch):
    monkeypatch.setattr(shell.Completer, "use_jedi", False)  # which takes its time to begin
    shell.user_ns["accounts"] = 1
    assert "accounts" in completed(shell, "acco")
