"""The same blocks in a terminal: aligned, no wider than it is, and never more than it can write."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from sfbulk_pandas.display.text import text_bar, text_facts, text_meter, text_table


def test_a_bar_shows_every_count():
    counts = {"successful": 1523, "failed": 1459, "unprocessed": 0}
    assert text_bar(counts) == "████████████▒▒▒▒▒▒▒▒▒▒▒▒  ✓ 1,523 successful  ✗ 1,459 failed  … 0 unprocessed"
    assert len(text_bar(counts)) < 80


@pytest.mark.parametrize("counts", [(1, 1, 1), (10**9, 1, 1), (1, 10**9, 0), (7, 0, 0)])
def test_what_is_not_zero_is_seen_in_a_bar_of_the_same_width(counts):
    bar = text_bar(dict(zip(("successful", "failed", "unknown"), counts, strict=True))).partition("  ")[0]
    assert len(bar) == 24
    assert [piece in bar for piece in "█▒?"] == [count > 0 for count in counts]


def test_nothing_at_all_has_no_bar():
    assert text_bar({"successful": 0, "failed": 0}) == "✓ 0 successful  ✗ 0 failed"


@pytest.mark.parametrize(("share", "full"), [(0, 0), (0.001, 0), (0.5, 5), (0.999, 9), (1, 10), (3, 10), (-1, 0)])
def test_a_meter_is_empty_for_nothing_alone_and_full_for_all(share, full):
    assert text_meter(share) == "█" * full + "·" * (10 - full)


def test_facts_are_aligned():
    assert text_facts({"load": "20261125", "rows": 1234, "none": None, "a": "x\ny"}) == (
        "load  20261125\nrows  1,234\na     x↵y"
    )


def test_long_facts_are_folded_and_ids_stay_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = text_facts({"next": "mend them, then retry what has failed", "job": f"7505g0000000001AAA {'x' * 50}"})
    assert text.splitlines() == [
        "next  mend them, then retry what has",
        "      failed",
        "job   7505g0000000001AAA",
        f"      {'x' * 50}",
    ]


def test_a_table_is_aligned_and_numbers_stand_at_the_right():
    frame = pd.DataFrame({"name": ["a", "東京", None], "count": [1, 1234, 5]})
    assert text_table(frame, width=80).splitlines() == ["name  count", "a         1", "東京  1,234", "—         5"]


def test_statuses_shares_and_marks_are_drawn():
    frame = pd.DataFrame({"state": ["Failed"], "share": [0.25], "v": ["bad"]})
    marks = pd.DataFrame({"state": [False], "share": [False], "v": [True]})
    text = text_table(frame, marks=marks, kinds={"state": "status", "share": "share"}, width=80)
    assert text.splitlines()[1] == "✗ Failed  ██········  25.0%  ✗ bad"


def test_long_texts_give_way_first_then_columns(monkeypatch):
    frame = pd.DataFrame({"a": ["x" * 200], "b": ["y" * 40], "n": [123]})
    lines = text_table(frame, width=60).splitlines()
    assert max(map(len, lines)) == 60
    assert lines[1].startswith("x" * 20)
    assert lines[1].count("…") == 2
    assert lines[1].endswith("  123")
    monkeypatch.setenv("COLUMNS", "30")
    lines = text_table(frame).splitlines()
    assert [len(line) for line in lines] == [1, 30, 26]
    assert lines[-1] == "(2 more columns not shown)"


def test_texts_are_folded_and_end_after_a_few_lines():
    frame = pd.DataFrame({"n": [1, 2], "t": ["the value does not fit the field's type", "one two " * 30]})
    assert text_table(frame, width=20).splitlines() == [
        "n  t",
        "1  the value does",
        "   not fit the",
        "   field's type",
        "2  one two one two",
        "   one two one two",
        "   one two one two …",
    ]


def test_ids_numbers_and_statuses_are_never_cut():
    frame = pd.DataFrame({"id": ["7505g0000000001AAA"], "n": [10**12], "state": ["JobComplete"], "t": ["x" * 50]})
    lines = text_table(frame, kinds={"id": "code", "state": "status"}, width=80).splitlines()
    assert lines[1] == "7505g0000000001AAA  1,000,000,000,000  ✓ JobComplete  xxxxxxxxxxxxxxxxxxxxxxxxx…"
    lines = text_table(frame, kinds={"id": "code", "state": "status"}, width=40).splitlines()
    assert lines[1:] == ["7505g0000000001AAA  1,000,000,000,000", "(2 more columns not shown)"]


def test_what_is_not_shown_is_counted():
    frame = pd.DataFrame({"a": np.arange(10_000)})
    lines = text_table(frame).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "(9,980 more rows not shown)"
    assert text_table(frame.iloc[:0]) == "a\n(no rows)"
    assert text_table(pd.DataFrame()) == "(no rows)"


def test_the_index_is_shown_where_it_says_something():
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="row"))
    assert text_table(frame).splitlines() == ["row  a", "x    1"]


def test_nothing_of_a_value_reaches_the_terminal_as_a_command():
    frame = pd.DataFrame({"a\x1b[2J": ["\x1b[31mred\x07\x9b", "two\nlines"]}, index=["\x1b]0;x\x07", "b"])
    text = text_table(frame) + text_facts({"a": "\x1b[0m"})
    assert not set(text) & {chr(code) for code in range(32) if code != 10} - {"\n"}
    assert "\x9b" not in text
    assert len(text_table(frame).splitlines()) == 3


def test_an_old_pipe_gets_ascii(monkeypatch):
    frame = pd.DataFrame({"state": ["Failed", None], "t": ["x" * 80, "\u00e9 \u6771\n"]})
    # Standard output as a pipe on Windows has it: with 256 characters.
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    said = [text_bar({"successful": 3, "failed": 1, "unprocessed": 1}), text_meter(0.5)]
    said.append(text_table(frame, kinds={"state": "status"}, width=40))
    print(*said)
    assert said[0] == "##############xxxxx.....  + 3 successful  x 1 failed  . 1 unprocessed"
    assert said[1] == "#####....."
    assert said[2].splitlines()[2].split() == ["-", "\u00e9", "?|"]
