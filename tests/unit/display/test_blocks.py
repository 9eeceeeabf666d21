"""Blocks: what stands in them, in words and signs; and nothing of a value's is markup."""

import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sfbulk_pandas.display.blocks import bar, card, facts, meter, status, table
from sfbulk_pandas.display.html import Html, code, tag

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from html_reading import read, words

HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_a_card_has_its_style_once_then_title_blocks_and_note():
    page = card("Title", facts({"a": 1}), "", "plain <b>", note=code(".failed"))
    assert words(page) == "Title a 1 plain <b> .failed"
    assert page.count("<style>") == 1
    assert page.startswith('<div class="sfbulk"><style>')


def test_whatever_is_hostile_is_text_in_every_block():
    frame = pd.DataFrame({HOSTILE: [HOSTILE], ("a", HOSTILE): [b"<b>"]}, index=pd.Index([HOSTILE], name=HOSTILE))
    blocks = [facts({HOSTILE: HOSTILE}), bar({HOSTILE: 2}), meter(0.5, HOSTILE), status(HOSTILE)]
    blocks += [table(frame), table(frame, marks=frame.notna(), kinds=dict.fromkeys(frame.columns, "status"))]
    reader = read(card(HOSTILE, *blocks, HOSTILE, note=HOSTILE))
    assert "".join(reader.texts).count("<script>alert(1)</script>") == 18
    assert len(reader.styles) == 1


def test_facts_leave_out_what_is_not_known():
    assert words(facts({"rows": 1234567, "load": None, "of": tag("b", "x")})) == "rows 1,234,567 of x"


def test_a_bar_says_every_count_by_sign_number_and_word():
    page = bar({"successful": 1523, "failed": 1459, "unprocessed": 0, "unknown": 1})
    assert words(page) == "✓ 1,523 successful ✗ 1,459 failed … 0 unprocessed ? 1 unknown"
    attributes = read(page).attributes
    assert ("div", "aria-label", "1,523 successful, 1,459 failed, 0 unprocessed, 1 unknown") in attributes
    assert [value for tag_, name, value in attributes if tag_ == "i" and name == "style"] == [
        "flex:1523 0 3px",
        "flex:1459 0 3px",
        "flex:1 0 3px",
    ]


def test_a_bar_of_nothing_has_a_name_too():
    assert 'aria-label="nothing known yet"' in bar({})


@pytest.mark.parametrize(("share", "width"), [(0.25, "25.0%"), (1.7, "100.0%"), (-1, "0.0%")])
def test_a_meter_stays_within_its_track(share, width):
    page = meter(share, "so much")
    assert words(page) == "so much"
    assert f"width:{width}" in page


@pytest.mark.parametrize("share", [None, float("nan"), pd.NA])
def test_no_share_draws_no_meter(share):
    assert meter(share, "<unknown>") == "&lt;unknown&gt;"


def test_values_are_written_to_be_read():
    row = {
        "int": 1234567,
        "numpy": np.int64(1000),
        "float": 1234.5,
        "rounding": 0.1 + 0.2,
        "decimal": Decimal("12345.60"),
        "bool": True,
        "date": date(2026, 11, 26),
        "time": datetime(2026, 11, 26, 9, 5, tzinfo=UTC),
        "naive": pd.Timestamp("2026-11-26 09:05:01.123"),
        "elsewhere": datetime(2026, 11, 26, 9, 5, tzinfo=timezone(timedelta(hours=2))),
        "days": pd.Timedelta(days=2, hours=3, minutes=7),
        "short": timedelta(milliseconds=300),
        "before": timedelta(minutes=-90),
        "list": [1, 2],
        "bytes": b"ab",
        "none": None,
        "nan": float("nan"),
        "nat": pd.NaT,
        "na": pd.NA,
        "inf": float("inf"),
    }
    shown = table(pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()}))
    cells = words(shown.partition("<tbody>")[2].partition("</tbody>")[0])
    assert cells == (
        "1,234,567 1,000 1,234.5 0.3 12,345.60 True 2026-11-26 2026-11-26 09:05:00Z 2026-11-26 09:05:01 "
        "2026-11-26 09:05:00+0200 2 d 3 h 0.3 s -1 h 30 min 1, 2 b'ab' — — — — inf"
    )


def test_numbers_stand_at_the_right_with_their_heading():
    page = table(pd.DataFrame({"n": [1, 2], "t": ["1", "2"], "mixed": pd.Series([1, "x"], dtype=object)}))
    right = [name for name, attribute, value in read(page).attributes if (attribute, value) == ("class", "sf-n")]
    assert right == ["th", "td", "td"]


def test_long_text_is_cut_with_the_whole_as_tooltip():
    text = "line one\n" + "word " * 60
    page = table(pd.DataFrame({"t": [text, "short"], "x" * 200: ["y", "z"]}))
    titles = [value for _, name, value in read(page).attributes if name == "title"]
    assert titles == ["x" * 200, text]
    assert max(map(len, read(page).texts)) == 120
    assert "…" in words(page)


def test_a_tooltip_has_an_end_and_says_how_much_there_is():
    page = table(pd.DataFrame({"t": ["x" * 131_072]}))
    assert len(page) < 6_000
    assert "(131,072 characters)" in page


def test_what_is_not_shown_is_counted():
    wide = pd.DataFrame(np.zeros((1500, 30)))
    assert words(table(wide)).endswith("1,480 more rows and 6 more columns not shown")
    assert words(table(wide.iloc[:21, :2])).endswith("1 more row not shown")
    assert "not shown" not in table(wide.iloc[:20, :24])
    assert words(table(wide.iloc[:5, :1], max_rows=2)).endswith("3 more rows not shown")
    assert len(table(pd.DataFrame([["<" * 5_000] * 30] * 1_000))) < 700_000


def test_no_rows_are_said_to_be_none():
    assert words(table(pd.DataFrame({"a": []}))) == "a no rows"
    assert words(table(pd.DataFrame())) == "no rows"


def test_the_index_is_shown_where_it_says_something():
    frame = pd.DataFrame({"a": [7]})
    assert words(table(frame)) == "a 7"
    assert words(table(frame.set_axis(pd.Index([1001], name="row")))) == "row a 1,001 7"
    assert words(table(frame.set_axis(pd.MultiIndex.from_tuples([("x", 1)])))) == "a x / 1 7"
    assert words(table(frame.set_axis(pd.MultiIndex.from_tuples([("a", "b")]), axis=1))) == "a / b 7"


def test_statuses_and_shares_are_told_in_words():
    frame = pd.DataFrame(
        {"state": ["JobComplete", "Failed", "Queued", "other", None], "share": [0, 0.5, 0.91, 1, None]}
    )
    page = table(frame, kinds={"state": "status", "share": "share"})
    assert words(page) == ("state share ✓ JobComplete 0.0% ✗ Failed 50.0% … Queued 91.0% • other 100.0% — —")
    assert page.count('class="sf-bad" style=') == 2


def test_marked_cells_have_a_sign():
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    marks = pd.DataFrame({"a": [False, True], "b": [True, False]})
    assert words(table(frame, marks=marks)) == "a b x ✗ 1 ✗ y 2"


def test_finished_html_in_a_cell_stands_as_it_is():
    frame = pd.DataFrame({"a": pd.Series([tag("b", "x"), "<b>"], dtype=object)})
    assert read(table(frame)).tags.count("b") == 1
    assert isinstance(frame["a"][0], Html)
