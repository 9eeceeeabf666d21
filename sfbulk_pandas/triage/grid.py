"""The grid of a cause's rows: cells are edited in place, refused ones are marked by a sign and a colour."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from ipywidgets import Layout

from sfbulk_pandas.triage.sheet import BAD, ROW, WHY, mark

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of bqplot, on which the grid stands
    from ipydatagrid import DataGrid, TextRenderer, VegaExpr

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.triage.sheet import Sheet

_TINT = "rgba(226, 64, 64, 0.28)"  # over either theme's ground, under either theme's text
_UNSEEN, _BLANK = "\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff", "␣"
_WIDTHS = {ROW: 80, WHY: 380}
_WIDTH, _WIDEST, _CHAR = 110, 280, 8
_ROW_PIXELS, _SHOWN = 26, 14


class Grid:
    """The grid of a sheet.

    Parameters
    ----------
    sheet : Sheet
    edited : callable
        Called with the sheet's row, the column's name and the new text.
    """

    def __init__(self, sheet: Sheet, edited: Callable[[int, str, str], None]) -> None:
        self.sheet = sheet
        self._edited = edited
        self._held = sheet.frame.copy()
        self._is_ours = False
        rows = min(max(len(sheet.frame), 1), _SHOWN)
        self.widget = DataGrid(
            sheet.frame.copy(),
            editable=True,
            selection_mode="cell",
            header_visibility="column",
            base_row_size=_ROW_PIXELS,
            base_column_header_size=_ROW_PIXELS + 2,
            column_widths=_widths(sheet),
            renderers={name: _renderer(name) for name in sheet.columns},
            layout=Layout(height=f"{(rows + 1) * _ROW_PIXELS + 24}px"),
        )
        self.widget.on_cell_change(self._changed)
        self.widget.add_class("sfbulk-triage-grid")

    def tell(self, whys: list[str]) -> None:
        """Say anew why rows are refused."""
        for row, (old, new) in enumerate(zip(self._held[WHY].tolist(), whys, strict=True)):
            if old != new:
                self._put(row, WHY, new)

    def put(self, row: int, name: str, text: str) -> bool:
        """Show another text in a cell, that was set elsewhere; tell whether it is another."""
        if text == self._held[name].iat[row]:
            return False
        self._put(row, name, text)
        return True

    def _changed(self, change: dict[str, Any]) -> None:
        if self._is_ours:
            return
        row, name, text = int(change["row"]), str(change["column"]), change["value"]
        text = "" if text is None else str(text)
        if name not in self.sheet.columns:
            self._put(row, name, str(self._held[name].iat[row]))  # these two are not the user's to write
        elif text != self._held[name].iat[row]:
            self._held.loc[row, name] = text
            self._edited(row, name, text)

    def _put(self, row: int, name: str, text: str) -> None:
        self._held.loc[row, name] = text
        self._is_ours = True
        try:
            self.widget.set_cell_value(name, row, text)
        finally:
            self._is_ours = False


def _renderer(name: str) -> TextRenderer:
    """Mark the cells that ``why`` tells of, by a sign before the text and a tint; show blanks that nobody sees."""
    shown = f"replace(cell.value, regexp('[{_UNSEEN}]', 'g'), '{_BLANK}')"
    is_bad = f"indexof(cell.metadata.data[{json.dumps(WHY)}], {json.dumps(mark(name), ensure_ascii=False)}) >= 0"
    return TextRenderer(
        text_value=VegaExpr(f"{is_bad} ? '{BAD} ' + {shown} : {shown}"),
        background_color=VegaExpr(f"{is_bad} ? '{_TINT}' : default_value"),
    )


def _widths(sheet: Sheet) -> dict[str, int]:
    longest = {name: int(sheet.frame[name].str.len().max() or 0) for name in sheet.columns} if len(sheet.frame) else {}
    asked = {name: max(_WIDTH, min(_WIDEST, _CHAR * (4 + max(chars, len(name))))) for name, chars in longest.items()}
    return _WIDTHS | asked
