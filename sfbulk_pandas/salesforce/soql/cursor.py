"""A place in the tokens of a query, and what may stand there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql.errors import SoqlError
from sfbulk_pandas.salesforce.soql.tokens import Kind, Token, read_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

# Far more than SOQL takes (five levels of child queries, from API 61 on); keeps a hostile text off Python's stack.
MAX_DEPTH = 20
_SHOWN_CHARS = 40
_UNENDED = {"'": "this string has no end", "/": "this comment has no end"}


class Cursor:
    """Read the tokens of a query one after the other.

    Parameters
    ----------
    soql : str

    Attributes
    ----------
    end : int
        The place behind the last token read.
    """

    def __init__(self, soql: str) -> None:
        self.soql = soql
        self.end = 0
        self._tokens = read_tokens(soql)
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token, not yet read."""
        return self._tokens[self._at]

    def ahead(self, count: int) -> Token:
        """Return the token that comes so many after the next one; at the end the end."""
        return self._tokens[min(self._at + count, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Read the next token, whatever it is."""
        token = self.token
        if token.kind is not Kind.END:
            self._at += 1
            self.end = token.end
        return token

    def take_word(self, *words: str) -> Token | None:
        """Read the next token where it is one of some words, given in capitals."""
        return self.take() if self.token.word in words else None

    def take_sign(self, *signs: str) -> Token | None:
        """Read the next token where it is one of some signs."""
        return self.take() if self.at_sign(*signs) else None

    def at_sign(self, *signs: str) -> bool:
        """Whether the next token is one of some signs."""
        return self.token.kind is Kind.SIGN and self.token.text in signs

    def expect_word(self, *words: str) -> Token:
        """Read one of some words, or say that it is missing."""
        token = self.take_word(*words)
        if token is None:
            raise self.wrong(" or ".join(words))
        return token

    def expect_sign(self, sign: str) -> Token:
        """Read a sign, or say that it is missing."""
        token = self.take_sign(sign)
        if token is None:
            raise self.wrong(f"'{sign}'")
        return token

    def expect_name(self, what: str) -> Token:
        """Read a name, or say that one is missing."""
        if self.token.kind is not Kind.NAME:
            raise self.wrong(what)
        return self.take()

    def wrong(self, expected: str, token: Token | None = None) -> SoqlError:
        """Return the error for what stands at the next token (or another) in place of what was expected."""
        token = token or self.token
        if token.kind is Kind.END:
            return self.error(f"expected {expected}, found the end of the query", token)
        if token.kind is Kind.WRONG and token.text in _UNENDED:
            return self.error(_UNENDED[token.text], token)
        shown = token.text if len(token.text) <= _SHOWN_CHARS else f"{token.text[:_SHOWN_CHARS]}…"
        return self.error(f"expected {expected}, found {shown if shown.startswith(chr(39)) else repr(shown)}", token)

    def error(self, message: str, token: Token) -> SoqlError:
        """Return an error at a token."""
        return SoqlError(message, token.start, self.soql)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Go one level down: into a function's arguments or a query within the query."""
        if self._depth == MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} levels within one another", self.token)
        self._depth += 1
        yield
        self._depth -= 1
