"""Where expressions begin and end in a query."""

import pytest

from sfbulk_pandas.magic.expressions import names_in, pieces, python_of
from sfbulk_pandas.salesforce.soql import SoqlError


def expressions(soql):
    return [python_of(soql, piece.start, piece.end) for piece in pieces(soql) if piece.kind == "brace"]


@pytest.mark.parametrize(
    "code",
    [
        "name",
        "df.Id.tolist()",
        'accounts["Id"]',
        '{"a}b": 1}["a}b"]',
        "{1, 2}",
        '"}"',
        "'it''s }'",
        'f"{name}%"',
        "f'{ {1: 2}[1] }'",
        "[x for x in rows if x != '}']",
        "rows[1:2]",
        "(lambda x: x)(1)",
        "a if b == 1 else c",
        "x # } a comment\n + 1",
        "\n  first(\n    rows,\n  )\n",
        '"""}\n}"""',
        "ä + 'ö'",
        "1, 2",
    ],
)
def test_an_expression_ends_at_its_own_brace(code):
    soql = f"SELECT Id FROM Contact\nWHERE Name = {{{code}}} AND City = 'O\\'Neil {{x}} }}' // {{y}}\nLIMIT 1"
    assert expressions(soql) == [code]


def test_the_pieces_of_a_query_are_all_of_it():
    soql = "SELECT Id /* {a} 'b */ FROM X WHERE A = '{b}' AND B = {c['d']} / 2 // 'e\nAND C = {f}"
    found = list(pieces(soql))
    assert "".join(soql[each.start : each.end] for each in found) == soql
    assert [each.kind for each in found if each.kind != "other"] == ["comment", "string", "brace", "comment", "brace"]


@pytest.mark.parametrize("soql", ["A = {x", "A = {x[0}", "A = {(x})", 'A = {"""x}', "A = {x)}"])
def test_an_expression_without_its_end_is_shown_where_it_begins(soql):
    with pytest.raises(SoqlError, match="the expression that begins here") as caught:
        expressions(f"SELECT Id\nFROM X WHERE {soql}")
    assert (caught.value.line, caught.value.column) == (2, 18)


@pytest.mark.parametrize(
    ("code", "at"), [("x y", "x"), ("1 +* 2", "*"), ("x ? y", "?"), ("\n\n  x y", "x"), ("await x", "a"), ("'x", "'")]
)
def test_what_is_no_python_is_shown_in_its_place(code, at):
    soql = f"A = {{{code}}}"
    with pytest.raises(SoqlError, match=r"no (expression of )?Python") as caught:
        expressions(soql)
    assert soql[caught.value.position] in {at, "{"}
    assert caught.value.position >= 4


@pytest.mark.parametrize("code", ["x:.2f", "x!r", "x=", "x: >10", "rows[1:2]:d"])
def test_formats_are_refused_for_values_are_quoted(code):
    with pytest.raises(SoqlError, match="takes no format"):
        expressions(f"A = {{{code}}}")


@pytest.mark.parametrize("code", ["", "  ", "\n"])
def test_empty_braces_are_refused(code):
    with pytest.raises(SoqlError, match="no expression between"):
        expressions(f"A = {{{code}}}")


def test_a_null_byte_is_refused():
    with pytest.raises(SoqlError, match=r"no (expression of )?Python"):
        expressions("A = {'\0'}")


def test_the_variables_of_an_expression_are_those_it_reads():
    assert names_in("[x for x in rows if f(x)]") == {"rows", "f", "x"}
