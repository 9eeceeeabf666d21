"""WHERE and HAVING as SQL.

A comparison is true or false, never unknown: a missing value is unequal to every value, and is neither less nor more.
So NOT turns each around, as in Salesforce, and ``Name != 'x'`` finds records without a name.
Source: SOQL and SOSL Reference, "Comparison Operators" and "Null Values".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.soql.dates import date_range, date_sql, datetime_sql
from sfbulk_pandas.local_org.soql.functions import operand_sql, sql_text
from sfbulk_pandas.local_org.soql.messages import invalid_field, malformed, placed, unexpected_token, wrong_literal
from sfbulk_pandas.local_org.soql.tree import All, AnyOf, Comparison, Condition, Kind, Literal, Not, Operand, Query
from sfbulk_pandas.salesforce import ids
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from sfbulk_pandas.local_org.faults import Fault
    from sfbulk_pandas.local_org.soql.scope import Expr, Scope

_SOAP = {
    FieldType.INT: "int",
    FieldType.LONG: "long",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "dateTime",
    FieldType.TIME: "time",
}
_DATED = frozenset({FieldType.DATE, FieldType.DATETIME})
_NUMBERS = frozenset({Kind.NUMBER, Kind.CURRENCY})
_PATTERN = re.compile(r"\\(.)|(.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ID15 = 15
_PAST_ID = {">": ">=", "<=": "<"}


class Conditions:
    """Turn the conditions of one query level into SQL.

    Parameters
    ----------
    scope : Scope
    today : date
        The current day, UTC.
    inner_query : callable
        Query -> SQL of its one column, for semi-joins.
    """

    def __init__(self, scope: Scope, today: date, inner_query: Callable[[Query], str]) -> None:
        self._scope = scope
        self._today = today
        self._inner_query = inner_query

    def sql(self, condition: Condition) -> str:
        """Return a condition as SQL that is true or false, never null.

        Raises
        ------
        Fault
            400 where a field cannot be compared with such a value.
        """
        if isinstance(condition, Not):
            return f"(NOT {self.sql(condition.condition)})"
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        word = {All: " AND ", AnyOf: " OR "}[type(condition)]
        return f"({word.join(self.sql(each) for each in condition.conditions)})"

    def _comparison(self, comparison: Comparison) -> str:
        left = operand_sql(self._scope, comparison.left)
        if not left.may("filterable") or not left.sql:
            message = f"field '{left.name}' can not be filtered in a query call"
            raise invalid_field(self._scope.soql, comparison.at, message)
        if isinstance(comparison.right, Query):
            return self._semi_join(left, comparison, comparison.right)
        self._refuse_binds(comparison.right)
        if comparison.operator == "IN":
            return self._any(left, comparison.right, self._equals)
        if comparison.operator == "INCLUDES":
            return self._any(left, comparison.right, self._includes, only=FieldType.MULTIPICKLIST)
        if comparison.operator == "LIKE":
            return self._like(left, comparison)
        return self._compare(left, comparison.operator, comparison.right[0])

    def _semi_join(self, left: Expr, comparison: Comparison, query: Query) -> str:
        if not left.type.is_id:
            message = f"The left operand field in the where expression for a semi-join must be an id: {left.name}"
            raise placed("MALFORMED_QUERY", self._scope.soql, comparison.at, message)
        return f"coalesce({left.sql} IN ({self._inner_query(query)}), false)"

    def _refuse_binds(self, literals: tuple[Literal, ...]) -> None:
        if any(literal.kind is Kind.BIND for literal in literals):
            raise malformed("Bind variables only allowed in Apex code")

    def _any(
        self,
        left: Expr,
        literals: tuple[Literal, ...],
        test: Callable[[Expr, Literal], str],
        only: FieldType | None = None,
    ) -> str:
        if only is not None and left.type is not only:
            message = f"includes/excludes operator only valid on multi-select picklist fields: {left.name}"
            raise invalid_field(self._scope.soql, literals[0].at, message)
        return f"({' OR '.join(test(left, literal) for literal in literals)})"

    def _compare(self, left: Expr, operator: str, right: Literal) -> str:
        if operator == "=":
            return self._equals(left, right)
        if operator == "!=":
            return f"(NOT {self._equals(left, right)})"
        if right.kind is Kind.NULL or left.type in (FieldType.BOOLEAN, FieldType.MULTIPICKLIST):
            message = f"invalid operator '{operator}' for field '{left.name}'"
            raise placed("INVALID_QUERY_FILTER_OPERATOR", self._scope.soql, right.at, message)
        if right.kind is Kind.RELATIVE:
            return self._beside_range(left, operator, right)
        if left.type.is_id:
            return self._beside_id(left, operator, right.text[:_ID15])
        return f"coalesce({self._folded(left)} {operator} {self._value(left, right)}, false)"

    def _equals(self, left: Expr, right: Literal) -> str:
        if right.kind is Kind.NULL or (right.kind is Kind.TEXT and not right.text and not _is_typed(left)):
            return f"({left.sql} IS NULL)"
        if right.kind is Kind.RELATIVE:
            first, after = self._range(left, right)
            return f"coalesce({left.sql} >= {first} AND {left.sql} < {after}, false)"
        if left.type is FieldType.BOOLEAN:
            return f"(coalesce({left.sql}, false) = {self._value(left, right)})"
        return f"coalesce({self._folded(left)} = {self._value(left, right)}, false)"

    def _beside_id(self, left: Expr, operator: str, text: str) -> str:
        """Compare whole Ids with the first 15 characters of another.

        What is stored and never null DuckDB finds among a million records in 3 ms, else in 100 (2026-11).
        """
        if len(text) == _ID15 and operator in _PAST_ID:
            operator, text = _PAST_ID[operator], f"{text}~"  # after whatever the last three characters are
        test = f"{left.sql} {operator} {sql_text(text)}"
        return f"({test})" if left.sql == self._scope.root.column("Id") else f"coalesce({test}, false)"

    def _beside_range(self, left: Expr, operator: str, right: Literal) -> str:
        first, after = self._range(left, right)
        tests = {"<": f"< {first}", "<=": f"< {after}", ">": f">= {after}", ">=": f">= {first}"}
        return f"coalesce({left.sql} {tests[operator]}, false)"

    def _range(self, left: Expr, right: Literal) -> tuple[str, str]:
        days = date_range(right.text, self._today)
        if days is None:
            raise unexpected_token(self._scope.soql, right.at, right.text)
        if left.type not in _DATED:
            raise self._wrong(left, right)
        return f"DATE '{days[0].isoformat()}'", f"DATE '{days[1].isoformat()}'"

    def _includes(self, left: Expr, right: Literal) -> str:
        if right.kind is not Kind.TEXT:
            raise self._wrong(left, right)
        wanted = ", ".join(sql_text(each.strip().lower()) for each in right.text.split(";"))
        return f"coalesce(list_has_all(string_split(lower({left.sql}), ';'), [{wanted}]), false)"

    def _like(self, left: Expr, comparison: Comparison) -> str:
        (right,) = comparison.right if isinstance(comparison.right, tuple) else ()
        if left.type.is_id:
            raise placed("INVALID_QUERY_FILTER_OPERATOR", self._scope.soql, right.at, "invalid operator on id field")
        if _is_typed(left) or right.kind is not Kind.TEXT:
            raise self._wrong(left, right)
        pattern = "".join(_pattern_char(*match.groups()) for match in _PATTERN.finditer(right.raw))
        folded = pattern if left.case_sensitive else pattern.lower()
        return f"coalesce({self._folded(left)} LIKE {sql_text(folded)} ESCAPE '\\', false)"

    def _folded(self, left: Expr) -> str:
        keep = _is_typed(left) or left.type.is_id or left.case_sensitive
        return left.sql if keep else f"lower({left.sql})"

    def _value(self, left: Expr, right: Literal) -> str:
        if left.type.is_number:
            return self._number(left, right)
        if left.type.is_id:
            return self._id(left, right)
        wanted = {FieldType.BOOLEAN: Kind.BOOLEAN, FieldType.DATE: Kind.DATE, FieldType.DATETIME: Kind.DATETIME}
        if right.kind is not wanted.get(left.type, Kind.TEXT):
            raise self._wrong(left, right)
        if left.type is FieldType.BOOLEAN:
            return right.text
        if left.type in _DATED:
            return self._dated(right)
        return sql_text(right.text if left.case_sensitive else right.text.lower())

    def _dated(self, right: Literal) -> str:
        try:
            return date_sql(right.text) if right.kind is Kind.DATE else datetime_sql(right.text)
        except (ValueError, OverflowError):
            raise placed("MALFORMED_QUERY", self._scope.soql, right.at, f"invalid date: {right.text}") from None

    def _number(self, left: Expr, right: Literal) -> str:
        if right.kind not in _NUMBERS:
            raise self._wrong(left, right)
        text = right.text[3:] if right.kind is Kind.CURRENCY else right.text
        return f"CAST({sql_text(text)} AS DOUBLE)"

    def _id(self, left: Expr, right: Literal) -> str:
        if right.kind is not Kind.TEXT:
            raise self._wrong(left, right)
        if not ids.is_id(right.text):
            message = f"invalid ID field: {right.text}"
            raise placed("INVALID_QUERY_FILTER_OPERATOR", self._scope.soql, right.at, message)
        return sql_text(ids.to_18(right.text))

    def _wrong(self, left: Expr, right: Literal) -> Fault:
        soap = "double" if left.type.is_double else _SOAP.get(left.type, "string")
        return wrong_literal(self._scope.soql, right.at, left.name, soap)


def operands_of(condition: Condition) -> Iterator[Operand]:
    """Yield every field and function that a condition compares."""
    if isinstance(condition, Comparison):
        yield condition.left
    elif isinstance(condition, Not):
        yield from operands_of(condition.condition)
    else:
        for each in condition.conditions:
            yield from operands_of(each)


def _is_typed(left: Expr) -> bool:
    return left.type.is_number or left.type in _SOAP


def _pattern_char(escaped: str | None, plain: str | None) -> str:
    """Write one character of a LIKE pattern; only an escaped percent sign or underscore keeps its backslash."""
    if escaped in ("%", "_", "\\"):
        return f"\\{escaped}"
    return plain or _CONTROL.get((escaped or "").lower(), escaped or "")
