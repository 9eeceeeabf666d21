"""The select list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.errors import SoqlError
from sfbulk_pandas.salesforce.soql.operands import read_operand, read_path
from sfbulk_pandas.salesforce.soql.tokens import Kind
from sfbulk_pandas.salesforce.soql.tree import Call, Child, Choice, Fields, Item, Path, Star, TypeOf

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.soql.cursor import Cursor
    from sfbulk_pandas.salesforce.soql.tree import Entry, Query

GROUPS = ("ALL", "STANDARD", "CUSTOM")  # SOQL and SOSL Reference, "FIELDS()"


def read_select_list(cursor: Cursor, read_query: Callable[[Cursor], Query]) -> tuple[Entry, ...]:
    """Read the entries of a select list, up to FROM."""
    entries = [_entry(cursor, read_query)]
    while cursor.take_sign(","):
        entries.append(_entry(cursor, read_query))
    if cursor.token.word != "FROM":
        raise cursor.wrong("',' or FROM" if cursor.token.kind is not Kind.NAME else "FROM")
    return tuple(entries)


def _entry(cursor: Cursor, read_query: Callable[[Cursor], Query]) -> Entry:
    token = cursor.token
    if cursor.take_sign("*"):
        return Star(token.start, token.end)
    if cursor.take_sign("("):
        if cursor.token.word != "SELECT":
            raise cursor.wrong("SELECT")
        query = read_query(cursor)
        cursor.expect_sign(")")
        return Child(token.start, cursor.end, query)
    if token.word == "TYPEOF" and cursor.ahead(1).kind is Kind.NAME and cursor.ahead(1).word != "FROM":
        return _type_of(cursor)
    return _item(cursor)


def _item(cursor: Cursor) -> Entry:
    operand = read_operand(cursor)
    if isinstance(operand, Call) and operand.name.upper() == "FIELDS":
        return _fields(cursor, operand)
    alias = cursor.take().text if _at_alias(cursor) else ""
    return Item(operand.start, cursor.end, operand, alias)


def _at_alias(cursor: Cursor) -> bool:
    """Whether the next name is an alias, and not FROM or a FROM that was mistyped."""
    following = cursor.ahead(1)
    return cursor.token.kind is Kind.NAME and cursor.token.word != "FROM" and following.text.upper() in {",", "FROM"}


def _fields(cursor: Cursor, call: Call) -> Fields:
    group = call.arguments[0] if len(call.arguments) == 1 else None
    word = group.text.upper() if isinstance(group, Path) else ""
    if word not in GROUPS:
        raise SoqlError(f"FIELDS takes one of {', '.join(GROUPS)}", call.start, cursor.soql)
    return Fields(call.start, call.end, word)


def _type_of(cursor: Cursor) -> TypeOf:
    start = cursor.take().start
    path = read_path(cursor, "a relationship")
    choices = []
    while cursor.token.word == "WHEN":
        choices.append(_choice(cursor))
    if not choices:
        raise cursor.wrong("WHEN")
    otherwise = _paths(cursor) if cursor.take_word("ELSE") else ()
    if not cursor.take_word("END"):
        raise cursor.wrong("',' or END" if otherwise else "',', WHEN, ELSE or END")
    return TypeOf(start, cursor.end, path, tuple(choices), otherwise)


def _choice(cursor: Cursor) -> Choice:
    start = cursor.take().start
    sobject = cursor.expect_name("an object").text
    cursor.expect_word("THEN")
    paths = _paths(cursor)
    return Choice(start, cursor.end, sobject, paths)


def _paths(cursor: Cursor) -> tuple[Path, ...]:
    paths = [read_path(cursor)]
    while cursor.take_sign(","):
        paths.append(read_path(cursor))
    return tuple(paths)
