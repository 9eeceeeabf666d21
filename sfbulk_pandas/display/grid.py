"""A frame as an HTML table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from sfbulk_pandas.display.cells import MISSING, cell_of, label_text, not_shown, shorten
from sfbulk_pandas.display.html import Html, breakable, join, tag
from sfbulk_pandas.display.small import meter, status

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sfbulk_pandas.display.cells import Cell

MAX_ROWS = 20
MAX_COLUMNS = 24
_LONG = 32  # characters of a cell that is not to be squeezed
CUT = 120  # characters of a cell that are shown
_TITLES = 40_000  # characters that all tooltips of a table may hold, about
_A_TITLE = (200, 2_000)  # and each of them, at least and at most

_MISSING = tag("span", MISSING, class_="sf-dim", title="missing")


class _Drawn(NamedTuple):
    """What stands in a cell."""

    inner: Html | str
    side: str | None = None
    title: str | None = None

    @property
    def is_missing(self) -> bool:
        return self.inner is _MISSING

    def td(self, *, is_marked: bool) -> Html:
        if not is_marked:
            return tag("td", self.inner, class_=self.side, title=self.title)
        return tag("td", tag("b", "✗", class_="sf-bad"), " ", self.inner, class_="sf-x", title=self.title)


def table(
    frame: pd.DataFrame,
    *,
    max_rows: int = MAX_ROWS,
    marks: pd.DataFrame | None = None,
    kinds: Mapping[Hashable, str] | None = None,
) -> Html:
    """Return a frame's first rows; what is not shown, it says.

    Long texts are cut, with the whole as tooltip. A cell that is :class:`Html` stands as it is. The index is shown
    where it is more than the number of the row.

    Parameters
    ----------
    frame : DataFrame
    max_rows : int
    marks : DataFrame of bool, optional
        Of the frame's shape: True where a cell is marked.
    kinds : mapping of column label to str, optional
        How a column is drawn: ``"status"`` (a word with its sign), ``"share"`` (a number from 0 to 1, as a meter) or
        ``"code"``.
    """
    rows, columns = min(len(frame), max_rows), min(frame.shape[1], MAX_COLUMNS)
    head = frame.iloc[:rows, :columns]
    most = min(max(_A_TITLE[0], _TITLES // max(1, rows * columns)), _A_TITLE[1])
    drawn = [_column(list(head.iloc[:, at]), (kinds or {}).get(head.columns[at]), most) for at in range(columns)]
    marked = [[False] * columns] * rows if marks is None else marks.iloc[:rows, :columns].to_numpy(dtype=bool)
    body = [[cells[row].td(is_marked=bool(marked[row][at])) for at, cells in enumerate(drawn)] for row in range(rows)]
    top = [_heading(label, cells, most) for label, cells in zip(head.columns, drawn, strict=True)]
    if not isinstance(frame.index, pd.RangeIndex):
        top.insert(0, tag("th", label_text(head.index.name or ""), scope="col"))
        for label, cells in zip(head.index, body, strict=True):
            cells.insert(0, _row_label(label, most))
    written = (tag("thead", tag("tr", *top)), tag("tbody", *(tag("tr", *cells) for cells in body)))
    said = "no rows" if frame.empty else not_shown(frame, rows, columns)
    below = tag("div", said, class_="sf-dim") if said else ""
    return join(tag("div", tag("table", *written, class_="sf-t"), class_="sf-w"), below)


def _column(values: list[Any], kind: str | None, most: int) -> list[_Drawn]:
    cells = [
        _Drawn(value) if isinstance(value, Html) else _drawn(value, cell_of(value), kind, most) for value in values
    ]
    if {cell.side for cell in cells if cell.side} == {"sf-n"} and all(cell.side or cell.is_missing for cell in cells):
        return [cell._replace(side="sf-n") for cell in cells]
    return [cell._replace(side=None) if cell.side == "sf-n" else cell for cell in cells]


def _drawn(value: Any, cell: Cell, kind: str | None, most: int) -> _Drawn:
    if cell.kind == "missing":
        return _Drawn(_MISSING)
    if kind == "status":
        return _Drawn(status(cell.text))
    if kind == "share" and cell.is_number:
        return _Drawn(meter(float(value), f"{value:.1%}"))
    text = shorten(cell.text, CUT)
    side = {"number": "sf-n", "time": "sf-one"}.get(cell.kind, "sf-long" if len(text) > _LONG else None)
    return _Drawn(breakable(text) if kind == "code" else text, side, _whole(cell.text, most))


def _heading(label: Any, cells: list[_Drawn], most: int) -> Html:
    sides = {cell.side for cell in cells}
    text = label_text(label)
    side = "sf-n" if sides == {"sf-n"} else None
    return tag("th", shorten(text, CUT), class_=side, scope="col", title=_whole(text, most))


def _row_label(label: Any, most: int) -> Html:
    text = label_text(label) if isinstance(label, tuple) else cell_of(label).text
    return tag("th", shorten(text, CUT), scope="row", title=_whole(text, most))


def _whole(text: str, most: int) -> str | None:
    """Return the tooltip of a text that is cut."""
    if not shorten(text, CUT).endswith("…"):
        return None
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
