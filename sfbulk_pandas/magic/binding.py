"""Values of ``{expressions}`` put into a query, each through the quoting of ``sfbulk.query``."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.bound import bound_value
from sfbulk_pandas.magic.expressions import Piece, bracketed, expression_end, names_in, pieces, python_of
from sfbulk_pandas.salesforce.soql import SoqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_QUOTED, _QUOTED_CHARS = 50, 1_000  # braces of one string that are looked at, and how far


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
    try:
        found = list(pieces(source))
        codes = {each: python_of(source, each.start, each.end) for each in found if each.kind == "brace"}
        for each in found:
            if each.kind == "string":
                _refuse_quoted(source, each, names)
        # Nothing of the user's is run before all of it can be read.
        literals = {piece: _literal(source, piece, code, names) for piece, code in codes.items()}
    except SoqlError as error:
        raise placed(error) from error.__cause__
    return _joined(source, found, literals)


def _joined(source: str, found: list[Piece], literals: Mapping[Piece, str]) -> BoundQuery:
    texts: list[str] = []
    places: list[tuple[Piece, int, int]] = []
    length = 0
    for piece in found:
        text = literals.get(piece, source[piece.start : piece.end])
        if piece in literals:
            places.append((piece, length, length + len(text)))
        texts.append(text)
        length += len(text)
    return BoundQuery(source, "".join(texts), tuple(places))


def placed(error: SoqlError, hint: str = "") -> UsageError:
    """Return the error that shows where the query is wrong."""
    place = error.show().replace("\n", "\n    ")
    return UsageError(f"{error}\n    {place}", hint=hint)


def evaluated(code: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression; what it assigns is forgotten."""
    return eval(compile(bracketed(code), "<soql>", "eval"), dict(names))  # noqa: S307 - the user's own code, in the user's own notebook


def _literal(source: str, piece: Piece, code: str, names: Mapping[str, Any]) -> str:
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
    braces = (at for at in range(piece.start, piece.end) if source[at] == "{")
    for at in islice(braces, _MOST_QUOTED):
        code = _quoted_code(source[: min(piece.end, at + _QUOTED_CHARS)], at)
        used = names_in(code) if code else set()
        if any(name in names for name in used) and all(name in names or hasattr(builtins, name) for name in used):
            what = f"{{{code}}} stands inside quotes, where nothing is bound"
            raise placed(SoqlError(what, at, source), _hint(source, piece, f"{{{code}}}"))


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
