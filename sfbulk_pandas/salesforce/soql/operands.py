"""Fields, functions and values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.tokens import Kind
from sfbulk_pandas.salesforce.soql.tree import Call, Literal, Path

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.soql.cursor import Cursor
    from sfbulk_pandas.salesforce.soql.tree import Operand

# Words that are never fields. Most of SOQL's words may be names: objects are called Group and Order.
_NEVER_VALUES = frozenset({"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE"})
_NEVER_FIELDS = _NEVER_VALUES | {"NULL"}
_VALUES = frozenset({Kind.STRING, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.CURRENCY})
_AMOUNT = re.compile(r"[A-Za-z]{3}\d+")
# Where Apex behind a colon ends. It is read, not understood: an API takes none, and the query check says so.
_AFTER_BIND = frozenset({"AND", "OR", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL"})
_OPENING, _CLOSING = ("(", "[", "<"), (")", "]", ">")


def read_path(cursor: Cursor, what: str = "a field") -> Path:
    """Read names with dots between."""
    if cursor.token.word in _NEVER_FIELDS:
        raise cursor.wrong(what)
    tokens = [cursor.expect_name(what)]
    while cursor.take_sign("."):
        tokens.append(cursor.expect_name("a name after the dot"))
    names, places = tuple(each.text for each in tokens), tuple(each.start for each in tokens)
    return Path(places[0], cursor.end, names, places)


def read_operand(cursor: Cursor) -> Path | Call:
    """Read a field or a function with its arguments."""
    path = read_path(cursor)
    if len(path.names) > 1 or not cursor.take_sign("("):
        return path
    with cursor.nested():
        arguments = () if cursor.at_sign(")") else _arguments(cursor)
    cursor.expect_sign(")")
    return Call(path.start, cursor.end, path.names[0], arguments)


def _arguments(cursor: Cursor) -> tuple[Operand, ...]:
    arguments = [_argument(cursor)]
    while cursor.take_sign(","):
        arguments.append(_argument(cursor))
    return tuple(arguments)


def _argument(cursor: Cursor) -> Operand:
    if cursor.token.kind in _VALUES or cursor.at_sign(":"):
        return read_value(cursor)
    return read_operand(cursor)


def read_value(cursor: Cursor) -> Literal:
    """Read a value, ``null``, ``TODAY``, ``LAST_N_DAYS:4``, or Apex behind a colon."""
    token = cursor.token
    if token.kind in _VALUES:
        cursor.take()
        return Literal(token.start, token.end, str(token.kind), token.text)
    if cursor.at_sign(":"):
        return _bind(cursor)
    if token.word in _NEVER_VALUES:
        raise cursor.wrong("a value")
    cursor.expect_name("a value")
    kind = "currency" if _AMOUNT.fullmatch(token.text) else "word"
    if cursor.at_sign(":") and cursor.ahead(1).kind is Kind.NUMBER:
        cursor.take()
        cursor.take()
        kind = "relative"
    return Literal(token.start, cursor.end, kind, cursor.soql[token.start : cursor.end])


def _bind(cursor: Cursor) -> Literal:
    start = cursor.take().start
    cursor.expect_name("a name after the colon")
    depth = 0
    while cursor.token.kind not in {Kind.END, Kind.WRONG}:
        if depth == 0 and (cursor.at_sign(")", ",") or cursor.token.word in _AFTER_BIND):
            break
        depth += cursor.at_sign(*_OPENING) - cursor.at_sign(*_CLOSING)
        cursor.take()
    return Literal(start, cursor.end, "bind", cursor.soql[start : cursor.end])
