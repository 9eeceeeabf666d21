"""The main job on real messy lists that no one here wrote, where they are present."""

from pathlib import Path

import pandas as pd
import pytest

MESSY = Path(__file__).resolve().parents[3] / "shared" / "data" / "messy"

pytestmark = pytest.mark.skipif(not MESSY.is_dir(), reason="the messy lists lie beside some checkouts only")


def read(name):
    return pd.read_csv(MESSY / name, dtype=str, keep_default_na=False, skipinitialspace=True)


def test_companies_to_accounts(local, org):
    rows = read("companies.csv").rename(
        columns={
            "Symbol": "Account_Key__c",
            "Security": "Name",
            "Headquarters Location": "BillingCity",
            "Date added": "Customer_Since__c",
            "CIK": "AccountNumber",
            "Founded": "YearStarted",
        }
    )
    fields = ["Account_Key__c", "Name", "BillingCity", "Customer_Since__c", "AccountNumber", "YearStarted"]
    result = org.upsert(rows, "Account", external_id_field="Account_Key__c", columns=fields)
    assert result.counts["rows"] == 503
    too_long = rows["YearStarted"].str.len() > 4
    assert set(result.failed["error_code"]) == {"STRING_TOO_LONG"}
    assert result.failed.index.tolist() == rows.index[too_long | (rows["BillingCity"].str.len() > 40)].tolist()

    fixed = result.failed
    fixed["YearStarted"] = fixed["YearStarted"].str.extract(r"(\d{4})")[0]
    fixed["BillingCity"] = fixed["BillingCity"].str.slice(0, 40)
    result = result.retry(fixed)
    assert result.counts == {"rows": 503, "successful": 503, "failed": 0, "unprocessed": 0}
    assert result.successful["GICS Sector"].tolist() == rows["GICS Sector"].tolist()

    back = org.query("SELECT Account_Key__c, Name, AccountNumber, Customer_Since__c, YearStarted FROM Account")
    back = back.set_index("Account_Key__c").loc[rows["Account_Key__c"]]
    assert back["Name"].tolist() == rows["Name"].tolist()
    assert back["AccountNumber"].tolist() == rows["AccountNumber"].tolist()
    assert back["Customer_Since__c"].astype(str).tolist() == rows["Customer_Since__c"].tolist()
    assert local.records("Account").num_rows == 503


def test_people_to_contacts(local, org):
    rows = read("people.csv")
    contacts = pd.DataFrame(
        {
            "Contact_Key__c": rows["rec_id"],
            "FirstName": rows["given_name"],
            "LastName": rows["surname"],
            "MailingStreet": rows["street_number"] + " " + rows["address_1"],
            "MailingCity": rows["suburb"],
            "MailingPostalCode": rows["postcode"],
            "Birthdate": rows["date_of_birth"],
        }
    )
    result = org.upsert(contacts, "Contact", external_id_field="Contact_Key__c")
    assert result.counts["rows"] == 1000
    assert result.counts["successful"] + result.counts["failed"] == 1000
    assert {"INVALID_FIELD", "REQUIRED_FIELD_MISSING"} == set(result.failed["error_code"])

    fixed = result.failed
    born = pd.to_datetime(fixed["Birthdate"], format="%Y%m%d", errors="coerce")
    result = result.retry(fixed.assign(Birthdate=born, LastName=fixed["LastName"].replace("", "(unknown)")))
    assert result.failed.empty
    assert result.successful["Contact_Key__c"].tolist() == contacts["Contact_Key__c"].tolist()

    back = org.query("SELECT Contact_Key__c, Birthdate, MailingPostalCode FROM Contact").set_index("Contact_Key__c")
    assert len(back) == 1000
    unborn = pd.to_datetime(rows["date_of_birth"], format="%Y%m%d", errors="coerce").isna()
    assert set(back.index[back["Birthdate"].isna()]) == set(contacts.loc[unborn, "Contact_Key__c"])
    assert back.loc[contacts["Contact_Key__c"], "MailingPostalCode"].fillna("").tolist() == (
        contacts["MailingPostalCode"].tolist()
    )
