"""A query's text becomes a tree; what is no SOQL is told of with its place."""

import json
import pickle
from pathlib import Path

import pytest

from sfbulk_pandas.salesforce.soql import SoqlError, parse, parse_condition
from sfbulk_pandas.salesforce.soql.tree import Call, Child, Fields, Item, Star, TypeOf
from sfbulk_pandas.salesforce.soql.tree import Path as FieldPath

VALID = Path(__file__).resolve().parents[4] / "shared" / "data" / "soql" / "valid.json"
QUERIES = json.loads(VALID.read_text(encoding="utf-8")) if VALID.exists() else []


def where(text):
    return parse(f"SELECT Id FROM Account WHERE {text}").where


def values(text):
    [comparison] = where(text).comparisons
    return [(each.kind, each.text) for each in comparison.values]


@pytest.mark.skipif(not QUERIES, reason="the collection of queries that others wrote is not here")
def test_every_query_that_people_wrote_parses():
    assert len(QUERIES) == 146
    for soql in QUERIES:
        query = parse(soql)
        assert query.text(query).startswith("SELECT"), soql
        assert len(soql) - query.end < len(" /* trailing comment */") + 1, soql


def test_every_clause_finds_its_place():
    soql = (
        "SELECT Type t, COUNT(Id) n FROM Account a USING SCOPE mine WHERE a.Name LIKE 'A%' WITH SECURITY_ENFORCED "
        "GROUP BY Type HAVING COUNT(Id) > 1 ORDER BY Type DESC NULLS LAST, COUNT(Id) LIMIT 5 OFFSET 10 "
        "FOR VIEW ALL ROWS"
    )
    query = parse(soql)
    assert [query.text(entry) for entry in query.select] == ["Type t", "COUNT(Id) n"]
    assert [entry.alias for entry in query.select] == ["t", "n"]
    assert (query.sobject, query.sources[0].alias, query.scope.text) == ("Account", "a", "USING SCOPE mine")
    assert query.text(query.where) == "a.Name LIKE 'A%'"
    assert [each.text for each in query.filters] == ["WITH SECURITY_ENFORCED"]
    assert [query.text(each) for each in query.group] == ["Type"]
    assert soql[query.group_start :].startswith("GROUP BY")
    assert query.text(query.having) == "COUNT(Id) > 1"
    assert [(query.text(each.operand), each.is_descending) for each in query.order] == [
        ("Type", True),
        ("COUNT(Id)", False),
    ]
    assert (query.limit.rows, query.text(query.limit)) == (5, "LIMIT 5")
    assert (query.offset.rows, query.text(query.offset)) == (10, "OFFSET 10")
    assert [each.text for each in query.uses] == ["FOR VIEW", "ALL ROWS"]
    assert query.text(query) == soql


def test_every_kind_of_entry():
    query = parse(
        "SELECT *, Id, Account.Owner.Name, toLabel(Status) s, FIELDS(custom), (SELECT Id FROM Cases), "
        "TYPEOF What WHEN Account THEN Phone, Name WHEN Lead THEN Email ELSE Name END FROM Task"
    )
    star, field, path, call, fields, child, choice = query.select
    assert isinstance(star, Star)
    assert (field.operand.text, path.operand.names, path.operand.places) == (
        "Id",
        ("Account", "Owner", "Name"),
        (14, 22, 28),
    )
    assert isinstance(call, Item)
    assert isinstance(call.operand, Call)
    assert (call.operand.name, call.alias) == ("toLabel", "s")
    assert isinstance(fields, Fields)
    assert fields.group == "CUSTOM"
    assert isinstance(child, Child)
    assert query.text(child.query) == "SELECT Id FROM Cases"
    assert isinstance(choice, TypeOf)
    assert [(each.sobject, [path.text for path in each.paths]) for each in choice.choices] == [
        ("Account", ["Phone", "Name"]),
        ("Lead", ["Email"]),
    ]
    assert [path.text for path in choice.otherwise] == ["Name"]


