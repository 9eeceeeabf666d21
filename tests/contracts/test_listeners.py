"""What every listener of ours must do with every event, in whatever order they come."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from sfbulk_pandas.progress import events
from sfbulk_pandas.progress.bar import Bar
from sfbulk_pandas.progress.choose import Dispatcher, listener_for
from sfbulk_pandas.progress.listening import OwnListener
from sfbulk_pandas.progress.widget.panel import Panel
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

LOAD_JOB = JobInfo("750A", Operation.UPSERT, "Contact", JobState.IN_PROGRESS)
QUERY_JOB = JobInfo("750B", Operation.QUERY, "Contact", JobState.JOB_COMPLETE)
EVENTS = [
    events.FrameChecked(
        pd.DataFrame([{"index": 1, "column": "A", "check": "c", "value": "v", "suggestion": "s", "severity": "row"}])
    ),
    events.LoadStarted("Contact", Operation.UPSERT, 10),
    events.PartStarted(1, LOAD_JOB, 10, 100),
    events.PartSent(1, 50),
    events.PartUploaded(1, LOAD_JOB, 10, 100),
    events.JobPolled(1, LOAD_JOB),
    events.PartFinished(1, LOAD_JOB, 8, 1, 1, (events.Cause("A_B", 1, "mend it", is_passing=False),)),
    events.RowsRetried(2, 1),
    events.LoadFinished(8, 1, 1),
    events.PlanChosen("Contact", "locator", "asked for"),
    events.QueryStarted(QUERY_JOB),
    events.QueryPolled(QUERY_JOB),
    events.RowsRead(3, 60, None),
    events.PageRead(1, 5, 5, None, 100),
    events.QueryFinished(5),
]


class Shown:
    """A place that only keeps what it is given."""

    def __init__(self):
        self.given = []

    def put(self, shown):
        self.given.append(shown)

    show = fold = put


LISTENERS = {
    "bar": Bar,
    "panel": lambda: Panel(Shown()),
    "panel, dispatched": lambda: Dispatcher(Panel(Shown())),
    "log, dispatched": lambda: listener_for("log"),
    "bar, dispatched": lambda: listener_for(progress=True),
    "silence": lambda: listener_for(progress=False),
    "a callable": lambda: listener_for([].append),
    "one that raises": lambda: Dispatcher(lambda event: 1 / 0),
}


def end(listener):
    listener.end(None) if isinstance(listener, OwnListener) else listener.close()


pytestmark = pytest.mark.parametrize("make", LISTENERS.values(), ids=LISTENERS)


def test_every_kind_of_event_is_here(make):
    kinds = {each for each in vars(events).values() if isinstance(each, type) and issubclass(each, events.Event)}
    assert {type(event) for event in EVENTS} == kinds - {events.Event}


def test_takes_every_event_in_its_order(make, capsys):
    listener = make()
    for event in EVENTS:
        assert listener(event) is None
    end(listener)
    assert capsys.readouterr().out == ""


def test_takes_events_in_any_order(make, capsys):
    listener = make()
    for first, second in itertools.product(EVENTS, EVENTS):
        listener(first)
        listener(second)
    end(listener)


def test_may_be_closed_twice_and_before_anything_happened(make, capsys):
    listener = make()
    end(listener)
    end(listener)
    listener(EVENTS[2])
    assert capsys.readouterr().err == ""
