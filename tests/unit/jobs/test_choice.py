"""Which plan is chosen, why, and whether that takes a count."""

import pytest

from sfbulk_pandas.jobs.plans.choice import LARGE_ROWS, LARGE_STREAM_ROWS, SMALL_ROWS, Facts, at_most, choose
from sfbulk_pandas.jobs.plans.refused import refused_in_bulk
from sfbulk_pandas.salesforce.soql import parse


class Count:
    """Answer a count, and know how often it was asked for."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.rows


def chosen(soql, rows, **facts):
    count = Count(rows)
    return choose(parse(soql), Facts(refused=refused_in_bulk(soql), **facts), count), count.asked


@pytest.mark.parametrize(
    ("soql", "said"),
    [
        ("SELECT COUNT() FROM Contact", "aggregate functions"),
        ("SELECT MAX(Amount) FROM Opportunity", "aggregate functions"),
        ("SELECT FORMAT(MIN(closedate)) Amt FROM Opportunity", "aggregate functions"),
        ("SELECT LeadSource FROM Lead GROUP BY LeadSource", "GROUP BY"),
        ("SELECT Id FROM Contact ORDER BY Id OFFSET 5", "OFFSET"),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Event", "TYPEOF"),
    ],
)
def test_what_bulk_refuses_goes_by_rest_without_a_count(soql, said):
    choice, asked = chosen(soql, LARGE_ROWS)
    assert (choice.plan, choice.is_large, asked) == ("rest", False, 0)
    assert choice.reason == f"bulk queries take no {said}"


@pytest.mark.parametrize(
    ("soql", "said"),
    [
        ("SELECT Id FROM Contact LIMIT 100", "LIMIT 100 allows at most 100 rows"),
        ("SELECT Id FROM Contact ORDER BY Name limit 1", "limit 1 allows at most 1 rows"),
        ("SELECT Id FROM Contact c WHERE c.Id IN ('1', '2')", "the condition on Id allows at most 2 rows"),
        ("SELECT Id FROM Contact WHERE (Id = '1')", "the condition on Id allows at most 1 rows"),
        ("SELECT Id FROM Contact WHERE Id IN ('1', '2') LIMIT 1", "LIMIT 1 allows at most 1 rows"),
    ],
)
def test_few_rows_by_the_query_itself_go_by_rest_without_a_count(soql, said):
    choice, asked = chosen(soql, LARGE_ROWS)
    assert (choice.plan, asked) == ("rest", 0)
    assert choice.reason.startswith(said)


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM Contact WHERE NOT Id = '1'",
        "SELECT Id FROM Contact WHERE (NOT Id = '1')",
        "SELECT Id FROM Contact WHERE Id != '1'",
        "SELECT Id FROM Contact WHERE Id NOT IN ('1')",
        "SELECT Id FROM Contact WHERE Account.Id = '1'",
        "SELECT Id FROM Contact WHERE Id = '1' OR Name = 'x'",
        "SELECT Id FROM Contact WHERE Id IN (SELECT ContactId FROM Case)",
        "SELECT Id FROM Contact WHERE Name = 'x'",
        "SELECT Id FROM Contact",
        "SELECT Id FROM Contact LIMIT :n",
    ],
)
def test_a_query_that_does_not_bound_its_rows(soql):
    assert at_most(parse(soql)) is None


def test_the_size_of_the_object_decides_with_one_count():
    soql = "SELECT Id FROM Contact WHERE Name = 'x'"
    for rows, plan, is_large in [
        (0, "rest", False),
        (SMALL_ROWS, "rest", False),
        (SMALL_ROWS + 1, "result_pages", False),
        (LARGE_ROWS - 1, "result_pages", False),
        (LARGE_ROWS, "result_pages", True),
        (None, "result_pages", False),
    ]:
        choice, asked = chosen(soql, rows)
        assert (choice.plan, choice.is_large, asked) == (plan, is_large, 1)
        assert (f"about {rows:,} records" if rows is not None else "does not say how many") in choice.reason


def test_a_stream_is_large_earlier():
    soql = "SELECT Id FROM Contact"
    assert chosen(soql, LARGE_STREAM_ROWS, is_streamed=True)[0].is_large
    assert not chosen(soql, LARGE_STREAM_ROWS, is_streamed=False)[0].is_large
    assert not chosen(soql, LARGE_STREAM_ROWS - 1, is_streamed=True)[0].is_large


def test_deleted_records_are_in_no_count():
    assert chosen("SELECT Id FROM Contact", 3, query_all=True)[0].plan == "result_pages"
    assert chosen("SELECT Id FROM Contact LIMIT 3", 3, query_all=True)[0].plan == "rest"


@pytest.mark.parametrize(("tail", "clause"), [("ORDER BY Name", "ORDER BY"), ("LIMIT 5000000", "LIMIT")])
def test_what_switches_salesforces_chunking_off_is_told(tail, clause):
    choice, _ = chosen(f"SELECT Id FROM Contact {tail}", 5 * LARGE_ROWS)
    assert (choice.plan, choice.is_large) == ("result_pages", False)
    assert f"{clause} switches Salesforce's own chunking off" in choice.reason
    assert f"with {clause} it cannot be cut by Ids" in choice.reason


def test_a_query_too_long_for_an_address_goes_by_a_job():
    soql = f"SELECT Id FROM Contact WHERE Name IN ({', '.join(repr('x' * 40) for _ in range(400))}) LIMIT 5"
    assert chosen(soql, 3)[0].plan == "result_pages"
    assert chosen(soql[:200].rpartition(",")[0] + ") LIMIT 5", 3)[0].plan == "rest"
