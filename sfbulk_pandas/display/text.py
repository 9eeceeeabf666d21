"""The same blocks for terminals: aligned lines, as wide as the terminal at most."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import combining, east_asian_width

import pandas as pd

from sfbulk_pandas.display.cells import cell_of, label_text, not_shown, shorten, visible
from sfbulk_pandas.display.signs import sign_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

MAX_ROWS = 20
_BAR = 24
_METER = 10
_PIECES = {"successful": "█", "failed": "▒", "unprocessed": "·", "unknown": "?"}
_OTHER_PIECE = "━"
_IN_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "…": ".",
        "■": "#",
        "▸": ">",
        "•": "-",
        "█": "#",
        "▒": "x",
        "·": ".",
        "━": "=",
        "—": "-",
        "↵": "|",
    }
)
_CUT = 60
_WIDEST = 100  # a line of words, where the terminal is wider
_NARROWEST = 16
_LINES = 3  # of a cell that is folded
_GAP = "  "


def text_bar(counts: Mapping[str, int], width: int = _BAR) -> str:
    """Return one stacked bar and its legend, as one line.

    Parameters
    ----------
    counts : mapping of str to int
        In the order of the bar. Whatever is not zero is seen.
    width : int
        Of the bar, in characters.
    """
    pieces = "".join(_PIECES.get(word, _OTHER_PIECE) * n for word, n in _shares(counts, width).items())
    legend = _GAP.join(f"{sign_of(word)} {count:,} {word}" for word, count in counts.items())
    return writable(f"{pieces}{_GAP}{legend}" if pieces else legend)


def text_meter(share: float, width: int = _METER) -> str:
    """Return a thin bar of one share, from 0 to 1."""
    full = max(min(round(width * share), width - int(share < 1)), 0)
    return writable("█" * full + "·" * (width - full))


def text_status(word: str) -> str:
    """Return a status: its sign and the word."""
    return writable(f"{sign_of(word)} {visible(word)}")


def text_facts(values: Mapping[str, Any]) -> str:
    """Return pairs of name and value, one under the other, as wide as the terminal at most; None is left out."""
    known = {name: value for name, value in values.items() if value is not None}
    indent = max(map(len, known), default=0) + len(_GAP)
    room = max(min(shutil.get_terminal_size().columns, _WIDEST) - indent, _NARROWEST)
    lines = []
    for name, value in known.items():
        folded = textwrap.wrap(visible(_text(value)), room, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [f"{name:<{indent}}{folded[0]}".rstrip(), *(" " * indent + line for line in folded[1:])]
    return writable("\n".join(lines))


def text_table(
    frame: pd.DataFrame,
    *,
    max_rows: int = MAX_ROWS,
    marks: pd.DataFrame | None = None,
    kinds: Mapping[Hashable, str] | None = None,
    width: int | None = None,
) -> str:
    """Return a frame's first rows, aligned; what is not shown, it says.

    Parameters
    ----------
    frame : DataFrame
    max_rows : int
    marks : DataFrame of bool, optional
        Of the frame's shape: True where a cell gets a sign.
    kinds : mapping of column label to str, optional
        As in :func:`sfbulk_pandas.display.blocks.table`.
    width : int, optional
        Characters a line; those of the terminal by default. Long texts give way first, then whole columns.
    """
    most = shutil.get_terminal_size().columns if width is None else width
    rows = min(len(frame), max_rows)
    head = frame.iloc[:rows]
    columns = [_column(head, at, (kinds or {}).get(head.columns[at]), marks) for at in range(frame.shape[1])]
    if not isinstance(frame.index, pd.RangeIndex):
        labels = [visible(_text(label)) for label in head.index]
        columns.insert(0, _Column([label_text(frame.index.name or ""), *labels]))
    widths = _fitting(columns, most)
    lines = [line for row in range(rows + 1) for line in _row(row, columns, widths)]
    left = not_shown(frame, rows, frame.shape[1] - (len(columns) - len(widths)))
    said = "no rows" if frame.empty else left
    return writable("\n".join([*lines, *([f"({said})"] if said else [])]))


class _Column(NamedTuple):
    """The texts of a column, its heading first; whether they stand at the right, and may be cut."""

    texts: list[str]
    is_right: bool = False
    gives_way: bool = True

    @property
    def width(self) -> int:
        return max(map(_wide, self.texts))


def _column(head: pd.DataFrame, at: int, kind: str | None, marks: pd.DataFrame | None) -> _Column:
    values = list(head.iloc[:, at])
    cells = [cell_of(value) for value in values]
    known = {cell.kind for cell in cells if cell.kind != "missing"}
    texts = [_drawn(value, kind) for value in values]
    if marks is not None:
        marked = marks.iloc[: len(texts), at].tolist()
        texts = [f"{sign_of('failed')} {text}" if mark else text for text, mark in zip(texts, marked, strict=True)]
    heading = shorten(label_text(head.columns[at]), _CUT)
    return _Column([heading, *texts], known == {"number"} and kind is None, known == {"text"} and kind is None)


def _drawn(value: Any, kind: str | None) -> str:
    cell = cell_of(value)
    if cell.kind == "missing":
        return cell.text
    if kind == "status":
        return text_status(cell.text)
    if kind == "share" and cell.is_number:
        return f"{text_meter(float(value))} {value:>6.1%}"
    return shorten(cell.text, 10 * _CUT)


def _fitting(columns: list[_Column], most: int) -> list[int]:
    """Leave out the last columns that find no room, then narrow the widest: texts alone, for half an Id is none."""
    widths = [min(column.width, _CUT) for column in columns]
    least = [
        min(width, _NARROWEST) if column.gives_way else width for column, width in zip(columns, widths, strict=True)
    ]
    while len(least) > 1 and _line(least) > most:
        least.pop()
    sizes = widths[: len(least)]
    while _line(sizes) > most and sizes != least:
        widest = max(range(len(sizes)), key=lambda at: (sizes[at] > least[at], sizes[at]))
        sizes[widest] -= 1
    return sizes


def _line(sizes: list[int]) -> int:
    return sum(sizes) + len(_GAP) * (len(sizes) - 1)


def _row(row: int, columns: list[_Column], widths: list[int]) -> list[str]:
    """Return the lines of a row: what is wider than its column goes on below."""
    cells = [
        (_folded(column.texts[row], size), size, column.is_right) for column, size in zip(columns, widths, strict=False)
    ]
    return [
        _GAP.join(
            _padded(lines[at] if at < len(lines) else "", size, is_right) for lines, size, is_right in cells
        ).rstrip()
        for at in range(max((len(lines) for lines, _, _ in cells), default=0))
    ]


def _folded(text: str, size: int) -> list[str]:
    """Break a text into lines, few of them."""
    if _wide(text) <= size:
        return [text]
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _wide(lines[-1]) + 1 + _wide(word) <= size:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    short = [_cut(line, size) for line in lines[:_LINES]]
    return short if len(lines) <= _LINES else [*short[:-1], _cut(f"{short[-1]} …", size)]


def _cut(text: str, size: int) -> str:
    if _wide(text) <= size:
        return text
    while _wide(text) > size - 1:
        text = text[:-1]
    return f"{text}…"


def _padded(text: str, size: int, is_right: bool) -> str:
    blanks = " " * (size - _wide(text))
    return blanks + text if is_right else text + blanks


def _wide(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _shares(counts: Mapping[str, int], width: int) -> dict[str, int]:
    """Deal out the characters of a bar: at least one to each count that is not zero, the rounding to the largest."""
    total = sum(counts.values())
    if not total:
        return {}
    shares = {word: max(1, round(width * count / total)) for word, count in counts.items() if count}
    largest = max(shares, key=shares.__getitem__)
    shares[largest] = max(1, shares[largest] + width - sum(shares.values()))
    return shares


def writable(text: str) -> str:
    """Return a text as ``print`` can write it: a pipe on Windows may have but 256 characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_IN_ASCII).encode(encoding, "replace").decode(encoding)
    return text


def _text(value: Any) -> str:
    return label_text(value) if isinstance(value, (tuple, str)) else cell_of(value).text
