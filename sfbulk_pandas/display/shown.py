"""A frame that knows how it is best shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sfbulk_pandas.display.blocks import card, table
from sfbulk_pandas.display.text import text_table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


class ShownFrame(pd.DataFrame):
    """A DataFrame in everything, but shown with a title, in few rows, with long texts cut.

    Whatever is done with it gives a plain DataFrame.

    Parameters
    ----------
    data : DataFrame
    title, note : str
        What stands above and under it.
    kinds : mapping of column label to str, optional
        How columns are drawn; see :func:`sfbulk_pandas.display.blocks.table`.
    """

    _metadata: ClassVar[list[str]] = ["shown_title", "shown_note", "shown_kinds"]
    shown_title: str
    shown_note: str
    shown_kinds: dict[Hashable, str]

    def __init__(
        self, data: pd.DataFrame, title: str, *, note: str = "", kinds: Mapping[Hashable, str] | None = None
    ) -> None:
        super().__init__(data)  # type: ignore[call-arg] # the stubs tell of __new__ alone
        self.shown_title = title
        self.shown_note = note
        self.shown_kinds = dict(kinds or {})

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def _repr_html_(self) -> str | None:
        if not pd.get_option("display.notebook_repr_html"):
            return None
        return str(card(self._headline(), table(self, kinds=self.shown_kinds), note=self.shown_note))

    def __repr__(self) -> str:
        under = ["", self.shown_note] if self.shown_note else []
        return "\n".join([self._headline(), text_table(self, kinds=self.shown_kinds), *under])

    def _headline(self) -> str:
        return self.shown_title
