"""Who listens, and that whoever listens cannot break a job."""

from __future__ import annotations

import logging
import sys
import threading
import time
import types

import pandas as pd
import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.progress import choose
from sfbulk_pandas.progress.bar import Bar
from sfbulk_pandas.progress.choose import Dispatcher, listener_for
from sfbulk_pandas.progress.events import FrameChecked, PlanChosen, QueryFinished

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


def test_by_default_a_bar_in_a_notebook(monkeypatch):
    monkeypatch.setattr(choose, "in_notebook", lambda: True)
    assert isinstance(listener_for(None)._listener, Bar)


def test_chosen():
    assert isinstance(listener_for(progress=True)._listener, Bar)
    assert listener_for(progress=False)._listener is choose.log_findings
    with pytest.raises(UsageError, match="progress="):
        listener_for("loud")


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
