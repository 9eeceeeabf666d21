"""What the check says of a cell, held against what the local org does with it."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.preflight import LoadCall, check_frame
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.row_error import split_row_errors

ACCOUNT_ID = "001000000000001AAA"
NUMBERS = [
    "1",
    "-1",
    "+5",
    "1.5",
    "1.",
    ".5",
    "1e3",
    "1E-2",
    "1,234.5",
    "12 ",
    " 12",
    "$5",
    "abc",
    "0x1F",
    "1e999",
    "NaN",
]
CELLS = {
    "Children__c": ["0", "999", "1000", "-1000", "+5", "2.5", "250.0", "1e2", "abc", "99999999999", "0x1F", " 5"],
    "Salary__c": [*NUMBERS, "9999999999999999", "99999999999999999", "-1e16", "inf"],
    "Rating__c": [*NUMBERS, "999.9999", "1000", "-999"],
    "Engagement__c": ["100", "999.99", "1000", "12%"],
    "Newsletter__c": ["true", "FALSE", "True", "1", "0", "yes", "no", "t", "2", "on"],
    "Birthdate": [
        "2024-02-29", "2023-02-29", "2023-02-30", "2023-04-31", "2023-12-31", "2023-13-01", "2023-00-10", "2023-1-5",
        "2023-01-05Z", "2023-02-30Z", "05.01.2023", "2023/01/05", "2023-01-05T00:00:00Z", "20230105", "tomorrow",
        "1700-01-01", "1699-12-31", "4000-12-31", "4001-01-01", "9999-12-31", "0000-01-01", "0024-05-06", "12024-01-01",
    ],
    "Last_Contacted__c": [
        "2024-01-01T10:00:00Z", "2024-01-01T10:00:00.123Z", "2024-01-01T10:00:00+02:00", "2024-01-01T10:00:00-0500",
        "2024-01-01T10:00:00", "2024-01-01", "2024-01-01 10:00:00Z", "2024-02-30T10:00:00Z", "2024-01-01T25:00:00Z",
        "2024-01-01T10:61:00Z", "2024-01-01T10:00Z", "now",
        "1024-01-01T10:00:00Z", "1700-01-01T00:00:00Z", "4000-12-31T00:00:00Z", "9999-12-31T23:59:59Z",
    ],
    "Email": [
        "a@b.co", "a.b+c@sub.example.com", "ä@example.com", "a@b", "a b@c.de", "@c.de", "a@", "a@@b.de", "a@b..de",
        "a@-b.de", "a,b@c.de", "o'hara@x.ie", "ä@b", "用户@例子.广告", "x" * 70 + "@example.com", "a@b.c0m",
    ],
    "FirstName": ["x" * 40, "x" * 41, "é" * 40, "é" * 41, "x" * 39 + "\r\n"],
    "MobilePhone": ["1" * 40, "1" * 41],
    "Profile_Url__c": ["https://x.de", "h" * 256],
    "Status__c": ["Active", "active", "Aktive", "Inactive", "ACTIVE "],
    "Salutation": ["Mr.", "Emperor"],
    "Languages__c": ["English", "English;German", "English;Klingon", "english", "German;english"],
    "Description": ["a\nb", "x" * 32_000, "x" * 32_001],
}  # fmt: skip


@pytest.fixture(scope="module")
def org():
    polling = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=polling) as client:
        yield client


# Orgs differ in these, and the local one is strict: such rows are noted, and not held against the frame.
DOUBTS = {"the picklist spells this value otherwise", "the address has letters beyond ASCII"}


def checked(org, frame, operation="insert", key=None):
    """Return the codes of the errors of each row that the check blocks, and the rows that it has its doubts of."""
    call = LoadCall(Operation(operation), key, parents=org._loading.describes.get)
    found = check_frame(frame, org.describe("Contact").described, call)
    assert not found.grave().any(), found.report
    texts = zip(frame.index[found.blocked], found.errors.to_pylist(), strict=True)
    doubtful = found.report.loc[found.report["check"].isin(DOUBTS), "index"]
    return {row: {each.code for each in split_row_errors(text)} for row, text in texts}, set(doubtful)


def compare(org, frame, operation="insert", key=None):
    """Assert that both refuse the same rows, and for a reason of the check's."""
    options = {"external_id_field": key} if key else {}
    failed = getattr(org, operation)(frame, "Contact", timezone="UTC", repeat=True, **options).failed
    mine, doubtful = checked(org, frame, operation, key)
    refused = [row for row in failed.index if row in mine or row not in doubtful]
    assert sorted(mine) == sorted(refused), failed[["sf__Error"]].to_dict()
    certain = failed["error_code"].drop(doubtful & set(failed.index))
    assert {row: code for row, code in certain.items() if code not in mine[row]} == {}
    return mine


