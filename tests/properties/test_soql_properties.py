"""Any text is a query or is refused with its place; changes keep a query a query."""

import contextlib
import time

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from sfbulk_pandas.salesforce.soql import (
    SoqlError,
    add_condition,
    bind,
    literal,
    parse,
    read_select,
    replace_select,
    without_limit,
)

WORDS = """
    SELECT FROM WHERE AND OR NOT IN LIKE INCLUDES NULL NULLS FIRST GROUP BY HAVING ORDER ASC LIMIT OFFSET FOR VIEW
    UPDATE TRACKING WITH USING SCOPE TYPEOF WHEN THEN ELSE END FIELDS ALL ROWS AS Id Name Account COUNT TODAY
    LAST_N_DAYS USD5
""".split()  # noqa: SIM905 - a word a line would be a page
SIGNS = [
    "(",
    ")",
    ",",
    ".",
    ":",
    "*",
    "=",
    "<",
    ">=",
    "!=",
    "[",
    "'",
    "\\",
    "//",
    "/*",
    "*/",
    "\n",
    "{",
    "\xa0",
    "\x00",
    "é",
]
VALUES = [
    "'x'",
    "'it\\'s'",
    "1",
    "-2.5",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "LAST_N_DAYS:3",
    "null",
    ":x.y()",
    "USD5.5",
]
PIECES = st.lists(st.sampled_from([*WORDS, *SIGNS, *VALUES]), max_size=40).map(" ".join)

FIELDS = st.sampled_from(["Id", "Name", "Account.Name", "a.Owner.Id", "Type"])
COMPARISONS = st.one_of(
    st.tuples(FIELDS, st.sampled_from(["=", "!=", "<", ">=", "LIKE"]), st.sampled_from(VALUES)).map(" ".join),
    st.tuples(FIELDS, st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)).map(
        lambda made: f"{made[0]} NOT IN ({', '.join(made[1])})"
    ),
    FIELDS.map(lambda name: f"{name} IN (SELECT Id FROM B WHERE C = 1 LIMIT 3)"),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda made: f"({made[0]}) {made[1]} {made[2]}"),
        inner.map(lambda made: f"NOT ({made})"),
        inner.map(lambda made: f"({made} // so\n)"),
    ),
    max_leaves=6,
)


@st.composite
def queries(draw):
    def maybe(text):
        return text if draw(st.booleans()) else ""

    items = ", ".join(draw(st.lists(FIELDS, min_size=1, max_size=4)))
    blank = draw(st.sampled_from([" ", "\n", " /* LIMIT 1 */ ", " // WHERE\n"]))
    clauses = [
        f"SELECT {items} FROM Account a",
        maybe("USING SCOPE mine"),
        maybe(f"WHERE {draw(CONDITIONS)}"),
        maybe("WITH SECURITY_ENFORCED"),
        maybe("GROUP BY Name HAVING COUNT(Id) > 1"),
        maybe("ORDER BY Name DESC"),
        maybe("LIMIT 7"),
        maybe("OFFSET 3"),
        maybe("FOR VIEW // end"),
    ]
    return blank.join(each for each in clauses if each)


def refused_or_read(soql):
    try:
        query = parse(soql)
    except SoqlError as error:
        assert_placed(error, soql)
        return
    again = parse(query.text(query))
    assert again.text(again) == query.text(query)


def assert_placed(error, soql):
    assert 0 <= error.position <= len(soql)
    line, caret = error.show().split("\n")
    assert len(caret) <= len(line) + 1


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=80), PIECES, PIECES.map(lambda text: f"SELECT Id FROM Account {text}")))
def test_any_text_is_read_or_refused_with_its_place(soql):
    refused_or_read(soql)


@settings(max_examples=300)
@given(
    queries(), st.integers(0, 200), st.integers(0, 5), st.one_of(st.sampled_from([*SIGNS, *WORDS]), st.text(max_size=3))
)
def test_any_broken_query_is_read_or_refused_with_its_place(soql, place, dropped, put_in):
    refused_or_read(soql[:place] + put_in + soql[place + dropped :])


@given(queries())
def test_every_query_that_is_built_is_read_whole(soql):
    query = parse(soql)
    assert query.start == 0
    assert soql[query.end :].strip() in {"", "// end"}
    assert read_select(soql).sobject == "Account"


@given(queries(), CONDITIONS)
def test_a_condition_that_is_added_leaves_the_rest(soql, condition):
    query = parse(soql)
    changed = add_condition(query, condition)
    before = query.where.comparisons if query.where else ()
    assert len(changed.where.comparisons) == len(before) + len(
        add_condition(parse("SELECT Id FROM A"), condition).where.comparisons
    )
    assert [changed.text(each) for each in changed.where.comparisons[: len(before)]] == [
        query.text(each) for each in before
    ]
    assert rest(changed) == rest(query)


@given(queries(), st.lists(FIELDS, min_size=1, max_size=4))
def test_another_select_list_leaves_the_rest(soql, entries):
    query = parse(soql)
    changed = replace_select(query, entries)
    assert [changed.text(each) for each in changed.select] == entries
    assert (rest(changed), changed.where is None) == (rest(query), query.where is None)


@given(queries())
def test_a_dropped_limit_leaves_the_rest(soql):
    query = parse(soql)
    changed = without_limit(query)
    assert changed.limit is None
    assert rest(changed)[1:] == rest(query)[1:]


def rest(query):
    """Return everything behind WHERE, the limit first."""
    rows = [None if each is None else each.rows for each in (query.limit, query.offset)]
    ordered = [(query.text(each.operand), each.is_descending) for each in query.order]
    kept = [each.text for each in (*query.filters, *query.uses)]
    return [*rows, ordered, kept, [query.text(each) for each in query.group], query.having is None, query.scope is None]


@given(st.text(), st.text())
def test_any_text_bound_is_one_value(text, other):
    soql = bind("SELECT Id FROM A WHERE B = {b} AND C IN {c} // it's {x}", {"b": text, "c": [text, other]})
    first, second = parse(soql).where.comparisons
    assert [each.text for each in first.values] == [literal(text)]
    assert [each.text for each in second.values] == [literal(text), literal(other)]


@pytest.mark.parametrize(
    "soql",
    [
        "'\\" * 50_000,
        "'" + "\\'" * 50_000,
        "/*" * 50_000,
        "SELECT " + "(SELECT " * 12_000,
        "SELECT Id FROM A WHERE " + "(" * 100_000,
        "SELECT Id FROM A WHERE " + "NOT " * 25_000,
        "SELECT Id FROM A WHERE B = :" + "x(" * 50_000,
        "SELECT " + "a(" * 50_000,
        "SELECT Id FROM A WHERE B IN (" + "1," * 50_000,
        "SELECT " + "Name, " * 16_000 + "Id FROM A",
        "SELECT " + "a." * 50_000 + "b FROM A",
    ],
)
def test_a_hostile_query_of_the_longest_length_takes_no_time(soql):
    started = time.monotonic()
    refused_or_read(soql)
    with contextlib.suppress(SoqlError):
        bind(soql, {"x": 1})
    assert time.monotonic() - started < 10  # milliseconds each; quadratic work would take minutes
