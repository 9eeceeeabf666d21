"""The blocks that everything shown in a notebook is built of."""

from __future__ import annotations

from typing import Any

from sfbulk_pandas.display.grid import table
from sfbulk_pandas.display.html import Html, tag
from sfbulk_pandas.display.small import bar, facts, meter, status
from sfbulk_pandas.display.style import STYLE

__all__ = ["bar", "card", "facts", "meter", "status", "table"]


def card(title: Any, *blocks: Any, note: Any = "") -> Html:
    """Return the whole of what a cell shows: a title, blocks, and a note under them. The only one with a stylesheet.

    Parameters
    ----------
    title : str
    *blocks : Html or str
        As the functions of this module return them; a plain text is escaped. Empty ones are left out.
    note : Html or str
        Small and dim, such as how to go on.
    """
    parts = [tag("div", title, class_="sf-h"), *(tag("div", block, class_="sf-b") for block in blocks if block)]
    parts += [tag("div", note, class_="sf-note")] if note else []
    return tag("div", tag("style", Html(STYLE)), *parts, class_="sfbulk")
