"""The object and select list of a query, as far as the columns of its result need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.parse import parse
from sfbulk_pandas.salesforce.soql.tokens import Kind, read_tokens
from sfbulk_pandas.salesforce.soql.tree import Item, Path

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.soql.tree import Entry, Query


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One entry of a select list.

    Attributes
    ----------
    path : str
        The field path without the object's own name, such as ``Account.Name``; empty for an expression.
    name : str
        The column as it was written (its alias, where it has one).
    """

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """The object and select list of a query."""

    sobject: str
    items: tuple[SelectItem, ...]


def read_select(soql: str) -> Select:
    """Read the object and the select list of a query.

    Raises
    ------
    SoqlError
        Where it is no SOQL, with the place.

    Examples
    --------
    >>> select = read_select("SELECT c.Id, Account.Name FROM Contact c LIMIT 5")
    >>> select.sobject, [item.path for item in select.items]
    ('Contact', ['Id', 'Account.Name'])
    """
    return select_of(parse(soql))


def select_of(query: Query) -> Select:
    """Return the object and the select list of a query that was read."""
    return Select(query.sobject, tuple(_item(query, entry) for entry in query.select))


def _item(query: Query, entry: Entry) -> SelectItem:
    if isinstance(entry, Item) and isinstance(entry.operand, Path):
        path = ".".join(query.local(entry.operand))
        return SelectItem(path, entry.alias or path)
    alias = entry.alias if isinstance(entry, Item) else ""
    return SelectItem("", alias or packed(query.text(entry)))


def packed(text: str) -> str:
    """Return an expression without blanks and comments, which is how its column is called."""
    return "".join(token.text for token in read_tokens(text) if token.kind is not Kind.END)
