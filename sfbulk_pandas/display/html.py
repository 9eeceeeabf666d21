"""HTML that cannot be broken into: whatever is not :class:`Html` already is escaped."""

from __future__ import annotations

import html
from typing import Any

from sfbulk_pandas.display.cells import visible


class Html(str):
    """A piece of finished HTML. Two of them added are one again; anything else becomes plain text."""

    __slots__ = ()

    def __add__(self, other: str) -> Html:
        return Html(str.__add__(self, escape(other)))


def escape(value: Any) -> Html:
    """Return a value as HTML: itself, where it is finished; else its text, with nothing in it that is markup.

    Parameters
    ----------
    value : object
        Characters that are not seen are written out, quotes are escaped too: it may stand in an attribute.
    """
    return value if isinstance(value, Html) else Html(html.escape(visible(str(value))))


def join(*parts: Any) -> Html:
    """Put parts behind each other."""
    return Html("".join(map(escape, parts)))


def tag(name: str, *children: Any, **attributes: str | None) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        Of the element, ours and never a value's.
    *children
        Escaped where they are not :class:`Html`.
    **attributes
        Their values are escaped, None leaves one out; ``class_`` is ``class``, ``aria_label`` is ``aria-label``.
    """
    given = {key.rstrip("_").replace("_", "-"): text for key, text in attributes.items() if text is not None}
    written = "".join(f' {key}="{_attribute(text)}"' for key, text in given.items())
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def code(text: str) -> Html:
    """Return what is to be typed, as such."""
    return tag("code", text, class_="sf-c")


def breakable(text: str) -> Html:
    """Return a name such as a status code, which may go over to the next line behind an underscore."""
    pieces = text.split("_")
    return tag("code", *(join(piece, "_", Html("<wbr>")) for piece in pieces[:-1]), pieces[-1], class_="sf-c")


def typed(text: str) -> Html:
    """Return a sentence of ours in which what is to be typed stands between backticks."""
    return join(*(code(piece) if at % 2 else piece for at, piece in enumerate(text.split("`"))))


def untyped(text: str) -> str:
    """Return the same sentence for a terminal."""
    return text.replace("`", "")


def _attribute(text: str) -> str:
    """Escape an attribute's value; line ends stay, for a tooltip shows them."""
    return html.escape(visible(text, lines=True)).replace("\n", "&#10;")
