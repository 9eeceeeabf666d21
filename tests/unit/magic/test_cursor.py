"""What may stand at the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.magic.cursor import Place, Wanted, place_at


def at(soql):
    return place_at(soql.replace("|", ""), soql.index("|"))


def wants(soql):
    place = at(soql)
    return place.wanted.value, place.fragment, place.sobject, ".".join(place.path)


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT Na| FROM Contact", ("field", "Na", "Contact", "")),
        ("SELECT |\nFROM Contact", ("field", "", "Contact", "")),
        ("SELECT Id, Account.Owner.Na| FROM Contact", ("field", "Na", "Contact", "Account.Owner")),
        ("SELECT Id, Account.| FROM Contact", ("field", "", "Contact", "Account")),
        ("SELECT COUNT(I|) FROM Contact", ("field", "I", "Contact", "")),
        ("SELECT c.Na| FROM Contact c", ("field", "Na", "Contact", "")),
        ("SELECT Contact.Na| FROM Contact", ("field", "Na", "Contact", "")),
        ("SELECT Id|", ("field", "Id", "", "")),
        ("SELECT Id FROM Con|", ("object", "Con", "", "")),
        ("SELECT Id FROM |", ("object", "", "", "")),
        ("SELECT Id FROM Contact WHERE Na|", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact WHERE A = 1 AND (B = 2 OR Na|)", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact WHERE A = {x['}']} AND Na|", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact WHERE NOT Na|", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact ORDER BY Na|", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact GROUP BY A, Na|", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact WHERE AccountId IN (SELECT I| FROM Account) LIMIT 1", ("field", "I", "Account", "")),
        ("SELECT Id FROM Contact WHERE A IN (SELECT Id FROM Account WHERE Na|)", ("field", "Na", "Account", "")),
        ("SELECT Id, (SELECT Id FROM Contacts), Na| FROM Account", ("field", "Na", "Account", "")),
        ("SELECT Id FROM Contact WHERE A IN (SELECT Id FROM Account) AND Na|", ("field", "Na", "Contact", "")),
        ("SELECT Na| ~ ? FROM Contact", ("field", "Na", "Contact", "")),
        ("SELECT Id FROM Contact WHERE A = {df.I|} AND B = 1", ("python", "df.I", "", "")),
        ("SELECT Id FROM Contact WHERE A = {df.I|", ("python", "df.I", "", "")),
        ("SELECT Id FROM Contact WHERE A = {|", ("python", "", "", "")),
        ("SELECT Id FROM Contact WHERE A = 'Na|'", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact WHERE A = 'Na|", ("nothing", "", "", "")),
        ("SELECT Id // Na|\nFROM Contact", ("nothing", "", "", "")),
        ("SELECT Id /* Na| */ FROM Contact", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact WHERE A = |", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact WHERE A IN (|)", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact WHERE A LIKE |", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact LIMIT |", ("nothing", "", "", "")),
        ("SELECT Id FROM Contact.Na|", ("nothing", "", "", "")),
    ],
)
def test_the_cursor_wants(soql, expected):
    place = wants(soql)
    assert place == expected


@pytest.mark.parametrize(
    ("soql", "word"),
    [
        ("SEL|", "SELECT"),
        ("SELECT Id F|", "FROM"),
        ("SELECT Id FROM Contact W|", "WHERE"),
        ("SELECT Id FROM Contact ORDER B|", "BY"),
        ("SELECT Id FROM Contact WHERE Name L|", "LIKE"),
        ("SELECT Id FROM Contact WHERE Name = 'x' O|", "ORDER BY"),
        ("SELECT Id FROM Contact WHERE Name = null A|", "AND"),
        ("SELECT Id FROM Contact WHERE Name IN ('x') L|", "LIMIT"),
        ("SELECT Id FROM Contact WHERE N|", "NOT"),
        ("SELECT Id FROM Contact ORDER BY Name D|", "DESC"),
        ("SELECT Name, COUNT(Id) FROM Contact GROUP BY Name H|", "HAVING"),
        ("SELECT C|", "COUNT()"),
    ],
)
def test_words_of_soql_may_stand_there(soql, word):
    assert word in at(soql).words


def test_a_path_is_followed_by_no_word():
    assert at("SELECT Account.F| FROM Contact").words == ()


def test_an_empty_query_begins_with_select():
    assert place_at("", 0) == Place(Wanted.WORD, words=("SELECT",))


PARTS = st.sampled_from(
    [*"'{}()[],.=~? \n", "\\", "//", "/*", "*/", "SELECT ", "FROM ", "WHERE ", "IN ", "ORDER BY ", "Account", "c", "1"]
)


@given(st.lists(PARTS, max_size=25), st.data())
def test_whatever_is_written_there_is_a_place(parts, data):
    soql = "".join(parts)
    offset = data.draw(st.integers(0, len(soql)))
    place = place_at(soql, offset)
    assert soql[:offset].endswith(place.fragment)


@pytest.mark.parametrize("text", ["~", "'", "{", "(", "{'", '"""', "a."])
def test_a_long_text_takes_no_long_time(text):
    assert place_at(text * 5_000, 5_000) is not None
