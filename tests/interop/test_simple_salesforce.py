"""simple-salesforce, unmodified, does its bulk and REST work on the local org: an outside opinion of it.

It speaks https only, so an adapter rewrites that to http for loopback; nothing else is changed.
"""

import csv
import io
from importlib.metadata import version
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest

from sfbulk_pandas.local_org import LocalOrg

FIELDS = "Contact_Key__c, LastName, Email, Birthdate, MailingPostalCode"


class LoopbackAdapter(HTTPAdapter):
    """Send what is meant for https://127.0.0.1 over plain http."""

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace("https://127.0.0.1", "http://127.0.0.1", 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def local():
    with LocalOrg() as org:
        yield org


@pytest.fixture
def outsider(local):
    with requests.Session() as session:
        session.mount("https://", LoopbackAdapter())
        yield Salesforce(instance=local.url.removeprefix("http://"), session_id=local.access_token, session=session)


def contacts(count):
    return [
        {
            "Contact_Key__c": f"K-{number:05}",
            "LastName": 'O\'Néill, "Jr."' if number % 7 == 0 else f"Łukasz 東京 {number}",
            "Email": "no mail address" if number % 10 == 3 else f"person{number}@example.com",
            "Birthdate": "31.12.1999" if number % 10 == 6 else "1999-12-31",
            "MailingPostalCode": f"{number:05}",
        }
        for number in range(count)
    ]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def stored(local, *names):
    rows = local.records("Contact").select(list(names)).to_pylist()
    return [{**row, **({"Birthdate": str(row["Birthdate"])} if "Birthdate" in row else {})} for row in rows]


def by_key(rows):
    return {row["Contact_Key__c"]: row for row in rows}


def test_insert_reads_its_results_and_the_org_holds_what_was_sent(local, outsider):
    sent = contacts(250)
    (job,) = outsider.bulk2.Contact.insert(records=sent)
    assert job["numberRecordsTotal"] == len(sent)
    assert job["numberRecordsProcessed"] == len(sent)
    bad = {row["Contact_Key__c"] for row in sent if "@" not in row["Email"] or "." in row["Birthdate"]}
    assert job["numberRecordsFailed"] == len(bad)

    failed = rows_of(outsider.bulk2.Contact.get_failed_records(job["job_id"]))
    assert {row["Contact_Key__c"] for row in failed} == bad
    assert {row["sf__Error"].partition(":")[0] for row in failed} == {"INVALID_EMAIL_ADDRESS", "INVALID_FIELD"}
    successful = rows_of(outsider.bulk2.Contact.get_successful_records(job["job_id"]))
    assert {row["sf__Created"] for row in successful} == {"true"}
    assert outsider.bulk2.Contact.get_unprocessed_records(job["job_id"]).count("\n") == 1

    good = [row for row in sent if row["Contact_Key__c"] not in bad]
    assert by_key(stored(local, *good[0])) == by_key(good)
    ids = {row["Contact_Key__c"]: row["Id"] for row in stored(local, "Id", "Contact_Key__c")}
    assert {row["Contact_Key__c"]: row["sf__Id"] for row in successful} == ids


def test_upsert_update_and_delete(local, outsider):
    outsider.bulk2.Contact.insert(records=[{"Contact_Key__c": "A", "LastName": "Old"}])
    (job,) = outsider.bulk2.Contact.upsert(
        records=[{"Contact_Key__c": "A", "LastName": "New"}, {"Contact_Key__c": "B", "LastName": "Also"}],
        external_id_field="Contact_Key__c",
    )
    created = {
        row["Contact_Key__c"]: row["sf__Created"]
        for row in rows_of(outsider.bulk2.Contact.get_successful_records(job["job_id"]))
    }
    assert created == {"A": "false", "B": "true"}

    ids = {row["Contact_Key__c"]: row["Id"] for row in stored(local, "Id", "Contact_Key__c")}
    outsider.bulk2.Contact.update(records=[{"Id": ids["B"], "LastName": "Changed"}])
    kept = {row["Contact_Key__c"]: row["LastName"] for row in stored(local, "Contact_Key__c", "LastName")}
    assert kept == {"A": "New", "B": "Changed"}

    outsider.bulk2.Contact.delete(records=[{"Id": ids["A"]}])
    assert stored(local, "Contact_Key__c", "LastName") == [{"Contact_Key__c": "B", "LastName": "Changed"}]


def test_bulk_query_pages_by_locator(local, outsider, tmp_path):
    outsider.bulk2.Contact.insert(records=contacts(100))
    kept = by_key(stored(local, *contacts(1)[0]))
    pages = list(outsider.bulk2.Contact.query(f"SELECT {FIELDS} FROM Contact", max_records=30))
    rows = [row for page in pages for row in rows_of(page)]
    assert len(pages) == 3
    assert (len(rows), by_key(rows)) == (80, kept)
    files = outsider.bulk2.Contact.download(f"SELECT {FIELDS} FROM Contact", path=str(tmp_path), max_records=50)
    assert sum(file["number_of_records"] for file in files) == 80
    down = [row for file in files for row in rows_of(Path(file["file"]).read_text(encoding="utf-8"))]
    assert (len(down), by_key(down)) == (80, kept)


def test_the_older_bulk_api_answers_queries_in_json(outsider):
    outsider.bulk2.Contact.insert(records=[{"Contact_Key__c": "A", "LastName": "O'Néill"}])
    outsider.bulk2.Contact.delete(records=[{"Id": outsider.Contact.create({"LastName": "gone"})["id"]}])
    soql = "SELECT Contact_Key__c, LastName, Account.Name, CreatedDate FROM Contact"
    (row,) = outsider.bulk.Contact.query(soql)
    assert (row["Contact_Key__c"], row["LastName"], row["Account"]) == ("A", "O'Néill", None)
    assert isinstance(row["CreatedDate"], int)
    both = outsider.bulk.Contact.query_all("SELECT LastName FROM Contact")
    assert {each["LastName"] for each in both} == {"O'Néill", "gone"}


def test_rest_create_query_and_describe(local, outsider):
    made = outsider.Contact.create({"LastName": "Rest", "Contact_Key__c": "R-1"})
    assert made["success"]
    assert stored(local, "Id", "LastName", "Contact_Key__c") == [
        {"Id": made["id"], "LastName": "Rest", "Contact_Key__c": "R-1"}
    ]
    assert outsider.Contact.get(made["id"])["LastName"] == "Rest"
    assert outsider.query("SELECT Id, LastName FROM Contact")["records"][0]["LastName"] == "Rest"
    assert len(outsider.query_all("SELECT COUNT() FROM Contact")["records"]) == 0
    assert {"Id", "LastName", "Contact_Key__c"} <= {field["name"] for field in outsider.Contact.describe()["fields"]}
    assert "Contact" in {each["name"] for each in outsider.describe()["sobjects"]}


def test_errors_reach_it_in_the_form_it_knows(local, outsider):
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        outsider.query("SELECT Nothing__c FROM Contact")
    local.expire_tokens()
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        outsider.query("SELECT Id FROM Contact")


def test_which_version_was_asked():
    assert int(version("simple-salesforce").split(".")[0]) >= 1
