"""Cut an object's Ids into ranges that are disjoint and leave none out.

An Id is a number: its first 15 characters are digits of base 62 in the order of ASCII, so that texts compare as the
numbers do, in Python as in SOQL (Bulk API guide, "PK Chunking"). The first six name object and instance; the rest
counts up. An org that has moved holds Ids of several instances with astronomically wide gaps between, so Ids are
counted per six characters (a segment), and a gap belongs to the range before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.ids import ALPHABET, is_id, to_15
from sfbulk_pandas.salesforce.soql import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEGMENT_CHARS = 6
_ID_CHARS = 15
_BASE = len(ALPHABET)
_DIGITS = {char: value for value, char in enumerate(ALPHABET)}


def id_number(text: str) -> int:
    """Return the number that an Id's 15 characters write.

    Examples
    --------
    >>> id_number("00130000000132G") - id_number("001300000000000AAA")
    250000
    """
    number = 0
    for char in to_15(text):
        number = number * _BASE + _DIGITS[char]
    return number


def id_at(number: int) -> str:
    """Return the 15-character Id that a number is written as.

    Examples
    --------
    >>> id_at(id_number("001300000000000") + 250_000)
    '00130000000132G'
    """
    digits = []
    for _ in range(_ID_CHARS):
        number, digit = divmod(number, _BASE)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def last_of_segment(text: str) -> str:
    """Return the greatest Id that has the same six first characters as another.

    Ids that sort behind it begin with others: ``Id > '...'`` finds the next segment.

    Examples
    --------
    >>> last_of_segment("001300000000000AAA")
    '001300zzzzzzzzz'
    """
    return text[:SEGMENT_CHARS].ljust(_ID_CHARS, ALPHABET[-1])


@dataclass(frozen=True, slots=True)
class Segment:
    """The Ids that share their first six characters.

    Parameters
    ----------
    first, last : str
        The smallest and the greatest Id, of 15 or 18 characters; kept as 15.
    rows : int
        How many records there are, or about.

    Raises
    ------
    UsageError
        Where they are no Ids, do not share six characters, or stand in the wrong order.
    """

    first: str
    last: str
    rows: int

    def __post_init__(self) -> None:
        if not (is_id(self.first) and is_id(self.last)):
            raise UsageError(f"{self.first!r} and {self.last!r} are not both Ids")
        object.__setattr__(self, "first", to_15(self.first))
        object.__setattr__(self, "last", to_15(self.last))
        if self.first[:SEGMENT_CHARS] != self.last[:SEGMENT_CHARS] or self.first > self.last:
            raise UsageError(f"{self.first} to {self.last} is no segment: six characters shared, the smaller Id first")


@dataclass(frozen=True, slots=True)
class IdRange:
    """Ids from one up to, not with, another.

    Attributes
    ----------
    start : str or None
        The first Id that belongs to it, 15 characters; None where it has no beginning.
    stop : str or None
        The first Id behind it; None where it has no end.
    """

    start: str | None
    stop: str | None

    @property
    def condition(self) -> str | None:
        """The range as SOQL, to stand behind WHERE; None where it is all there is.

        Examples
        --------
        >>> IdRange("001300000000000", "00130000000132G").condition
        "Id >= '001300000000000' AND Id < '00130000000132G'"
        """
        bounds = ((">=", self.start), ("<", self.stop))
        return " AND ".join(f"Id {sign} {quote(text)}" for sign, text in bounds if text is not None) or None

    def holds(self, text: str) -> bool:
        """Whether an Id, of 15 or 18 characters, belongs to it."""
        short = to_15(text)
        return (self.start is None or self.start <= short) and (self.stop is None or short < self.stop)


def cut_ranges(segments: Iterable[Segment], target_rows: int) -> tuple[IdRange, ...]:
    """Cut all possible Ids into ranges of about so many rows.

    Any Id falls into exactly one of the ranges, also one that was in no segment: the first range has no beginning and
    the last no end. Within a segment the rows are taken to lie evenly, which they do not quite: Ids of deleted records
    and of other batches leave holes. Segments of few rows share a range.

    Parameters
    ----------
    segments : iterable of Segment
        In any order, none overlapping another.
    target_rows : int
        At least 1.

    Returns
    -------
    tuple of IdRange
        In the order of Ids; at most ``sum(rows) / target_rows`` and one a segment.

    Raises
    ------
    UsageError
        Where segments overlap, or the target is below 1.

    Examples
    --------
    >>> [each.condition for each in cut_ranges([Segment("001300000000000", "00130000000264V", 100)], 50)]
    ["Id < '00130000000132G'", "Id >= '00130000000132G'"]
    """
    if target_rows < 1:
        raise UsageError(f"a range holds at least 1 row, not {target_rows}")
    ordered = sorted(segments, key=lambda each: each.first)
    for before, after in pairwise(ordered):
        if after.first <= before.last:
            raise UsageError(f"the segments {before.first} to {before.last} and {after.first} to {after.last} overlap")
    cuts = [None, *_cuts(ordered, target_rows), None]
    return tuple(IdRange(start, stop) for start, stop in pairwise(cuts))


def _cuts(ordered: Iterable[Segment], target_rows: int) -> Iterator[str]:
    """Yield the Ids with which a new range begins."""
    gathered = 0
    for segment in ordered:
        if gathered and gathered + segment.rows > target_rows:
            yield segment.first
            gathered = 0
        first, span = id_number(segment.first), id_number(segment.last) - id_number(segment.first) + 1
        pieces = min(-(-segment.rows // target_rows), span)
        yield from (id_at(first + span * piece // pieces) for piece in range(1, pieces))
        gathered = segment.rows // pieces if pieces > 1 else gathered + segment.rows
