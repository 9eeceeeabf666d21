"""``sfbulk demo``: a messy list goes into Salesforce, comes back with its errors, is mended and retried."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import sfbulk_pandas as sfbulk
from sfbulk_pandas.cli.clean import clean_accounts, clean_contacts
from sfbulk_pandas.local_org import AfterSeconds, LocalOrg

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT_FIELDS = {
    "Customer no.": "Account_Key__c",
    "Company": "Name",
    "Industry": "Industry",
    "Website": "Website",
    "Annual revenue": "AnnualRevenue",
    "Employees": "NumberOfEmployees",
    "Phone": "Phone",
    "City": "BillingCity",
    "ZIP": "BillingPostalCode",
    "Country": "BillingCountry",
}
CONTACT_FIELDS = {
    "Contact no.": "Contact_Key__c",
    "First name": "FirstName",
    "Last name": "LastName",
    "E-mail": "Email",
    "Phone": "Phone",
    "Birth date": "Birthdate",
    "Lead source": "LeadSource",
    "Customer no.": "Account.Account_Key__c",
    "Street": "MailingStreet",
    "ZIP": "MailingPostalCode",
    "City": "MailingCity",
    "Country": "MailingCountry",
    "No mailing": "HasOptedOutOfEmail",
    "Notes": "Description",
}
SOQL = """
    SELECT Contact_Key__c, FirstName, LastName, Email, Birthdate, MailingPostalCode, HasOptedOutOfEmail, Account.Name
    FROM Contact WHERE MailingCountry IN {countries}
"""


def run_demo(out: Path | None = None) -> Path:
    """Run the demo and return the Parquet file it wrote.

    Parameters
    ----------
    out : Path, optional
        The folder for the file; a new temporary one by default.
    """
    folder = out or Path(tempfile.mkdtemp(prefix="sfbulk-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    with LocalOrg(pacing=AfterSeconds(1.5)) as local:
        _say(1, "A Salesforce org starts on this machine", f"It runs at {local.url}; nothing leaves this computer.")
        polling = sfbulk.Polling(interval_seconds=0.2, cap_seconds=0.5)
        with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=polling) as org:
            _load(2, org, Sheet("accounts.csv", "Account", ACCOUNT_FIELDS, clean_accounts))
            _load(4, org, Sheet("contacts.csv", "Contact", CONTACT_FIELDS, clean_contacts))
            return _query_back(org, folder / "contacts.parquet")


@dataclass(frozen=True)
class Sheet:
    """A sample file, the object it goes to, which heading becomes which field, and how to mend it."""

    file: str
    sobject: str
    fields: dict[str, str]
    clean: Callable[[pd.DataFrame], pd.DataFrame]

    @property
    def key(self) -> str:
        """The external id that the rows are matched by."""
        return f"{self.sobject}_Key__c"


def _load(step: int, org: sfbulk.Org, sheet: Sheet) -> None:
    rows = _read(sheet.file).rename(columns=sheet.fields)
    _say(step, f"Load {sheet.file} into {sheet.sobject}, just as it is", f"{len(rows):,} rows, matched by {sheet.key}.")
    result = org.upsert(rows, sheet.sobject, external_id_field=sheet.key)
    _show(result)
    _say(step + 1, "Mend the failed rows with ordinary pandas, and retry", "Rows that succeeded are not sent again.")
    _show(result.retry(sheet.clean(result.failed)))
    print("A count may have grown: once the first problem of a row is mended, its next one shows.")
    print("What is left needs somebody who knows these customers: the rows are in result.failed.")


def _read(file: str) -> pd.DataFrame:
    """Read a sample file as texts, so that 01067 stays a postal code and NA stays Namibia."""
    rows = pd.read_csv(_data() / file, dtype=str, keep_default_na=False)
    if "No mailing" in rows:
        rows["No mailing"] = rows["No mailing"].str.lower().map({"yes": True, "no": False}).astype("boolean")
    return rows


def _data() -> Path:
    installed = Path(str(files("sfbulk_pandas"))) / "_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "data"


def _show(result: sfbulk.LoadResult) -> None:
    print(f"\n{result!r}\n")


def _query_back(org: sfbulk.Org, path: Path) -> Path:
    _say(6, "Query the contacts back", "As a DataFrame with real types: dates, booleans, and postal codes as text.")
    frame = org.query(SOQL, countries=["DE", "JP", "NA"])
    print(f"\n{frame.head(8).to_string(max_colwidth=28)}\n\n{len(frame):,} rows\n\n{frame.dtypes.to_string()}\n")
    frame.to_parquet(path)
    print(f"Written to {path}")
    return path


def _say(step: int, headline: str, text: str) -> None:
    print(f"\n── {step}. {headline}\n   {text}", flush=True)