def test_functions_hold_fields_values_and_functions():
    [item] = parse("SELECT DISTANCE(Place__c, GEOLOCATION(-1.5, 2), 'km') FROM A").select
    field, inner, unit = item.operand.arguments
    assert isinstance(field, FieldPath)
    assert (inner.name, [each.text for each in inner.arguments], unit.text) == ("GEOLOCATION", ["-1.5", "2"], "'km'")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A = 'it\\'s'", [("string", "'it\\'s'")]),
        ("A > -1.5e3", [("number", "-1.5e3")]),
        ("A < 2024-02-29", [("date", "2024-02-29")]),
        ("A < 2024-02-29T01:02:03.004+01:00", [("datetime", "2024-02-29T01:02:03.004+01:00")]),
        ("A < 2024-02-29t01:02:03z", [("datetime", "2024-02-29t01:02:03z")]),
        ("A < 09:30:00.000Z", [("time", "09:30:00.000Z")]),
        ("A < USD-500", [("currency", "USD-500")]),
        ("A IN (usd500.01, EUR7)", [("currency", "usd500.01"), ("currency", "EUR7")]),
        ("A != null", [("word", "null")]),
        ("A = LAST_N_DAYS:4", [("relative", "LAST_N_DAYS:4")]),
        ("A NOT IN ('x', TODAY)", [("string", "'x'"), ("word", "TODAY")]),
        ("A IN :new Map<Id, SObject>(x).keySet()", [("bind", ":new Map<Id, SObject>(x).keySet()")]),
        ("A INCLUDES ('a;b', 'c')", [("string", "'a;b'"), ("string", "'c'")]),
    ],
)
def test_every_kind_of_value(text, found):
    assert values(text) == found


def test_apex_behind_a_colon_ends_where_soql_goes_on():
    query = parse("SELECT Id FROM A WHERE (B = :x.y AND C IN :z[0].get(1)) ORDER BY D LIMIT :n OFFSET 2")
    assert [each.values[0].text for each in query.where.comparisons] == [":x.y", ":z[0].get(1)"]
    assert (query.order[0].operand.text, query.limit.rows, query.offset.rows) == ("D", None, 2)


def test_comparisons_are_found_at_any_depth():
    condition = where("NOT ((A = 1 OR (NOT B LIKE 'x')) AND toLabel(C) NOT IN (SELECT D FROM E WHERE F = 1))")
    first, second, third = condition.comparisons
    assert (first.operand.text, first.operator, second.operator) == ("A", "=", "LIKE")
    assert (third.operand.name, third.operator, third.query.sobject) == ("toLabel", "NOT IN", "E")


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Id > '001'", True),
        ("A = 1 AND (account.id IN ('x'))", True),
        ("Parent.Id = 'x'", False),
        ("Parent.Account = 'x'", False),
        ("OwnerId = 'x' OR A IN (SELECT Id FROM B WHERE Id = 'y')", False),
    ],
)
def test_whether_the_own_id_is_filtered(text, does):
    assert parse(f"SELECT Id FROM Account WHERE {text}").filters_id is does


def test_names_before_the_dot_are_told_from_relationships():
    query = parse("SELECT c.Name, Contact.Account.Name, a.Name, o.Id FROM Contact c, c.Account a, a.Owner o")
    assert [query.local(item.operand) for item in query.select] == [
        ("Name",),
        ("Account", "Name"),
        ("Account", "Name"),
        ("Account", "Owner", "Id"),
    ]


@pytest.mark.parametrize(
    ("soql", "does"),
    [
        ("SELECT Id FROM A", False),
        ("SELECT COUNT() FROM A", True),
        ("SELECT FORMAT(MIN(B)) FROM A", True),
        ("SELECT Name FROM A GROUP BY Name", True),
        ("SELECT toLabel(Name) FROM A", False),
    ],
)
def test_whether_records_are_summed_up(soql, does):
    assert parse(soql).is_grouped is does


def test_words_are_names_where_they_stand_as_names():
    query = parse(
        "SELECT Type, Group.Name, Order, Format, count(Id) distinct FROM Group WHERE Limit = 1 GROUP BY Order"
    )
    assert [query.text(each) for each in query.select][:4] == ["Type", "Group.Name", "Order", "Format"]
    assert query.sobject == "Group"


def test_comments_and_breaks_are_blanks():
    query = parse("/* all */ SELECT Id // of\nFROM/**/A WHERE B = '/* text */' // end")
    assert query.text(query.where) == "B = '/* text */'"


