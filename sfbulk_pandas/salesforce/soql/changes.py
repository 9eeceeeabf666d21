"""Change a query's text where the tree says, everything else left as it was written.

Each returns the changed text as a query that was read again, so none can come out that is no SOQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.errors import SoqlError
from sfbulk_pandas.salesforce.soql.parse import parse, parse_condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.salesforce.soql.tree import Query


def add_condition(query: Query, condition: str) -> Query:
    """Let only those records through that meet a further condition.

    Parameters
    ----------
    query : Query
        Not one within another.
    condition : str
        What could stand behind WHERE.

    Raises
    ------
    SoqlError
        Where the condition is none.

    Examples
    --------
    >>> query = parse("SELECT Id FROM Account WHERE A = 1 OR B = 2 ORDER BY Name")
    >>> add_condition(query, "Id > '001'").soql
    "SELECT Id FROM Account WHERE (A = 1 OR B = 2) AND (Id > '001') ORDER BY Name"
    """
    read = parse_condition(condition)
    added = condition[read.start : read.end]  # without a comment behind it, which would swallow what follows
    where = query.where
    if where:
        return _replaced(query, where.start, where.end, f"({query.text(where)}) AND ({added})")
    place = (query.scope or query.sources[-1]).end
    return _replaced(query, place, place, f" WHERE {added}")


def replace_select(query: Query, entries: Sequence[str]) -> Query:
    """Select something else from the same records.

    Parameters
    ----------
    query : Query
        Not one within another.
    entries : sequence of str
        Each one entry of the new list.

    Raises
    ------
    SoqlError
        Where the new select list is none.

    Examples
    --------
    >>> replace_select(parse("SELECT Id, Name FROM Account LIMIT 5"), ["COUNT()"]).soql
    'SELECT COUNT() FROM Account LIMIT 5'
    """
    changed = _replaced(query, query.select[0].start, query.select[-1].end, ", ".join(entries))
    if [changed.text(each) for each in changed.select] != [each.strip() for each in entries]:
        raise SoqlError(f"no select list: {', '.join(entries)}")
    return changed


def without_limit(query: Query) -> Query:
    """Take LIMIT away; a query without one comes back as it is.

    Examples
    --------
    >>> without_limit(parse("SELECT Id FROM Account LIMIT 5 OFFSET 10")).soql
    'SELECT Id FROM Account OFFSET 10'
    """
    if query.limit is None:
        return query
    head, tail = query.soql[: query.limit.start], query.soql[query.limit.end :]
    return parse(head + tail.lstrip() if tail.strip() else head.rstrip())


def _replaced(query: Query, start: int, end: int, text: str) -> Query:
    return parse(f"{query.soql[:start]}{text}{query.soql[end:]}")
