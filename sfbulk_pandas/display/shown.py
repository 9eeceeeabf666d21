"""A frame that knows how it is best shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sfbulk_pandas.display.blocks import card, table
from sfbulk_pandas.display.html import join, tag, typed, untyped
from sfbulk_pandas.display.text import text_table, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    View = Callable[[pd.DataFrame], pd.DataFrame]


class ShownFrame(pd.DataFrame):
    """A DataFrame in everything, but shown with a title, in few rows, with long texts cut.

    Whatever is done with it gives a plain DataFrame.

    Parameters
    ----------
    data : DataFrame
    title, note : str
        What stands above and under it; in the note, what is to be typed stands between backticks.
    kinds : mapping of column label to str, optional
        How columns are drawn; see :func:`sfbulk_pandas.display.blocks.table`.
    view : callable, optional
        From the frame to the frame that is drawn, such as one with the columns that matter first. A function of a
        module, for it is pickled; it is handed a plain frame, which may lack columns by then.
    """

    _metadata: ClassVar[list[str]] = ["shown_title", "shown_note", "shown_kinds", "shown_view"]
    shown_title: str
    shown_note: str
    shown_kinds: dict[Hashable, str]
    shown_view: View | None

    def __init__(
        self,
        data: pd.DataFrame,
        title: str,
        *,
        note: str = "",
        kinds: Mapping[Hashable, str] | None = None,
        view: View | None = None,
    ) -> None:
        super().__init__(data)  # type: ignore[call-arg] # the stubs tell of __new__ alone
        self.shown_title = title
        self.shown_note = note
        self.shown_kinds = dict(kinds or {})
        self.shown_view = view

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def _repr_html_(self) -> str | None:
        if not pd.get_option("display.notebook_repr_html"):
            return None
        title = join(self.shown_title, " ", tag("span", self._size(), class_="sf-size"))
        return str(card(title, table(self._view(), kinds=self.shown_kinds), note=typed(self.shown_note)))

    def __repr__(self) -> str:
        title = writable(f"{self.shown_title}, {self._size()}")
        under = ["", writable(untyped(self.shown_note))] if self.shown_note else []
        return "\n".join([title, text_table(self._view(), kinds=self.shown_kinds), *under])

    def _size(self) -> str:
        return "1 row" if len(self) == 1 else f"{len(self):,} rows"

    def _view(self) -> pd.DataFrame:
        plain = self.copy(deep=False)
        return plain if self.shown_view is None else self.shown_view(plain)


def columns_first(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return a frame with these columns first, where it has them, and the others behind."""
    first = [name for name in names if name in frame.columns]
    return frame[[*first, *(label for label in frame.columns if label not in first)]]
