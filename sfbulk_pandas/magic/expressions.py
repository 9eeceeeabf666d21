"""Where the ``{expressions}`` of a query are: Python's own tokenizer finds their end."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.soql import SoqlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_FORMATS = frozenset({":", "!", "="})
# As in `bind`: each alternative takes all it can, so that the work grows with the text and no faster.
_PIECE = re.compile(
    r"(?P<string>'(?:[^'\\]|\\.)*'?)|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<brace>\{)|(?P<other>[^'{/]+|/)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a query.

    Attributes
    ----------
    kind : str
        string, comment, brace (an expression with its braces) or other.
    start, end : int
        First character and the one behind the last, from 0.
    """

    kind: str
    start: int
    end: int


def pieces(soql: str) -> Iterator[Piece]:
    """Cut a query into its pieces; braces within strings and comments of SOQL are text like any other.

    Raises
    ------
    SoqlError
        For a brace without its end.
    """
    at = 0
    while match := _PIECE.match(soql, at):
        kind = match.lastgroup or "other"
        end = expression_end(soql, at) if kind == "brace" else match.end()
        yield Piece(kind, at, end)
        at = end


def expression_end(text: str, start: int) -> int:
    """Return the place behind the brace that ends the expression which begins with the brace at ``start``.

    Raises
    ------
    SoqlError
        Where it has no end, or its brackets do not match.
    """
    closers: list[str] = []
    for token in _tokens(text, start):
        if token.string in _CLOSERS and token.type == tokenize.OP:
            closers.append(_CLOSERS[token.string])
        elif token.string in _CLOSERS.values() and token.type == tokenize.OP:
            if closers.pop() != token.string:
                break
            if not closers:
                return start + _offset(text[start:], *token.end)
    raise SoqlError("the expression that begins here has no end: a } is missing", start, text)


def _tokens(text: str, start: int) -> Iterator[tokenize.TokenInfo]:
    # One after the other, so that what stands behind the expression, which is no Python, is never looked at.
    try:
        yield from tokenize.generate_tokens(io.StringIO(text[start:]).readline)
    except (tokenize.TokenError, SyntaxError) as error:
        if "EOF" in str(error.args[0]):
            return
        raise SoqlError(f"the expression that begins here is no Python: {error.args[0]}", start, text) from None


def _offset(text: str, row: int, column: int) -> int:
    """Return the place of a row, from 1, and column, from 0."""
    return sum(len(line) for line in io.StringIO(text).readlines()[: row - 1]) + column


def python_of(soql: str, start: int, end: int) -> str:
    """Return the expression between the braces of a piece, as Python that fits between brackets.

    Raises
    ------
    SoqlError
        Where it is no expression of Python: with the place.
    """
    code = soql[start + 1 : end - 1]
    if not code.strip():
        raise SoqlError("there is no expression between these braces", start, soql)
    try:
        compile(bracketed(code), "<soql>", "eval")
    except SyntaxError as error:
        if _has_format(soql, start, end):
            what = f"{{{code}}}: a value is quoted as SOQL wants it, and takes no format"
            raise SoqlError(what, start, soql) from None
        at = start + 1 + min(max(_place_of(error, code), 0), len(code))
        raise SoqlError(f"{{{code}}} is no expression of Python: {error.msg}", at, soql) from None
    except ValueError as error:  # null bytes
        raise SoqlError(f"the expression that begins here is no Python: {error}", start, soql) from None
    return code


def _place_of(error: SyntaxError, code: str) -> int:
    """Return where a bracketed expression is wrong, as a place in it without its brackets."""
    row, column = error.lineno or 1, error.offset or 1
    return _offset(code, row, column - (2 if row == 1 else 1))


def bracketed(code: str) -> str:
    """Return an expression in brackets, so that it may go over several lines, and end in a comment."""
    return f"({code}\n)"


def _has_format(soql: str, start: int, end: int) -> bool:
    """Whether there is a ``:.2f``, ``!r`` or ``=`` in the outermost braces, as in an f-string."""
    depth = 0
    for token in _tokens(soql[:end], start):
        depth += (token.string in _CLOSERS) - (token.string in _CLOSERS.values())
        if depth == 1 and token.string in _FORMATS:
            return True
        if depth == 0:
            break
    return False


def names_in(code: str) -> set[str]:
    """Return the variables that an expression reads."""
    tree = ast.parse(bracketed(code), mode="eval")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
