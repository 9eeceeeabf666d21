"""A query's text to its tree.

Source: SOQL and SOSL Reference, "SOQL SELECT Syntax". What is read is the shape; whether fields exist, or functions fit
their places, is not looked at. Clauses stand in the documented order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.conditions import read_condition
from sfbulk_pandas.salesforce.soql.cursor import Cursor
from sfbulk_pandas.salesforce.soql.items import read_select_list
from sfbulk_pandas.salesforce.soql.operands import read_operand, read_path, read_value
from sfbulk_pandas.salesforce.soql.tokens import Kind
from sfbulk_pandas.salesforce.soql.tree import Clause, Ordering, Query, Rows, Source

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.soql.errors import SoqlError
    from sfbulk_pandas.salesforce.soql.tree import Condition, Operand

CLAUSES = ("USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL")
_USES = {"FOR": ("VIEW", "REFERENCE", "UPDATE"), "UPDATE": ("TRACKING", "VIEWSTAT"), "ALL": ("ROWS",)}
_SPELLED = {"USING": "USING SCOPE", "GROUP": "GROUP BY", "ORDER": "ORDER BY"}
_ORDER = "WHERE, WITH, GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET"


def parse(soql: str) -> Query:
    """Read a query.

    Parameters
    ----------
    soql : str
        One query; ``*`` may stand for all fields of the object.

    Returns
    -------
    Query

    Raises
    ------
    SoqlError
        Where it is no SOQL, with the place.

    Examples
    --------
    >>> query = parse("SELECT Id, Account.Name FROM Contact c WHERE c.Email LIKE '%.org' LIMIT 5")
    >>> query.sobject, query.limit.rows, query.text(query.where)
    ('Contact', 5, "c.Email LIKE '%.org'")
    """
    cursor = Cursor(soql)
    query = _query(cursor)
    if cursor.token.kind is not Kind.END:
        raise _misplaced(cursor)
    return query


def parse_condition(text: str) -> Condition:
    """Read a condition such as ``Amount > 5 AND Type IN ('a', 'b')``, all of it.

    Raises
    ------
    SoqlError
        Where it is none, with the place.
    """
    cursor = Cursor(text)
    condition = read_condition(cursor, _query)
    if cursor.token.kind is not Kind.END:
        raise cursor.wrong("AND, OR or the end of the condition")
    return condition


def _query(cursor: Cursor) -> Query:
    with cursor.nested():
        start = cursor.token.start
        cursor.expect_word("SELECT")
        select = read_select_list(cursor, _query)
        sources = _sources(cursor)
        scope = _scope(cursor)
        where = read_condition(cursor, _query) if cursor.take_word("WHERE") else None
        filters = _filters(cursor)
        group_start = cursor.token.start if cursor.token.word == "GROUP" else None
        group = _group(cursor)
        having = read_condition(cursor, _query) if cursor.take_word("HAVING") else None
        order = _order(cursor)
        limit, offset = _rows(cursor, "LIMIT"), _rows(cursor, "OFFSET")
        uses = _uses(cursor)
    return Query(
        start=start,
        end=cursor.end,
        soql=cursor.soql,
        select=select,
        sources=sources,
        scope=scope,
        where=where,
        filters=filters,
        group=group,
        group_start=group_start,
        having=having,
        order=order,
        limit=limit,
        offset=offset,
        uses=uses,
    )


def _sources(cursor: Cursor) -> tuple[Source, ...]:
    cursor.expect_word("FROM")
    sources = [_source(cursor)]
    while cursor.take_sign(","):
        sources.append(_source(cursor))
    return tuple(sources)


def _source(cursor: Cursor) -> Source:
    path = read_path(cursor, "an object")
    alias = ""
    if cursor.take_word("AS"):
        alias = cursor.expect_name("an alias").text
    elif cursor.token.kind is Kind.NAME and cursor.token.word not in CLAUSES:
        if not _ends_source(cursor):
            raise cursor.wrong("WHERE or another clause")
        alias = cursor.take().text
    return Source(path.start, cursor.end, path, alias)


def _ends_source(cursor: Cursor) -> bool:
    """Whether the name that comes is an alias, and not a WHERE that was mistyped."""
    following = cursor.ahead(1)
    return following.kind in {Kind.SIGN, Kind.END, Kind.WRONG} or following.word in CLAUSES


def _scope(cursor: Cursor) -> Clause | None:
    token = cursor.take_word("USING")
    if token is None:
        return None
    cursor.expect_word("SCOPE")
    scope = cursor.expect_name("a scope").text
    return Clause(token.start, cursor.end, f"USING SCOPE {scope}")


def _filters(cursor: Cursor) -> tuple[Clause, ...]:
    filters = []
    while cursor.token.word == "WITH":
        filters.append(_filter(cursor))
    return tuple(filters)


def _filter(cursor: Cursor) -> Clause:
    """Read WITH and what belongs to it: data categories, modes and whatever comes to be."""
    start, words, depth = cursor.token.start, [cursor.take().text], 0
    while cursor.token.kind not in {Kind.END, Kind.WRONG}:
        if depth == 0 and (cursor.token.word in CLAUSES or cursor.at_sign(")")):
            break
        depth += cursor.at_sign("(") - cursor.at_sign(")")
        words.append(cursor.take().text)
    if depth or len(words) == 1:
        raise cursor.wrong("')'" if depth else "a filter")
    return Clause(start, cursor.end, " ".join(words))


def _group(cursor: Cursor) -> tuple[Operand, ...]:
    if not cursor.take_word("GROUP"):
        return ()
    cursor.expect_word("BY")
    group: list[Operand] = [read_operand(cursor)]
    while cursor.take_sign(","):
        group.append(read_operand(cursor))
    return tuple(group)


def _order(cursor: Cursor) -> tuple[Ordering, ...]:
    if not cursor.take_word("ORDER"):
        return ()
    cursor.expect_word("BY")
    order = [_ordering(cursor)]
    while cursor.take_sign(","):
        order.append(_ordering(cursor))
    return tuple(order)


def _ordering(cursor: Cursor) -> Ordering:
    operand = read_operand(cursor)
    direction = cursor.take_word("ASC", "DESC")
    if cursor.take_word("NULLS"):
        cursor.expect_word("FIRST", "LAST")
    return Ordering(operand.start, cursor.end, operand, direction is not None and direction.word == "DESC")


def _rows(cursor: Cursor, word: str) -> Rows | None:
    token = cursor.take_word(word)
    if token is None:
        return None
    if cursor.at_sign(":"):
        read_value(cursor)
        return Rows(token.start, cursor.end, None)
    number = cursor.token
    if number.kind is not Kind.NUMBER or not number.text.isdigit():
        raise cursor.wrong("a whole number")
    if len(number.text) > len(str(_MOST_ROWS)) or int(number.text) > _MOST_ROWS:
        raise cursor.error(f"{word} takes no number as large as this", number)
    cursor.take()
    return Rows(token.start, cursor.end, int(number.text))


_MOST_ROWS = 2**31 - 1


def _uses(cursor: Cursor) -> tuple[Clause, ...]:
    uses = []
    while cursor.token.word in _USES:
        token = cursor.take()
        word = cursor.expect_word(*_USES[token.word])
        uses.append(Clause(token.start, cursor.end, f"{token.word} {word.word}"))
        while token.word == "UPDATE" and cursor.take_sign(","):
            word = cursor.expect_word(*_USES[token.word])
            uses.append(Clause(word.start, cursor.end, f"{token.word} {word.word}"))
    return tuple(uses)


def _misplaced(cursor: Cursor) -> SoqlError:
    """Return the error for what stands behind the last clause."""
    word = cursor.token.word
    if word in CLAUSES:
        spelled = _SPELLED.get(word, word)
        return cursor.error(f"{spelled} stands too late, or twice; the order is {_ORDER}", cursor.token)
    return cursor.wrong("the end of the query or another clause")
