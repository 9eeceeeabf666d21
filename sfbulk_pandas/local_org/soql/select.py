"""The select list: fields, parents, parts of addresses, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from sfbulk_pandas.local_org.soql.compiled import KEY, PARENT, Column, Parent
from sfbulk_pandas.local_org.soql.functions import is_aggregate, operand_sql
from sfbulk_pandas.local_org.soql.messages import malformed, placed
from sfbulk_pandas.local_org.soql.scope import COMPOUND, Expr, Scope
from sfbulk_pandas.local_org.soql.tree import Function, Item, Operand, Path, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.local_org.faults import Fault
    from sfbulk_pandas.local_org.soql.tree import Argument

_GROUPINGS = frozenset({"ROLLUP", "CUBE"})


class SelectList:
    """Turn the select list of one query level into SQL columns.

    Parameters
    ----------
    scope : Scope
    query : Query
        With FIELDS() already spelled out.
    """

    def __init__(self, scope: Scope, query: Query) -> None:
        self._scope = scope
        self._query = query
        self._sql: list[str] = []
        self._parents: dict[tuple[str, ...], Parent] = {}
        items = [each for each in query.entries if isinstance(each, Item)]
        self.is_grouped = bool(query.group) or any(is_aggregate(each.operand) for each in items)
        self._keys = {self._groupable(operand).sql for operand in self._group_members()}
        self.columns = self._grouped() if self.is_grouped else self._plain(items)

    @property
    def sql(self) -> str:
        """What stands between SELECT and FROM."""
        return ", ".join(self._sql)

    @property
    def parents(self) -> tuple[Parent, ...]:
        """The parents whose fields are selected, outer ones first."""
        return tuple(self._parents.values())

    def add_keys(self, parent_field: str | None) -> None:
        """Select the record's Id too, and in a child query the parent's."""
        root = self._scope.root
        self._sql.append(f'{root.column("Id")} AS "{KEY}"')
        if parent_field is not None:
            self._sql.append(f'{root.column(parent_field)} AS "{PARENT}"')

    def group_sql(self) -> str:
        """Return the GROUP BY clause, or nothing."""
        written = [self._group_key(operand) for operand in self._query.group]
        return f" GROUP BY {', '.join(written)}" if written else ""

    def check_grouped(self, operand: Operand, what: str) -> None:
        """Refuse, in a grouped query, a field that is neither a group's nor summed up.

        Raises
        ------
        Fault
            400 MALFORMED_QUERY.
        """
        is_grouping = isinstance(operand, Function) and operand.name.upper() == "GROUPING"
        looked_at = _operands(operand.arguments) if isinstance(operand, Function) and is_grouping else [operand]
        for each in looked_at:
            expr = operand_sql(self._scope, each)
            if self.is_grouped and not expr.aggregate and expr.sql not in self._keys:
                raise self._malformed(each, f"{what} must be grouped or aggregated: {written_as(each)}")

    # records

    def _plain(self, items: list[Item]) -> tuple[Column, ...]:
        columns: dict[str, Column] = {}
        for item in items:
            if item.alias and isinstance(item.operand, Path):
                raise self._malformed(item.operand, "only aggregate expressions use field aliasing")
            column = self._column(item)
            if column.name in columns:
                message = f"duplicate field selected: {column.name}"
                raise placed("INVALID_FIELD", self._scope.soql, item.operand.at, message)
            columns[column.name] = column
        return tuple(columns.values())

    def _column(self, item: Item) -> Column:
        expr = operand_sql(self._scope, item.operand)
        written = written_as(item.operand)
        if isinstance(item.operand, Function):
            name = item.alias or expr.name
            return Column(self._select(expr.sql), name, written, (name,), expr.type)
        for depth in range(1, len(expr.path)):
            self._parent(expr.path[:depth], item.operand)
        name = ".".join(expr.path)
        if expr.type in COMPOUND:
            return Column("", name, written, expr.path, expr.type, self._components(expr, item.operand))
        return Column(self._select(expr.sql), name, written, expr.path, expr.type)

    def _components(self, expr: Expr, path: Path) -> tuple[tuple[str, str], ...]:
        _, sources = self._scope.node(expr.path[:-1], path)
        fields = [field for field in sources[0].model.fields if field.compound_field_name == expr.path[-1]]
        prefix = expr.path[-1].removesuffix("Address").removesuffix("__c")
        keys = [field.name.removeprefix(prefix).removesuffix("__s").strip("_") for field in fields]
        columns = [self._select(sources[0].column(field.name)) for field in fields]
        return tuple((key[:1].lower() + key[1:], column) for key, column in zip(keys, columns, strict=True))

    def _parent(self, path: tuple[str, ...], written: Path) -> None:
        if path not in self._parents:
            _, sources = self._scope.node(path, written)
            keys = [source.column("Id") for source in sources]
            sql = keys[0] if len(keys) == 1 else f"coalesce({', '.join(keys)})"
            self._parents[path] = Parent(path, self._select(sql), sources[0].model.name)

    def _select(self, sql: str) -> str:
        name = f"c{len(self._sql)}"
        self._sql.append(f"{sql} AS {name}")
        return name

    # groups

    def _grouped(self) -> tuple[Column, ...]:
        columns: list[Column] = []
        unnamed = 0
        for entry in self._query.entries:
            if not isinstance(entry, Item):
                raise malformed("Grouped query cannot use child relationships in the SELECT list")
            self.check_grouped(entry.operand, "Field")
            expr = operand_sql(self._scope, entry.operand)
            written = written_as(entry.operand)
            name = entry.alias or (expr.path[-1] if expr.path else f"expr{unnamed}")
            unnamed += not entry.alias and not expr.path
            columns.append(Column(self._select(expr.sql), name, written, (name,), expr.type))
        return tuple(columns)

    def _group_members(self) -> Iterator[Operand]:
        for operand in self._query.group:
            yield from _operands(operand.arguments) if _is_grouping(operand) else (operand,)

    def _groupable(self, operand: Operand) -> Expr:
        expr = operand_sql(self._scope, operand)
        if not expr.may("groupable") or expr.aggregate or not expr.sql:
            raise self._malformed(operand, f"field '{expr.name}' can not be grouped in a query call")
        return expr

    def _group_key(self, operand: Operand) -> str:
        if not _is_grouping(operand):
            return operand_sql(self._scope, operand).sql
        members = (operand_sql(self._scope, each).sql for each in _operands(operand.arguments))
        return f"{operand.name.upper()}({', '.join(members)})"

    def _malformed(self, operand: Operand, message: str) -> Fault:
        return placed("MALFORMED_QUERY", self._scope.soql, operand.at, message)


def written_as(operand: Operand) -> str:
    """Spell a field or a function as the query did."""
    if isinstance(operand, Path):
        return operand.text
    return f"{operand.name}({', '.join(written_as(each) for each in _operands(operand.arguments))})"


def _is_grouping(operand: Operand) -> TypeGuard[Function]:
    return isinstance(operand, Function) and operand.name.upper() in _GROUPINGS


def _operands(arguments: tuple[Argument, ...]) -> list[Operand]:
    return [each for each in arguments if isinstance(each, Path | Function)]