@pytest.mark.parametrize("name", CELLS)
def test_texts(org, name):
    frame = pd.DataFrame({"LastName": "x", name: CELLS[name]}, index=pd.Index(CELLS[name]) + "|")
    found = compare(org, frame)
    assert len(found) < len(frame)


TYPED = {
    "Children__c": [
        pd.Series([1.0, 2.5, None, 999, 1000, -1e12]),
        pd.Series([1, 1000, 2**40]),
        pd.Series([Decimal("2.00"), Decimal("2.5"), None]),
        pd.Series([True, False]),
        pd.Series(pd.to_datetime(["2024-01-01"])),
        pd.Series([1, "2", "x", None, 2.5, True], dtype=object),
    ],
    "Salary__c": [pd.Series([1e16, 9e15, None, -1e20]), pd.Series([10**16, 1]), pd.Series([True])],
    "Newsletter__c": [pd.Series([0, 1, 2]), pd.Series([0.0, 1.0, 0.5]), pd.Series([True, None], dtype="boolean")],
    "Birthdate": [
        pd.Series(pd.to_datetime(["2024-01-01 00:00", "2024-01-01 10:00", None])),
        pd.Series(pd.to_datetime(["2024-01-01 00:00", "2024-01-01 10:00"]).tz_localize("Europe/Berlin")),
        pd.Series([dt.date(2024, 1, 1), None]),
        pd.Series([20240101]),
        pd.Series([dt.date(1024, 1, 1), dt.date(1700, 1, 1), dt.date(9999, 12, 31), None]),
        pd.Series(np.array(["1024-01-01", "2024-01-01", "9999-12-31"], dtype="datetime64[s]")),
        pd.Series([pd.Timestamp("2024-01-01 10:00"), dt.date(2024, 1, 1), "2024-01-01", "x"], dtype=object),
    ],
    "Last_Contacted__c": [
        pd.Series(pd.to_datetime(["2024-01-01 10:00"])),
        pd.Series([dt.date(2024, 1, 1)]),
        pd.Series(np.array(["1024-01-01T10:00", "2024-01-01T10:00", "9999-12-31T00:00"], dtype="datetime64[ms]")),
        pd.Series(
            [pd.Timestamp("2024-01-01"), dt.date(2024, 1, 1), "2024-01-01", "2024-01-01T00:00:00Z"], dtype=object
        ),
        pd.Series([5, 6]),
    ],
    "Status__c": [pd.Series(["Active", "Nope", None], dtype="category"), pd.Series([1, 2])],
    "Languages__c": [pd.Series([["English", "German"], ["Klingon"], None])],
    "Email": [pd.Series([1, 2]), pd.Series(["a@b.de", "b"], dtype=pd.ArrowDtype(pa.large_string()))],
    "FirstName": [pd.Series([1, np.nan]), pd.Series([dt.date(2024, 1, 1)])],
}


@pytest.mark.parametrize(("name", "series"), [(name, each) for name, many in TYPED.items() for each in many])
def test_typed_columns(org, name, series):
    compare(org, pd.DataFrame({"LastName": "x", name: series}))


def test_required_fields(org):
    assert set(compare(org, pd.DataFrame({"LastName": ["x", "", None, "y"], "FirstName": "f"}))) == {1, 2}


