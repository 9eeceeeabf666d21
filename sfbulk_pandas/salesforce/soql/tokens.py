"""The words of a query, each with its place.

Source: SOQL and SOSL Reference, "SOQL SELECT Syntax", "Date Formats and Date Literals", "Querying Currency Fields".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CURRENCY = "currency"
    SIGN = "sign"
    WRONG = "wrong"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign of a query.

    Attributes
    ----------
    kind : Kind
    text : str
        As written; empty at the end of the query.
    start : int
        Its first character's place in the query, from 0.
    """

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind its last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The text in capitals where it is a name, else nothing: SOQL's words are names like any other."""
        return self.text.upper() if self.kind is Kind.NAME else ""


_SKIPPED = "skipped"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)"
_CLOCK = r"\d\d:\d\d:\d\d(?:\.\d+)?"
# USD5000 alone is a name like any other, and is read as an amount where a value stands.
_PATTERN = re.compile(
    rf"""
      (?P<skipped>\s+|//[^\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE})
    | (?P<date>\d{{4}}-\d\d-\d\d)
    | (?P<time>{_CLOCK}{_ZONE}?)
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d+)?)
    | (?P<currency>[A-Z]{{3}}(?:-\d+(?:\.\d+)?|\d+\.\d+)(?!\w))
    | (?P<name>[A-Z_][A-Z0-9_]*)
    | (?P<sign><=|>=|!=|<>|[=<>(),.:*\[\]])
    | (?P<wrong>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)


def read_tokens(soql: str) -> list[Token]:
    """Split a query into its tokens, blanks and comments left out, with one at the end that says so.

    A character that no token has ends the list: nothing can be read behind it.
    """
    tokens: list[Token] = []
    for match in _PATTERN.finditer(soql):
        if match.lastgroup == _SKIPPED:
            continue
        tokens.append(Token(Kind(match.lastgroup or Kind.WRONG), match.group(), match.start()))
        if tokens[-1].kind is Kind.WRONG:
            break
    tokens.append(Token(Kind.END, "", len(soql)))
    return tokens
