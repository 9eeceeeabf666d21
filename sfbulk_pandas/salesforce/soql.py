"""Just enough SOQL: quote values safely, bind them, and read the object and select list.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Date Formats".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"},
)
_WORDS = {None: "null", True: "true", False: "false"}
_TOKEN = re.compile(r"(?P<string>'(?:[^'\\]|\\.)*'?)|(?P<param>\{[^{}]*\})|(?P<other>[^'{]+|\{)", re.DOTALL)
_WORD = re.compile(r"'(?:[^'\\]|\\.)*'|[()]|,|[^\s(),']+", re.DOTALL)


class SoqlError(ValueError):
    """The query, or a value bound into it, cannot be right.

    Attributes
    ----------
    position : int or None
        Character of the query where it is wrong, from 0.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


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


def quote(text: str) -> str:
    r"""Write a text as a SOQL string, every special character escaped.

    Examples
    --------
    >>> print(quote("O'Neil"))
    'O\'Neil'
    """
    return f"'{text.translate(_ESCAPES)}'"


def literal(value: Any) -> str:
    r"""Write a Python value as a SOQL literal.

    Parameters
    ----------
    value : str, int, float, Decimal, bool, date, datetime (with a zone), time, None, or an iterable of them
        An iterable becomes a parenthesised list for IN.

    Returns
    -------
    str

    Raises
    ------
    SoqlError
        For a datetime without a zone, an empty list, NaN, infinity, or a type SOQL has no literal for.

    Examples
    --------
    >>> literal(["a", "b'c"])
    "('a', 'b\\'c')"
    >>> literal(datetime(2024, 5, 1, 12, tzinfo=UTC)), literal(True), literal(None)
    ('2024-05-01T12:00:00.000Z', 'true', 'null')
    """
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return _list(value)
    return _scalar(value)


def _list(values: Iterable[Any]) -> str:
    texts = [literal(value) for value in values]
    if not texts:
        raise SoqlError("an empty list was given for IN, which SOQL does not take")
    if any(text.startswith("(") for text in texts):
        raise SoqlError("a list for IN may not hold lists")
    return f"({', '.join(texts)})"


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="milliseconds") + "Z"
    raise SoqlError(f"SOQL has no literal for a {type(value).__name__}")


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        raise SoqlError(f"SOQL has no literal for {value}")
    return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise SoqlError(f"the datetime {value} has no zone: Salesforce compares instants, so say which it is in")
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def bind(soql: str, params: Mapping[str, Any]) -> str:
    r"""Put values into the ``{name}`` places of a query, quoted safely.

    Parameters
    ----------
    soql : str
        A query with a ``{name}`` wherever a value goes; without quotes around it.
    params : mapping of str to value
        See :func:`literal` for what a value may be.

    Raises
    ------
    SoqlError
        For a name without a value, a value without its name in the query, or a place inside quotes.

    Examples
    --------
    >>> bind("SELECT Id FROM Contact WHERE LastName = {name}", {"name": "O'Neil"})
    "SELECT Id FROM Contact WHERE LastName = 'O\\'Neil'"
    """
    used: set[str] = set()
    parts = [_bound(match, params, used) for match in _TOKEN.finditer(soql)]
    unused = sorted(set(params) - used)
    if unused:
        raise SoqlError(f"no place {{{unused[0]}}} in the query for the value given as {unused[0]!r}")
    return "".join(parts)


def _bound(match: re.Match[str], params: Mapping[str, Any], used: set[str]) -> str:
    text = match.group()
    if match.lastgroup == "string":
        inside = re.search(r"\{(\w+)\}", text)
        if inside and inside.group(1) in params:
            raise SoqlError(f"{inside.group()} stands inside quotes; take the quotes away", match.start())
        return text
    if match.lastgroup != "param":
        return text
    name = text[1:-1].strip()
    if name not in params:
        raise SoqlError(f"no value was given for {text}", match.start())
    used.add(name)
    return _value_of(name, params[name])


def _value_of(name: str, value: Any) -> str:
    try:
        return literal(value)
    except SoqlError as error:
        raise SoqlError(f"{name!r}: {error}") from None


def read_select(soql: str) -> Select:
    """Read the object and the select list of a query.

    Only the outermost query is looked at, and only as far as its FROM object; whether the
    query is right is for Salesforce to say.

    Raises
    ------
    SoqlError
        Where there is no ``SELECT ... FROM object``.

    Examples
    --------
    >>> select = read_select("SELECT c.Id, Account.Name FROM Contact c LIMIT 5")
    >>> select.sobject, [item.path for item in select.items]
    ('Contact', ['Id', 'Account.Name'])
    """
    words = _WORD.findall(soql)
    if not words or words[0].lower() != "select":
        raise SoqlError("a query begins with SELECT", 0)
    start = _top_level(words, "from")
    if start is None or start + 1 >= len(words):
        raise SoqlError("the query has no FROM with an object")
    sobject, alias = words[start + 1], _alias(words[start + 2 : start + 4])
    own = {sobject.lower(), alias.lower()}
    return Select(sobject, tuple(_item(entry, own) for entry in _entries(words[1:start])))


_CLAUSES = frozenset({"where", "using", "with", "group", "having", "order", "limit", "offset", "for", "update", ","})


def _alias(words: list[str]) -> str:
    if words and words[0].lower() == "as":
        words = words[1:]
    return words[0] if words and words[0].lower() not in _CLAUSES else ""


def _top_level(words: list[str], keyword: str) -> int | None:
    depth = 0
    for place, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word.lower() == keyword:
            return place
    return None


def _entries(words: list[str]) -> list[list[str]]:
    entries: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            entries.append([])
        else:
            entries[-1].append(word)
    return [entry for entry in entries if entry]


def _item(words: list[str], own: set[str]) -> SelectItem:
    if "(" in words:
        alias = words[-1] if words[-1] != ")" else ""
        return SelectItem("", alias or "".join(words))
    head, _, rest = words[0].partition(".")
    path = rest if rest and head.lower() in own else words[0]
    return SelectItem(path, words[1] if len(words) > 1 else path)
