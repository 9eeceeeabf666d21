"""The small blocks: a status, pairs, bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.display.cells import cell_of
from sfbulk_pandas.display.html import Html, escape, tag
from sfbulk_pandas.display.signs import sign_of, tone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEARLY_USED_UP = 0.9


def facts(values: Mapping[str, Any]) -> Html:
    """Return small pairs of name and value, one under the other; values may be Html, None is left out."""
    pairs = [(name, value) for name, value in values.items() if value is not None]
    return tag("dl", *(tag("dt", name) + tag("dd", _value(value)) for name, value in pairs), class_="sf-f")


def status(word: str, count: int | None = None, *, says: str | None = None) -> Html:
    """Return a status: its sign, how many there are, and the word, or what it ``says`` in its place."""
    said = says or (word if count is None else f"{count:,} {word}")
    zero = " sf-0" if count == 0 else ""
    return tag("span", tag("b", sign_of(word)), f" {said}", class_=f"sf-s sf-{tone_of(word)}{zero}")


def bar(counts: Mapping[str, int], blank: str | None = None) -> Html:
    """Return one stacked bar, with a legend of signs, numbers and words.

    Parameters
    ----------
    counts : mapping of str to int
        Such as ``{"successful": 3, "failed": 1}``, in the order of the bar; none where nothing is known yet.
    blank : str, optional
        The word whose piece is left empty: what is still to come.
    """
    tones = {word: "blank" if word == blank else tone_of(word) for word in counts}
    pieces = [tag("i", class_=f"sf-{tones[word]}", style=f"flex:{n} 0 3px") for word, n in counts.items() if n]
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items()) or "nothing known yet"
    legend = tag("ul", *(tag("li", status(word, count)) for word, count in counts.items()), class_="sf-k")
    return tag("div", *pieces, class_="sf-bar", role="img", aria_label=said) + legend


def meter(share: float | None, text: str) -> Html:
    """Return a thin bar of one share, with its text beside it.

    Parameters
    ----------
    share : float or None
        From 0 to 1; what is beyond is drawn as 1, and nothing is drawn for None or NaN.
    text : str
        What it says in words, such as ``"43%"``: the bar alone tells nothing.
    """
    if share is None or bool(pd.isna(share)):
        return escape(text)
    tone = "sf-bad" if share >= _NEARLY_USED_UP else "sf-busy"
    piece = tag("i", class_=tone, style=f"width:{100 * min(max(share, 0.0), 1.0):.1f}%")
    return tag("span", tag("span", piece, class_="sf-m", aria_hidden="true"), text, class_="sf-one")


def _value(value: Any) -> Any:
    return value if isinstance(value, str) else cell_of(value).text
