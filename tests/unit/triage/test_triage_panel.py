"""The panel with its widgets, without a kernel: buttons are clicked and cells edited as the browser would say it."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sfbulk_pandas.errors import JobFailed, MissingExtra
from sfbulk_pandas.jobs.results import LoadResult

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file
from failed_rows import failed
from loaded import FakeResult

ADDRESS = "INVALID_EMAIL_ADDRESS:no <b>address</b>:Email --"
DATE = "INVALID_FIELD:'7.11.1867' is no date:Birthdate --"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def panel():
    frame = pd.DataFrame(
        {
            "Email": ["no", HOSTILE, "a@b.example", "a@b.example"],
            "Birthdate": [None, None, "7.11.1867", "7.11.1867"],
            "LastName": ["Noether", "Meitner", "Curie", "Curie"],
        },
        index=list("abcd"),
    )
    return LoadResult.triage(FakeResult(failed(frame, said=[ADDRESS, ADDRESS, DATE, DATE])))


def all_of(widget):
    """Return a widget and everything in it."""
    return [widget, *(each for child in getattr(widget, "children", ()) for each in all_of(child))]


def named(panel, name):
    """Return the widget with a class of ours, such as ``causes`` or ``retry``."""
    (found,) = [each for each in all_of(panel) if f"sfbulk-triage-{name}" in each._dom_classes]
    return found


def fix_buttons(panel):
    return {each.description: each for each in all_of(panel) if "sfbulk-triage-fix" in each._dom_classes}


def shown(panel):
    """Return all that the panel says in HTML."""
    return "\n".join(each.value for each in all_of(panel) if type(each).__name__ == "HTML")


def edit(panel, row, column, value):
    """Edit a cell as the grid's page tells of it."""
    grid = named(panel, "grid")
    place = list(grid._data["data"].columns).index(column)
    column_index = place - 1  # its index is no column
    message = {"event_type": "cell-changed", "row": row, "column_index": column_index, "value": value}
    grid._handle_custom_msg(message, [])


def held(panel, row, column):
    return named(panel, "grid")._data["data"][column].iloc[row]


def test_the_panel_names_the_causes_and_shows_the_rows_of_the_first(panel):
    lines = [line for line, _ in named(panel, "causes").options]
    assert lines == [
        "✗ INVALID_EMAIL_ADDRESS Email: 2 of 2 rows refused",
        "✗ INVALID_FIELD Birthdate: 2 of 2 rows refused",
    ]
    assert held(panel, 0, "why").startswith("✗ Email: this is no email address")
    assert "at most 80 characters" in shown(panel)


def test_choosing_a_cause_shows_its_rows_and_its_fixes(panel):
    named(panel, "causes").value = 1
    assert named(panel, "grid")._data["data"]["row"].tolist() == ["c", "d"]
    assert "date: Birthdate" in fix_buttons(panel)
    assert "refused 2 → 0" in shown(panel)
    assert fix_buttons(panel)["date: Birthdate"].tooltip == "writes days as 2024-12-31"


def test_a_fix_is_applied_by_its_button_and_can_be_undone(panel):
    named(panel, "causes").value = 1
    fix_buttons(panel)["date: Birthdate"].click()
    assert panel.fixed["Birthdate"].tolist()[2:] == ["1867-11-07"] * 2
    assert named(panel, "causes").value == 1
    assert named(panel, "causes").options[1][0] == "✓ INVALID_FIELD Birthdate: 2 rows mended"
    assert "writes days" in named(panel, "code").value
    assert held(panel, 0, "why") == "✓ mended"
    named(panel, "undo").click()
    assert panel.fixed["Birthdate"].tolist()[2:] == ["7.11.1867"] * 2
    assert named(panel, "undo").disabled


def test_all_certain_fixes_are_applied_by_one_button(panel):
    named(panel, "apply-all-certain-fixes").click()
    assert panel.fixed["Birthdate"].tolist()[2:] == ["1867-11-07"] * 2
    assert panel.model.steps == 1


def test_a_cell_that_is_edited_is_written_into_fixed_and_judged_anew(panel):
    edit(panel, 0, "Email", "emmy@b.example")
    assert panel.fixed.loc["a", "Email"] == "emmy@b.example"
    assert held(panel, 0, "why") == "✓ mended"
    assert held(panel, 1, "why").startswith("✗")
    assert named(panel, "causes").options[0][0] == "✗ INVALID_EMAIL_ADDRESS Email: 1 of 2 rows refused"
    assert named(panel, "code").value.endswith('fixed.loc["a", "Email"] = "emmy@b.example"')


def test_a_cell_is_set_by_line_and_column_without_a_mouse(panel):
    line, column, text, button = named(panel, "cell").children
    assert (line.value, line.max, column.value, text.value) == (1, 2, "Email", "no")
    line.value = 2
    assert text.value == HOSTILE
    text.value = "lise@b.example"
    button.click()
    assert panel.fixed.loc["b", "Email"] == "lise@b.example"
    assert held(panel, 1, "Email") == "lise@b.example"
    assert held(panel, 1, "why") == "✓ mended"
    button.click()  # nothing has changed
    assert panel.model.steps == 1
    line.value = 1
    edit(panel, 0, "Email", "emmy@b.example")
    assert text.value == "emmy@b.example"


