"""A query as a tree of frozen values, each with its place in the text.

Every node has ``start`` and ``end``, so that ``soql[node.start:node.end]`` is its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# SOQL and SOSL Reference, "Aggregate Functions".
AGGREGATES = frozenset({"AVG", "COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM"})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the query.

    Attributes
    ----------
    start, end : int
        First character and the one behind the last, from 0.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Path(Span):
    """A field, perhaps behind relationships: ``Account.Owner.Name``.

    Attributes
    ----------
    names : tuple of str
        As written, the object's own name or alias before them included.
    places : tuple of int
        Where each name begins.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def text(self) -> str:
        """The names with dots between."""
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Literal(Span):
    """A value.

    Attributes
    ----------
    kind : str
        string, number, date, datetime, time, currency, word (``null``, ``TODAY``), relative (``LAST_N_DAYS:4``)
        or bind (``:name``, which is Apex and not for an API).
    text : str
        As written.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Call(Span):
    """A function: ``COUNT(Id)``, ``toLabel(Status)``, ``DISTANCE(Location__c, GEOLOCATION(1, 2), 'km')``."""

    name: str
    arguments: tuple[Operand, ...]

    @property
    def is_aggregate(self) -> bool:
        """Whether it sums up several records."""
        return self.name.upper() in AGGREGATES


Operand = Path | Call | Literal


def calls_of(operand: Operand) -> Iterator[Call]:
    """Yield a function and those inside it."""
    if isinstance(operand, Call):
        yield operand
        for each in operand.arguments:
            yield from calls_of(each)


@dataclass(frozen=True, slots=True)
class Item(Span):
    """A field or function of a select list.

    Attributes
    ----------
    operand : Path or Call
    alias : str
        Empty where it has none.
    """

    operand: Path | Call
    alias: str


@dataclass(frozen=True, slots=True)
class Star(Span):
    """``*``: every field; not Salesforce's, it is expanded before sending."""


@dataclass(frozen=True, slots=True)
class Fields(Span):
    """``FIELDS(ALL)``, ``FIELDS(STANDARD)`` or ``FIELDS(CUSTOM)``; ``group`` is the word in capitals."""

    group: str


@dataclass(frozen=True, slots=True)
class Choice(Span):
    """``WHEN Account THEN Phone, Name``: the fields of one kind of parent."""

    sobject: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TypeOf(Span):
    """``TYPEOF What WHEN ... THEN ... ELSE ... END``; ``otherwise`` holds the fields after ELSE."""

    path: Path
    choices: tuple[Choice, ...]
    otherwise: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Child(Span):
    """``(SELECT LastName FROM Contacts)`` within a select list."""

    query: Query


Entry = Item | Star | Fields | TypeOf | Child


@dataclass(frozen=True, slots=True)
class Source(Span):
    """One entry of FROM: an object, or a relationship under an alias (``FROM Contact c, c.Account a``)."""

    path: Path
    alias: str


@dataclass(frozen=True, slots=True)
class Comparison(Span):
    """``Amount > 5``, ``Id IN (SELECT ...)``.

    Attributes
    ----------
    operand : Path, Call or Literal
    operator : str
        ``=``, ``LIKE``, ``NOT IN`` and so on, in capitals.
    values : tuple of Literal
        One, or those of a list; none before a query.
    query : Query or None
    """

    operand: Operand
    operator: str
    values: tuple[Literal, ...]
    query: Query | None


@dataclass(frozen=True, slots=True)
class Condition(Span):
    """What stands behind WHERE or HAVING, and the comparisons in it, in the order of the text."""

    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Ordering(Span):
    """One entry of ORDER BY."""

    operand: Operand
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Clause(Span):
    """A clause that is kept as it was written: ``text`` has its words with one blank between."""

    text: str


@dataclass(frozen=True, slots=True)
class Rows(Span):
    """``LIMIT 5`` or ``OFFSET 5``, the word included; ``rows`` is None where Apex is to fill it in."""

    rows: int | None


@dataclass(frozen=True, slots=True)
class Query(Span):
    """One query, or a query within one.

    Attributes
    ----------
    soql : str
        The whole text, to which all places refer.
    select : tuple of Item, Star, Fields, TypeOf or Child
    sources : tuple of Source
        The first is the object; others give aliases to its relationships.
    scope : Clause or None
        ``USING SCOPE mine``.
    where, having : Condition or None
        Without the word itself.
    filters : tuple of Clause
        ``WITH ...``.
    group : tuple of Path or Call
        Of GROUP BY; ``group_start`` is the place of the word, None where there is none.
    order : tuple of Ordering
    limit, offset : Rows or None
    uses : tuple of Clause
        ``FOR VIEW``, ``UPDATE TRACKING``, ``ALL ROWS``.
    """

    soql: str
    select: tuple[Entry, ...]
    sources: tuple[Source, ...]
    scope: Clause | None = None
    where: Condition | None = None
    filters: tuple[Clause, ...] = ()
    group: tuple[Operand, ...] = ()
    group_start: int | None = None
    having: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: Rows | None = None
    offset: Rows | None = None
    uses: tuple[Clause, ...] = ()
    _aliases: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first, *others = self.sources
        aliases: dict[str, tuple[str, ...]] = {first.path.names[-1].lower(): ()}
        if first.alias:
            aliases[first.alias.lower()] = ()
        for each in others:
            head, *rest = each.path.names
            aliases[(each.alias or each.path.names[-1]).lower()] = (*aliases.get(head.lower(), (head,)), *rest)
        object.__setattr__(self, "_aliases", aliases)

    @property
    def sobject(self) -> str:
        """The object behind FROM; for a child query the relationship."""
        return self.sources[0].path.text

    def local(self, path: Path) -> tuple[str, ...]:
        """Return a path's names as seen from the object: its own name or an alias before them taken off."""
        head, *rest = path.names
        return (*self._aliases.get(head.lower(), (head,)), *rest) if rest else path.names

    @property
    def filters_id(self) -> bool:
        """Whether WHERE looks at the object's own Id."""
        compared = self.where.comparisons if self.where else ()
        paths = (each.operand for each in compared if isinstance(each.operand, Path))
        return any([name.lower() for name in self.local(path)] == ["id"] for path in paths)

    @property
    def is_count(self) -> bool:
        """Whether it is ``SELECT COUNT()``, which answers a number and no records."""
        (first, *others) = self.select
        return (
            not others and isinstance(first, Item) and isinstance(first.operand, Call) and not first.operand.arguments
        )

    @property
    def is_grouped(self) -> bool:
        """Whether it sums records up: GROUP BY, or an aggregate function in the select list."""
        items = (each.operand for each in self.select if isinstance(each, Item))
        return bool(self.group) or any(call.is_aggregate for item in items for call in calls_of(item))

    def text(self, span: Span) -> str:
        """Return the text of a node."""
        return self.soql[span.start : span.end]
