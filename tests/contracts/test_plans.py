"""One suite for every way to fetch: the same rows as by locator, none twice, one schema, whatever breaks."""

import threading

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import Faults, LocalOrg

BROKEN = {"before": Faults.reset_before_body, "after": Faults.answer_lost}
FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
PLANS = ["auto", "locator", "result_pages", "id_ranges", "pk_chunks", "rest"]
SOQL = "SELECT Id, LastName, Children__c, CreatedDate, Account.Name FROM Contact"
ROWS = 2_345

pytestmark = pytest.mark.parametrize("plan", PLANS)


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        pd.DataFrame({"Account_Key__c": ["A"], "Name": ['Acmé, "Inc"\nLtd']}).sfbulk.insert("Account", org=org)
        frame = pd.DataFrame(
            {
                "LastName": [f"Name {n}" for n in range(ROWS)],
                "Children__c": pd.array([n % 5 or None for n in range(ROWS)], dtype="Int64"),
                "Account.Account_Key__c": ["A", None] * (ROWS // 2) + ["A"],
            }
        )
        assert org.insert(frame, "Contact").counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


def rows_of(table):
    return sorted(map(tuple, zip(*(table[name].to_pylist() for name in table.column_names), strict=True)))


def ours():
    """Return the client's threads; those of the org come and go with its connections."""
    return [each for each in threading.enumerate() if each.name.startswith("sfbulk-")]


def test_the_rows_are_those_by_locator_in_one_schema(org, plan):
    plain = org.query_arrow(SOQL, plan="locator")
    assert plain.num_rows == ROWS
    for options in (
        {},
        {"page_rows": 100},
        {"page_rows": 100, "parallel_pages": 3},
        {"page_rows": 1_000_000},
        {"chunk_rows": 300},
    ):
        table = org.query_arrow(SOQL, plan=plan, **options)
        assert table.schema.equals(plain.schema)
        assert rows_of(table) == rows_of(plain)


def test_streamed_rows_are_the_same(org, plan):
    with org.query_batches(SOQL, plan=plan, page_rows=100) as stream:
        table = stream.read_all()
    assert rows_of(table) == rows_of(org.query_arrow(SOQL, plan="locator"))


@pytest.mark.parametrize("where", ["LastName = 'nobody'", "Children__c = 3"])
def test_few_rows_and_none(org, plan, where):
    soql = f"{SOQL} WHERE {where}"
    assert rows_of(org.query_arrow(soql, plan=plan)) == rows_of(org.query_arrow(soql, plan="locator"))


def test_values_with_line_breaks_quotes_and_accents(org, plan):
    (name,) = set(org.query(SOQL, plan=plan)["Account.Name"].dropna())
    assert name == 'Acmé, "Inc"\nLtd'


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_row_once_whichever_request_breaks(local, org, plan, when):
    for path in ("jobs/query/*", "results", "resultPages", "v66.0/query"):
        local.faults.clear()  # those that a plan without such a request has left
        local.faults.on("GET", path, fault=BROKEN[when])
        table = org.query_arrow(SOQL, plan=plan, page_rows=500)
        assert len(set(table["Id"].to_pylist())) == table.num_rows == ROWS


def test_stopped_early_leaves_no_thread(org, plan):
    with org.query_batches(SOQL, plan=plan, page_rows=100) as stream:
        assert stream.read_next_batch().num_rows
    assert not ours()


def test_an_order_is_kept_in_a_stream_or_refused_beforehand(org, plan):
    if plan in {"id_ranges", "pk_chunks"}:
        with pytest.raises(sfbulk.UsageError, match="ORDER BY cannot be cut"):
            org.query_arrow(f"{SOQL} ORDER BY LastName", plan=plan)
        return
    with org.query_batches(f"{SOQL} ORDER BY LastName DESC", plan=plan, page_rows=100, parallel_pages=4) as stream:
        names = stream.read_all()["LastName"].to_pylist()
    assert names == sorted(names, reverse=True)