def test_a_cell_of_several_lines_keeps_them_in_the_form():
    frame = pd.DataFrame({"Phone": ["one\ntwo " + "3" * 40], "LastName": "x"})
    panel = LoadResult.triage(FakeResult(failed(frame, said=["STRING_TOO_LONG:long:Phone --"])))
    _, _, text, button = named(panel, "cell").children
    text.value = "one\ntwo"
    button.click()
    assert panel.fixed["Phone"].tolist() == ["one\ntwo"]


def test_a_cell_that_is_emptied_is_left_blank(panel):
    edit(panel, 0, "Email", None)
    assert panel.fixed["Email"].isna().tolist() == [True, False, False, False]


def test_an_edit_that_changes_nothing_is_none(panel):
    edit(panel, 0, "Email", "no")
    assert panel.model.steps == 0


@pytest.mark.parametrize("column", ["row", "why"])
def test_what_is_not_the_users_to_write_is_put_back(panel, column):
    before = held(panel, 0, column)
    edit(panel, 0, column, "mine")
    assert held(panel, 0, column) == before
    assert panel.model.steps == 0


def test_the_check_shows_what_is_still_refused(panel):
    named(panel, "check").click()
    assert "nothing would be refused" in named(panel, "message").value
    columns = panel.result.report.columns
    panel.result.report = pd.DataFrame(
        [["a", "Email", "this is no address", HOSTILE, "mend it", "row"]], columns=columns
    )
    named(panel, "check").click()
    assert "1 row" in named(panel, "message").value
    assert "this is no address" in named(panel, "message").value


def test_a_retry_goes_on_with_what_is_still_open(panel):
    edit(panel, 0, "Email", "emmy@b.example")
    left = failed(pd.DataFrame({"LastName": ["Meitner"]}, index=["b"]), said=["DUPLICATE_VALUE:again:--"])
    panel.result.next = FakeResult(left)
    assert named(panel, "retry").description == "Retry 4 rows"
    named(panel, "retry").click()
    assert [line for line, _ in named(panel, "causes").options] == ["✗ DUPLICATE_VALUE: 1 of 1 row refused"]
    assert named(panel, "retry").description == "Retry 1 row"
    assert "3 more rows are in, 1 is still open" in named(panel, "message").value
    assert panel.result.frame is left.frame


def test_a_retry_after_which_nothing_is_left_says_so(panel):
    left = failed(pd.DataFrame({"LastName": ["Meitner"]}), said=[DATE])
    panel.result.next = FakeResult(replace(left, frame=left.frame.iloc[:0].copy()))
    named(panel, "retry").click()
    assert "none is left" in named(panel, "message").value
    assert named(panel, "causes").options == ()
    assert (named(panel, "retry").disabled, named(panel, "check").disabled) == (True, True)
    assert panel.layout.display != "none"


def test_what_goes_wrong_is_told_on_the_panel(panel):
    panel.result.next = JobFailed("the job failed", hint="ask the admin")
    named(panel, "retry").click()
    assert "JobFailed" in named(panel, "message").value
    assert "ask the admin" in named(panel, "message").value
    assert not named(panel, "retry").disabled


def test_only_what_is_still_refused_is_shown_where_that_is_asked_for(panel):
    edit(panel, 0, "Email", "emmy@b.example")
    (only,) = [each for each in all_of(panel) if type(each).__name__ == "Checkbox"]
    only.value = True
    assert named(panel, "grid")._data["data"]["row"].tolist() == ["b"]


def test_many_rows_are_shown_a_page_at_a_time():
    rows = 2_300
    frame = pd.DataFrame({"Birthdate": ["some day"] * rows, "LastName": "x"})
    panel = LoadResult.triage(FakeResult(failed(frame, said=[DATE] * rows)))
    assert "rows 1 to 1,000 of 2,300" in shown(panel)
    named(panel, "later-rows").click()
    named(panel, "later-rows").click()
    assert "rows 2,001 to 2,300 of 2,300" in shown(panel)
    assert named(panel, "later-rows").disabled
    edit(panel, 299, "Birthdate", "1990-01-01")
    named(panel, "earlier-rows").click()
    assert "rows 1,001 to 2,000" in shown(panel)
    assert panel.fixed["Birthdate"].iloc[-1] == "1990-01-01"


def test_nothing_that_a_cell_or_an_answer_holds_becomes_markup(panel):
    assert HOSTILE not in shown(panel)
    assert "<b>address</b>" not in shown(panel)
    named(panel, "check").click()
    assert "<script" not in shown(panel)


def test_a_grid_that_is_replaced_is_closed(panel):
    old = named(panel, "grid")
    named(panel, "causes").value = 1
    assert old.comm is None
    assert named(panel, "grid") is not old


@pytest.mark.parametrize("package", ["ipywidgets", "ipydatagrid"])
def test_without_the_extra_the_line_that_installs_it_is_told(package, monkeypatch):
    for name in [
        name for name in sys.modules if name.startswith(("sfbulk_pandas.triage.panel", "sfbulk_pandas.triage.grid"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=package) as caught:
        LoadResult.triage(object())
    assert "pip install 'sfbulk_pandas[notebook]'" in caught.value.hint
