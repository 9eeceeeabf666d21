"""The blocks that everything shown in a notebook is built of."""

from __future__ import annotations

from typing import Any

from sfbulk_pandas.display.grid import table
from sfbulk_pandas.display.html import Html, tag
from sfbulk_pandas.display.small import bar, facts, meter, status
from sfbulk_pandas.display.style import STYLE

__all__ = ["bar", "bare_card", "card", "facts", "meter", "status", "stylesheet", "table"]


def card(title: Any, *blocks: Any, note: Any = "") -> Html:
    """Return the whole of what a cell shows: a title, blocks, and a note under them, with the stylesheet.

    Parameters
    ----------
    title : str
    *blocks : Html or str
        As the functions of this module return them; a plain text is escaped. Empty ones are left out.
    note : Html or str
        Small and dim, such as how to go on.
    """
    return tag("div", stylesheet(), *_parts(title, blocks, note), class_="sfbulk")


def bare_card(title: Any, *blocks: Any) -> Html:
    """Return a card without the stylesheet, for what is shown again and again beside it."""
    return tag("div", *_parts(title, blocks), class_="sfbulk")


def stylesheet() -> Html:
    """Return what gives everything here its looks."""
    return tag("style", Html(STYLE))


def _parts(title: Any, blocks: tuple[Any, ...], note: Any = "") -> list[Html]:
    parts = [tag("div", title, class_="sf-h"), *(tag("div", block, class_="sf-b") for block in blocks if block)]
    return [*parts, tag("div", note, class_="sf-note")] if note else parts
