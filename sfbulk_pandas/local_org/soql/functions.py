"""Functions of SOQL: sums over groups, parts of dates, labels.

Sources: SOQL and SOSL Reference, "Aggregate Functions", "Date Functions", "Translating Results".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.soql.messages import invalid_field, not_here, unexpected_token
from sfbulk_pandas.local_org.soql.tree import Function, Operand, Path
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.soql.scope import Expr, Scope

_DATE_PARTS = {
    "CALENDAR_YEAR": "year({0})",
    "CALENDAR_QUARTER": "quarter({0})",
    "CALENDAR_MONTH": "month({0})",
    "FISCAL_YEAR": "year({0})",
    "FISCAL_QUARTER": "quarter({0})",
    "FISCAL_MONTH": "month({0})",
    "DAY_IN_MONTH": "day({0})",
    "DAY_IN_WEEK": "dayofweek({0}) + 1",  # Sunday is 1
    "DAY_IN_YEAR": "dayofyear({0})",
    "HOUR_IN_DAY": "hour({0})",
    "WEEK_IN_MONTH": "(day({0}) - 1) // 7 + 1",  # the first week goes from the first to the seventh
    "WEEK_IN_YEAR": "(dayofyear({0}) - 1) // 7 + 1",
}
_NUMERIC_SUMS = {"SUM": "sum", "AVG": "avg"}
_EXTREMES = {"MIN": "min", "MAX": "max"}
_COUNTS = {"COUNT": "count({0})", "COUNT_DISTINCT": "count(DISTINCT {0})"}
AGGREGATES = frozenset({*_NUMERIC_SUMS, *_EXTREMES, *_COUNTS, "GROUPING"})
_UNCHANGED = frozenset({"CONVERTCURRENCY", "CONVERTTIMEZONE"})  # one currency, and the user's zone is UTC
_ELSEWHERE = frozenset({"FORMAT", "DISTANCE", "GEOLOCATION"})
_DATED = frozenset({FieldType.DATE, FieldType.DATETIME})


def operand_sql(scope: Scope, operand: Operand) -> Expr:
    """Return the expression of a field or a function.

    Raises
    ------
    Fault
        Where a name is unknown, or a function does not take such a field.
    """
    return scope.resolve(operand) if isinstance(operand, Path) else _function(scope, operand)


def is_aggregate(operand: Operand) -> bool:
    """Whether an operand sums up rows."""
    return isinstance(operand, Function) and operand.name.upper() in AGGREGATES


def _function(scope: Scope, call: Function) -> Expr:
    name = call.name.upper()
    if name in _ELSEWHERE:
        raise not_here(f"{call.name}()")
    if not call.arguments or not isinstance(call.arguments[0], Path | Function):
        raise unexpected_token(scope.soql, call.at, call.name)
    inner = operand_sql(scope, call.arguments[0])
    if name in AGGREGATES:
        return _aggregate(scope, call, inner)
    if name in _UNCHANGED:
        return replace(inner, name=call.name, path=())
    if name == "TOLABEL":
        return replace(inner, sql=_label(inner), name=inner.name)
    return _date_part(scope, call, inner)


def _aggregate(scope: Scope, call: Function, inner: Expr) -> Expr:
    name = call.name.upper()
    if name == "GROUPING":
        return replace(inner, sql=f"grouping({inner.sql})", type=FieldType.INT, path=(), flags=None, aggregate=True)
    if name in _COUNTS:
        sql = _COUNTS[name].format(inner.sql)
        return replace(inner, sql=sql, type=FieldType.INT, path=(), flags=None, aggregate=True)
    if name in _NUMERIC_SUMS and not inner.type.is_number:
        raise invalid_field(scope.soql, call.at, f"field {inner.name} does not support aggregate operator {name}")
    function = {**_NUMERIC_SUMS, **_EXTREMES}[name]
    kind = FieldType.DOUBLE if name == "AVG" else inner.type
    return replace(inner, sql=f"{function}({inner.sql})", type=kind, path=(), aggregate=True)


def _date_part(scope: Scope, call: Function, inner: Expr) -> Expr:
    name = call.name.upper()
    if name != "DAY_ONLY" and name not in _DATE_PARTS:
        raise unexpected_token(scope.soql, call.at, call.name)
    if inner.type not in _DATED:
        raise invalid_field(scope.soql, call.at, f"field {inner.name} does not support date function {name}")
    if name == "DAY_ONLY":
        return replace(inner, sql=f"CAST({inner.sql} AS DATE)", type=FieldType.DATE, path=())
    return replace(inner, sql=_DATE_PARTS[name].format(inner.sql), type=FieldType.INT, path=(), flags=None)


def _label(inner: Expr) -> str:
    values = (inner.flags or {}).get("picklistValues") or []
    pairs = [(each["value"], each["label"]) for each in values if each.get("label") not in (None, each["value"])]
    whens = " ".join(f"WHEN {sql_text(value)} THEN {sql_text(label)}" for value, label in pairs)
    return f"CASE {inner.sql} {whens} ELSE {inner.sql} END" if whens else inner.sql


def sql_text(text: str) -> str:
    """Write a text as a SQL string.

    Examples
    --------
    >>> sql_text("O'Neil")
    "'O''Neil'"
    """
    return "'" + text.replace("'", "''") + "'"
