"""The panel of a triage in the notebook: thin, for all that is known and done is the model's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import HTML, Button, Checkbox, HBox, Layout, Output, Select, Textarea, VBox

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.triage import told
from sfbulk_pandas.triage.cell_form import CellForm
from sfbulk_pandas.triage.grid import Grid
from sfbulk_pandas.triage.model import Triage
from sfbulk_pandas.triage.sheet import MAX_ROWS, row_order, sheet, whys

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from ipywidgets import Widget
    from numpy.typing import NDArray

    from sfbulk_pandas.mending import Fix, Tried
    from sfbulk_pandas.triage.causes import Cause
    from sfbulk_pandas.triage.model import Loaded

_FULL = Layout(width="100%")
_WRAPPED = Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 12px")
_IN_ROW = Layout(align_items="center", grid_gap="12px")
_SIDE = Layout(flex="1 1 0", min_width="0")
_FIX_WIDTH = "19em"
_LONGEST_LIST = 10
_CLASS = "sfbulk-triage"


class TriagePanel(VBox):  # type: ignore[misc]
    """Shows why rows failed, and mends them by hand and eye.

    Parameters
    ----------
    result : LoadResult

    Attributes
    ----------
    model : Triage
        All that the panel knows and does.
    """

    def __init__(self, result: Loaded) -> None:
        self.model = Triage(result)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._start = 0
        self._build()
        super().__init__([self._head, self._causes, self._all, self._body, self._foot], layout=_FULL)
        self.add_class(_CLASS)
        self._show_all()

    @property
    def result(self) -> Loaded:
        """The result of the whole load: after each retry the newest one."""
        return self.model.result

    @property
    def fixed(self) -> pd.DataFrame:
        """The open rows as they are now, under their own index."""
        return self.model.fixed

    @property
    def code(self) -> str:
        """All that was done, as code that does it again."""
        return self.model.code

    def _build(self) -> None:
        self._head, self._message = HTML(), HTML()
        self._told, self._fields = HTML(layout=_SIDE), HTML(layout=_SIDE)
        self._message.add_class(f"{_CLASS}-message")
        self._causes = Select(
            description="Causes", layout=Layout(width="auto"), tooltip="why rows are open, the most frequent first"
        )
        self._causes.add_class(f"{_CLASS}-causes")
        self._causes.observe(self._chosen, "value")
        self._fixes, self._grid_box = VBox(layout=_FULL), VBox(layout=_FULL)
        self._fixes.add_class(f"{_CLASS}-fixes")
        self._form = CellForm(self._set_cell)
        self._build_pager()
        self._build_foot()
        facts = HBox([self._told, self._fields], layout=Layout(grid_gap="24px"))
        # A layout of its own: it is hidden where nothing is left, and what shares a layout is hidden with it.
        parts = [facts, self._fixes, self._pager, self._grid_box, self._form.widget]
        self._body = VBox(parts, layout=Layout(width="100%"))

    def _build_pager(self) -> None:
        self._refused_only = Checkbox(
            description="only rows that are still refused", indent=False, layout=Layout(width="auto")
        )
        self._refused_only.observe(lambda _: self._show_rows(), "value")
        self._earlier = self._button("Earlier rows", "shows the rows before these", self._turn, -1)
        self._later = self._button("Later rows", "shows the rows after these", self._turn, 1)
        self._where = HTML()
        self._pager = HBox([self._refused_only, self._earlier, self._where, self._later], layout=_WRAPPED)

    def _build_foot(self) -> None:
        self._certain = self._button(
            "Apply all certain fixes",
            "applies the fixes of all columns that leave nothing to decide",
            self._all_certain,
        )
        self._undo = self._button("Undo", "takes the last fix or edit back", self._take_back)
        self._check = self._button("Check", "asks what would be refused now; sends nothing", self._ask)
        self._retry = self._button("Retry", "sends the rows as they are now", self._retry_now, style="primary")
        self._code = Textarea(
            description="Code", layout=Layout(width="auto", height="11em"), tooltip="all that was done: copy it"
        )
        self._code.add_class(f"{_CLASS}-code")
        self._output = Output()
        self._all = HBox([self._certain, self._undo], layout=_WRAPPED)
        buttons = HBox([self._check, self._retry], layout=_WRAPPED)
        self._foot = VBox([buttons, self._message, self._output, self._code], layout=_FULL)

    def _button(self, name: str, tooltip: str, act: Callable[..., None], *given: Any, style: str = "") -> Button:
        button = Button(description=name, tooltip=tooltip, button_style=style, layout=Layout(width="auto"))
        button.add_class(f"{_CLASS}-{name.lower().replace(' ', '-')}")
        button.on_click(lambda _: self._doing(act, *given))
        return button

    def _doing(self, act: Callable[..., None], *given: Any) -> None:
        """Do what a button says; say what went wrong, for nobody would hear of it else."""
        try:
            act(*given)
        except SfBulkError as error:
            self._message.value = told.problem_told(error)

    @property
    def _cause(self) -> Cause | None:
        number = self._causes.value
        causes = self.model.causes
        return causes[number] if number is not None and number < len(causes) else None

    def _show_all(self, cause: str | None = None) -> None:
        """Show everything anew; the cause of this name is chosen, or the first."""
        self._head.value = told.head(self.model)
        self._list_causes(cause)
        self._show_cause()

    def _list_causes(self, cause: str | None) -> None:
        causes, refused = self.model.causes, self.model.refused
        lines = [told.cause_line(each, int(refused[each.rows].sum())) for each in causes]
        number = next((at for at, each in enumerate(causes) if each.name == cause), 0 if causes else None)
        self._causes.unobserve(self._chosen, "value")
        self._causes.options = [(line, at) for at, line in enumerate(lines)]
        self._causes.rows = max(2, min(len(lines), _LONGEST_LIST))
        self._causes.value = number
        self._causes.observe(self._chosen, "value")

    def _chosen(self, _change: Any) -> None:
        self._show_cause()

    def _show_cause(self) -> None:
        cause = self._cause
        self._body.layout.display = "none" if cause is None else ""
        if cause is not None:
            self._tell(cause)
            self._fixes.children = [self._fix_line(each) for each in self.model.fixes(cause)]
            self._show_rows()
        self._show_foot()

    def _tell(self, cause: Cause) -> None:
        self._told.value = told.cause_told(cause, int(self.model.refused[cause.rows].sum()))
        self._fields.value = told.fields_told(self.model, cause)

    def _fix_line(self, tried: Tried) -> Widget:
        where = "" if tried.fix.column is None else f": {tried.fix.column}"
        button = self._button(f"{tried.fix.fix}{where}", tried.fix.what, self._use, tried.fix)
        button.add_class(f"{_CLASS}-fix")
        button.layout.width, button.layout.flex = _FIX_WIDTH, "0 0 auto"
        return HBox([button, HTML(told.fix_told(tried), layout=_SIDE)], layout=_IN_ROW)

    def _show_rows(self) -> None:
        cause = self._cause
        if cause is not None:
            self._order = row_order(self.model, cause, refused_only=self._refused_only.value)
            self._start = 0
            self._show_sheet(cause)

    def _show_sheet(self, cause: Cause) -> None:
        shown = sheet(self.model, cause, self._order, self._start)
        self._where.value = told.sheet_told(shown)
        self._earlier.disabled = self._start == 0
        self._later.disabled = self._start + len(shown.rows) >= shown.total
        for button in (self._earlier, self._later):
            button.layout.display = "" if shown.is_part else "none"
        self._grid = Grid(shown, self._edit)
        for old in self._grid_box.children:
            old.close()
        self._grid_box.children = [self._grid.widget]
        self._form.take(shown)

    def _turn(self, way: int) -> None:
        cause = self._cause
        if cause is not None:
            ahead = len(self._grid.sheet.rows) if way > 0 else -min(MAX_ROWS, self._start)
            self._start += ahead
            self._show_sheet(cause)

    def _set_cell(self, row: int, name: str, text: str) -> None:
        if self._grid.put(row, name, text):
            self._edit(row, name, text)

    def _edit(self, row: int, name: str, text: str) -> None:
        self._doing(self._edited, row, name, text)

    def _edited(self, row: int, name: str, text: str) -> None:
        shown, cause = self._grid.sheet, self._cause
        self.model.edit(int(shown.rows[row]), shown.columns[name], text)
        self._form.tell(shown, row, name, text)
        if cause is not None:
            self._grid.tell(whys(self.model, cause, shown.rows))
            self._list_causes(cause.name)
            self._tell(cause)
            self._fixes.children = [self._fix_line(each) for each in self.model.fixes(cause)]
        self._show_foot()

    def _use(self, fix: Fix) -> None:
        self._after(partial(self.model.use, fix))

    def _all_certain(self) -> None:
        fixes = [each.fix for each in self.model.certain()]
        if fixes:
            self._after(partial(self.model.use, *fixes))

    def _take_back(self) -> None:
        self._after(self.model.undo)

    def _after(self, act: Callable[[], None]) -> None:
        name = None if self._cause is None else self._cause.name
        act()
        self._message.value = ""
        self._show_all(name)

    def _ask(self) -> None:
        self._message.value = told.report_told(self.model.check())

    def _retry_now(self) -> None:
        self._retry.disabled = True
        self._message.value = ""
        self._output.clear_output()
        before = dict(self.model.result.counts)
        try:
            with self._output:
                self.model.retry()
            self._message.value = told.result_told(self.model, before)
        except SfBulkError as error:
            self._message.value = told.problem_told(error)
        self._show_all()

    def _show_foot(self) -> None:
        rows = len(self.model.fixed)
        self._code.value = self.model.code
        self._undo.disabled = not self.model.steps
        self._certain.disabled = self._check.disabled = self._retry.disabled = not rows
        self._retry.description = f"Retry {told.rows_text(rows)}"
