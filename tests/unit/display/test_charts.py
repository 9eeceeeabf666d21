"""Small charts: words beside every bar, and nothing of a value's is markup."""

import sys
from pathlib import Path

from sfbulk_pandas.display.blocks import card
from sfbulk_pandas.display.charts import Bar, filled, histogram, ranking

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from html_reading import read, words

HOSTILE = "</title></svg></style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def bars_of(page, name):
    reader = read(page)
    return [float(value) for tag, key, value in reader.attributes if (tag, key) == ("rect", name)]


def test_a_histogram_tells_each_bar_its_ends_and_its_middle():
    bars = [Bar("0 to 10", 4, "4"), Bar("10 to 20", 0, "0"), Bar("20 to 30", 1, "1,000")]
    page = histogram(bars, ("0", "29"), "mean 7")
    assert words(page) == "0 to 10: 4 20 to 30: 1,000 0 29 mean 7"
    assert 'aria-label="spread from 0 to 29"' in page
    assert bars_of(page, "height") == [34, 8.5]
    assert bars_of(page, "x") == [0, 128]


def test_whatever_is_above_zero_is_seen():
    assert min(bars_of(histogram([Bar("a", 10**9, ""), Bar("b", 1, "")], ("", "")), "height")) == 1


def test_a_ranking_has_label_bar_and_figure_a_row_and_cuts_long_labels():
    long = "x" * 600
    page = ranking([Bar("Web", 4, "4 · 80%"), Bar(long, 1, "1 · 20%")], "and others")
    assert words(page) == f"Web 4 · 80% {long[:27]}… 1 · 20% and others"
    titles = [value for _, key, value in read(page).attributes if key == "title"]
    assert [len(each) for each in titles] == [500]
    assert [value for _, key, value in read(page).attributes if key == "style"] == ["width:100.0%", "width:25.0%"]


def test_what_is_nearly_full_looks_no_worse_than_what_is_half_full():
    assert filled(0.99, "99%").replace("99", "50") == filled(0.5, "50%").replace("50.0", "50.0")
    assert words(filled(0.5, "50%")) == "50%"


def test_charts_of_nothing_are_drawn_too():
    assert words(histogram([], ("—", "—"))) == "— —"
    assert words(ranking([])) == ""
    assert words(ranking([Bar("none", 0, "0")])) == "none 0"


def test_whatever_is_hostile_is_text_in_every_chart():
    bars = [Bar(HOSTILE, 1, HOSTILE)]
    page = card("t", filled(0.5, HOSTILE), histogram(bars, (HOSTILE, HOSTILE), HOSTILE), ranking(bars, HOSTILE))
    reader = read(page)
    assert "script" not in reader.tags
    assert "img" not in reader.tags
    assert "".join(reader.texts).count("<script>alert(1)</script>") >= 7
