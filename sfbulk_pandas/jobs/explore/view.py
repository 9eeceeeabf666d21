"""A frame that is shown by a view of its own, which says the same in fewer columns."""

from __future__ import annotations

import pandas as pd

from sfbulk_pandas.display.blocks import card, facts, table
from sfbulk_pandas.display.html import typed, untyped
from sfbulk_pandas.display.shown import ShownFrame
from sfbulk_pandas.display.text import text_facts, text_table, writable

_MAX_ROWS = 100
_MAX_LINES = 60


class ViewedFrame(ShownFrame):
    """A DataFrame in everything, but shown by title, facts, and a table that is made to be read."""

    def _glance(self) -> dict[str, object]:
        """Return what stands above the table; None is left out."""
        return {}

    def _drawn(self, *, html: bool) -> pd.DataFrame:  # noqa: ARG002 - for those that draw
        """Return the table; its cells may be Html where that is asked for."""
        return self._view()

    def _repr_html_(self) -> str | None:
        if not pd.get_option("display.notebook_repr_html"):
            return None
        blocks = (facts(self._glance()), table(self._drawn(html=True), max_rows=_MAX_ROWS))
        return str(card(self.shown_title, *blocks, note=typed(self.shown_note)))

    def __repr__(self) -> str:
        drawn = text_table(self._drawn(html=False), max_rows=_MAX_LINES)
        parts = [writable(self.shown_title), text_facts(self._glance()), drawn, writable(untyped(self.shown_note))]
        return "\n\n".join(part for part in parts if part)
