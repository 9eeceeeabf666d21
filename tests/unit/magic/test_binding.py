"""Values in the place of expressions: quoted, or refused with their place."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.magic.binding import bind_expressions
from sfbulk_pandas.salesforce.soql.tokens import Kind, read_tokens

NAMES = {
    "name": "O'Neil",
    "df": pd.DataFrame({"Id": ["003A", "003B"], "n": [1, 2]}),
    "since": pd.Timestamp("2026-01-02", tz="Europe/Berlin"),
    "moment": datetime(2026, 1, 2, tzinfo=UTC),
    "array": np.array([1.5, 2.0]),
    "nothing": pd.NA,
    "keys": {"a": 1}.keys(),
}


@pytest.mark.parametrize(
    ("code", "literal"),
    [
        ("name", r"'O\'Neil'"),
        ("df.Id.tolist()", "('003A', '003B')"),
        ("df['Id']", "('003A', '003B')"),
        ("df.n.max()", "2"),
        ("since", "2026-01-01T23:00:00.000Z"),
        ("moment.date()", "2026-01-02"),
        ("array", "(1.5, 2.0)"),
        ("nothing", "null"),
        ("keys", "('a')"),
        ("f'%{name}%'", r"'%O\'Neil%'"),
        ("(x for x in 'ab')", "('a', 'b')"),
        ("[x for x in df.Id if x in list(df.Id)]", "('003A', '003B')"),
        ("len(df) > 1", "true"),
        ("'{not one}'", "'{not one}'"),
    ],
)
def test_a_value_is_written_as_soql_writes_it(code, literal):
    bound = bind_expressions(f"SELECT Id FROM X WHERE A = {{{code}}} LIMIT 1", NAMES)
    assert bound.soql == f"SELECT Id FROM X WHERE A = {literal} LIMIT 1"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("nam", r"\{nam\} fails: NameError: name 'nam' is not defined"),
        ("1 / 0", r"\{1 / 0\} fails: ZeroDivisionError"),
        ("df", r"\{df\} cannot be bound: a DataFrame is no list"),
        ("dict(a=1)", "SOQL has no literal for a dict"),
        ("[]", r"the value of \{\[\]\} cannot be bound: an empty list"),
        ("b'x'", "SOQL has no literal for a bytes"),
        ("float('inf')", "SOQL has no literal for inf"),
        ("moment.replace(tzinfo=None)", "has no zone"),
    ],
)
def test_what_fails_or_cannot_be_bound_is_named_and_marked(code, message):
    source = f"SELECT Id\nFROM X WHERE A = {{{code}}}"
    with pytest.raises(UsageError, match=message) as caught:
        bind_expressions(source, NAMES)
    line, caret = str(caught.value).split("\n")[1:3]
    assert line.strip() == source.split("\n")[1]
    assert line[caret.index("^")] == "{"


def test_the_error_of_an_expression_is_the_cause_of_what_is_raised():
    with pytest.raises(UsageError) as caught:
        bind_expressions("A = {1 / 0}", {})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("'{name}'", "take the quotes away"), (r"'%{name}%'", "{f'%{name}%'}"), ("'{df.Id[0]}'", "take the quotes away")],
)
def test_an_expression_within_quotes_is_refused_with_what_to_write(text, hint):
    with pytest.raises(UsageError, match="stands inside quotes") as caught:
        bind_expressions(f"SELECT Id FROM X WHERE A = {text}", NAMES)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["'{guid}'", "'{}'", "'{id}'", "'{'", "'}'", "'{1}'", r"'\'{x'", "'{name'"])
def test_braces_in_quotes_that_name_no_variable_are_text(text):
    soql = f"SELECT Id FROM X WHERE A = {text}"
    assert bind_expressions(soql, NAMES).soql == soql


def test_what_an_expression_assigns_is_forgotten():
    names = {"name": "Curie"}
    assert bind_expressions("A = {(name := 'Hopper')} AND B = {name}", names).soql == "A = 'Hopper' AND B = 'Curie'"
    assert names == {"name": "Curie"}


def test_places_of_the_bound_query_are_found_in_the_written_one():
    source = "SELECT Id FROM X WHERE A IN {df.Id} AND B = {name} AND Bad = 1"
    bound = bind_expressions(source, NAMES)
    assert bound.in_source(bound.soql.index("Bad")) == source.index("Bad")
    assert bound.in_source(bound.soql.index("003B")) == source.index("{df.Id}")
    assert bound.in_source(bound.soql.index("Neil")) == source.index("{name}")
    assert bound.in_source(len(bound.soql)) == len(source)
    assert bound.in_source(7) == 7


def test_nothing_is_run_before_all_of_the_query_can_be_read():
    ran = []
    for rest in ("{x", "{x y}", "'{ran}'", "{}"):
        with pytest.raises(UsageError):
            bind_expressions(f"SELECT Id FROM X WHERE A = {{ran.append(1)}} AND B = {rest}", {"ran": ran})
    assert ran == []


def test_an_expression_is_run_once():
    ran = []
    bound = bind_expressions("A = {ran.append(1)} AND B = {next(iter(ran))}", {"ran": ran})
    assert (bound.soql, ran) == ("A = null AND B = 1", [1])


def test_a_string_of_many_braces_takes_no_long_time():
    soql = f"A = '{'{' * 20_000}'"
    assert bind_expressions(soql, {}).soql == soql


@given(st.lists(st.text(max_size=20), min_size=2, max_size=4))
def test_no_text_leaves_its_literal(texts):
    source = "SELECT Id FROM X WHERE " + " AND ".join(f"A = {{t[{index}]}}" for index in range(len(texts)))
    bound = bind_expressions(source, {"t": texts})
    strings = [token for token in read_tokens(bound.soql) if token.kind is Kind.STRING]
    assert [each.text for each in strings] == [bound.soql[start:end] for _, start, end in bound.places]
    assert len(strings) == len(texts)
    plain = "".join(each if each.isprintable() else " " for each in bound.soql)
    assert [bound.in_source(start) for _, start, _ in bound.places] == [piece.start for piece, _, _ in bound.places]
    assert plain.count("SELECT Id FROM X WHERE A = '") >= 1
