"""The orgs that the Salesforce CLI knows."""

import json
import sys

import pytest

from sfbulk_pandas.auth.sf_orgs import CliOrg, cli_orgs
from sfbulk_pandas.errors import CliLoginMissing

UAT = {
    "alias": "uat",
    "username": "me@acme.com.uat",
    "instanceUrl": "https://acme--uat.sandbox.my.salesforce.com",
    "accessToken": "00D!secret",
    "refreshToken": "5Aep!secret",
    "isDefaultUsername": True,
    "connectedStatus": "Connected",
}
HUB = {"username": "hub@acme.com", "instanceUrl": "https://acme.my.salesforce.com", "password": "secret"}
LISTED = {"status": 0, "result": {"nonScratchOrgs": [UAT, HUB], "devHubs": [HUB], "scratchOrgs": [], "other": None}}


@pytest.fixture
def cli(tmp_path):
    def made(answer):
        script = tmp_path / "sf"
        script.write_text(
            f"#!{sys.executable}\nimport json, sys\n"
            f"open({str(tmp_path / 'asked')!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
            f"sys.stdout.write({json.dumps(answer)!r})\n"
        )
        script.chmod(0o700)
        return str(script)

    return made


def test_each_org_is_listed_once_and_nobody_is_asked_over_the_network(cli, tmp_path):
    assert cli_orgs(executable=cli(LISTED)) == [
        CliOrg("uat", "me@acme.com.uat", "https://acme--uat.sandbox.my.salesforce.com", is_default=True),
        CliOrg("", "hub@acme.com", "https://acme.my.salesforce.com", is_default=False),
    ]
    assert json.loads((tmp_path / "asked").read_text()) == ["org", "list", "--skip-connection-status", "--json"]


def test_no_secret_is_kept(cli):
    assert "secret" not in repr(cli_orgs(executable=cli(LISTED)))


def test_without_a_cli_there_are_none():
    assert cli_orgs(executable="no-such-program") == []


def test_an_error_of_the_cli_is_told(cli):
    with pytest.raises(CliLoginMissing, match="the Salesforce CLI says: no orgs"):
        cli_orgs(executable=cli({"status": 1, "name": "Error", "message": "no orgs"}))
