"""The same blocks for terminals: aligned lines, as wide as the terminal at most."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any
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
_NARROWEST = 12
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
    full = min(max(round(width * share), int(share > 0)), width - int(share < 1))
    return writable("█" * full + "·" * (width - full))


def text_status(word: str) -> str:
    """Return a status: its sign and the word."""
    return writable(f"{sign_of(word)} {visible(word)}")


def text_facts(values: Mapping[str, Any]) -> str:
    """Return pairs of name and value, a line each; None is left out."""
    known = {name: value for name, value in values.items() if value is not None}
    widest = max(map(len, known), default=0)
    return writable("\n".join(f"{name:<{widest}}{_GAP}{visible(_text(value))}" for name, value in known.items()))


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
    texts = [_column(head, at, (kinds or {}).get(head.columns[at]), marks) for at in range(frame.shape[1])]
    if not isinstance(frame.index, pd.RangeIndex):
        labels = [visible(_text(label)) for label in head.index]
        texts.insert(0, ([label_text(frame.index.name or ""), *labels], False))
    widths = _fitting([max(map(_wide, column)) for column, _ in texts], most)
    shown = [
        [_padded(text, size, is_right=is_right) for text in column]
        for (column, is_right), size in zip(texts, widths, strict=False)
    ]
    table = [_GAP.join(each).rstrip() for each in zip(*shown, strict=True)]
    left = not_shown(frame, rows, frame.shape[1] - (len(texts) - len(widths)))
    said = "no rows" if frame.empty else left
    return writable("\n".join([*table, *([f"({said})"] if said else [])]))


def _column(head: pd.DataFrame, at: int, kind: str | None, marks: pd.DataFrame | None) -> tuple[list[str], bool]:
    """Return the texts of a column, its heading first, and whether they stand at the right."""
    values = list(head.iloc[:, at])
    cells = [cell_of(value) for value in values]
    known = [cell for cell in cells if cell.kind != "missing"]
    texts = [_drawn(value, kind) for value in values]
    if marks is not None:
        marked = marks.iloc[: len(texts), at].tolist()
        texts = [f"{sign_of('failed')} {text}" if mark else text for text, mark in zip(texts, marked, strict=True)]
    heading = visible(shorten(label_text(head.columns[at]), _CUT))
    return [heading, *texts], bool(known) and kind is None and all(cell.is_number for cell in known)


def _drawn(value: Any, kind: str | None) -> str:
    cell = cell_of(value)
    if cell.kind == "missing":
        return cell.text
    if kind == "status":
        return text_status(cell.text)
    if kind == "share" and cell.is_number:
        return f"{text_meter(float(value))} {value:>6.1%}"
    return visible(shorten(cell.text, 10 * _CUT))


def _fitting(widths: list[int], most: int) -> list[int]:
    """Narrow the widest columns until all fit; where that does not do, leave out the last ones."""
    sizes = [min(each, max(_CUT, _NARROWEST)) for each in widths]
    while sum(sizes) + len(_GAP) * (len(sizes) - 1) > most:
        widest = max(range(len(sizes)), key=sizes.__getitem__)
        if sizes[widest] > _NARROWEST:
            sizes[widest] -= 1
        elif len(sizes) > 1:
            sizes.pop()
        else:
            break
    return sizes


def _padded(text: str, size: int, *, is_right: bool) -> str:
    if _wide(text) > size:
        while _wide(text) > size - 1:
            text = text[:-1]
        text += "…"
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
