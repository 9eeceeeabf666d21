"""A query's tree to the database's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.soql.bulk_rules import refuse_in_bulk
from sfbulk_pandas.local_org.soql.compiled import Child, Compiled
from sfbulk_pandas.local_org.soql.conditions import Conditions, operands_of
from sfbulk_pandas.local_org.soql.fields import expand_fields
from sfbulk_pandas.local_org.soql.functions import operand_sql, sql_text
from sfbulk_pandas.local_org.soql.messages import malformed, no_such_child, not_here, placed
from sfbulk_pandas.local_org.soql.parse import parse
from sfbulk_pandas.local_org.soql.scope import Catalog, Described, Expr, Scope
from sfbulk_pandas.local_org.soql.select import SelectList
from sfbulk_pandas.local_org.soql.tree import Function, Item, Operand, Order, Path, Query, SubQuery, TypeOf
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from datetime import date

_SCOPES = frozenset({"everything", "mine"})
_MODES = frozenset({"SECURITY_ENFORCED", "SYSTEM_MODE", "USER_MODE"})  # the one user may see everything
_AS_IS = frozenset({FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME, FieldType.TIME})


@dataclass(frozen=True, slots=True)
class Settings:
    """What all levels of a query share: the current day (UTC), and whether deleted records count too."""

    today: date
    all_rows: bool = False


def compile_soql(catalog: Catalog, soql: str, settings: Settings, *, bulk: bool = False) -> Compiled:
    """Read a query and turn it into SQL.

    Parameters
    ----------
    catalog : Catalog
    soql : str
    settings : Settings
    bulk : bool
        Whether to refuse what a bulk query may not have.

    Raises
    ------
    Fault
        400 with Salesforce's code and text.
    """
    query = parse(soql)
    scope = Scope(catalog, soql, query)
    if bulk:
        refuse_in_bulk(query, scope)
    return _Level(scope, query, settings).compile()


class _Level:
    """One level of a query: the outermost, a child query, or a semi-join."""

    def __init__(self, scope: Scope, query: Query, settings: Settings) -> None:
        self._scope = scope
        self._query = expand_fields(query, scope)
        self._settings = settings
        self._conditions = Conditions(scope, settings.today, self._semi_join)

    def compile(self, parent_field: str | None = None) -> Compiled:
        """Return the SQL and what its columns mean.

        Parameters
        ----------
        parent_field : str, optional
            For a child query: the lookup that leads to the parent; LIMIT and OFFSET then count within each parent.
        """
        self._refuse_parts()
        name = self._scope.root.model.name
        if self._query.is_count:
            return Compiled(self._counting(), name, (), is_count=True)
        select = SelectList(self._scope, self._query)
        if not select.is_grouped:
            select.add_keys(parent_field)
        children = tuple(self._child(each.query) for each in self._query.entries if isinstance(each, SubQuery))
        tail = self._tail(select, parent_field)
        return Compiled(
            f"SELECT {select.sql} {self._scope.from_sql()}{tail}",  # the joins are known only now
            name,
            select.columns,
            select.parents,
            children,
            is_aggregate=select.is_grouped,
            is_ordered=bool(self._query.order),
        )

    def one_column(self) -> str:
        """Return SQL of the one Id column of a semi-join."""
        entries = self._query.entries
        if len(entries) != 1 or not isinstance(entries[0], Item) or not isinstance(entries[0].operand, Path):
            raise malformed("a semi-join sub-select must select exactly one field")
        expr = self._scope.resolve(entries[0].operand)
        if not expr.type.is_id:
            message = f"The selected field '{expr.name}' in the sub-select must be an id or a reference"
            raise placed("MALFORMED_QUERY", self._scope.soql, entries[0].operand.at, message)
        where = self._where()
        return f"SELECT {expr.sql} {self._scope.from_sql()}{where} AND {expr.sql} IS NOT NULL{self._limit()}"

    def _semi_join(self, query: Query) -> str:
        scope = Scope(self._scope.catalog, self._scope.soql, query, aliases=self._scope.aliases)
        return _Level(scope, query, self._settings).one_column()

    def _refuse_parts(self) -> None:
        if self._query.data_category:
            raise not_here("WITH DATA CATEGORY")
        if (scope := self._query.scope) and scope.lower() not in _SCOPES:
            raise not_here(f"USING SCOPE {scope}")
        for mode in self._query.modes:
            if mode.upper() not in _MODES:
                raise malformed(f"unexpected token: '{mode}'")
        if any(isinstance(each, TypeOf) for each in self._query.entries):
            raise not_here("TYPEOF")
        if not self._scope.root.model.queryable:
            message = f"entity type {self._scope.root.model.name} does not support query"
            raise placed("INVALID_TYPE_FOR_OPERATION", self._scope.soql, self._query.sobject.at, message)

    def _counting(self) -> str:
        where = self._where()
        inner = f"SELECT 1 {self._scope.from_sql()}{where}{self._limit()}"
        return f"SELECT count(*) FROM ({inner})"  # noqa: S608 - every value in it was written by sql_text

    # clauses

    def _tail(self, select: SelectList, parent_field: str | None) -> str:
        having = self._query.having
        for operand in [] if having is None else operands_of(having):
            select.check_grouped(operand, "Having field")
        for key in self._query.order:
            select.check_grouped(self._unaliased(key.operand), "Ordered field")
        groups = select.group_sql() + (f" HAVING {self._conditions.sql(having)}" if having is not None else "")
        order = self._order()
        if parent_field is None:
            return f"{self._where()}{groups}{order}{self._limit()}"
        return f"{self._where()}{groups}{self._limit_within(parent_field, order)}{order}"

    def _where(self) -> str:
        tests = [self._live()]
        if (self._query.scope or "").lower() == "mine" and self._scope.root.model.get("OwnerId"):
            tests.append(f"{self._scope.root.column('OwnerId')} = {sql_text(USER_ID)}")
        if self._query.where is not None:
            tests.append(self._conditions.sql(self._query.where))
        return f" WHERE {' AND '.join(tests)}"

    def _live(self) -> str:
        deleted = self._scope.root.column("IsDeleted")
        return "true" if self._settings.all_rows else f"NOT coalesce({deleted}, false)"

    def _limit(self) -> str:
        limit, offset = self._query.limit, self._query.offset
        first = f" LIMIT {limit}" if limit is not None else ""
        return first + (f" OFFSET {offset}" if offset is not None else "")

    def _limit_within(self, parent_field: str, order: str) -> str:
        limit, offset = self._query.limit, self._query.offset or 0
        if limit is None and not offset:
            return ""
        rank = f"row_number() OVER (PARTITION BY {self._scope.root.column(parent_field)}{order})"
        upper = f" AND {rank} <= {offset + limit}" if limit is not None else ""
        return f" QUALIFY {rank} > {offset}{upper}"

    def _order(self) -> str:
        keys = ", ".join(self._order_key(key) for key in self._query.order)
        return f" ORDER BY {keys}" if keys else ""

    def _order_key(self, key: Order) -> str:
        expr = operand_sql(self._scope, self._unaliased(key.operand))
        if not expr.may("sortable") or not expr.sql:
            message = f"field '{expr.name}' can not be sorted in a query call"
            raise placed("MALFORMED_QUERY", self._scope.soql, key.operand.at, message)
        by = expr.sql if _sorts_as_is(expr) else f"lower({expr.sql})"
        return f"{by} {'DESC' if key.descending else 'ASC'} NULLS {'LAST' if key.nulls_last else 'FIRST'}"

    def _unaliased(self, operand: Operand) -> Operand:
        aliases = {
            entry.alias.lower(): entry.operand
            for entry in self._query.entries
            if isinstance(entry, Item) and entry.alias and isinstance(entry.operand, Function)
        }
        return aliases.get(operand.text.lower(), operand) if isinstance(operand, Path) else operand

    # children

    def _child(self, query: Query) -> Child:
        described, parent_field, name = self._relationship(query)
        scope = Scope(self._scope.catalog, self._scope.soql, query, root=described, aliases=self._scope.aliases)
        return Child(name, _Level(scope, query, self._settings).compile(parent_field))

    def _relationship(self, query: Query) -> tuple[Described, str, str]:
        wanted = [part.lower() for part in self._scope.parts(query.sobject)]
        for each in self._scope.root.described.json.get("childRelationships") or []:
            if [(each.get("relationshipName") or "").lower()] == wanted:
                described = self._scope.catalog.describe(each["childSObject"])
                if described is not None:
                    return described, each["field"], each["relationshipName"]
        raise no_such_child(self._scope.soql, query.sobject.at, query.sobject.text)


def _sorts_as_is(expr: Expr) -> bool:
    return expr.type.is_number or expr.type.is_id or expr.type in _AS_IS
