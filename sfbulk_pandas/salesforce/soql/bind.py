"""Put values into the named places of a query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.soql.errors import SoqlError
from sfbulk_pandas.salesforce.soql.values import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each alternative takes all it can, or to the end of the text: the work grows with the text and no faster.
_PIECE = re.compile(
    r"(?P<string>'(?:[^'\\]|\\.)*'?)|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<param>\{[^{}]*\})|(?P<other>[^'{/]+|[{/])",
    re.DOTALL,
)


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
    parts = [_bound(match, params, used) for match in _PIECE.finditer(soql)]
    unused = sorted(set(params) - used)
    if unused:
        raise SoqlError(f"no place {{{unused[0]}}} in the query for the value given as {unused[0]!r}")
    return "".join(parts)


def _bound(match: re.Match[str], params: Mapping[str, Any], used: set[str]) -> str:
    text = match.group()
    if match.lastgroup == "string":
        inside = re.search(r"\{(\w+)\}", text)
        if inside and inside.group(1) in params:
            raise SoqlError(f"{inside.group()} stands inside quotes; take the quotes away", match.start(), match.string)
        return text
    if match.lastgroup != "param":
        return text
    name = text[1:-1].strip()
    if name not in params:
        raise SoqlError(f"no value was given for {text}", match.start(), match.string)
    used.add(name)
    return _value_of(name, params[name])


def _value_of(name: str, value: Any) -> str:
    try:
        return literal(value)
    except SoqlError as error:
        raise SoqlError(f"{name!r}: {error}") from None
