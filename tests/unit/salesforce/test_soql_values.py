"""Values are quoted, never pasted; the select list is read as far as types need it."""

import datetime as dt
from decimal import Decimal

import pytest

from sfbulk_pandas.salesforce.soql import SoqlError, bind, literal, quote, read_select


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Neil", r"'O\'Neil'"),
        ("a\\b", r"'a\\b'"),
        ("two\nlines\ttab", r"'two\nlines\ttab'"),
        ("' OR Name != '", r"'\' OR Name != \''"),
        (5, "5"),
        (1.5, "1.5"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 2, 29, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2024-02-28T23:00:00.000Z"),
        (dt.time(9, 30), "09:30:00.000Z"),
        (["a", "b'c"], r"('a', 'b\'c')"),
        ((1, None), "(1, null)"),
    ],
)
def test_values_become_literals(value, text):
    assert literal(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (dt.datetime(2024, 1, 1), "has no zone"),  # noqa: DTZ001 - that is what is refused
        ([], "empty list"),
        ([["a"]], "may not hold lists"),
        (float("nan"), "no literal for nan"),
        (float("inf"), "no literal for inf"),
        (b"bytes", "no literal for a bytes"),
        ({"a": 1}, "no literal for a dict"),
    ],
)
def test_what_soql_cannot_write_is_refused(value, said):
    with pytest.raises(SoqlError, match=said):
        literal(value)


def test_every_character_that_could_end_a_string_is_escaped():
    assert quote("".join(map(chr, range(128)))).count("'") == 3


def test_binding_replaces_each_place():
    soql = "SELECT Id FROM Contact WHERE LastName = {name} AND Email IN {mails} AND AccountId != {none}"
    bound = bind(soql, {"name": "D'Angelo", "mails": ["a@b.c"], "none": None})
    assert bound == r"SELECT Id FROM Contact WHERE LastName = 'D\'Angelo' AND Email IN ('a@b.c') AND AccountId != null"


def test_bound_values_are_not_bound_again():
    assert bind("WHERE A = {a} AND B = {b}", {"a": "{b}", "b": 1}) == "WHERE A = '{b}' AND B = 1"


@pytest.mark.parametrize(
    ("soql", "params", "said"),
    [
        ("WHERE A = {a}", {}, "no value was given for {a}"),
        ("WHERE A = 1", {"a": 1}, "no place {a} in the query"),
        ("WHERE A = '{a}'", {"a": 1}, "stands inside quotes"),
        ("WHERE A IN {a}", {"a": []}, "'a': an empty list"),
    ],
)
def test_what_does_not_fit_is_named(soql, params, said):
    with pytest.raises(SoqlError, match=said.replace("{", r"\{")):
        bind(soql, params)


def test_a_place_without_a_value_is_shown():
    with pytest.raises(SoqlError) as caught:
        bind("SELECT Id\nFROM A WHERE B = {b}", {})
    assert caught.value.show() == "FROM A WHERE B = {b}\n                 ^"


def test_comments_are_neither_strings_nor_places():
    soql = "SELECT Id // don't\nFROM A /* {x} */ WHERE B = {b}"
    assert bind(soql, {"b": 2}) == soql.replace("{b}", "2")


def test_braces_in_a_string_are_text():
    assert bind(r"WHERE A = '{x} \' {y}' AND B = {b}", {"b": 2}) == r"WHERE A = '{x} \' {y}' AND B = 2"


@pytest.mark.parametrize(
    ("soql", "sobject", "paths"),
    [
        ("SELECT Id FROM Account", "Account", ["Id"]),
        ("select id,Name , Owner.Name\nfrom Account", "Account", ["id", "Name", "Owner.Name"]),
        ("SELECT Contact.FirstName, Contact.Account.Name FROM Contact", "Contact", ["FirstName", "Account.Name"]),
        ("SELECT c.Id FROM Contact c WHERE c.Name = 'x'", "Contact", ["Id"]),
        ("SELECT c.Id FROM Contact AS c", "Contact", ["Id"]),
        ("SELECT toLabel(Status), Id FROM Case", "Case", ["", "Id"]),
        ("SELECT Name, (SELECT LastName FROM Contacts) FROM Account", "Account", ["Name", ""]),
        ("SELECT Id FROM Account WHERE Name = 'a from b'", "Account", ["Id"]),
    ],
)
def test_the_select_list_is_read(soql, sobject, paths):
    select = read_select(soql)
    assert (select.sobject, [item.path for item in select.items]) == (sobject, paths)


def test_aliases_name_the_column():
    assert read_select("SELECT Name n, COUNT(Id) total FROM Account GROUP BY Name").items[1].name == "total"


@pytest.mark.parametrize("soql", ["", "FIND {x}", "SELECT Id", "SELECT Id FROM"])
def test_what_is_no_query_is_refused(soql):
    with pytest.raises(SoqlError):
        read_select(soql)
