"""The Salesforce CLI, unmodified, does bulk work on the local org; and the client signs in with what the CLI knows."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import ByHand

pytestmark = pytest.mark.slow
KEY = "Contact_Key__c"
ON_CONTACTS = ("--sobject", "Contact", "--wait", "2", "--target-org", "local")


@pytest.fixture
def local(make_org, cli):
    org = make_org()
    cli.log_in(org, "local")
    return org


def contacts(count):
    return pd.DataFrame(
        {
            KEY: [f"K-{number:05}" for number in range(count)],
            "LastName": [f'O\'Néill, "{number}"\n東京' for number in range(count)],
            "MailingPostalCode": [f"{number:05}" for number in range(count)],
            "Birthdate": ["31.12.1999" if number % 50 == 3 else "1999-12-31" for number in range(count)],
        }
    )


def stored(org, *names):
    return {row[KEY]: row for row in org.records("Contact").select([KEY, *names]).to_pylist()}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(frame, *names):
    return {row[KEY]: row for row in frame[[KEY, *names]].to_dict("records")}


def test_bulk_commands_load_and_tell_what_became_of_the_rows(local, cli):
    sent = contacts(500)
    good = sent[~sent["Birthdate"].str.contains(".", regex=False)]
    failed = cli("data", "import", "bulk", "--file", cli.file("insert.csv", sent), *ON_CONTACTS, status=1)
    assert failed["name"] == "FailedRecordDetailsError"
    told = cli("data", "bulk", "results", "--job-id", failed["data"]["jobId"], "--target-org", "local")
    assert (told["processedRecords"], told["failedRecords"]) == (len(sent), len(sent) - len(good))
    errors = rows_of(cli.folder / told["failedFilePath"])
    assert {row[KEY] for row in errors} == set(sent[KEY]) - set(good[KEY])
    assert {row["sf__Error"].partition(":")[0] for row in errors} == {"INVALID_FIELD"}
    done = rows_of(cli.folder / told["successFilePath"])
    assert {row[KEY]: row["sf__Id"] for row in done} == {key: row["Id"] for key, row in stored(local, "Id").items()}
    assert stored(local, "LastName", "MailingPostalCode") == expected(good, "LastName", "MailingPostalCode")

    more = pd.DataFrame({KEY: ["K-00000", "new"], "LastName": ["again", "another"]})
    upsert = ("data", "upsert", "bulk", "--external-id", KEY, "--file", cli.file("upsert.csv", more), *ON_CONTACTS)
    upserted = cli(*upsert)["records"]["successfulResults"]
    assert {row[KEY]: row["sf__Created"] for row in upserted} == {"K-00000": "false", "new": "true"}
    ids = {key: row["Id"] for key, row in stored(local, "Id").items()}
    change = pd.DataFrame({"Id": [ids["new"]], "LastName": ["changed"]})
    assert cli("data", "update", "bulk", "--file", cli.file("u.csv", change), *ON_CONTACTS)["processedRecords"] == 1
    gone = pd.DataFrame({"Id": [ids["K-00001"]]})
    deleted = cli("data", "delete", "bulk", "--file", cli.file("d.csv", gone), *ON_CONTACTS)["records"]
    assert [row["sf__Id"] for row in deleted["successfulResults"]] == gone["Id"].tolist()
    wanted = expected(good[good[KEY] != "K-00001"], "LastName")
    wanted |= {"K-00000": {KEY: "K-00000", "LastName": "again"}, "new": {KEY: "new", "LastName": "changed"}}
    assert stored(local, "LastName") == wanted
    check_what_was_asked(local)


def test_queries_find_what_is_stored(local, cli):
    sent = contacts(3)[[KEY, "LastName"]]
    cli("data", "import", "bulk", "--file", cli.file("insert.csv", sent), *ON_CONTACTS)
    soql = f"SELECT {KEY}, LastName, Account.Name FROM Contact ORDER BY {KEY}"
    ask = ("--query", soql, "--target-org", "local", "--result-format")
    out = ("--wait", "2", "--output-file")
    assert cli("data", "export", "bulk", *ask, "csv", *out, "rows.csv")["totalSize"] == 3
    assert rows_of(cli.folder / "rows.csv") == [{**row, "Account.Name": ""} for row in sent.to_dict("records")]
    cli("data", "export", "bulk", *ask, "json", *out, "rows.json")
    rows = json.loads((cli.folder / "rows.json").read_text(encoding="utf-8"))
    assert [{name: row[name] for name in sent} for row in rows] == sent.to_dict("records")

    answer = cli("data", "query", "--query", soql, "--target-org", "local")
    assert (answer["totalSize"], answer["done"]) == (3, True)
    assert [{name: row[name] for name in sent} for row in answer["records"]] == sent.to_dict("records")
    cli("data", "query", *ask, "csv", "--output-file", "query.csv")
    assert rows_of(cli.folder / "query.csv") == [{**row, "Account.Name": ""} for row in sent.to_dict("records")]
    wrong = cli("data", "query", "--query", "SELECT Nope FROM Contact", "--target-org", "local", status=1)
    assert wrong["name"] == "INVALID_FIELD"
    check_what_was_asked(local)


def test_a_load_that_was_left_alone_is_resumed(make_org, cli):
    org = make_org(pacing=ByHand())
    cli.log_in(org, "by-hand")
    given = ("--file", cli.file("later.csv", contacts(3)), "--sobject", "Contact", "--target-org", "by-hand")
    job_id = cli("data", "import", "bulk", *given)["jobId"]
    assert stored(org) == {}
    while not stored(org):
        org.advance(job_id)
    org.advance()
    done = cli("data", "import", "resume", "--job-id", job_id, "--wait", "1")
    assert (done["jobId"], done["processedRecords"], done["failedRecords"]) == (job_id, 3, 0)
    assert stored(org, "LastName") == expected(contacts(3), "LastName")


def test_the_client_signs_in_with_the_login_of_the_cli_and_loads(local, cli, monkeypatch):
    monkeypatch.setenv("PATH", cli.path)
    sent = contacts(3)
    with sfbulk.connect("local") as org:
        result = org.upsert(sent, "Contact", external_id_field=KEY, progress=False)
        assert result.counts == {"rows": 3, "successful": 3, "failed": 0, "unprocessed": 0}
        found = org.query(f"SELECT {KEY}, LastName FROM Contact", progress=False)
    assert dict(zip(found[KEY], found["LastName"], strict=True)) == dict(zip(sent[KEY], sent["LastName"], strict=True))
    assert stored(local, "LastName", "MailingPostalCode") == expected(sent, "LastName", "MailingPostalCode")
    with pytest.raises(sfbulk.errors.CliLoginMissing, match="nobody"):
        sfbulk.connect("nobody").query("SELECT Id FROM Contact")


def check_what_was_asked(org):
    """Hold the org to what the CLI reaches for: nothing is missing but what an org without scratch orgs lacks."""
    refused = [each for each in org.exchanges if each.status in {404, 405, 500}]
    assert refused == []
