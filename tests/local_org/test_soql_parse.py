"""SOQL text to tree: what people write parses, what is wrong is answered with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.soql.parse import parse
from sfbulk_pandas.local_org.soql.tree import All, AnyOf, Comparison, Function, Item, Kind, Not, Query, SubQuery

VALID = Path(__file__).resolve().parents[3] / "shared" / "data" / "soql" / "valid.json"
QUERIES = json.loads(VALID.read_text(encoding="utf-8")) if VALID.exists() else []


@pytest.mark.skipif(not QUERIES, reason="the collection of queries that others wrote is not here")
def test_every_query_that_people_wrote_parses():
    assert len(QUERIES) == 146
    for soql in QUERIES:
        assert isinstance(parse(soql), Query), soql


@pytest.mark.skipif(not QUERIES, reason="the collection of queries that others wrote is not here")
def test_every_query_that_people_wrote_is_answered_or_refused_with_a_code(direct):
    codes = {
        "INVALID_TYPE",
        "INVALID_FIELD",
        "MALFORMED_QUERY",
        "INVALID_QUERY_FILTER_OPERATOR",
        "FUNCTIONALITY_NOT_ENABLED",
    }
    for soql in QUERIES:
        reply = direct.soql(soql)
        assert reply.status in (200, 400), (soql, reply.text)
        assert reply.status == 200 or reply.json()[0]["errorCode"] in codes, (soql, reply.text)


def test_a_query_that_is_too_long_is_refused():
    soql = f"SELECT Id FROM Contact WHERE Name = '{'x' * 100_000}"
    whole = soql[:99_999] + "'"
    assert isinstance(parse(whole), Query)
    with pytest.raises(Fault, match="cannot be longer than 100000 characters"):
        parse(whole + " ")


def test_words_are_taken_by_context():
    query = parse("select Type, Format, Group.Name distinct from Order where Limit = 1 order by Type desc nulls last")
    assert query.sobject.text == "Order"
    assert [item.operand.text for item in query.entries] == ["Type", "Format", "Group.Name"]
    assert query.entries[2].alias == "distinct"
    assert (query.order[0].descending, query.order[0].nulls_last) == (True, True)


def test_clauses():
    query = parse(
        "SELECT Id, (SELECT Id FROM Contacts), COUNT(Id) n FROM Account a USING SCOPE mine WHERE Name = 'x' "
        "WITH SECURITY_ENFORCED GROUP BY Id HAVING COUNT(Id) > 1 ORDER BY Id LIMIT 5 OFFSET 10 FOR VIEW"
    )
    assert isinstance(query.entries[1], SubQuery)
    assert query.entries[2] == Item(Function("COUNT", query.entries[2].operand.arguments, 38), "n")
    assert (query.alias, query.scope, query.modes) == ("a", "mine", ("SECURITY_ENFORCED",))
    assert (query.limit, query.offset, len(query.group)) == (5, 10, 1)


def test_conditions():
    where = parse("SELECT Id FROM A WHERE a = 1 AND (b != 'x' OR NOT c IN (1, 2)) AND d NOT IN ('y')").where
    assert isinstance(where, All)
    first, second, third = where.conditions
    assert isinstance(first, Comparison)
    assert isinstance(second, AnyOf)
    assert isinstance(second.conditions[1], Not)
    assert isinstance(third, Not)
    assert [each.operator for each in (first, second.conditions[0])] == ["=", "!="]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("'O\\'Neil \\n'", Kind.TEXT, "O'Neil \n"),
        ("''", Kind.TEXT, ""),
        ("-1.5", Kind.NUMBER, "-1.5"),
        ("1e3", Kind.NUMBER, "1e3"),
        ("12", Kind.NUMBER, "12"),
        ("2024-05-01", Kind.DATE, "2024-05-01"),
        ("2024-05-01T10:11:12Z", Kind.DATETIME, "2024-05-01T10:11:12Z"),
        ("2024-05-01T10:11:12.000+02:00", Kind.DATETIME, "2024-05-01T10:11:12.000+02:00"),
        ("USD5000.01", Kind.CURRENCY, "USD5000.01"),
        ("usd-5", Kind.CURRENCY, "usd-5"),
        ("last_n_days:7", Kind.RELATIVE, "LAST_N_DAYS:7"),
        ("n_days_ago:7", Kind.RELATIVE, "N_DAYS_AGO:7"),
        ("Today", Kind.RELATIVE, "TODAY"),
        ("TRUE", Kind.BOOLEAN, "true"),
        ("Null", Kind.NULL, "null"),
        (":names", Kind.BIND, ":names"),
    ],
)
def test_literals(text, kind, value):
    comparison = parse(f"SELECT Id FROM A WHERE f = {text}").where
    (literal,) = comparison.right
    assert (literal.kind, literal.text, literal.at) == (kind, value, 27)


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        (
            "SELECT Id FROM Account WHERE Name == 'x'",
            "\nSELECT Id FROM Account WHERE Name == 'x'\n"
            + " " * 35
            + "^\nERROR at Row:1:Column:36\nunexpected token: '='",
        ),
        (
            "SELECT Id\nFROM Account\nWHERE (Name = 'x'",
            "\nWHERE (Name = 'x'\n                 ^\nERROR at Row:3:Column:18\nunexpected token: '<EOF>'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'x' AND Id = '1' OR Id = '2'",
            "\nM Account WHERE Name = 'x' AND Id = '1' OR Id = '2'\n"
            + " " * 40
            + "^\nERROR at Row:1:Column:54\nunexpected token: 'OR'",
        ),
        (
            "DELETE FROM Account",
            "\nDELETE FROM Account\n^\nERROR at Row:1:Column:1\nunexpected token: 'DELETE'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'it's'",
            "\nSELECT Id FROM Account WHERE Name = 'it's'\n"
            + " " * 40
            + "^\nERROR at Row:1:Column:41\nunexpected token: 's'",
        ),
        *(
            (f"SELECT Id FROM Account LIMIT {rows}", f"\nSELECT Id FROM Account LIMIT {rows}\n" + " " * 29 + f"^\n{at}")
            for rows, at in (
                ("-1", "ERROR at Row:1:Column:30\nunexpected token: '-1'"),
                ("9999999999", "ERROR at Row:1:Column:30\nunexpected token: '9999999999'"),
            )
        ),
        (" ", "SOQL statement cannot be empty"),
    ],
)
def test_malformed(soql, message):
    with pytest.raises(Fault) as refused:
        parse(soql)
    assert refused.value.body() == [{"message": message, "errorCode": "MALFORMED_QUERY"}]
