"""The bar: honest totals, one bar a call, closed whatever happens."""

from __future__ import annotations

import io
import sys
import types
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pandas as pd
import pytest
from tqdm import tqdm

from sfbulk_pandas.progress import bar as bar_module
from sfbulk_pandas.progress.bar import Bar, in_notebook
from sfbulk_pandas.progress.events import (
    Event,
    FrameChecked,
    JobPolled,
    LoadFinished,
    LoadStarted,
    PageRead,
    PartFinished,
    PartUploaded,
    PlanChosen,
    QueryFinished,
    QueryPolled,
    QueryStarted,
    RowsRetried,
)
from sfbulk_pandas.progress.report import findings_text
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from html_reading import read, words

JOB = JobInfo("750A", Operation.UPSERT, "Contact", JobState.IN_PROGRESS)
QUERY = JobInfo("750B", Operation.QUERY, "Contact", JobState.UPLOAD_COMPLETE)


class Recorder:
    """A tqdm bar that writes nothing."""

    def __init__(self, description, total):
        self.description, self.total, self.n, self.facts, self.closed = description, total, 0, "", 0

    def set_postfix_str(self, text, refresh):
        self.facts = text

    def close(self):
        self.closed += 1


@pytest.fixture
def made():
    return []


@pytest.fixture
def bar(made):
    def new(description, total):
        made.append(Recorder(description, total))
        return made[-1]

    return Bar(new)


def polled(part, processed, failed, state=JobState.IN_PROGRESS):
    counted = replace(JOB, state=state, number_records_processed=processed, number_records_failed=failed)
    return JobPolled(part, counted)


def test_load_moves_by_rows_processed_over_all_parts(bar, made):
    bar(LoadStarted("Contact", Operation.UPSERT, 5000))
    (shown,) = made
    assert (shown.description, shown.total, shown.n) == ("upsert Contact", 5000, 0)
    bar(PartUploaded(1, JOB, 3000, 100))
    bar(JobPolled(1, JOB))
    assert (shown.n, shown.facts) == (0, "InProgress")
    bar(polled(1, 2000, 3))
    bar(polled(2, 1500, 1))
    assert (shown.n, shown.facts) == (3500, "part 2 InProgress, 4 failed")
    bar(PartFinished(1, replace(JOB, state=JobState.JOB_COMPLETE), 2990, 10, 0))
    assert (shown.n, shown.facts) == (4500, "part 1 JobComplete, 11 failed")
    bar(PartFinished(2, replace(JOB, state=JobState.ABORTED), 1400, 100, 500))
    bar(LoadFinished(4390, 110, 500))
    assert (shown.n, shown.facts, shown.closed) == (4500, "done, 110 failed, 500 unprocessed", 1)
    bar.close()
    assert shown.closed == 1


def test_rows_that_are_held_back_or_unknown_stand_beside_those_that_move_it(bar, made):
    bar(LoadStarted("Contact", Operation.INSERT, 6, held_back=3))
    assert (made[0].total, made[0].facts) == (6, "uploading, 3 held back")
    bar(LoadFinished(2, 1, 0, unknown=3, held_back=3))
    assert (made[0].n, made[0].facts) == (3, "done, 1 failed, 3 unknown, 3 held back")


def test_one_part_is_not_numbered(bar, made):
    bar(LoadStarted("Contact", Operation.INSERT, 10))
    bar(polled(1, 4, 0))
    assert made[0].facts == "InProgress"


def test_rows_sent_again_are_not_counted_twice(bar, made):
    bar(LoadStarted("Contact", Operation.INSERT, 100))
    bar(polled(1, 60, 8))
    bar(polled(2, 40, 2))
    bar(RowsRetried(2, 10))
    assert (made[0].n, made[0].facts) == (90, "attempt 2: 10 rows again, 10 failed")
    bar(polled(1, 6, 1))
    assert (made[0].n, made[0].facts) == (96, "part 1 InProgress, 1 failed")


def test_what_the_check_found_is_shown_above_the_bar(bar, made, capsys):
    row = {"index": 7, "column": "Email", "check": "this is no mail address", "value": "bad", "suggestion": "mend it"}
    note = row | {"severity": "note"}
    bar(FrameChecked(pd.DataFrame([note])))
    assert capsys.readouterr().err == ""
    bar(FrameChecked(pd.DataFrame([row | {"severity": "row"}, row | {"index": 8, "severity": "row"}, note])))
    said = capsys.readouterr().err
    assert "2 problem(s)" in said
    assert "2 x Email: this is no mail address (such as 'bad'); mend it" in said


def wrong_rows(kinds):
    row = {"check": "no address", "value": "<b>", "suggestion": "mend it", "severity": "row"}
    lines = [row | {"index": at, "column": f"C{at}"} for at in range(kinds)]
    return pd.DataFrame([*lines, row | {"index": 99, "column": "C1"}])


def test_the_most_frequent_kinds_of_problem_are_shown_and_the_others_counted():
    said = findings_text(wrong_rows(11)).splitlines()
    assert said[0] == "check: 12 problem(s) that Salesforce will refuse"
    assert said[1].split() == ["2", "x", "C1:", "no", "address", "(such", "as", "'<b>');", "mend", "it"]
    assert len(said) == 10
    assert said[-1] == "  and 3 more kinds of problem: the result's .report has them all"
    assert len(findings_text(wrong_rows(8)).splitlines()) == 9