def test_several_problems_of_a_row(org):
    frame = pd.DataFrame({"LastName": ["x", ""], "Email": ["bad", "worse"], "Status__c": ["Nope", "Active"]})
    found = compare(org, frame)
    assert found == {
        0: {"INVALID_EMAIL_ADDRESS", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
        1: {"INVALID_EMAIL_ADDRESS", "REQUIRED_FIELD_MISSING"},
    }


def test_ids(org):
    account = org.insert(pd.DataFrame({"Name": ["a"]}), "Account", repeat=True).successful["sf__Id"].iloc[0]
    contact = org.insert(pd.DataFrame({"LastName": ["a"]}), "Contact", repeat=True).successful["sf__Id"].iloc[0]
    lower = account[:15] + account[15:].lower()
    wrong = account[:17] + ("A" if account[17] != "A" else "B")
    ids = [account, account[:15], lower, wrong, contact, "x", account[:14] + "-", account + "1", None, ""]
    found = compare(org, pd.DataFrame({"LastName": "x", "AccountId": ids}))
    assert found == {row: {"MALFORMED_ID"} for row in (3, 5, 6, 7)} | {4: {"FIELD_INTEGRITY_EXCEPTION"}}
    keys = pd.DataFrame({"Id": [contact, account, "x", contact[:16], None, ""], "FirstName": "f"})
    assert set(compare(org, keys, "update")) == {1, 2, 3, 4, 5}
    assert set(compare(org, keys[["Id"]].drop(0), "delete")) == {1, 2, 3, 4, 5}


def test_repeated_keys(org):
    frame = pd.DataFrame({"Contact_Key__c": ["q1", "Q1", "q2", "q1", None], "LastName": "x"})
    assert compare(org, frame, "upsert", "Contact_Key__c") == {
        1: {"DUPLICATE_VALUE"},
        3: {"DUPLICATE_VALUE"},
        4: {"MISSING_ARGUMENT"},
    }
    unique = pd.DataFrame({"Contact_Key__c": ["q3", "q4", "Q3", None, None], "LastName": "x"})
    assert compare(org, unique) == {2: {"DUPLICATE_VALUE"}}
    rows = org.insert(pd.DataFrame({"LastName": ["a", "b"]}), "Contact", repeat=True).successful["sf__Id"].tolist()
    ids = pd.DataFrame({"Id": [*rows, rows[0][:15]], "FirstName": "f"})
    assert compare(org, ids, "update") == {2: {"DUPLICATE_VALUE"}}
    assert compare(org, ids[["Id"]], "delete") == {2: {"ENTITY_IS_DELETED"}}


def test_keys_of_parents_are_read_as_the_keys_type(org):
    org.insert(pd.DataFrame({"Name": ["a"], "Account_Key__c": ["A-1"]}), "Account", repeat=True)
    assert compare(org, pd.DataFrame({"LastName": "x", "Account.Account_Key__c": ["A-1", None, ""]})) == {}


def test_what_may_not_be_emptied(org):
    made = org.insert(pd.DataFrame({"LastName": ["a", "b"]}), "Contact", repeat=True).successful["sf__Id"].tolist()
    owner = org.query("SELECT OwnerId FROM Contact")["OwnerId"].iloc[0]
    frame = pd.DataFrame({"Id": made, "OwnerId": [None, owner], "FirstName": None})
    failed = org.update(frame, "Contact", nulls="clear").failed
    assert failed["error_code"].tolist() == ["REQUIRED_FIELD_MISSING"]
    call = LoadCall(Operation.UPDATE, parents=org._loading.describes.get, nulls="clear")
    assert check_frame(frame, org.describe("Contact").described, call).blocked.tolist() == failed.index.tolist() == [0]


LETTERS = st.sampled_from(list("aZ09 .,:;-+@TZé#/x\n"))
GOOD = {name: [each for each in cells if len(each) < 60] for name, cells in CELLS.items()}


@st.composite
def nearly_right(draw, name):
    """Return a cell of the pool, often with a letter put in, taken out or changed."""
    text = draw(st.sampled_from(GOOD[name]))
    at = draw(st.integers(0, len(text)))
    return draw(st.sampled_from([text, text, text[:at] + text[at + 1 :], text[:at] + draw(LETTERS) + text[at:]]))


@st.composite
def rows(draw):
    names = draw(st.lists(st.sampled_from(sorted(GOOD)), min_size=1, max_size=4, unique=True))
    count = draw(st.integers(1, 12))
    cells = {
        name: draw(st.lists(st.none() | nearly_right(name), min_size=count, max_size=count).filter(any))
        for name in names
    }
    return pd.DataFrame({"LastName": draw(st.sampled_from(["x", "Ünal"]))} | cells)


@settings(deadline=None, max_examples=25)
@given(frame=rows())
def test_both_agree_on_any_frame(org, frame):
    blanks = frame.map(lambda cell: isinstance(cell, str) and (cell != cell.strip() or "\n" in cell or "; " in cell))
    assume(not blanks.any(axis=None))  # what Salesforce trims, the local org does not
    compare(org, frame)
