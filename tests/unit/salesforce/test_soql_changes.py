"""A query is changed where it says, and comes out as SOQL."""

import pytest

from sfbulk_pandas.salesforce.soql import SoqlError, add_condition, parse, replace_select, without_limit


@pytest.mark.parametrize(
    ("soql", "changed"),
    [
        ("SELECT Id FROM A", "SELECT Id FROM A WHERE X = 1"),
        ("SELECT Id FROM A a USING SCOPE mine LIMIT 1", "SELECT Id FROM A a USING SCOPE mine WHERE X = 1 LIMIT 1"),
        ("SELECT Id FROM A // last", "SELECT Id FROM A WHERE X = 1 // last"),
        ("SELECT Id FROM A WHERE B = 1 OR C = 2", "SELECT Id FROM A WHERE (B = 1 OR C = 2) AND (X = 1)"),
        ("SELECT Id FROM A WHERE B = 'WHERE' // last", "SELECT Id FROM A WHERE (B = 'WHERE') AND (X = 1) // last"),
        (
            "SELECT COUNT(Id) FROM A WHERE B = 1 WITH USER_MODE GROUP BY C",
            "SELECT COUNT(Id) FROM A WHERE (B = 1) AND (X = 1) WITH USER_MODE GROUP BY C",
        ),
        ("SELECT Id FROM A ORDER BY B", "SELECT Id FROM A WHERE X = 1 ORDER BY B"),
        (
            "SELECT Id, (SELECT Id FROM Bs WHERE C = 1) FROM A LIMIT 1",
            "SELECT Id, (SELECT Id FROM Bs WHERE C = 1) FROM A WHERE X = 1 LIMIT 1",
        ),
    ],
)
def test_a_condition_is_added_before_what_follows(soql, changed):
    assert add_condition(parse(soql), "X = 1").soql == changed


def test_a_condition_comes_without_the_comment_behind_it():
    query = add_condition(parse("SELECT Id FROM A WHERE B = 1"), " X = 1 // mine")
    assert query.soql == "SELECT Id FROM A WHERE (B = 1) AND (X = 1)"


@pytest.mark.parametrize("text", ["X = 1) OR (Y = 2", "X = 1 LIMIT 5", "", "X", "X = 1 //\n) OR (Y = 2"])
def test_what_is_no_condition_is_not_added(text):
    with pytest.raises(SoqlError):
        add_condition(parse("SELECT Id FROM A WHERE B = 1"), text)


def test_the_select_list_is_replaced_whole():
    query = parse("SELECT a.Id, (SELECT Id FROM Bs), COUNT(Id) n /* x */ FROM A a WHERE B = 1")
    assert replace_select(query, ["Id", "Name"]).soql == "SELECT Id, Name /* x */ FROM A a WHERE B = 1"


@pytest.mark.parametrize(
    "entries", [[], [""], ["Id FROM B WHERE C = 1 OR D IN (SELECT E"], ["Id FROM B //"], ["Id, Name"]]
)
def test_what_is_no_select_list_is_not_taken(entries):
    with pytest.raises(SoqlError):
        replace_select(parse("SELECT Id FROM A"), entries)


@pytest.mark.parametrize(
    ("soql", "changed"),
    [
        ("SELECT Id FROM A LIMIT 5", "SELECT Id FROM A"),
        ("SELECT Id FROM A limit 5 ", "SELECT Id FROM A"),
        ("SELECT Id FROM A WHERE B = 'x'LIMIT 5 OFFSET 3", "SELECT Id FROM A WHERE B = 'x'OFFSET 3"),
        ("SELECT Id FROM A LIMIT\n5\nFOR VIEW", "SELECT Id FROM A FOR VIEW"),
        ("SELECT Id FROM A", "SELECT Id FROM A"),
        (
            "SELECT Id FROM A WHERE B IN (SELECT C FROM D LIMIT 3)",
            "SELECT Id FROM A WHERE B IN (SELECT C FROM D LIMIT 3)",
        ),
    ],
)
def test_a_limit_is_taken_away(soql, changed):
    query = without_limit(parse(soql))
    assert query.soql == changed
    assert query.limit is None
