"""Who listens, and that whoever listens cannot break a job."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
import time
import types

import pandas as pd
import pytest

from sfbulk_pandas.errors import MissingExtra, UsageError
from sfbulk_pandas.jobs.options import LoadOptions
from sfbulk_pandas.jobs.query_options import QueryOptions
from sfbulk_pandas.progress import choose
from sfbulk_pandas.progress.bar import Bar
from sfbulk_pandas.progress.choose import Dispatcher, listener_for
from sfbulk_pandas.progress.events import (
    Cause,
    FrameChecked,
    JobPolled,
    LoadFinished,
    LoadStarted,
    PartFinished,
    PlanChosen,
    QueryFinished,
    RowsRetried,
)
from sfbulk_pandas.progress.widget.panel import Panel
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

EVENT = QueryFinished(1)


def test_listener_gets_every_event_in_order():
    seen = []
    with listener_for(seen.append) as notify:
        for rows in range(3):
            notify(QueryFinished(rows))
    assert seen == [QueryFinished(0), QueryFinished(1), QueryFinished(2)]
    notify(EVENT)
    assert len(seen) == 3


def test_listener_that_raises_is_logged_once_and_dropped(caplog):
    calls = []

    def broken(event):
        calls.append(event)
        raise RuntimeError("my own mistake")

    notify = Dispatcher(broken)
    with caplog.at_level(logging.DEBUG, logger="sfbulk_pandas"):
        for _ in range(3):
            notify(EVENT)
        notify.close()
    assert calls == [EVENT]
    assert len(caplog.records) == 1
    assert "my own mistake" in caplog.text


def test_interrupt_is_not_held_back():
    def interrupted(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Dispatcher(interrupted)(EVENT)


def test_bar_that_cannot_close_does_not_raise(caplog):
    class Broken:
        total = n = None

        def set_postfix_str(self, text, refresh):
            pass

        def close(self):
            raise OSError("no screen")

    notify = Dispatcher(Bar(lambda description, total: Broken()))
    notify(PlanChosen("X", "locator", "asked for"))
    notify.close()
    assert "no screen" in caplog.text


def test_one_event_at_a_time():
    inside, overlaps = [], []

    def slow(event):
        inside.append(event)
        overlaps.append(len(inside))
        time.sleep(0)
        inside.pop()

    notify = Dispatcher(slow)
    threads = [threading.Thread(target=lambda: [notify(EVENT) for _ in range(50)]) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert overlaps == [1] * 200


def screen(monkeypatch, terminal):
    monkeypatch.setattr(choose, "in_notebook", lambda: False)
    monkeypatch.setattr(sys, "stderr", terminal)


@pytest.mark.parametrize(
    ("terminal", "shown"),
    [
        (types.SimpleNamespace(isatty=lambda: True), True),
        (types.SimpleNamespace(isatty=lambda: False), False),
        (types.SimpleNamespace(), False),
        (None, False),
    ],
)
def test_by_default_a_bar_in_a_terminal(terminal, shown, monkeypatch):
    screen(monkeypatch, terminal)
    assert isinstance(listener_for(None)._listener, Bar) is shown


@pytest.mark.parametrize(("widgets", "kind"), [(True, Panel), (False, Bar)])
@pytest.mark.parametrize("progress", [None, True])
def test_by_default_a_panel_in_a_notebook_or_a_bar_where_there_are_no_widgets(monkeypatch, progress, widgets, kind):
    notebook(monkeypatch, widgets=widgets)
    assert isinstance(listener_for(progress)._listener, kind)


def notebook(monkeypatch, *, widgets):
    monkeypatch.setattr(choose, "in_notebook", lambda: True)
    monkeypatch.setattr(choose, "find_spec", lambda name: object() if widgets else None)


def test_chosen(monkeypatch):
    assert isinstance(listener_for(progress=True)._listener, Bar)
    assert listener_for(progress=False)._listener is choose.log_findings
    assert listener_for("log")._listener is choose.log_progress
    notebook(monkeypatch, widgets=True)
    assert isinstance(listener_for("widget")._listener, Panel)
    assert isinstance(listener_for("bar")._listener, Bar)


def test_what_there_is_no_way_for_is_refused_before_anything_is_sent(monkeypatch):
    for make in (listener_for, lambda way: LoadOptions(progress=way), lambda way: QueryOptions(progress=way)):
        with pytest.raises(UsageError, match="progress='loud' is neither"):
            make("loud")
        with pytest.raises(UsageError, match="is for notebooks"):
            make("widget")
    notebook(monkeypatch, widgets=False)
    with pytest.raises(MissingExtra, match="needs ipywidgets"):
        LoadOptions(progress="widget")


def test_neither_notebook_nor_terminal_gives_lines_of_the_log(monkeypatch, caplog):
    screen(monkeypatch, None)
    caplog.set_level("INFO", logger="sfbulk_pandas")
    job = JobInfo("750A", Operation.INSERT, "Contact", JobState.JOB_COMPLETE)
    causes = (Cause("A_B", 2, "mend it", is_passing=False),)
    with listener_for(None, itertools.count(5).__next__) as notify:
        notify(LoadStarted("Contact", Operation.INSERT, 1200, "L1"))
        notify(JobPolled(1, job))
        notify(PartFinished(1, job, 1198, 2, 0, causes))
        notify(RowsRetried(2, 2))
        notify(LoadFinished(1200, 0, 0))
        notify(PlanChosen("Contact", "rest", "it is small"))
        notify(QueryFinished(3))
    assert caplog.messages == [
        "insert Contact: load L1 of 1,200 rows begins",
        "part 1, job 750A: 1,198 successful, 2 failed, 0 unprocessed (2 A_B)",
        "attempt 2: 2 rows that failed in passing",
        "the load is over: 1,200 successful, 0 failed, 0 unprocessed; 5 API calls",
        "query Contact by rest: it is small",
        "the query is over: 3 rows; 7 API calls",
    ]


def test_the_log_tells_of_rows_that_are_held_back_or_unknown(monkeypatch, caplog):
    screen(monkeypatch, None)
    caplog.set_level("INFO", logger="sfbulk_pandas")
    with listener_for(None, itertools.count(5).__next__) as notify:
        notify(LoadStarted("Contact", Operation.INSERT, 6, "L1", held_back=1200))
        notify(LoadFinished(2, 1, 0, unknown=3, held_back=1200))
    assert caplog.messages == [
        "insert Contact: load L1 of 6 rows begins, 1,200 more are held back",
        "the load is over: 2 successful, 1 failed, 0 unprocessed, 3 unknown, 1,200 held back; 2 API calls",
    ]


@pytest.mark.parametrize("progress", [None, False])
def test_without_a_bar_what_the_check_found_goes_to_the_log(monkeypatch, caplog, progress):
    screen(monkeypatch, None)
    row = {"index": 0, "column": "Email", "check": "no address", "value": "bad", "suggestion": "mend it"}
    with listener_for(progress) as notify:
        notify(FrameChecked(pd.DataFrame([row | {"severity": "note"}])))
        notify(EVENT)
        assert not caplog.records
        notify(FrameChecked(pd.DataFrame([row | {"severity": "row"}])))
    assert [(each.name, each.levelname) for each in caplog.records] == [("sfbulk_pandas", "WARNING")]
    assert caplog.messages[0].splitlines()[1].strip() == "1 x Email: no address (such as 'bad'); mend it"
