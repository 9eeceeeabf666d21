"""Salesforce Ids: 15 and 18 characters, key prefix, check letters.

Source: Salesforce Help, "Standard Field Record ID Prefix Decoder" and "Record ID format".
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")


def check_letters(id15: str) -> str:
    """Return the three letters that make a case-safe Id of a 15-character one.

    Examples
    --------
    >>> check_letters("70130000001tcyI")
    'AAQ'
    """
    groups = (id15[start : start + 5] for start in (0, 5, 10))
    return "".join(
        CHECK_ALPHABET[sum(1 << bit for bit, char in enumerate(group) if "A" <= char <= "Z")] for group in groups
    )


def is_id(text: str) -> bool:
    """Whether a text has the form of an Id, check letters included.

    Examples
    --------
    >>> is_id("70130000001tcyIAAQ"), is_id("70130000001tcyIAAA"), is_id("70130000001tcyI")
    (True, False, True)
    """
    if not _SHAPE.match(text):
        return False
    return len(text) == 15 or check_letters(text[:15]) == text[15:].upper()  # noqa: PLR2004 - an Id's length


def to_15(text: str) -> str:
    """Return the 15 case-sensitive characters of an Id, the form to compare by."""
    return text[:15]


def to_18(text: str) -> str:
    """Return the 18-character form of an Id.

    Examples
    --------
    >>> to_18("003G000001SUbc4")
    '003G000001SUbc4IAD'
    """
    return text[:15] + check_letters(text[:15])


def key_prefix(text: str) -> str:
    """Return the three characters that name an Id's object, such as ``"001"`` for Account."""
    return text[:3]


def from_number(prefix: str, number: int) -> str:
    """Build an 18-character Id of a prefix (up to six characters) and a running number, base 62.

    Examples
    --------
    >>> from_number("001300", 250_000)[:15]
    '00130000000132G'
    """
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return to_18(prefix + "".join(reversed(digits)).rjust(15 - len(prefix), "0"))
