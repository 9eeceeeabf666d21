"""Values of ``{expressions}`` put into a query, each through the quoting of ``sfbulk.query``."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.bound import bound_value
from sfbulk_pandas.magic.expressions import Piece, bracketed, expression_end, names_in, pieces, python_of
from sfbulk_pandas.salesforce.soql import SoqlError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A query as it was written, and with its values.

    Attributes
    ----------
    source : str
        With its ``{expressions}``.
    soql : str
        With a literal in the place of each.
    places : tuple of (Piece, int, int)
        Each expression, and where its literal begins and ends.
    """

    source: str
    soql: str
    places: tuple[tuple[Piece, int, int], ...] = ()

    def in_source(self, position: int) -> int:
        """Return the place in the source of a place in the query; one within a literal is its expression's."""
        shift = 0
        for piece, start, end in self.places:
            if position < start:
                break
            if position < end:
                return piece.start
            shift = piece.end - end
        return position + shift


def bind_expressions(source: str, names: Mapping[str, Any]) -> BoundQuery:
    """Evaluate the expressions of a query, and put their values in their places, quoted safely.

    Parameters
    ----------
    source : str
    names : mapping of str to value
        The variables that the expressions may use.

    Raises
    ------
    UsageError
        Where an expression fails, or its value cannot be bound: with the expression, marked in the query.
    """
    texts: list[str] = []
    places: list[tuple[Piece, int, int]] = []
    length = 0
    try:
        for piece in pieces(source):
            text = source[piece.start : piece.end]
            if piece.kind == "brace":
                text = _literal(source, piece, names)
                places.append((piece, length, length + len(text)))
            elif piece.kind == "string":
                _refuse_quoted(source, piece, names)
            texts.append(text)
            length += len(text)
    except SoqlError as error:
        raise placed(error) from error.__cause__
    return BoundQuery(source, "".join(texts), tuple(places))


def placed(error: SoqlError, hint: str = "") -> UsageError:
    """Return the error that shows where the query is wrong."""
    place = error.show().replace("\n", "\n    ")
    return UsageError(f"{error}\n    {place}", hint=hint)


def evaluated(code: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression; what it assigns is forgotten."""
    return eval(compile(bracketed(code), "<soql>", "eval"), dict(names))  # noqa: S307 - the user's own code, in the user's own notebook


def _literal(source: str, piece: Piece, names: Mapping[str, Any]) -> str:
    code = python_of(source, piece.start, piece.end)
    try:
        value = evaluated(code, names)
    except Exception as error:  # whatever the user's own code raises
        raise SoqlError(f"{{{code}}} fails: {type(error).__name__}: {error}", piece.start, source) from error
    try:
        return bound_value(value)
    except SoqlError as error:
        raise SoqlError(f"the value of {{{code}}} cannot be bound: {error}", piece.start, source) from None


def _refuse_quoted(source: str, piece: Piece, names: Mapping[str, Any]) -> None:
    """Refuse an expression within quotes: it would be searched for letter by letter, and nothing be found."""
    at = source.find("{", piece.start, piece.end)
    while at >= 0:
        code = _quoted_code(source[: piece.end], at)
        used = names_in(code) if code else set()
        if any(name in names for name in used) and all(name in names or hasattr(builtins, name) for name in used):
            what = f"{{{code}}} stands inside quotes, where nothing is bound"
            raise placed(SoqlError(what, at, source), _hint(source, piece, f"{{{code}}}"))
        at = source.find("{", at + 1, piece.end)


def _quoted_code(text: str, start: int) -> str | None:
    try:
        return python_of(text, start, expression_end(text, start))
    except SoqlError:
        return None  # text like any other


def _hint(source: str, piece: Piece, expression: str) -> str:
    text = source[piece.start + 1 : piece.end - 1]
    if text == expression:
        return "take the quotes away"
    return f"write an f-string: {{f{text!r}}}; for the text as it is: {{{text!r}}}"
