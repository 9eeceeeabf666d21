"""What a compiled query is: SQL, and what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.sobject import FieldType

KEY = "#id"  # a record's own Id, whether it was asked for or not; no field can have the name
PARENT = "#parent"  # in a child's rows, the Id of the record they belong to


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the answer.

    Attributes
    ----------
    sql_name : str
        What the SQL calls it; empty for an address or a location.
    name : str
        Canonical spelling: ``Account.Name``, an alias, ``expr0``.
    written : str
        As the query spelled it.
    path : tuple of str
        The canonical names it nests under in a REST answer.
    type : FieldType
    components : tuple of (str, str)
        For an address or a location: its parts' JSON keys and SQL names.
    """

    sql_name: str
    name: str
    written: str
    path: tuple[str, ...]
    type: FieldType
    components: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent whose fields were asked for: a missing one is null as a whole, which only its Id can tell."""

    path: tuple[str, ...]
    sql_name: str
    sobject: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query, ready to run.

    Attributes
    ----------
    sql : str
    sobject : str
        Canonical name of the FROM object.
    columns : tuple of Column
    parents : tuple of Parent
        Outer ones before inner ones.
    children : tuple of Child
    is_count : bool
        Whether the SQL answers one number, for ``totalSize``.
    is_aggregate : bool
        Whether rows are AggregateResults, not records.
    is_ordered : bool
        Whether the query has an ORDER BY.
    """

    sql: str
    sobject: str
    columns: tuple[Column, ...]
    parents: tuple[Parent, ...] = ()
    children: tuple[Child, ...] = ()
    is_count: bool = False
    is_aggregate: bool = False
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A parent-to-child query: its relationship's name, and its SQL, with :data:`PARENT` as a column."""

    relationship: str
    query: Compiled
