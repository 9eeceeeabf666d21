"""The panel as a listener: no event waits for a drawing, few drawings, one line at the end whatever has happened."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pandas as pd
import pytest

from sfbulk_pandas.errors import JobAborted, JobFailed, StillRunning
from sfbulk_pandas.progress import events as on
from sfbulk_pandas.progress.choose import Dispatcher
from sfbulk_pandas.progress.widget import panel as panels
from sfbulk_pandas.progress.widget.panel import Panel
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

STARTED = on.LoadStarted("Contact", Operation.INSERT, 10)
JOB = JobInfo("750A", Operation.INSERT, "Contact", JobState.IN_PROGRESS, number_records_processed=4)


class Place:
    """Keep what is shown, and when."""

    def __init__(self):
        self.put_there, self.shown, self.folded = [], [], []
        self.control, self.is_load = None, None
        self.put, self.drawn = self.put_there.append, threading.Event()

    def show(self, drawing):
        self.shown.append((time.monotonic(), "".join(drawing)))
        self.drawn.set()

    def fold(self, line):
        self.folded.append(line.text)


@pytest.fixture
def place():
    return Place()


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(panels, "DELAY_SECONDS", 0)


@pytest.fixture(autouse=True)
def _no_thread_stays():
    yield
    assert "sfbulk-panel" not in {each.name for each in threading.enumerate()}


def test_a_call_that_is_over_at_once_shows_one_line_and_no_panel(place):
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        notify(on.LoadFinished(10, 0, 0))
    assert place.shown == []
    assert [line[:40] for line in place.folded] == ["✓ done: insert Contact · ✓ 10 successful"]


def test_a_longer_one_shows_what_happens(place, soon):
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        assert place.drawn.wait(10)
        notify(on.JobPolled(1, JOB))
        notify(on.LoadFinished(10, 0, 0))
        assert (place.control, place.is_load) == (STARTED.control, True)
    assert "0 of 10 rows processed" in place.shown[0][1]
    assert len(place.folded) == 1


def test_it_is_drawn_five_times_a_second_at_most_and_without_news_not_at_all(place, soon, monkeypatch):
    monkeypatch.setattr(panels, "_EASE", 0)  # however long a busy machine takes to draw
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        end = time.monotonic() + 30
        while time.monotonic() < end and len(place.shown) < 6:
            notify(on.JobPolled(1, JOB))
            time.sleep(0.001)
        time.sleep(1)  # what was told since the last drawing is drawn, and nothing after it
        drawn = len(place.shown)
        time.sleep(0.45)
        assert len(place.shown) == drawn
    times = [when for when, _ in place.shown]
    assert 6 <= drawn <= 8
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(times))


def test_where_drawing_is_slow_it_is_done_less_often(place, soon):
    def slow(drawing):
        place.shown.append((time.monotonic(), drawing))
        end = time.thread_time() + 0.005
        while time.thread_time() < end:
            pass

    place.show = slow
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        end = time.monotonic() + 30  # a busy machine may take longer to draw, and then longer until the next time
        while time.monotonic() < end and len(place.shown) < 4:
            notify(on.JobPolled(1, JOB))
            time.sleep(0.01)
        times = [when for when, _ in place.shown[1:]]  # of the first it is not asked how long it took
    assert len(times) >= 3
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.95


def test_the_first_drawing_is_dear_and_the_next_does_not_wait_for_that(place, soon):
    second = threading.Event()

    def draw(drawing):
        if place.drawn.is_set():
            second.set()
        end = time.thread_time() + (0 if place.drawn.is_set() else 0.1)  # as long as libraries take to load
        while time.thread_time() < end:
            pass
        place.drawn.set()

    place.show = draw
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        assert place.drawn.wait(10)
        notify(on.JobPolled(1, JOB))
        assert second.wait(10)  # twenty seconds, if the first drawing counted


def test_an_event_does_not_wait_for_a_drawing(place, soon):
    free, begun = threading.Event(), threading.Event()

    def slow(drawing):
        begun.set()
        free.wait(30)

    place.show = slow
    panel = Panel(place)
    panel(STARTED)
    assert begun.wait(10)
    started = time.monotonic()
    for _ in range(1_000):
        panel(on.JobPolled(1, JOB))
    assert time.monotonic() - started < 5  # a drawing takes half a minute here
    free.set()
    panel.end(None)


def test_what_the_check_found_is_shown_once_and_above(place):
    row = {"index": 1, "column": "A", "check": "c", "value": "v", "suggestion": "s", "severity": "row"}
    with Dispatcher(Panel(place)) as notify:
        notify(on.FrameChecked(pd.DataFrame([row | {"severity": "note"}])))
        notify(on.FrameChecked(pd.DataFrame([row])))
    assert len(place.put_there) == 1
    assert "1 problem(s)" in repr(place.put_there[0])
    assert place.folded == []  # nothing was begun


def test_a_drawing_that_fails_is_logged_once_and_the_line_comes_all_the_same(place, soon, caplog):
    def broken(drawing):
        place.drawn.set()
        raise RuntimeError("no front end")

    place.show = broken
    with Dispatcher(Panel(place)) as notify:
        notify(STARTED)
        assert place.drawn.wait(10)
        notify(on.LoadFinished(10, 0, 0))
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert len(place.folded) == 1


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (JobAborted("x"), "aborted"),
        (StillRunning("x"), "detached"),
        (JobFailed("x"), "failed"),
        (ValueError(), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (GeneratorExit(), "stopped"),
        (None, "stopped"),
    ],
)
def test_the_line_says_how_it_ended(place, error, word):
    panel = Panel(place)
    panel(STARTED)
    panel(on.JobPolled(1, JOB))
    panel.end(error)
    panel.end(None)
    (line,) = place.folded
    assert line.split(" ")[1] == f"{word}:"
    assert "4 successful" in line


def test_an_error_of_the_call_reaches_the_panel(place):
    def call():
        with Dispatcher(Panel(place)) as notify:
            notify(on.PlanChosen("Contact", "locator", "asked for"))
            raise JobAborted("x")

    with pytest.raises(JobAborted):
        call()
    assert place.folded[0].startswith("■ aborted: query Contact · 0 rows")
    assert place.is_load is False
