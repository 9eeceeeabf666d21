"""Say what is wrong with a query before it is sent: against SOQL, describes, and what bulk queries take.

What cannot be known to be wrong is left to Salesforce: a false alarm is worse than a miss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight.problems import SHOWN_CHARS
from sfbulk_pandas.preflight.query_bulk import bulk_problems, field_problem
from sfbulk_pandas.preflight.query_paths import FoundField, find_field
from sfbulk_pandas.preflight.query_report import CheckedQuery, QueryProblem
from sfbulk_pandas.salesforce.soql import SoqlError, parse
from sfbulk_pandas.salesforce.soql.tree import AGGREGATES, Call, Child, Item, Path, Star

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfbulk_pandas.salesforce.sobject import SObjectDescribe
    from sfbulk_pandas.salesforce.soql import Query
    from sfbulk_pandas.salesforce.soql.tree import Condition, Operand

# Functions whose arguments are fields. Source: SOQL and SOSL Reference, "Aggregate Functions", "Date Functions",
# "toLabel()", "convertCurrency()", "FORMAT()", "Location-Based SOQL Queries", "GROUP BY ROLLUP".
_FIELD_FUNCTIONS = AGGREGATES | {
    "TOLABEL",
    "CONVERTCURRENCY",
    "CONVERTTIMEZONE",
    "FORMAT",
    "DISTANCE",
    "GROUPING",
    "ROLLUP",
    "CUBE",
    "CALENDAR_MONTH",
    "CALENDAR_QUARTER",
    "CALENDAR_YEAR",
    "DAY_IN_MONTH",
    "DAY_IN_WEEK",
    "DAY_IN_YEAR",
    "DAY_ONLY",
    "FISCAL_MONTH",
    "FISCAL_QUARTER",
    "FISCAL_YEAR",
    "HOUR_IN_DAY",
    "WEEK_IN_MONTH",
    "WEEK_IN_YEAR",
}


def check_query(soql: str, describes: Callable[[str], SObjectDescribe], *, bulk: bool = True) -> CheckedQuery:
    """Return a query with everything it would be refused for.

    ``*`` and ``FIELDS()`` in the select list are no problem: they are expanded before the query is sent.

    Parameters
    ----------
    soql : str
        Values already bound.
    describes : callable
        Sobject name -> describe; a UsageError for an object that is not there. Asked for the object, those behind its
        relationships where the query uses them, and those of semi-joins.
    bulk : bool
        Whether it is to run as a bulk query, which takes less than ``plan="rest"``.

    Returns
    -------
    CheckedQuery
    """
    try:
        query = parse(soql)
    except SoqlError as error:
        at = error.position or 0
        found = next(iter(soql[at : at + SHOWN_CHARS].split()), "")
        return CheckedQuery(soql, None, (QueryProblem(at, error.message, found, ""),))
    problems = [*_text_problems(query), *(bulk_problems(query) if bulk else ())]
    problems += _Against(describes, bulk).problems(query)
    return CheckedQuery(soql, query, tuple(sorted(problems, key=lambda each: each.position)))


def _text_problems(query: Query) -> Iterator[QueryProblem]:
    """Yield what is SOQL for Apex only, or no SOQL at all."""
    yield from _alias_problems(query)
    yield from _bind_problems(query)
    yield from (each for child in query.select if isinstance(child, Child) for each in _inner_stars(child.query))
    for each in query.uses:
        if each.text == "ALL ROWS":
            suggestion = "query_all=True brings deleted and archived records"
            yield QueryProblem(each.start, "ALL ROWS is for Apex", each.text, suggestion)


def _alias_problems(query: Query) -> Iterator[QueryProblem]:
    """Yield aliases of fields, which only grouped queries take; mostly a comma is missing."""
    if query.is_grouped:
        return
    for entry in query.select:
        if isinstance(entry, Item) and entry.alias and isinstance(entry.operand, Path):
            suggestion = f"write {entry.operand.text}, {entry.alias} if both are fields"
            yield QueryProblem(entry.start, "only grouped queries give names to fields", query.text(entry), suggestion)


def _inner_stars(query: Query) -> Iterator[QueryProblem]:
    for entry in query.select:
        if isinstance(entry, Star):
            yield QueryProblem(entry.start, "* stands for the fields of the outer object alone", "*", "name the fields")


def _bind_problems(query: Query) -> Iterator[QueryProblem]:
    for condition in (query.where, query.having):
        for comparison in condition.comparisons if condition else ():
            yield from (_bind(each.start, each.text) for each in comparison.values if each.kind == "bind")
            if comparison.query:
                yield from _bind_problems(comparison.query)
                yield from _inner_stars(comparison.query)
    for rows in (query.limit, query.offset):
        if rows is not None and rows.rows is None:
            yield _bind(rows.start, query.text(rows))
    for entry in query.select:
        if isinstance(entry, Child):
            yield from _bind_problems(entry.query)


def _bind(position: int, text: str) -> QueryProblem:
    return QueryProblem(position, "a value behind a colon is for Apex", text, "write {name}, and pass name=...")


@dataclass(frozen=True, slots=True)
class _Against:
    """The check of objects and fields."""

    describes: Callable[[str], SObjectDescribe]
    bulk: bool

    def problems(self, query: Query) -> Iterator[QueryProblem]:
        """Yield what is wrong with the outer query and those of its semi-joins."""
        describe = self._object(query)
        if isinstance(describe, QueryProblem):
            yield describe
            return
        for entry in query.select:
            if isinstance(entry, Item):
                yield from self._operand(query, entry.operand, describe, selected=True)
        yield from self._condition(query, query.where, describe)
        named = {entry.alias.lower() for entry in query.select if isinstance(entry, Item) and entry.alias}
        for operand in (*query.group, *(each.operand for each in query.order)):
            if not (isinstance(operand, Path) and operand.text.lower() in named):
                yield from self._operand(query, operand, describe)
        yield from self._condition(query, query.having, describe)

    def _object(self, query: Query) -> SObjectDescribe | QueryProblem:
        name, position = query.sobject, query.sources[0].start
        if "." in name:
            return QueryProblem(position, "FROM takes an object, not a relationship", name, "write the object's name")
        try:
            describe = self.describes(name)
        except UsageError as error:
            return QueryProblem(position, str(error.args[0]), name, error.hint)
        if not describe.queryable:
            return QueryProblem(
                position, f"{describe.name} cannot be queried", name, "ask for the permission to read it"
            )
        return describe

    def _condition(
        self, query: Query, condition: Condition | None, describe: SObjectDescribe
    ) -> Iterator[QueryProblem]:
        for comparison in condition.comparisons if condition else ():
            yield from self._operand(query, comparison.operand, describe)
            if comparison.query:
                yield from self.problems(comparison.query)

    def _operand(
        self, query: Query, operand: Operand, describe: SObjectDescribe, *, selected: bool = False
    ) -> Iterator[QueryProblem]:
        if isinstance(operand, Call) and operand.name.upper() in _FIELD_FUNCTIONS:
            for argument in operand.arguments:
                yield from self._operand(query, argument, describe)
        if not isinstance(operand, Path):
            return
        found = find_field(operand, query.local(operand), describe, self.describes)
        if isinstance(found, FoundField):
            problem = field_problem(operand, found) if self.bulk and selected else None
        else:
            problem = found
        if problem:
            yield problem
