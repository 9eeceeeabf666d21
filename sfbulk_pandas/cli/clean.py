"""The demo's cleaning: ordinary pandas, nothing of ours."""

from __future__ import annotations

import difflib

import pandas as pd

LEAD_SOURCES = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"]
INDUSTRIES = ["Banking", "Consulting", "Education", "Energy", "Food & Beverage", "Healthcare", "Retail", "Technology"]


def clean_accounts(rows: pd.DataFrame) -> pd.DataFrame:
    """Mend rows of the company list."""
    rows = stripped(with_own_key(rows))
    rows["Industry"] = nearest(rows["Industry"], INDUSTRIES)
    rows["AnnualRevenue"] = amount(rows["AnnualRevenue"])
    rows["NumberOfEmployees"] = amount(rows["NumberOfEmployees"]).round().astype("Int64")
    rows["Phone"] = rows["Phone"].where(rows["Phone"].str.len() <= 40)  # noqa: PLR2004 - a phone field's length
    return rows


def clean_contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """Mend rows of the contact list."""
    rows = stripped(with_own_key(rows))
    rows["LeadSource"] = nearest(rows["LeadSource"], LEAD_SOURCES)
    rows["Birthdate"] = birth_date(rows["Birthdate"])
    rows["Email"] = rows["Email"].str.replace(",", ".").str.rstrip(".").where(rows["Email"].str.count("@") == 1)
    rows["Phone"] = rows["Phone"].where(rows["Phone"].str.len() <= 40)  # noqa: PLR2004 - a phone field's length
    return rows


def with_own_key(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows without a key, and those whose key came twice: the first of these is in Salesforce already."""
    return rows.loc[~rows["error_code"].isin(["MISSING_ARGUMENT", "DUPLICATE_VALUE"])]


def stripped(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the blanks around every text away."""
    texts = rows.select_dtypes(["object", "string"]).columns
    return rows.assign(**{name: rows[name].str.strip() for name in texts})


def nearest(values: pd.Series[str], allowed: list[str]) -> pd.Series[str]:
    """Put each value's nearest allowed one in its place, or nothing where none is near."""
    spelled = {value.lower(): value for value in allowed}

    def mended(value: str) -> str | None:
        near = difflib.get_close_matches(value.lower().replace(" and ", " & "), list(spelled), n=1, cutoff=0.75)
        return spelled[near[0]] if near else None

    return values.map({value: mended(value) for value in values.dropna().unique()})


def amount(values: pd.Series[str]) -> pd.Series[float]:
    """Read amounts as a spreadsheet shows them: ``$ 1,250``, ``ca. 40``."""
    return pd.to_numeric(values.str.replace(r"[^\d.]|\.(?=\s)", "", regex=True), errors="coerce")


def birth_date(values: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Read dates in three styles; what no calendar has becomes missing."""
    dates = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
    for style in ("%d.%m.%Y", "%B %d, %Y"):
        dates = dates.fillna(pd.to_datetime(values, format=style, errors="coerce"))
    return dates
