"""The Salesforce CLI's login, from CLIs new and old, and from none."""

import json
import sys
from pathlib import Path

import pytest

from sfbulk_pandas.auth import SalesforceCli
from sfbulk_pandas.errors import CliLoginMissing, UsageError

SAMPLES = Path(__file__).parents[2] / "samples" / "sf_cli"
HOST = "https://acme.my.salesforce.com"
REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"
SHOWN = {"status": 0, "result": {"id": "00D", "accessToken": REDACTED, "instanceUrl": HOST, "username": "me"}}
TOKEN = {"status": 0, "result": {"accessToken": "00D!fresh"}, "warnings": ["careful"]}
UNKNOWN = {"status": 1, "name": "CommandNotFound", "message": "command org:auth:show-access-token not found"}


@pytest.fixture
def cli(tmp_path):
    """Return a CLI that answers as told, and notes what it was asked."""

    def made(display=SHOWN, token=TOKEN, before="", error=""):
        answers = {"display": display, "auth": token}
        script = tmp_path / "sf"
        script.write_text(
            f"""#!{sys.executable}
import json, sys
open({str(tmp_path / "asked")!r}, "a").write(json.dumps(sys.argv[1:]) + "\\n")
sys.stdout.write({before!r})
answer = {answers!r}[sys.argv[2]]
sys.stdout.write(answer if isinstance(answer, str) else json.dumps(answer))
sys.stderr.write({error!r})
"""
        )
        script.chmod(0o700)
        return str(script)

    return made


def sample(name):
    return (SAMPLES / name / "body").read_text(encoding="utf-8")


def test_what_the_cli_answers_is_read(cli):
    new = SalesforceCli("uat", executable=cli(sample("display"), sample("show_access_token"))).fetch(None)
    assert (new.token, new.instance_url) == ("00D5g000000ABCD!fresh", HOST)
    old = SalesforceCli("uat", executable=cli(sample("display_before_redaction"), UNKNOWN)).fetch(None)
    assert (old.token, old.instance_url) == ("00D5g000000ABCD!old", HOST)
    with pytest.raises(CliLoginMissing, match="No authorization information found for uat") as caught:
        SalesforceCli("uat", executable=cli(sample("no_such_login"))).fetch(None)
    assert caught.value.hint == "run: sf org login web --alias uat"


def asked(tmp_path):
    return [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]


def test_the_token_is_asked_for_by_the_command_that_shows_it(cli, tmp_path):
    token = SalesforceCli("uat", executable=cli(before="Warning: update available\n")).fetch(None)
    assert (token.token, token.instance_url) == ("00D!fresh", HOST)
    assert asked(tmp_path) == [
        ["org", "display", "--json", "--target-org", "uat"],
        ["org", "auth", "show-access-token", "--json", "--target-org", "uat"],
    ]


def test_the_default_org_is_taken_without_an_alias(cli, tmp_path):
    SalesforceCli(executable=cli()).fetch(None)
    assert asked(tmp_path)[0] == ["org", "display", "--json"]


@pytest.mark.parametrize(("token", "error"), [(UNKNOWN, ""), ("", "org:auth:show-access-token is not a sf command.")])
def test_an_old_cli_shows_the_token_itself(cli, token, error):
    old = {"status": 0, "result": {"accessToken": "00D!old", "instanceUrl": HOST}}
    assert SalesforceCli(executable=cli(old, token, error=error)).fetch(None).token == "00D!old"


def test_what_is_redacted_is_no_token(cli):
    with pytest.raises(CliLoginMissing, match="shows no access token") as caught:
        SalesforceCli(executable=cli(SHOWN, UNKNOWN)).fetch(None)
    assert caught.value.hint == "run: sf update"


@pytest.mark.parametrize(
    ("display", "says"),
    [
        (
            {"status": 1, "name": "NamedOrgNotFoundError", "message": "No authorization found for uat."},
            "uat",
        ),
        ({"status": 1, "name": "RefreshTokenAuthError", "message": "expired access/refresh token"}, "expired"),
        ({"status": 1}, "no reason given"),
        ("Segmentation fault", "with no JSON"),
        ("[1, 2]", "with no JSON"),
        ({"status": 0, "result": {"accessToken": "x"}}, "names no address"),
        ({"status": 0, "result": {"accessToken": "x", "instanceUrl": "https://evil.example"}}, "names no address"),
    ],
)
def test_a_login_that_cannot_be_used_is_told_with_the_command_that_mends_it(cli, display, says):
    with pytest.raises(CliLoginMissing, match=says) as caught:
        SalesforceCli("uat", executable=cli(display)).fetch(None)
    assert caught.value.hint in {"run: sf org login web --alias uat", "run: sf update"}
    assert "00D!" not in str(caught.value)


def test_a_token_that_cannot_be_one_is_told_of_and_not_shown(cli):
    with pytest.raises(CliLoginMissing, match="cannot be used") as caught:
        SalesforceCli(executable=cli(token={"status": 0, "result": {"accessToken": "two words"}})).fetch(None)
    assert "two words" not in str(caught.value)


def test_no_cli_is_told_with_how_to_install_it():
    with pytest.raises(CliLoginMissing, match="there is no Salesforce CLI here") as caught:
        SalesforceCli(executable="no-such-sf").fetch(None)
    assert "npm install" in caught.value.hint


def test_a_cli_that_hangs_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.auth.sf_cli._SECONDS", 0.1)
    script = tmp_path / "sf"
    script.write_text("#!/bin/sh\nsleep 5\n")
    script.chmod(0o700)
    with pytest.raises(CliLoginMissing, match="has not answered"):
        SalesforceCli(executable=str(script)).fetch(None)


@pytest.mark.parametrize("alias", ["", " ", "--json"])
def test_what_is_no_alias_is_refused(alias):
    with pytest.raises(UsageError, match="is no alias"):
        SalesforceCli(alias)


@pytest.mark.parametrize(
    "display",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        {"status": [], "result": {}},
        {"status": 0, "result": {"accessToken": ["x"], "instanceUrl": "https://[half"}},
        {"status": 0, "result": {"accessToken": "00D!x", "instanceUrl": 5}},
    ],
)
def test_what_is_no_login_is_missing_whatever_it_is(cli, display):
    with pytest.raises(CliLoginMissing):
        SalesforceCli(executable=cli(display=display)).fetch(None)


def test_a_cli_that_cannot_be_started_is_told_as_such(tmp_path):
    script = tmp_path / "sf"
    script.write_bytes(b"\x7fELF no program")
    script.chmod(0o700)
    with pytest.raises(CliLoginMissing, match="cannot be started"):
        SalesforceCli(executable=str(script)).fetch(None)
