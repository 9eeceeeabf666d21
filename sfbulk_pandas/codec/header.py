"""The first line of an answer, and how its columns find those of the schema."""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING

from sfbulk_pandas.codec.blocks import COMMA, row_blocks
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.limits import MAX_ANSWER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfbulk_pandas.codec.blocks import Buffers, Readable

_FIRST_LINE = re.compile(rb"[\r\n]*([^\n]*)\n?")


def split_header(
    raw: Readable, buffers: Buffers, delimiter: str = COMMA
) -> tuple[list[str] | None, Iterator[memoryview]]:
    """Return the names in the first line, and the rows after it in blocks; None where there is no first line.

    Parameters as for :func:`row_blocks`.

    Raises
    ------
    DecodeError
        Where it is not UTF-8, or no header.
    """
    blocks = row_blocks(raw, buffers, delimiter)
    first = next(blocks, memoryview(b""))
    found = _FIRST_LINE.match(first)
    line, end = (found[1].rstrip(b"\r"), found.end()) if found else (b"", 0)
    if not line:
        return None, iter(())
    rest = [first[end:]] if end < len(first) else []
    return _names(line, delimiter), chain(rest, blocks)


def _names(line: bytes, delimiter: str) -> list[str]:
    if line.count(delimiter.encode()) >= MAX_ANSWER_COLUMNS:
        raise DecodeError(f"the answer's CSV cannot be read: its header has more than {MAX_ANSWER_COLUMNS:,} columns")
    try:
        return next(csv.reader([_utf8(line)], delimiter=delimiter))
    except csv.Error as error:  # such as a name of more than 131,072 characters
        raise DecodeError(f"the answer's CSV cannot be read: its header is none ({error})") from error


def _utf8(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"the answer's CSV cannot be read: its header is not UTF-8 ({error})") from error


def places_of(expected: Sequence[str], header: Sequence[str]) -> list[int]:
    """Return where each expected column stands in a header, whatever the case and order of its names.

    What is no field, such as ``toLabel(Status)``, may be named otherwise: those that are left over are taken in
    their order.

    Raises
    ------
    DecodeError
        Where a column is missing, or there is one that was not asked for; it names them.
    """
    held = {name.lower(): place for place, name in reversed(list(enumerate(header)))}
    found = [held.get(name.lower()) for name in expected]
    spare = iter(sorted(set(range(len(header))) - set(found)))
    places = [
        next(spare, None) if place is None and "(" in name else place
        for name, place in zip(expected, found, strict=True)
    ]
    missing = [name for name, place in zip(expected, places, strict=True) if place is None]
    surplus = [header[place] for place in spare]
    if missing or surplus:
        raise DecodeError(_difference(missing, surplus), missing=missing, surplus=surplus)
    return [place for place in places if place is not None]


def _difference(missing: list[str], surplus: list[str]) -> str:
    parts = [f"{what} {', '.join(names)}" for what, names in (("lacks", missing), ("has", surplus)) if names]
    return f"the answer's columns are not those of the query: it {' and '.join(parts)}"