@pytest.mark.parametrize(
    ("soql", "said", "place"),
    [
        ("", "expected SELECT, found the end of the query", (1, 1)),
        ("FIND {x}", "expected SELECT, found 'FIND'", (1, 1)),
        ("SELECT", "expected a field, found the end", (1, 7)),
        ("SELECT FROM A", "expected a field, found 'FROM'", (1, 8)),
        ("SELECT Id FRM Account", "expected FROM, found 'FRM'", (1, 11)),
        ("SELECT Id,\n  Name,\nFROM A", "expected a field, found 'FROM'", (3, 1)),
        ("SELECT Id FROM", "expected an object, found the end", (1, 15)),
        ("SELECT Id FROM A WHER B = 1", "expected WHERE or another clause, found 'WHER'", (1, 18)),
        ("SELECT Id FROM A WHERE (B = 1", r"expected AND, OR or '\)', found the end", (1, 30)),
        ("SELECT Id FROM A WHERE B = 1)", r"another clause, found '\)'", (1, 29)),
        ("SELECT Id FROM A WHERE B = AND C = 1", "expected a value, found 'AND'", (1, 28)),
        ("SELECT Id FROM A WHERE B == 1", "expected a value, found '='", (1, 27)),
        ("SELECT Id FROM A WHERE B IS 1", "expected an operator, found 'IS'", (1, 26)),
        ("SELECT Id FROM A WHERE B NOT LIKE 'x'", "expected IN, found 'LIKE'", (1, 30)),
        ("SELECT Id FROM A WHERE B IN ('x' 'y')", r"expected ',' or '\)', found 'y'", (1, 34)),
        ("SELECT Id FROM A WHERE B = 'x", "this string has no end", (1, 28)),
        ("SELECT Id FROM A /* x", "this comment has no end", (1, 18)),
        ("SELECT Id FROM A WHERE B = {b}", "expected a value, found '{'", (1, 28)),
        ("SELECT Id FROM A\xa0WHERE B = 1", r"found '\\xa0'", (1, 17)),
        ("SELECT Id FROM A ORDER Name", "expected BY, found 'Name'", (1, 24)),
        ("SELECT Id FROM A ORDER BY B NULLS", "expected FIRST or LAST, found the end", (1, 34)),
        ("SELECT Id FROM A LIMIT 1.5", "expected a whole number, found '1.5'", (1, 24)),
        ("SELECT Id FROM A LIMIT 99999999999", "LIMIT takes no number as large", (1, 24)),
        ("SELECT Id FROM A LIMIT 1 WHERE B = 1", "WHERE stands too late, or twice", (1, 26)),
        ("SELECT Id FROM A WITH", "expected a filter, found the end", (1, 22)),
        ("SELECT Id FROM A FOR X", "expected VIEW or REFERENCE or UPDATE, found 'X'", (1, 22)),
        ("SELECT FIELDS(SOME) FROM A", "FIELDS takes one of ALL, STANDARD, CUSTOM", (1, 8)),
        ("SELECT (Id) FROM A", "expected SELECT, found 'Id'", (1, 9)),
        ("SELECT TYPEOF What END FROM A", "expected WHEN, found 'END'", (1, 20)),
        ("SELECT TYPEOF What WHEN B THEN C FROM A", "expected ',', WHEN, ELSE or END, found 'FROM'", (1, 34)),
        ("SELECT Id FROM A; DROP", "found ';'", (1, 17)),
        ("SELECT " + "f(" * 30 + "Id" + ")" * 30 + " FROM A", "more than 20 levels within one another", (1, 48)),
    ],
)
def test_what_is_wrong_is_told_with_its_place(soql, said, place):
    with pytest.raises(SoqlError, match=said) as caught:
        parse(soql)
    assert (caught.value.line, caught.value.column) == place
    assert f"(line {place[0]}, column {place[1]})" in str(caught.value)


def test_a_caret_stands_under_the_place():
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id\n\tFRM Account\nWHERE X = 1")
    assert caught.value.show() == "\tFRM Account\n\t^"


def test_a_long_line_is_cut_around_the_place():
    with pytest.raises(SoqlError) as caught:
        parse(f"SELECT {'Name, ' * 1000}, {'Name, ' * 1000} Id FROM Account")
    line, caret = caught.value.show().split("\n")
    assert len(line) < 130
    assert line[caret.index("^")] == ","
    assert (line[0], line[-1]) == ("…", "…")


def test_an_error_without_a_place_shows_none():
    error = SoqlError("no value")
    assert (str(error), error.show(), error.line, error.column) == ("no value", "", None, None)


def test_an_error_survives_pickling():
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id FRM A")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.show()) == (str(caught.value), caught.value.show())


def test_a_condition_alone_is_read_whole():
    assert len(parse_condition("(A = 1 OR B = 2) AND C = 3").comparisons) == 3
    for text in ("A = 1) OR (B = 2", "A = 1 ORDER BY Name", "", "A = 1 AND"):
        with pytest.raises(SoqlError):
            parse_condition(text)
