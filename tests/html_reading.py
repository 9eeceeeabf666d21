"""Read HTML back as a browser would, to see what of it is markup."""

from __future__ import annotations

from html.parser import HTMLParser

OURS = {
    "div",
    "style",
    "dl",
    "dt",
    "dd",
    "span",
    "b",
    "i",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "svg",
    "rect",
    "path",
    "wbr",
}
ATTRIBUTES = {"class", "style", "title", "scope", "role", "aria-label", "aria-hidden"}
ATTRIBUTES |= {"x", "y", "width", "height", "viewbox", "d"}  # of small charts, whose bars have a <title> each
OURS |= {"title"}
VOID = {"br", "wbr", "img", "input", "hr", "meta", "link"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> ends nothing"
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self.tags[-1:] == ["wbr"] and self.texts:  # a place to break a word at does not end it
            self.texts[-1] += data
        else:
            (self.styles if self._open[-1:] == ["style"] else self.texts).append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_decl(self, decl):
        raise AssertionError(decl)


def read(page: str) -> Reader:
    """Return what stands in a page of ours, and hold it to be ours alone: whole, with known tags and attributes."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader._open
    assert set(reader.tags) <= OURS
    assert {name for _, name, _ in reader.attributes} <= ATTRIBUTES
    widths = [value for _, name, value in reader.attributes if name == "style"]
    assert all(value.startswith(("width:", "flex:")) and len(value) < 30 for value in widths)
    return reader


def words(page: str) -> str:
    """Return the text of a page, as read aloud."""
    return " ".join(" ".join(read(page).texts).split())
