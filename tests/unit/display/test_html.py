"""HTML of ours: what is not finished HTML is escaped, wherever it stands."""

import sys
from pathlib import Path

import pytest

from sfbulk_pandas.display.html import Html, code, escape, join, tag

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from html_reading import read, words

HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;"


def test_a_text_is_escaped_once_and_only_once():
    assert escape("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#x27;"
    assert escape(escape("a<b")) == "a&lt;b"
    assert escape(None) == "None"


def test_children_and_attributes_are_escaped():
    page = tag("div", HOSTILE, tag("b", "x"), title=HOSTILE)
    reader = read(page)
    assert reader.tags == ["div", "b"]
    assert reader.attributes == [("div", "title", HOSTILE)]
    assert "".join(reader.texts) == f"{HOSTILE}x"


def test_what_is_added_to_html_is_escaped_too():
    assert isinstance(tag("b", "x") + HOSTILE, Html)
    assert read(tag("b", "x") + HOSTILE).tags == ["b"]
    assert read(join(tag("b"), HOSTILE)).tags == ["b"]


def test_attributes_are_named_as_html_names_them():
    assert tag("th", class_="a", aria_label="b", title=None) == '<th class="a" aria-label="b"></th>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("nul\x00", "nul\\x00"),
        ("two\nlines\ttab\r", "two↵lines⇥tab\\r"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud83d", "half \\ud83d"),
        ("\x85", "\\x85"),
        ("👩\u200d💻 é", "👩\u200d💻 é"),
    ],
)
def test_what_cannot_be_seen_is_shown(text, shown):
    assert words(tag("div", text)) == shown
    tag("div", text, title=text).encode()


def test_a_tooltip_keeps_its_lines():
    assert read(tag("i", title="a\nb\x07")).attributes == [("i", "title", "a\nb\\x07")]


def test_code_is_what_is_to_be_typed():
    assert code("a < b") == '<code class="sf-c">a &lt; b</code>'
