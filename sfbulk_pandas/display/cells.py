"""One value as the text that a table shows, for HTML and for terminals alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import pandas as pd

MISSING = "—"
# What is not seen, or changes how the rest is read: control characters, marks that turn the direction of writing, and
# halves of characters, which no message can carry. Zero-width joiners stay: emoji and Persian need them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_NAMED = {"\n": "↵", "\t": "⇥"}
_LISTED = 10  # items of a list that are shown
_SHORT = timedelta(seconds=10)  # below it, tenths of a second are told
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value to show.

    Attributes
    ----------
    text : str
        All of it; not escaped, not cut.
    kind : str
        ``"number"``, ``"time"``, ``"missing"`` or ``"text"``.
    """

    text: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.kind == "number"


def cell_of(value: Any) -> Cell:
    """Write a value of a frame: numbers with separators of thousands, times to the second."""
    if value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value))):
        return Cell(MISSING, "missing")
    if isinstance(value, (str, bool)):
        return Cell(str(value), "text")
    if isinstance(value, (datetime, date, timedelta)):
        return Cell(_time(value), "time")
    if isinstance(value, (Real, Decimal)):
        return Cell(_number(value), "number")
    if isinstance(value, (list, tuple)):
        return Cell(
            ", ".join([*(cell_of(each).text for each in value[:_LISTED]), *["…"] * (len(value) > _LISTED)]), "text"
        )
    return Cell(str(value), "text")


def visible(text: str, *, lines: bool = False) -> str:
    r"""Write each character that is not seen, or that turns the text around it, as ``\x1b`` or by a sign.

    Parameters
    ----------
    text : str
    lines : bool
        Whether line ends stay, as in a tooltip.
    """
    return "\n".join(map(visible, text.split("\n"))) if lines else _UNSEEN.sub(_written, text)


def shorten(text: str, length: int) -> str:
    """Cut a text, as it is to be seen, to a length; with an ellipsis where something was cut."""
    seen = visible(text[: length + 1])
    return seen if len(seen) <= length else f"{seen[: length - 1]}…"


def label_text(label: Any) -> str:
    """Write the label of a column or row; the levels of a tuple stand beside each other."""
    return " / ".join(str(each) for each in label) if isinstance(label, tuple) else str(label)


def not_shown(frame: pd.DataFrame, rows: int, columns: int) -> str:
    """Say how many rows and columns of a frame stand there without being shown; nothing where all are."""
    more = [(len(frame) - rows, "row"), (frame.shape[1] - columns, "column")]
    said = [f"{count:,} more {word}{'s' if count > 1 else ''}" for count, word in more if count > 0]
    return f"{' and '.join(said)} not shown" if said else ""


def _written(match: re.Match[str]) -> str:
    """Write a character as in Python."""
    char = match[0]
    return _NAMED.get(char) or ascii(char)[1:-1]


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (Integral, Decimal)) else f"{float(value):,.10g}"


def _time(value: datetime | date | timedelta) -> str:
    if isinstance(value, timedelta):
        return _duration(value)
    if not isinstance(value, datetime):
        return value.isoformat()
    text = f"{value:%Y-%m-%d %H:%M:%S%z}"
    return f"{text[:-5]}Z" if text.endswith("+0000") else text


def _duration(value: timedelta) -> str:
    """Write the two largest units: what ran for days is not told in seconds."""
    if abs(value) < _SHORT:
        return f"{value.total_seconds():.1f} s"
    left, parts = round(abs(value.total_seconds())), []
    for unit, seconds in _SECONDS.items():
        count, left = divmod(left, seconds)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    said = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return ("-" if value < timedelta(0) else "") + " ".join(said)
