"""What may stand at the cursor in a query that is being written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from sfbulk_pandas.magic.expressions import expression_end
from sfbulk_pandas.salesforce.soql import SoqlError
from sfbulk_pandas.salesforce.soql.tokens import Kind, Token, read_tokens

_PIECE = re.compile(r"'(?:[^'\\]|\\.)*'?|//[^\n]*|/\*.*?(?:\*/|\Z)|\{|[^'{/]+|/", re.DOTALL)
_FRAGMENT = re.compile(r"[A-Za-z_][\w.]*\Z", re.ASCII)
_MOST_WRONG = 50  # characters that are no SOQL, before the rest is given up: the work would grow with their square
_CLAUSES = frozenset({"SELECT", "FROM", "WHERE", "HAVING", "ORDER", "GROUP", "LIMIT", "OFFSET", "USING", "WITH", "FOR"})
_BEGIN_CONDITIONS = frozenset({"WHERE", "HAVING", "AND", "OR", "NOT"})
_VALUES_FOLLOW = frozenset({"LIKE", "IN", "INCLUDES", "EXCLUDES"})
_COMPARISONS = ("LIKE", "IN", "NOT IN", "INCLUDES", "EXCLUDES")
_AFTER_FROM = ("WHERE", "GROUP BY", "ORDER BY", "LIMIT", "USING SCOPE")
_AFTER_CONDITION = ("AND", "OR", "GROUP BY", "ORDER BY", "LIMIT")
_AFTER_ORDER = ("ASC", "DESC", "NULLS FIRST", "NULLS LAST", "LIMIT")
_AFTER_GROUP = ("HAVING", "ORDER BY", "LIMIT")


class Wanted(StrEnum):
    """What may stand at the cursor."""

    NOTHING = "nothing"
    WORD = "word"
    OBJECT = "object"
    FIELD = "field"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Place:
    """The cursor's place.

    Attributes
    ----------
    wanted : Wanted
    fragment : str
        What is written of it by now; of an expression of Python, all that stands before the cursor.
    sobject : str
        The object behind FROM, for a field; empty where it is not known.
    path : tuple of str
        The relationships before the field.
    words : tuple of str
        SOQL's own words that may stand here.
    """

    wanted: Wanted
    fragment: str = ""
    sobject: str = ""
    path: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(slots=True)
class _Frame:
    """The tokens of one query, those of queries within it left out."""

    tokens: list[Token] = field(default_factory=list)


def place_at(soql: str, offset: int) -> Place:
    """Return what may stand at a place of a query, which need be neither whole nor right.

    Parameters
    ----------
    soql : str
    offset : int
        The cursor, from 0.
    """
    text = list(soql)
    for match in _pieces(soql):
        start, end = match
        opening = soql[start]
        inside = start < offset and (offset < end or not _is_closed(soql, start, end))
        if opening == "{":
            if inside:
                return Place(Wanted.PYTHON, soql[start + 1 : offset])
            text[start:end] = "0" * (end - start)  # a value like any other
        elif inside and (opening == "'" or soql.startswith(("//", "/*"), start)):
            return Place(Wanted.NOTHING)
    return _in_query("".join(text), offset)


def _pieces(soql: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    while match := _PIECE.match(soql, at):
        end = match.end() if match.group() != "{" else _end_of(soql, at)
        found.append((at, end))
        at = end
    return found


def _end_of(soql: str, start: int) -> int:
    try:
        return expression_end(soql, start)
    except SoqlError:
        return len(soql)  # it is being written


def _is_closed(soql: str, start: int, end: int) -> bool:
    """Whether a piece has its end, so that a cursor behind it is outside."""
    text = soql[start:end]
    if text[0] == "{":
        return text[-1] == "}" and end - start > 1 and _ends(soql, start)
    if text[0] == "'":
        return re.fullmatch(r"'(?:[^'\\]|\\.)*'", text, re.DOTALL) is not None
    return text.endswith("*/") if text.startswith("/*") else not text.startswith("//")


def _ends(soql: str, start: int) -> bool:
    try:
        expression_end(soql, start)
    except SoqlError:
        return False
    return True


def _in_query(soql: str, offset: int) -> Place:
    match = _FRAGMENT.search(soql, 0, offset)
    written = match.group() if match else ""
    *path, fragment = written.split(".")
    begin = offset - len(written)
    frame = _frame_at(_tokens(soql), begin)
    before = [token for token in frame.tokens if token.end <= begin]
    wanted, words = _wanted(before)
    if wanted is Wanted.FIELD:
        sobject, names = _source(frame.tokens)
        local = path[1:] if path and path[0].lower() in names else path
        return Place(wanted, fragment, sobject, tuple(local), () if path else words)
    return Place(Wanted.NOTHING) if path else Place(wanted, fragment, words=words)


def _tokens(soql: str) -> list[Token]:
    """Return the tokens of a text, over whatever is none."""
    tokens = read_tokens(soql)
    for _ in range(_MOST_WRONG):
        if len(tokens) < 2 or tokens[-2].kind is not Kind.WRONG:  # noqa: PLR2004 - the last but the end
            break
        at = tokens[-2].start
        soql = f"{soql[:at]} {soql[at + 1 :]}"
        tokens = read_tokens(soql)
    return tokens[:-1]


def _frame_at(tokens: list[Token], begin: int) -> _Frame:
    """Return the query, or query within one, that a place is in."""
    stack = [_Frame()]
    here: _Frame | None = None
    for token, following in zip(tokens, [*tokens, None][1:], strict=True):
        if here is None and token.start >= begin:
            here = stack[-1]
        if token.text == "(" and following is not None and following.word == "SELECT":
            stack.append(_Frame())
        elif token.text == "(":
            stack[-1].tokens.append(token)
            stack.append(stack[-1])
        elif token.text == ")" and len(stack) > 1:
            stack.pop()
            stack[-1].tokens.append(token)
        else:
            stack[-1].tokens.append(token)
    return here or stack[-1]


def _source(tokens: list[Token]) -> tuple[str, frozenset[str]]:
    """Return the object behind FROM, and the names by which its fields may be called, in small letters."""
    at = next((index for index, token in enumerate(tokens) if token.word == "FROM"), len(tokens))
    names = [token for token in tokens[at + 1 : at + 3] if token.kind is Kind.NAME and token.word not in _CLAUSES]
    if not names:
        return "", frozenset()
    return names[0].text, frozenset(token.text.lower() for token in names)


def _wanted(before: list[Token]) -> tuple[Wanted, tuple[str, ...]]:
    """Return what may follow the tokens of a query."""
    clause = next((token.word for token in reversed(before) if token.word in _CLAUSES), "")
    if not clause:
        return Wanted.WORD, ("SELECT",)
    last = before[-1]
    begins = last.text in {",", "("} or last.word in {clause, "BY"}
    if clause == "SELECT":
        return (Wanted.FIELD, ("COUNT()", "FIELDS(ALL)")) if begins else (Wanted.WORD, ("FROM",))
    if clause == "FROM":
        return (Wanted.OBJECT, ()) if begins else (Wanted.WORD, _AFTER_FROM)
    if clause in {"WHERE", "HAVING"}:
        return _in_condition(before)
    if clause in {"ORDER", "GROUP"}:
        return _in_order(clause, last, begins=begins)
    return Wanted.NOTHING, ()


def _in_order(clause: str, last: Token, *, begins: bool) -> tuple[Wanted, tuple[str, ...]]:
    if last.word == clause:
        return Wanted.WORD, ("BY",)
    if begins:
        return Wanted.FIELD, ()
    return Wanted.WORD, _AFTER_ORDER if clause == "ORDER" else _AFTER_GROUP


def _in_condition(before: list[Token]) -> tuple[Wanted, tuple[str, ...]]:
    last, earlier = before[-1], before[-2] if len(before) > 1 else None
    is_list = any(token.word in _VALUES_FOLLOW for token in before[-2:-1]) and last.text == "("
    if last.word in _BEGIN_CONDITIONS or (last.text == "(" and not is_list):
        return Wanted.FIELD, ("NOT",) if last.word in _BEGIN_CONDITIONS - {"NOT"} else ()
    if is_list or last.text == "," or last.word in _VALUES_FOLLOW or _is_operator(last):
        return Wanted.NOTHING, ()
    is_value = last.kind is not Kind.NAME or (
        earlier is not None and (_is_operator(earlier) or earlier.word in _VALUES_FOLLOW)
    )
    return Wanted.WORD, _AFTER_CONDITION if is_value else _COMPARISONS


def _is_operator(token: Token) -> bool:
    return token.kind is Kind.SIGN and token.text in {"=", "!=", "<>", "<", ">", "<=", ">="}
