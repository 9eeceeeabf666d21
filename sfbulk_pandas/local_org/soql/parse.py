"""SOQL text to tree."""

from __future__ import annotations

import functools
import re
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from sfbulk_pandas.local_org.soql.messages import malformed, unexpected_token
from sfbulk_pandas.local_org.soql.tree import (
    All,
    AnyOf,
    Comparison,
    Condition,
    Function,
    Item,
    Kind,
    Literal,
    Not,
    Operand,
    Order,
    Path,
    Query,
    SubQuery,
    TypeOf,
)
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS

_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "N": "\n",
    "R": "\r",
    "T": "\t",
    "B": "\b",
    "F": "\f",
}
_KEYWORD_VALUES = {"null": Kind.NULL, "true": Kind.BOOLEAN, "false": Kind.BOOLEAN}


def parse(soql: str) -> Query:
    """Read a query.

    Raises
    ------
    Fault
        400 MALFORMED_QUERY with row, column and caret.

    Examples
    --------
    >>> parse("select Id from Contact where Name like 'A%'").sobject.text
    'Contact'
    """
    if not soql.strip():
        raise malformed("SOQL statement cannot be empty")
    if len(soql) > MAX_SOQL_CHARS:
        raise malformed(f"SOQL statements cannot be longer than {MAX_SOQL_CHARS} characters.")
    try:
        tree = _grammar().parse(soql)
    except UnexpectedInput as error:
        raise unexpected_token(soql, *_place(error, soql)) from None
    query = _ToTree().transform(tree)
    assert isinstance(query, Query)  # noqa: S101 - the grammar's start rule holds one
    return query


@functools.cache
def _grammar() -> Lark:
    text = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _place(error: UnexpectedInput, soql: str) -> tuple[int, str]:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return error.token.start_pos or 0, str(error.token)
    if isinstance(error, UnexpectedCharacters):
        word = re.match(r"\w+|.", soql[error.pos_in_stream or 0 :], re.DOTALL)
        return error.pos_in_stream or 0, word.group() if word else ""
    return len(soql), "<EOF>"


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1].lower(), match[1]), text, flags=re.DOTALL)


def _at(value: Any) -> int:
    if isinstance(value, Token):
        return value.start_pos or 0
    return int(value.at)


def _literal(kind: Kind, token: Token, text: str | None = None) -> Literal:
    return Literal(kind, str(token) if text is None else text, _at(token))


class _ToTree(Transformer[Token, Any]):
    """Turn lark's tree into ours, rule by rule."""

    def start(self, children: list[Any]) -> Query:
        query: Query = children[0]
        return query

    def query(self, children: list[Any]) -> Query:
        where = next(place for place, child in enumerate(children) if isinstance(child, Path))
        entries, sobject, rest = children[:where], children[where], children[where + 1 :]
        clauses: dict[str, Any] = {}
        alias = None
        for child in rest:
            if isinstance(child, Token):
                alias = str(child)
            elif child[0] == "modes":
                clauses["modes"] = (*clauses.get("modes", ()), child[1])
            elif child[0]:
                clauses[child[0]] = child[1]
        return Query(tuple(entries), sobject, alias, **clauses)

    # clauses: (the attribute of Query, its value)
    def scope(self, children: list[Any]) -> tuple[str, Any]:
        return "scope", str(children[0])

    def where(self, children: list[Any]) -> tuple[str, Any]:
        return "where", children[0]

    def with_category(self, _children: list[Any]) -> tuple[str, Any]:
        return "data_category", True

    def with_mode(self, children: list[Any]) -> tuple[str, Any]:
        return "modes", str(children[0])

    def group(self, children: list[Any]) -> tuple[str, Any]:
        return "group", tuple(children)

    def having(self, children: list[Any]) -> tuple[str, Any]:
        return "having", children[0]

    def order_by(self, children: list[Any]) -> tuple[str, Any]:
        return "order", tuple(children)

    def limit(self, children: list[Any]) -> tuple[str, Any]:
        return "limit", int(children[0])

    def offset(self, children: list[Any]) -> tuple[str, Any]:
        return "offset", int(children[0])

    def for_use(self, _children: list[Any]) -> tuple[str, Any]:
        return "", None  # FOR VIEW and its like change statistics, never rows

    def update_statistics(self, _children: list[Any]) -> tuple[str, Any]:
        return "", None

    # select list
    def expression(self, children: list[Any]) -> Item:
        return Item(children[0], str(children[1]) if len(children) > 1 else None)

    def subquery(self, children: list[Any]) -> SubQuery:
        return SubQuery(children[0])

    def type_of(self, children: list[Any]) -> TypeOf:
        return TypeOf(children[0])

    def path(self, children: list[Any]) -> Path:
        return Path(tuple(str(child) for child in children), _at(children[0]))

    def function(self, children: list[Any]) -> Function:
        arguments = tuple(child for child in children[1:] if child is not None)
        return Function(str(children[0]), arguments, _at(children[0]))

    # conditions
    def conjunction(self, children: list[Condition]) -> All:
        return All(tuple(children))

    def disjunction(self, children: list[Condition]) -> AnyOf:
        return AnyOf(tuple(children))

    def negation(self, children: list[Condition]) -> Not:
        return Not(children[0])

    def compare(self, children: list[Any]) -> Comparison:
        left, operator, right = children
        return Comparison(left, "!=" if operator == "<>" else str(operator), (right,), _at(left))

    def like(self, children: list[Any]) -> Comparison:
        return _set_comparison("LIKE", children)

    def within(self, children: list[Any]) -> Comparison:
        return _set_comparison("IN", children)

    def without(self, children: list[Any]) -> Not:
        return Not(_set_comparison("IN", children))

    def includes(self, children: list[Any]) -> Comparison:
        return _set_comparison("INCLUDES", children)

    def excludes(self, children: list[Any]) -> Not:
        return Not(_set_comparison("INCLUDES", children))

    def order(self, children: list[Any]) -> Order:
        operand, direction, nulls = children
        return Order(operand, (direction or "").upper() == "DESC", (nulls or "").upper() == "LAST")

    # literals
    @v_args(inline=True)
    def text(self, token: Token) -> Literal:
        return Literal(Kind.TEXT, _unescape(token[1:-1]), _at(token), str(token[1:-1]))

    @v_args(inline=True)
    def number(self, token: Token) -> Literal:
        return _literal(Kind.NUMBER, token)

    @v_args(inline=True)
    def date(self, token: Token) -> Literal:
        return _literal(Kind.DATE, token)

    @v_args(inline=True)
    def datetime(self, token: Token) -> Literal:
        return _literal(Kind.DATETIME, token)

    @v_args(inline=True)
    def currency(self, token: Token) -> Literal:
        return _literal(Kind.CURRENCY, token)

    @v_args(inline=True)
    def relative(self, token: Token) -> Literal:
        return _literal(Kind.RELATIVE, token, token.upper())

    @v_args(inline=True)
    def bind(self, token: Token) -> Literal:
        return _literal(Kind.BIND, token)

    @v_args(inline=True)
    def word(self, token: Token) -> Literal:
        kind = _KEYWORD_VALUES.get(token.lower())
        return _literal(kind, token, token.lower()) if kind else _literal(Kind.RELATIVE, token, token.upper())


def _set_comparison(operator: str, children: list[Any]) -> Comparison:
    left: Operand = children[0]
    right = children[1] if isinstance(children[1], Query) else tuple(children[1:])
    return Comparison(left, operator, right, _at(left))
