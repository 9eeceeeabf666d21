"""Queries that others wrote: each runs, or is refused for the right reason. Read where they lie beside the checkout."""

import json
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.plans import choice
from sfbulk_pandas.local_org import LocalOrg

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
QUERIES = json.loads((DATA / "soql" / "valid.json").read_text("utf-8")) if DATA.exists() else []
FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)

pytestmark = pytest.mark.skipif(not QUERIES, reason="no queries beside this checkout")

# Why a query is refused: error, what its message says, and what the query must have in it for that to be right.
APEX = r":\w+"
CHILD = r"\(\s*SELECT .* FROM [\w.]+.*\).* FROM "
REASONS = {
    "no such object": ("QueryRefused", r"the org has no object '(\w+)'", None),
    "no such field": ("QueryRefused", r"(\w+) has no (?:field|relationship) (\w+)", None),
    "a value for Apex": ("QueryRefused", r"a value behind a colon is for Apex", APEX),
    "rows within a row": ("UsageError", r"gives each record rows of its own", CHILD),
    "Salesforce: not grouped": ("InvalidQuery", r"must be grouped or aggregated: (\w+)", r"(?i)GROUP|COUNT"),
    "Salesforce: not filterable": ("InvalidQuery", r"field 'Description' can not be filtered", "Description"),
    "Salesforce: no such field": ("InvalidQuery", r"Didn't understand relationship 'Recordtype'", "Recordtype"),
    "Salesforce: no Id": ("InvalidQuery", r"invalid ID field: (\w+)", r"Id = '2'"),
    "Salesforce: a number for a text": ("InvalidQuery", r"'Industry' must be of type string", r"null, 1, 'media'"),
    "Salesforce: a semi-join of two fields": ("InvalidQuery", r"must select exactly one field", "TYPEOF"),
    "beyond the local org": ("ApiError", r"([\w() ]+) is not supported by the local org", None),
}
REFUSED = {
    "no such object": 30,
    "no such field": 16,
    "beyond the local org": 10,
    "rows within a row": 8,
    "a value for Apex": 5,
    "Salesforce: not grouped": 2,
    "Salesforce: not filterable": 2,
    "Salesforce: no such field": 1,
    "Salesforce: no Id": 1,
    "Salesforce: a number for a text": 1,
    "Salesforce: a semi-join of two fields": 1,
}


@pytest.fixture(scope="module")
def org():
    with (
        LocalOrg(describes=sorted((DATA / "describe").glob("*.json"))) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        for sobject, field in {"Account": "Name", "Contact": "LastName"}.items():
            assert org.insert(pd.DataFrame({field: ["A", "B", "testing"]}), sobject).failed.empty
        yield org


def outcome(org, soql):
    """Return plan and number of rows, or the class of the error and its message."""
    try:
        table = org.query_arrow(soql)
    except sfbulk.SfBulkError as error:
        return type(error).__name__, str(error.args[0])
    return json.loads(table.schema.metadata[b"sfbulk"])["plan"], table.num_rows


def reason_of(soql, kind, message):
    """Return the category of a refusal, and see that it speaks of what is in the query."""
    for name, (error, said, asks) in REASONS.items():
        found = re.search(said, message)
        if kind == error and found:
            words = [word.strip() for word in found.groups()]
            named = all(word.removesuffix("()").lower() in soql.lower() for word in words[-1:])
            assert named, f"{soql}: {message}"
            assert asks is None or re.search(asks, soql, re.DOTALL), f"{soql}: {message}"
            return name
    raise AssertionError(f"{soql}\nis refused for a reason that nobody expects: {kind}: {message}")


def test_each_runs_or_is_refused_for_the_right_reason(org):
    outcomes = {soql: outcome(org, soql) for soql in QUERIES}
    refused = {soql: each for soql, each in outcomes.items() if isinstance(each[1], str)}
    reasons = Counter(reason_of(soql, *each) for soql, each in refused.items())
    assert reasons == REFUSED
    assert (len(QUERIES), len(outcomes) - len(refused)) == (146, 68)
    assert {plan for plan, rows in outcomes.values() if isinstance(rows, int)} == {"rest"}


def test_with_large_objects_those_that_bulk_takes_go_by_a_job_and_answer_the_same(org, monkeypatch):
    small = {soql: outcome(org, soql) for soql in QUERIES}
    monkeypatch.setattr(choice, "SMALL_ROWS", -1)
    for soql, (plan, rows) in small.items():
        if plan != "rest":
            assert outcome(org, soql) == (plan, rows)
            continue
        needs_rest = re.search(r"(?i)\b(GROUP BY|OFFSET|TYPEOF|COUNT|SUM|AVG|MIN|MAX|COUNT_DISTINCT)\b", soql)
        assert outcome(org, soql) == ("rest" if needs_rest else "result_pages", rows), soql
