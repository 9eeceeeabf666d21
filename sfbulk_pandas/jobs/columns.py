"""Which columns a query returns, of which types, and where JSON has them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.schema import TypeOptions, arrow_type
from sfbulk_pandas.display.shown import ShownFrame
from sfbulk_pandas.errors import QueryRefused, UsageError
from sfbulk_pandas.preflight import check_query, expand_select
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.salesforce.soql.select import packed
from sfbulk_pandas.salesforce.soql.tree import Call, Child, Item, Path, TypeOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.salesforce.soql import Query

_COUNTS = frozenset({"COUNT", "COUNT_DISTINCT", "GROUPING"})
_SUMS = frozenset({"SUM", "AVG"})
_EXTREMES = frozenset({"MIN", "MAX"})


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of a result.

    Attributes
    ----------
    name : str
        As the select list has it; its alias, where it has one.
    path : str
        Of the field that it holds, as seen from the object; empty where it holds none.
    key : tuple of str
        The way to its value in a record of JSON, in any case.
    function : str
        The function whose value it is, in capitals; empty for a field.
    """

    name: str
    path: str
    key: tuple[str, ...]
    function: str = ""


def settle_query(soql: str, describes: Describes, *, bulk: bool) -> Query:
    """Return a query as it is to be sent: looked through, and ``*`` and ``FIELDS()`` written out.

    Raises
    ------
    QueryRefused
        Where it is no query, names what the org does not have, or ``bulk`` queries do not take it; with every place.
    """
    checked = check_query(soql, describes.get, bulk=bulk)
    if checked.query is None or checked.problems:
        raise QueryRefused(checked.failure_text, report=ShownFrame(checked.report, "Problems of the query"))
    return expand_select(checked.query, describes.get(checked.query.sobject))


def result_columns(query: Query) -> tuple[ResultColumn, ...]:
    """Return the columns of a query, in the order of its select list; those of a TYPEOF one for each of its fields.

    Raises
    ------
    UsageError
        For a query within the select list, whose rows fit no cell.
    """
    unnamed = count()
    return tuple(column for entry in query.select for column in _columns(query, entry, unnamed))


def _columns(query: Query, entry: object, unnamed: Iterator[int]) -> Iterator[ResultColumn]:
    if isinstance(entry, Child):
        raise UsageError(
            f"({query.text(entry).strip('()')}) gives each record rows of its own, which fit no cell",
            hint="query the child object, with the parent's fields: SELECT LastName, Account.Name FROM Contact",
        )
    if isinstance(entry, TypeOf):
        yield from _of_choices(query, entry)
    elif isinstance(entry, Item) and isinstance(entry.operand, Path):
        names = query.local(entry.operand)
        is_flat = query.is_grouped  # a record of groups has no parents within
        path = ".".join(names)
        yield ResultColumn(entry.alias or path, path, (entry.alias or names[-1],) if is_flat else names)
    elif isinstance(entry, Item) and isinstance(entry.operand, Call):
        yield _of_call(query, entry, entry.operand, unnamed)


def _of_call(query: Query, entry: Item, call: Call, unnamed: Iterator[int]) -> ResultColumn:
    inside = next((each for each in call.arguments if isinstance(each, Path)), None)
    path = "" if inside is None else ".".join(query.local(inside))
    if entry.alias:
        key = entry.alias
    elif call.is_aggregate or query.is_grouped:
        key = f"expr{next(unnamed)}"
    else:
        key = path.rpartition(".")[2]  # toLabel(Status) comes as Status
    return ResultColumn(entry.alias or packed(query.text(entry)), path, (key,), call.name.upper())


def _of_choices(query: Query, entry: TypeOf) -> Iterator[ResultColumn]:
    found: dict[str, tuple[str, ...]] = {}
    for path in [*(path for choice in entry.choices for path in choice.paths), *entry.otherwise]:
        names = (*query.local(entry.path), *path.names)
        found.setdefault(".".join(names).lower(), names)
    for names in found.values():
        yield ResultColumn(".".join(names), "", names)


def result_schema(query: Query, describes: Describes, types: TypeOptions = TypeOptions()) -> pa.Schema:  # noqa: B008 - frozen
    """Give each column of a query the type its describe says.

    What the describe does not know, such as an expression, is text: whether the query is right
    is for Salesforce to say.

    Raises
    ------
    UsageError
        Where the object is not there, or a column fits no cell.
    """
    return pa.schema([_field(query.sobject, column, describes, types) for column in result_columns(query)])


def column_types(query: Query, describes: Describes) -> tuple[str, ...]:
    """Return the type of each column as people write it, ``string(80)``; empty where the describe knows none."""
    return tuple(_type_text(query.sobject, column, describes) for column in result_columns(query))


def _type_text(sobject: str, column: ResultColumn, describes: Describes) -> str:
    if column.function in _COUNTS:
        return FieldType.INT.value
    if column.function in _SUMS:
        return FieldType.DOUBLE.value
    is_field = column.path and (not column.function or column.function in _EXTREMES)
    field = describes.field(sobject, column.path) if is_field else None
    return "" if field is None else field.type_text


def json_keys(query: Query) -> tuple[tuple[str, ...], ...]:
    """Return the way to each column's value in a record of JSON."""
    return tuple(column.key for column in result_columns(query))


def _field(sobject: str, column: ResultColumn, describes: Describes, types: TypeOptions) -> pa.Field:
    if column.function in _COUNTS:
        return pa.field(column.name, pa.int64())
    if column.function in _SUMS:
        return pa.field(column.name, pa.float64())
    field = describes.field(sobject, column.path) if column.path else None
    if column.function:
        return pa.field(column.name, arrow_type(field, types) if column.function in _EXTREMES else pa.string())
    if field is None:
        return pa.field(column.name, pa.string())
    head, dot, _ = column.path.rpartition(".")
    return pa.field(f"{head}{dot}{field.name}" if column.name == column.path else column.name, arrow_type(field, types))
