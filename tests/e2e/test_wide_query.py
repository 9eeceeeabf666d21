"""Queries too long for one: groups of columns joined by Id, the same rows as if one query had fetched them."""

import logging

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.wide import again, groups, run
from sfbulk_pandas.local_org import LocalOrg, Switches
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.local_org.soql import parse as local_parse
from sfbulk_pandas.progress.events import PageRead, QueryStarted

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 700
SOQL = (
    "SELECT LastName, Children__c, Birthdate, Salary__c, Newsletter__c, CreatedDate, MailingPostalCode, Account.Name, "
    "FirstName, Email FROM Contact"
)
WAYS = ["arrow", "frame", "batches", "parquet", "csv"]


@pytest.fixture(scope="module")
def local():
    """An org whose results come in any order, on pages of any size, with Ids in three places."""
    switches = Switches(pods=("5g0", "A10", "a1z"), shuffle_query_rows=True, vary_page_rows=True)
    with (
        LocalOrg(switches=switches) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        pd.DataFrame({"Account_Key__c": ["A"], "Name": ['Acmé, "Inc"\nLtd']}).sfbulk.insert("Account", org=org)
        frame = pd.DataFrame(
            {
                "LastName": [f"Name {n}" for n in range(ROWS)],
                "Children__c": pd.array([n % 5 or None for n in range(ROWS)], dtype="Int64"),
                "Birthdate": ["1990-01-31"] * ROWS,
                "Salary__c": [n / 4 for n in range(ROWS)],
                "MailingPostalCode": [f"{n:05}" for n in range(ROWS)],
                "FirstName": [None, "null", "NA", "-"] * (ROWS // 4),
                "Account.Account_Key__c": ["A", None] * (ROWS // 2),
            }
        )
        assert org.insert(frame, "Contact").counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


@pytest.fixture
def short(monkeypatch):
    """Make Salesforce, and the client, take queries of 160 characters, so that three groups are needed."""
    monkeypatch.setattr(groups, "MAX_SOQL_CHARS", 200)
    monkeypatch.setattr(groups, "SPARE_CHARS", 60)
    monkeypatch.setattr(local_parse, "MAX_SOQL_CHARS", 200)


@pytest.fixture
def cut(monkeypatch, short):
    """Let Ids be read again a few at a time, rows be joined in many ranges, and files be small."""
    monkeypatch.setattr(again, "_IDS_A_QUERY", 2)
    monkeypatch.setattr(run, "_SPAN_BYTES", 5_000)


def sent(local, since=0):
    """Return the queries of the jobs made since then."""
    jobs = [each for each in local.exchanges[since:] if (each.method, each.path.rsplit("/", 1)[1]) == ("POST", "query")]
    return [each.request_json["query"] for each in jobs]


def test_x(org, local, cut):
    since = len(local.exchanges)
    table = org.query_arrow(SOQL)
    print(table.schema, table.num_rows)
    print(local.exchanges[since])
