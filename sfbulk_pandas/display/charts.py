"""Small charts for cells of a table: how full, how spread, which values most often. No script; words beside each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.display.cells import shorten
from sfbulk_pandas.display.html import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _GAP = 192, 34, 1  # the stylesheet has the width too
_LABEL_CHARS = 28
_TITLE_CHARS = 500


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart.

    Attributes
    ----------
    label : str
        What it stands for; not escaped, not cut.
    size : float
        Compared with the others of the chart.
    text : str
        The figure, as people read it.
    """

    label: str
    size: float
    text: str


def filled(share: float, text: str) -> Html:
    """Return a thin bar of a share from 0 to 1, none of which is better or worse than another, with its text beside."""
    piece = tag("i", class_="sf-busy", style=f"width:{100 * share:.1f}%")
    return tag("span", tag("span", piece, class_="sf-m", aria_hidden="true"), text, class_="sf-one")


def histogram(bars: Sequence[Bar], ends: tuple[str, str], middle: str = "") -> Html:
    """Return a histogram with what stands at its ends below; each bar tells its label and figure when pointed at.

    Parameters
    ----------
    bars : sequence of Bar
        From left to right. Whatever is above zero is seen.
    ends : tuple of str
        Below the first and the last bar.
    middle : str
        Between them.
    """
    most = max((bar.size for bar in bars), default=0)
    wide = _WIDTH / max(len(bars), 1)
    pieces = [_column(bar, at * wide, wide, most) for at, bar in enumerate(bars) if bar.size]
    ground = tag("path", d=f"M0 {_HEIGHT + 0.5}H{_WIDTH}")
    box = {"width": str(_WIDTH), "height": str(_HEIGHT + 1), "viewBox": f"0 0 {_WIDTH} {_HEIGHT + 1}"}
    said = f"spread from {ends[0]} to {ends[1]}"
    chart = tag("svg", *pieces, ground, class_="sf-hist", role="img", aria_label=said, **box)
    below = tag("div", tag("span", ends[0]), tag("span", ends[1]), class_="sf-ends")
    return join(chart, below, _note(middle))


def ranking(bars: Sequence[Bar], note: str = "") -> Html:
    """Return bars one under the other: label, bar, figure; long labels are cut, with the whole when pointed at.

    Parameters
    ----------
    bars : sequence of Bar
    note : str
        Small and dim, below.
    """
    most = max((bar.size for bar in bars), default=0)
    rows = [piece for bar in bars for piece in _row(bar, most)]
    return join(tag("div", *rows, class_="sf-rank") if rows else "", _note(note))


def _note(text: str) -> Html:
    return tag("div", text, class_="sf-small") if text else Html("")


def _column(bar: Bar, left: float, wide: float, most: float) -> Html:
    height = max(_HEIGHT * bar.size / most, 1.0)
    place = {"x": f"{left:.1f}", "y": f"{_HEIGHT - height:.1f}"}
    size = {"width": f"{max(wide - _GAP, 0.5):.1f}", "height": f"{height:.1f}"}
    return tag("rect", tag("title", f"{bar.label}: {bar.text}"), **place, **size)


def _row(bar: Bar, most: float) -> tuple[Html, Html, Html]:
    piece = tag("i", class_="sf-busy", style=f"width:{100 * bar.size / most if most else 0:.1f}%")
    track = tag("span", piece, class_="sf-m", aria_hidden="true")
    title = shorten(bar.label, _TITLE_CHARS) if len(bar.label) > _LABEL_CHARS else None
    label = tag("span", shorten(bar.label, _LABEL_CHARS), class_="sf-label", title=title)
    return label, track, tag("span", bar.text, class_="sf-figure")
