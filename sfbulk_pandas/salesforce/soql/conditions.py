"""Conditions of WHERE and HAVING: the comparisons in them, and where they end.

How AND, OR, NOT and parentheses join the comparisons is Salesforce's to work out; that they stand where they may is
checked. It is read without recursion, so that no depth of parentheses reaches Python's stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.operands import read_operand, read_value
from sfbulk_pandas.salesforce.soql.tree import Comparison, Condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.soql.cursor import Cursor
    from sfbulk_pandas.salesforce.soql.tree import Literal, Operand, Query

_SIGNS = ("=", "!=", "<>", "<", ">", "<=", ">=")
_LISTS = ("INCLUDES", "EXCLUDES")


def read_condition(cursor: Cursor, read_query: Callable[[Cursor], Query]) -> Condition:
    """Read comparisons joined by AND and OR, up to what can be no part of them."""
    start, depth, comparisons = cursor.token.start, 0, []
    while True:
        depth += _openings(cursor)
        comparisons.append(_comparison(cursor, read_query))
        while depth and cursor.take_sign(")"):
            depth -= 1
        if not cursor.take_word("AND", "OR"):
            break
    if depth:
        raise cursor.wrong("AND, OR or ')'")
    return Condition(start, cursor.end, tuple(comparisons))


def _openings(cursor: Cursor) -> int:
    count = 0
    while True:
        if cursor.take_sign("("):
            count += 1
        elif not cursor.take_word("NOT"):
            return count


def _comparison(cursor: Cursor, read_query: Callable[[Cursor], Query]) -> Comparison:
    operand = read_operand(cursor)
    sign = cursor.take_sign(*_SIGNS) or cursor.take_word("LIKE")
    if sign:
        value = read_value(cursor)
        return Comparison(operand.start, cursor.end, operand, sign.word or sign.text, (value,), None)
    word = cursor.take_word(*_LISTS)
    if word:
        values = _list(cursor)
        return Comparison(operand.start, cursor.end, operand, word.word, values, None)
    return _membership(cursor, operand, read_query)


def _membership(cursor: Cursor, operand: Operand, read_query: Callable[[Cursor], Query]) -> Comparison:
    negation = cursor.take_word("NOT")
    if not cursor.take_word("IN"):
        raise cursor.wrong("IN" if negation else "an operator")
    operator = "NOT IN" if negation else "IN"
    if cursor.at_sign("(") and cursor.ahead(1).word == "SELECT":
        cursor.take()
        query = read_query(cursor)
        cursor.expect_sign(")")
        return Comparison(operand.start, cursor.end, operand, operator, (), query)
    values = (read_value(cursor),) if cursor.at_sign(":") else _list(cursor)
    return Comparison(operand.start, cursor.end, operand, operator, values, None)


def _list(cursor: Cursor) -> tuple[Literal, ...]:
    cursor.expect_sign("(")
    values = [read_value(cursor)]
    while cursor.take_sign(","):
        values.append(read_value(cursor))
    if not cursor.take_sign(")"):
        raise cursor.wrong("',' or ')'")
    return tuple(values)
