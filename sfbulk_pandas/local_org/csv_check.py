"""What Salesforce asks of an uploaded file as a whole, checked on the bytes before any row is looked at.

A file that breaks these rules fails its job; nothing of it is written.
Source: Bulk API 2.0 guide, "Prepare CSV Files"; the texts as live orgs answered them.
"""

from __future__ import annotations

import csv
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.salesforce.job import ColumnDelimiter, LineEnding
from sfbulk_pandas.salesforce.limits import MAX_HEADER_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sfbulk_pandas.local_org.jobs import Job

    Bytes = NDArray[np.uint8]

_WINDOW = 1 << 23  # 8 MB: the masks of a window stay in the cache
_QUOTE, _CR, _LF = ord('"'), ord("\r"), ord("\n")
_UNESCAPED = "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"


@dataclass(frozen=True)
class CsvForm:
    """How a job's CSV is written; ``line_ending`` is None where either will do."""

    delimiter: ColumnDelimiter = ColumnDelimiter.COMMA
    line_ending: LineEnding | None = LineEnding.LF


@dataclass(frozen=True)
class CsvFile:
    """An upload that passed.

    Attributes
    ----------
    path : Path
    form : CsvForm
    header_line : bytes
        As sent, without its line end.
    names : tuple of str
        The header's names.
    quoted : bool
        Whether a quote stands anywhere in the file.
    has_rows : bool
    """

    path: Path
    form: CsvForm
    header_line: bytes
    names: tuple[str, ...]
    quoted: bool
    has_rows: bool


def form_of(job: Job) -> CsvForm:
    """Return how a job's file must be written: a batch of Bulk API 1.0 may end its lines either way."""
    return CsvForm(job.column_delimiter, None if job.parent else job.line_ending)


def check_structure(path: Path, form: CsvForm) -> CsvFile | None:
    """Check line ends, quotes and the header line of an upload.

    Parameters
    ----------
    path : Path
    form : CsvForm

    Returns
    -------
    CsvFile or None
        None for an empty file, which is no fault.

    Raises
    ------
    JobFailure
        With the text that the job fails with.
    """
    if not path.stat().st_size:
        return None
    raw, data = _map(path)
    quoted = raw.find(b'"') >= 0
    if form.line_ending is not None:
        _check_line_ends(raw, data, form.line_ending)
    if quoted:
        _check_quotes(data, ord(form.delimiter.char))
    header = _header_line(raw)
    has_rows = bool(raw[len(header) : len(header) + 1_000_000].strip(b"\r\n"))
    if has_rows and not header.strip(b"\r"):
        raise JobFailure("InvalidBatch : Field name not found : ")
    return CsvFile(path, form, header.rstrip(b"\r"), _names(header, form), quoted, has_rows)


def _map(path: Path) -> tuple[mmap.mmap, Bytes]:
    """Map a file; the map goes with the last array that looks at it."""
    with path.open("rb") as file:
        raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return raw, np.frombuffer(raw, np.uint8)


def _windows(data: Bytes) -> Iterator[tuple[int, Bytes]]:
    for start in range(0, len(data), _WINDOW):
        yield start, data[start : start + _WINDOW]


def _check_line_ends(raw: mmap.mmap, data: Bytes, line_ending: LineEnding) -> None:
    has_cr = raw.find(b"\r") >= 0
    if line_ending is LineEnding.LF:
        wrong = has_cr and (raw.find(b"\r\n") >= 0 or _bare_cr(data))
    else:
        wrong = any(_bare_lf(data, start, window) for start, window in _windows(data)) or (has_cr and _bare_cr(data))
    if wrong:
        text = f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        raise JobFailure(f"ClientInputError : {text}")


def _bare_lf(data: Bytes, start: int, window: Bytes) -> bool:
    places = np.flatnonzero(window == _LF) + start
    return bool(np.any((places == 0) | (data[places - 1] != _CR)))


def _bare_cr(data: Bytes) -> bool:
    """Tell whether a CR without LF stands outside quotes, where it would end a line."""
    quotes = 0
    for start, window in _windows(data):
        places = np.flatnonzero(window == _CR)
        marks = np.flatnonzero(window == _QUOTE)
        outside = (np.searchsorted(marks, places) + quotes) % 2 == 0
        follows = np.minimum(places + start + 1, len(data) - 1)
        if np.any(outside & (data[follows] != _LF)):
            return True
        quotes += len(marks)
    return False


def _check_quotes(data: Bytes, delimiter: int) -> None:
    """Check that a quote opens only at the start of a value, and closes only at its end.

    In a sound file every even quote, counted from 0, opens a value or follows the closing one of an escaped pair.
    """
    ends = np.zeros(256, bool)
    ends[[delimiter, _LF, _CR, _QUOTE]] = True
    count = 0
    for start, window in _windows(data):
        places = np.flatnonzero(window == _QUOTE) + start
        opening, closing = places[count % 2 :: 2], places[1 - count % 2 :: 2]
        before = np.where(opening > 0, data[opening - 1], _LF)
        after = np.where(closing + 1 < len(data), data[np.minimum(closing + 1, len(data) - 1)], _LF)
        if not (ends[before].all() and ends[after].all()):
            raise JobFailure(_UNESCAPED)
        count += len(places)
    if count % 2:
        raise JobFailure(_UNESCAPED)


def _header_line(raw: mmap.mmap) -> bytes:
    end = raw.find(b"\n")
    return raw[: end if end >= 0 else len(raw)]


def _names(header: bytes, form: CsvForm) -> tuple[str, ...]:
    try:
        text = header.rstrip(b"\r").decode()
    except UnicodeDecodeError:
        raise JobFailure("InvalidBatch : Failed to parse CSV. The file is not UTF-8") from None
    if len(text) > MAX_HEADER_CHARS:
        raise JobFailure(f"InvalidBatch : Failed to parse CSV. The header is longer than {MAX_HEADER_CHARS} characters")
    return tuple(next(csv.reader([text], delimiter=form.delimiter.char, strict=False), ()))


def offset_of_row(path: Path, row: int) -> int:
    """Return the byte at which a row begins.

    Parameters
    ----------
    path : Path
        Of an upload that passed.
    row : int
        From 0, the first after the header. Empty lines are no rows.

    Returns
    -------
    int
        The size of the file where it has no such row.
    """
    _, data = _map(path)
    seen, quotes, last = -1, 0, -1
    for start, window in _windows(data):
        ends, marks = np.flatnonzero(window == _LF), np.flatnonzero(window == _QUOTE)
        ends = ends[(np.searchsorted(marks, ends) + quotes) % 2 == 0] + start
        ends = ends[_is_row(data, ends, last)]
        if seen + len(ends) >= row:
            return int(ends[row - seen - 1]) + 1
        seen, quotes = seen + len(ends), quotes + len(marks)
        last = int(ends[-1]) if len(ends) else last
    return len(data)


def _is_row(data: Bytes, ends: NDArray[np.int64], last: int) -> NDArray[np.bool_]:
    begins = np.concatenate([[last], ends])[: len(ends)].astype(np.int64) + 1
    lengths = ends - begins
    rows: NDArray[np.bool_] = (lengths > 1) | ((lengths == 1) & (data[begins] != _CR))
    return rows
