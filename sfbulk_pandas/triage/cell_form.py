"""A cell of the sheet by line and column: for those who have no mouse, and for texts of several lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipywidgets import BoundedIntText, Button, Dropdown, HBox, Layout, Textarea

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.triage.sheet import Sheet


class CellForm:
    """Shows one cell of a sheet, and sets it.

    Parameters
    ----------
    edited : callable
        Called with the sheet's row, the column's name and the new text.
    """

    def __init__(self, edited: Callable[[int, str, str], None]) -> None:
        self._edited = edited
        self._sheet: Sheet | None = None
        self._line = BoundedIntText(
            description="Line", min=1, tooltip="of the rows shown above", layout=_narrow("11em")
        )
        self._column = Dropdown(description="Column", tooltip="of the cell", layout=_narrow("20em"))
        self._text = Textarea(description="Cell", rows=1, tooltip="what the cell holds", layout=Layout(flex="1 1 16em"))
        self._set = Button(description="Set cell", tooltip="writes the text into the cell", layout=_narrow("auto"))
        self._set.add_class("sfbulk-triage-set-cell")
        self._set.on_click(self._clicked)
        for each in (self._line, self._column):
            each.observe(lambda _: self._show(), "value")
        parts = [self._line, self._column, self._text, self._set]
        self.widget = HBox(parts, layout=Layout(flex_flow="row wrap", grid_gap="4px 8px"))
        self.widget.add_class("sfbulk-triage-cell")

    def take(self, sheet: Sheet) -> None:
        """Offer the cells of a sheet; the first column that the cause is about is chosen."""
        self._sheet = None
        self._line.max, self._line.value = max(1, len(sheet.rows)), 1
        self._column.options = list(sheet.columns)
        self._column.value = next(iter(sheet.columns), None)
        self._sheet = sheet
        self._show()

    def tell(self, sheet: Sheet, row: int, name: str, text: str) -> None:
        """Hear that a cell has changed."""
        sheet.frame.loc[row, name] = text
        if (row, name) == self._place:
            self._text.value = text

    @property
    def _place(self) -> tuple[int, str | None]:
        return int(self._line.value) - 1, self._column.value

    def _show(self) -> None:
        row, name = self._place
        has_cell = self._sheet is not None and name is not None and row < len(self._sheet.frame)
        self._text.value = str(self._sheet.frame[name].iat[row]) if self._sheet is not None and has_cell else ""
        self._set.disabled = not has_cell

    def _clicked(self, _button: Any) -> None:
        row, name = self._place
        if name is not None:
            self._edited(row, name, self._text.value)


def _narrow(width: str) -> Layout:
    return Layout(width=width)