def test_a_notebook_is_given_a_table_and_the_same_as_text(bar, monkeypatch):
    shown = []
    kernel(monkeypatch, "ZMQInteractiveShell")
    sys.modules["IPython"].display = types.SimpleNamespace(display=shown.append)
    report = wrong_rows(9)
    bar(FrameChecked(report))
    bar(FrameChecked(report.assign(severity="note")))
    [view] = shown
    assert repr(view) == findings_text(report)
    page = view._repr_html_()
    assert words(page).startswith("✗ check: 10 problem(s) that Salesforce will refuse rows column check")
    assert words(page).endswith("and 1 more kinds of problem: the result's .report has them all")
    assert read(page).tags.count("tr") == 9
    assert "&lt;b&gt;" in page


def test_query_moves_by_rows_read(bar, made):
    bar(PlanChosen("Contact", "id_ranges", "it is large"))
    (shown,) = made
    assert (shown.description, shown.total, shown.facts) == ("query Contact", None, "id_ranges")
    bar(QueryStarted(QUERY))
    bar(QueryPolled(replace(QUERY, state=JobState.IN_PROGRESS, number_records_processed=0)))
    assert (shown.total, shown.facts) == (None, "InProgress")
    bar(PageRead(1, 100, 100, 110, 999))
    bar(QueryStarted(QUERY))  # a second job of the same query
    assert (shown.n, shown.total, len(made)) == (100, 110, 1)
    bar(PageRead(2, 10, 110, 110))
    assert (shown.n, shown.total, shown.facts) == (110, 110, "page 2")
    bar(QueryFinished(110))
    assert (shown.n, shown.closed) == (110, 1)


def test_closed_by_the_caller_after_an_exception(bar, made):
    bar(LoadStarted("Contact", Operation.INSERT, 10))
    bar.close()
    bar.close()
    bar(polled(1, 4, 0))
    bar(LoadFinished(0, 0, 10))
    assert (made[0].closed, made[0].n) == (1, 0)


def test_each_call_has_a_bar_of_its_own(bar, made):
    for _ in range(2):
        bar(LoadStarted("Contact", Operation.INSERT, 10))
        bar(PartFinished(1, JOB, 10, 0, 0))
        bar(LoadFinished(10, 0, 0))
    assert [each.n for each in made] == [10, 10]
    bar(LoadStarted("Contact", Operation.INSERT, 10))
    bar(LoadStarted("Contact", Operation.INSERT, 10))
    assert [each.closed for each in made] == [1, 1, 1, 0]


def test_an_event_it_does_not_know_shows_nothing(bar, made):
    bar(Event())
    assert made == []


def test_real_tqdm_prints_its_last_line_once():
    screen = io.StringIO()
    bar = Bar(lambda description, total: tqdm(total=total, desc=description, file=screen, ncols=100))
    bar(LoadStarted("Contact", Operation.UPSERT, 1000))
    bar(polled(1, 400, 2))
    bar(PartFinished(1, JOB, 998, 2, 0))
    bar(LoadFinished(998, 2, 0))
    bar.close()
    text = screen.getvalue()
    assert text.count("\n") == 1
    assert "upsert Contact: 100%" in text
    assert text.rstrip().endswith("done, 2 failed]")
    assert "1000/1000" in text


def test_real_bar_writes_to_standard_error_alone(capsys):
    bar = Bar()
    bar(PlanChosen("Contact", "locator", "asked for"))
    bar(QueryFinished(3))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "query Contact: 3 rows" in captured.err


def kernel(monkeypatch, name):
    shell = type(name, (), {})()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.parametrize(("name", "expected"), [("ZMQInteractiveShell", True), ("TerminalInteractiveShell", False)])
def test_notebook(name, expected, monkeypatch):
    kernel(monkeypatch, name)
    assert in_notebook() is expected


def test_without_ipython_there_is_no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    assert "IPython" not in sys.modules


@pytest.mark.parametrize(("widgets", "module"), [(True, "tqdm.notebook"), (False, "tqdm.std")])
def test_bar_of_the_notebook_where_widgets_are_installed(widgets, module, monkeypatch):
    notebook = pytest.importorskip("tqdm.notebook")  # before there is a false shell, which ipywidgets would keep
    kernel(monkeypatch, "ZMQInteractiveShell")
    monkeypatch.setattr(bar_module, "find_spec", lambda name: object() if widgets else None)
    used = []
    monkeypatch.setattr(notebook, "tqdm", lambda **options: used.append("tqdm.notebook"))
    monkeypatch.setattr("tqdm.tqdm", lambda **options: used.append("tqdm.std"))
    bar_module._new_tqdm("x", 1)
    assert used == [module]


def test_events_are_frozen():
    event = QueryFinished(3)
    with pytest.raises((FrozenInstanceError, TypeError)):
        event.rows = 4
    assert isinstance(event, Event)
    assert event == QueryFinished(rows=3)
