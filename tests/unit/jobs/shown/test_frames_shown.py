"""Lists: the columns that matter first, in few rows; the frame itself is as it was."""

import sys
from pathlib import Path

import pandas as pd

from sfbulk_pandas.jobs.shown.frames import (
    shown_errors,
    shown_fixes,
    shown_jobs,
    shown_limits,
    shown_loads,
    shown_report,
)

sys.path.insert(0, str(Path(__file__).parents[3]))  # test modules are imported each by its file

from html_reading import words

FINDING = {"index": 0, "column": "Email", "check": "no address", "value": "bad", "suggestion": "mend it"}


def report(count, **more):
    return pd.DataFrame([FINDING | {"index": at, "severity": "row"} | more for at in range(count)])


def test_few_findings_are_shown_one_by_one():
    assert words(shown_report(report(2))._repr_html_()) == (
        "Report of the check 2 rows severity index column check suggestion value "
        "✗ row 0 Email no address mend it bad ✗ row 1 Email no address mend it bad"
    )


def test_many_findings_are_shown_by_kind_the_gravest_first():
    many = pd.concat([report(30, severity="note"), report(40), report(1, severity="error", column=None)])
    shown = shown_report(many)
    assert words(shown._repr_html_()) == (
        "Report of the check 71 rows severity rows index column check suggestion such_as "
        "✗ error 1 0 — no address mend it bad ✗ row 40 0 Email no address mend it bad "
        "• note 30 0 Email no address mend it bad"
    )
    assert len(shown) == 71
    assert list(shown.columns) == list(many.columns)
    assert len(repr(shown).splitlines()) == 5


def test_what_a_load_uses_stands_first_then_what_is_used_most():
    limits = pd.DataFrame(
        {
            "name": [*(f"L{at}" for at in range(60)), "DailyBulkApiBatches", "DailyApiRequests"],
            "max": 100,
            "remaining": [*range(40, 100), 100, 90],
        }
    ).assign(used=lambda frame: frame["max"] - frame["remaining"], used_share=lambda frame: frame["used"] / 100)
    shown = words(shown_limits(limits)._repr_html_())
    assert shown.startswith(
        "Limits of the org 62 rows name used_share used max remaining DailyApiRequests 10.0% 10 100 90 "
        "DailyBulkApiBatches 0.0% 0 100 100 L0 60.0% 60 100 40"
    )
    assert shown.endswith("42 more rows not shown")


def test_a_list_that_lost_its_columns_is_still_shown():
    for make in (shown_limits, shown_loads, shown_jobs, shown_report, shown_errors, shown_fixes):
        shown = make(pd.DataFrame({"state": ["ended"], "name": ["x"], "used_share": [0.5]}))
        del shown["name"]
        assert "50.0%" in words(shown._repr_html_()) or "0.5" in words(shown._repr_html_())
        assert "1 row" in repr(shown)


def test_fixes_are_shown_without_their_code_and_told_how_they_are_applied():
    fixes = {
        "column": ["Email"],
        "field": ["Email"],
        "fix": ["trim"],
        "what": ["takes the blanks away"],
        "rows": [2],
        "refused_before": [1_200],
        "refused_after": [0],
        "example_before": ["a@b.de "],
        "example_after": ["a@b.de"],
        "certain": [True],
        "code": ["x = 1"],
    }
    shown = shown_fixes(pd.DataFrame(fixes))
    assert words(shown._repr_html_()).startswith(
        "What mends the failed rows 1 row column fix what rows refused such as becomes certain "
        "Email trim takes the blanks away 2 1,200 → 0 a@b.de a@b.de yes"
    )
    assert "x = 1" not in shown._repr_html_()
    assert "result.apply(fixes)" in repr(shown)
    assert "apply" not in repr(shown_fixes(pd.DataFrame(fixes)[:0]))


def test_an_unfinished_load_is_told_how_it_goes_on():
    loads = pd.DataFrame({"load_id": ["a"], "state": ["ended"], "rows": [3], "unknown": [0], "retry_of": [None]})
    assert words(shown_loads(loads)._repr_html_()) == "Loads 1 row load_id state rows a ✓ ended 3"
    assert "unknown" in shown_loads(loads.assign(unknown=1))._repr_html_()
    assert repr(shown_loads(loads.assign(state="unfinished"))).endswith("goes on with sfbulk.resume(load_id, frame).")
