"""A query as a tree of plain values. ``at`` is always the character where a thing stands in the text, from 0."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a way to one through parents: ``Account.Owner.Name``."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Function:
    """A call such as ``COUNT(Id)``."""

    name: str
    arguments: tuple[Argument, ...]
    at: int


class Kind(StrEnum):
    """What a literal is, by how it was written."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    CURRENCY = "currency"
    RELATIVE = "relative"
    BOOLEAN = "boolean"
    NULL = "null"
    BIND = "bind"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: its kind, and its text (unescaped, for a text; ``LAST_N_DAYS:7`` for a relative date).

    ``raw`` is a text as it stood between its quotes: LIKE reads its escapes in another way.
    """

    kind: Kind
    text: str
    at: int
    raw: str = ""


Operand: TypeAlias = Path | Function
Argument: TypeAlias = Path | Function | Literal


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test: ``operator`` is ``= != < <= > >= LIKE IN INCLUDES``; NOT IN and EXCLUDES are negations of theirs."""

    left: Operand
    operator: str
    right: tuple[Literal, ...] | Query
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """A negation."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Conditions joined by AND."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions joined by OR."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Not | All | AnyOf


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the select list with a field or a function."""

    operand: Operand
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class SubQuery:
    """An entry of the select list that reads child records."""

    query: Query


@dataclass(frozen=True, slots=True)
class TypeOf:
    """An entry of the select list whose fields depend on a polymorphic parent's object."""

    path: Path


Entry: TypeAlias = Item | SubQuery | TypeOf


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; nulls come first unless it says otherwise."""

    operand: Operand
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query."""

    entries: tuple[Entry, ...]
    sobject: Path
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    scope: str | None = None
    data_category: bool = False
    modes: tuple[str, ...] = field(default=())

    @property
    def is_count(self) -> bool:
        """Whether it is ``SELECT COUNT() FROM ...``, which answers a number and no rows."""
        if len(self.entries) != 1 or not isinstance(self.entries[0], Item):
            return False
        operand = self.entries[0].operand
        return isinstance(operand, Function) and operand.name.upper() == "COUNT" and not operand.arguments
