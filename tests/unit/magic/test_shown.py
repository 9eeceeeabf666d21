"""Errors as they are shown."""

import pickle

import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import InvalidQuery, JobFailed, QueryRefused, UsageError
from sfbulk_pandas.magic.binding import bind_expressions
from sfbulk_pandas.magic.shown import position_of, short_text, shorten
from sfbulk_pandas.preflight.query_report import CheckedQuery, QueryProblem

SOURCE = "SELECT Id, Emial\nFROM Contact\nWHERE Id IN {ids} AND Naem = 1"
QUERY = bind_expressions(SOURCE, {"ids": ["0035g0000000001AAA"] * 9})


def refused(*names, suggestion="did you mean it?"):
    problems = [QueryProblem(QUERY.soql.index(each), f"there is no {each}", each, suggestion) for each in names]
    checked = CheckedQuery(QUERY.soql, None, tuple(problems))
    return QueryRefused(checked.failure_text, report=checked.report)


def test_a_place_is_marked_in_the_query_as_it_was_written():
    assert short_text(refused("Emial"), QUERY) == (
        "there is no Emial (line 1, column 12)\n    SELECT Id, Emial\n               ^\n  -> did you mean it?"
    )


def test_a_place_behind_a_value_is_found_too():
    assert short_text(refused("Naem", suggestion=""), QUERY) == (
        "there is no Naem (line 3, column 23)\n    WHERE Id IN {ids} AND Naem = 1\n                          ^"
    )


def test_several_places_are_counted_and_many_are_cut():
    text = short_text(refused("Emial", "Naem"), QUERY)
    assert text.startswith("2 problems\n\nthere is no Emial (line 1")
    assert "\n\nthere is no Naem (line 3" in text
    many = short_text(refused(*["Emial"] * 7), QUERY)
    assert many.count("there is no Emial") == 5
    assert many.endswith("\n\nand 2 more")


def salesforce(line, row, column):
    place = f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}\nfield 'Naem' can not be filtered"
    return InvalidQuery(place, hint="correct the SOQL")


def test_salesforces_own_place_is_shown_in_the_query_as_it_was_written():
    line = QUERY.soql.split("\n")[2]
    text = short_text(salesforce(line, 3, line.index("Naem") + 1), QUERY)
    assert text == (
        "field 'Naem' can not be filtered (line 3, column 23)\n    WHERE Id IN {ids} AND Naem = 1\n"
        "                          ^\n  -> correct the SOQL"
    )


@pytest.mark.parametrize("error", [salesforce("SELECT X", 1, 8), InvalidQuery("no place", hint="look")])
def test_salesforces_words_about_another_text_are_left_as_they_are(error):
    assert short_text(error, QUERY) == str(error)


def test_an_error_of_something_else_is_its_own_text():
    error = JobFailed("the job failed", hint="look")
    assert short_text(error, QUERY) == short_text(error, None) == "the job failed\n  -> look"


@pytest.mark.parametrize(("rows", "is_told"), [(2_000, True), (0, False)])
def test_rows_that_have_come_are_told_of(rows, is_told):
    error = JobFailed("the job failed")
    error.partial = pa.table({"Id": ["x"] * rows})
    assert ("2,000 rows have come: sys.last_value.partial" in short_text(error, None)) == is_told


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("say overwrite=True", "say --overwrite"),
        ("query_all=True brings them", "--all brings them"),
        ('say plan="pk_chunks"', "say --plan pk_chunks"),
    ],
)
def test_a_hint_speaks_of_the_options_of_the_magic(hint, shown):
    assert short_text(UsageError("no", hint=hint), None) == f"no\n  -> {shown}"


def test_the_place_of_a_line_and_column_is_within_the_text():
    assert SOURCE[position_of(SOURCE, 2, 6)] == "C"
    assert position_of("ab", 9, 9) == 2


def test_the_error_is_still_the_same_and_can_be_pickled(shell):
    error = refused("Emial")
    shorten(error, shell, QUERY)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (QueryRefused, str(error))
    pd.testing.assert_frame_equal(again.report, error.report)


@pytest.mark.parametrize(("colors", "is_bold"), [("nocolor", False), ("linux", True)])
def test_the_name_is_bold_where_the_shell_has_colours(shell, monkeypatch, colors, is_bold):
    error = UsageError("no")
    monkeypatch.setattr(shell, "colors", colors)
    shorten(error, shell, None)
    assert ("\x1b[1mUsageError\x1b[0m" in error._render_traceback_()[0]) == is_bold
