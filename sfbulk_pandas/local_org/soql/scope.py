"""What names in a query mean: fields, parents, and the joins they need."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from sfbulk_pandas.local_org.soql.messages import malformed, no_such_column, no_such_object, no_such_relationship
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfbulk_pandas.local_org.soql.tree import Path, Query
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

MAX_PARENTS = 5  # SOQL and SOSL Reference, "Understanding Relationship Query Limitations"
COMPOUND = frozenset({FieldType.ADDRESS, FieldType.LOCATION})


class Described(Protocol):
    """An object of the org."""

    @property
    def json(self) -> Mapping[str, Any]:
        """Salesforce's describe answer."""

    @property
    def model(self) -> SObjectDescribe:
        """The same, read."""


class Catalog(Protocol):
    """What SOQL needs to know of a store."""

    def describe(self, name: str) -> Described | None:
        """Return an object by its name in any case, or None."""

    def table(self, sobject: str) -> str:
        """Return the quoted name of an object's table, which has a column IsDeleted in any case."""


@dataclass(frozen=True, slots=True)
class Expr:
    """A SQL expression, and what is known of its values.

    Attributes
    ----------
    sql : str
    type : FieldType
    name : str
        The field or function, as errors name it.
    path : tuple of str
        Canonical names from the root object, such as ``("Account", "Name")``; empty for a function.
    flags : dict
        The field's describe entry; empty for a function.
    aggregate : bool
        Whether it sums up rows.
    """

    sql: str
    type: FieldType
    name: str
    path: tuple[str, ...] = ()
    flags: Mapping[str, Any] | None = None
    aggregate: bool = False

    @property
    def case_sensitive(self) -> bool:
        """Whether texts that differ in case alone differ."""
        return bool(self.flags and self.flags.get("caseSensitive"))

    def may(self, what: str) -> bool:
        """Whether the describe allows ``filterable``, ``sortable`` or ``groupable``."""
        return not self.flags or bool(self.flags.get(what, True))


@dataclass(frozen=True, slots=True)
class Source:
    """One table of the FROM clause."""

    alias: str
    described: Described

    @property
    def model(self) -> SObjectDescribe:
        """The object's describe."""
        return self.described.model

    def flags(self, field: FieldDescribe) -> Mapping[str, Any]:
        """Return a field's entry of the describe."""
        fields: Sequence[Mapping[str, Any]] = self.described.json["fields"]
        return next(each for each in fields if each["name"] == field.name)

    def column(self, name: str) -> str:
        """Return SQL for one of the object's fields."""
        return f'{self.alias}."{name}"'


class Scope:
    """The object of one query level, and the parents that its paths lead to.

    Parameters
    ----------
    catalog : Catalog
    soql : str
        The whole text, for error places.
    query : Query
        The level.
    root : Described, optional
        Its object, where FROM does not name it: a child relationship does.
    aliases : iterator of int, optional
        Shared by the levels of one text, so that no two tables have one alias.
    """

    def __init__(
        self,
        catalog: Catalog,
        soql: str,
        query: Query,
        *,
        root: Described | None = None,
        aliases: Iterator[int] | None = None,
    ) -> None:
        self.catalog = catalog
        self.soql = soql
        self.aliases = aliases or count()
        found = root or catalog.describe(query.sobject.text)
        if found is None:
            raise no_such_object(soql, query.sobject.at, query.sobject.text)
        self.root = Source(self._alias(), found)
        self._own = {query.sobject.parts[-1].lower(), found.model.name.lower(), (query.alias or "").lower()}
        self._nodes: dict[tuple[str, ...], tuple[tuple[str, ...], list[Source]]] = {(): ((), [self.root])}
        self._joins: list[str] = []

    def from_sql(self) -> str:
        """Return the FROM clause: the object, and a left join for each parent that was resolved."""
        table = self.catalog.table(self.root.model.name)
        return " ".join([f"FROM {table} {self.root.alias}", *self._joins])

    def parts(self, path: Path) -> tuple[str, ...]:
        """Return a path without the object's own name or alias in front."""
        own = len(path.parts) > 1 and path.parts[0].lower() in self._own
        own = own and self.root.model.relationship(path.parts[0]) is None
        return path.parts[1:] if own else path.parts

    def resolve(self, path: Path) -> Expr:
        """Find the field behind a path, joining its parents.

        Raises
        ------
        Fault
            400 INVALID_FIELD where a field or a relationship is unknown.
        """
        *parents, name = self.parts(path)
        if len(parents) > MAX_PARENTS:
            raise malformed(f"SOQL relationships may go up to {MAX_PARENTS} levels: {path.text}")
        names, sources = self.node(tuple(parents), path)
        found = [(source, field) for source in sources if (field := source.model.get(name))]
        if not found:
            raise no_such_column(self.soql, path.at, name, sources[0].model.name)
        source, field = found[0]
        columns = [each.column(its.name) for each, its in found if its.type not in COMPOUND]
        sql = columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})" if columns else ""
        return Expr(sql, field.type, field.name, (*names, field.name), source.flags(field))

    def node(self, parents: tuple[str, ...], path: Path) -> tuple[tuple[str, ...], list[Source]]:
        """Return the canonical names of a chain of parents, and the tables at its end.

        More than one where the last lookup is polymorphic: ``Owner`` is a User or a Group, ``Who`` a Contact or a Lead.
        """
        key = tuple(each.lower() for each in parents)
        if key not in self._nodes:
            names, children = self.node(parents[:-1], path)
            self._nodes[key] = self._join(parents[-1], path, names, children)
        return self._nodes[key]

    def _join(
        self, relationship: str, path: Path, names: tuple[str, ...], children: list[Source]
    ) -> tuple[tuple[str, ...], list[Source]]:
        sources: list[Source] = []
        canonical = ""
        for child in children:
            lookup = child.model.relationship(relationship)
            if lookup is not None:
                canonical = canonical or lookup.relationship_name or ""
                sources.extend(self._parents(child, lookup))
        if not sources:
            raise no_such_relationship(self.soql, path.at, relationship, "")
        return (*names, canonical), sources

    def _parents(self, child: Source, lookup: FieldDescribe) -> Iterator[Source]:
        for target in lookup.reference_to:
            described = self.catalog.describe(target)
            if described is None:
                continue  # a lookup may also point at objects that this org does not have
            source = Source(self._alias(), described)
            table = self.catalog.table(described.model.name)
            on = f"{source.column('Id')} = {child.column(lookup.name)}"
            self._joins.append(f"LEFT JOIN {table} {source.alias} ON {on}")
            yield source

    def _alias(self) -> str:
        return f"t{next(self.aliases)}"
