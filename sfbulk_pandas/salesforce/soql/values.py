"""Values as SOQL writes them, quoted safely.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Date Formats".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sfbulk_pandas.salesforce.soql.errors import SoqlError

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"},
)
_WORDS = {None: "null", True: "true", False: "false"}


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
