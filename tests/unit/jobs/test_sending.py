"""A create whose answer was lost is looked for from when it was sent, and none is left behind by who must stop."""

import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace

import pytest

from sfbulk_pandas.errors import ConnectionFailed
from sfbulk_pandas.jobs import sending
from sfbulk_pandas.jobs.notes import Notes
from sfbulk_pandas.jobs.sending import PartRun, Sender
from sfbulk_pandas.journal.records import PartRecord, Step
from sfbulk_pandas.progress.control import Control
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from no_wait import NoWait

OPEN = JobInfo("750000000000001AAA", Operation.INSERT, "Contact", JobState.OPEN)


def sending_by(ingest, clock):
    """Return a sender, and a part whose note is a quarter of an hour old."""
    ingest.session = SimpleNamespace(clock=clock)
    notes = Notes(SimpleNamespace(record=lambda record: None), "load", 1, clock)
    who, notify = SimpleNamespace(org_id="00D", user_id="005"), SimpleNamespace(control=Control())
    sender = Sender(ingest, None, notes, who, threading.Event(), notify)
    return sender, PartRun(PartRecord("load", 1, 1, 0, 3, "ab", 120, Step.CREATING, clock.now() - 900))


def test_a_lost_create_is_looked_for_from_when_it_was_sent(monkeypatch):
    clock, spans = NoWait(), []

    def lost(_):
        clock.sleep(7)
        raise ConnectionFailed("reset", may_have_arrived=True)

    monkeypatch.setattr(sending, "settle_lost", lambda session, job, notes, who, span, lost: spans.append(span) or ())
    sender, part = sending_by(SimpleNamespace(create=lost), clock)
    began = clock.now()
    with pytest.raises(ConnectionFailed):
        sender.send(part, b"")
    assert spans == [(began, began + 7)]


def test_no_job_is_looked_for_or_created_after_everything_is_to_stop(monkeypatch):
    asked = []

    def lost(_):
        asked.append("create")
        sender.stopping.set()
        raise ConnectionFailed("reset", may_have_arrived=True)

    monkeypatch.setattr(sending, "settle_lost", lambda *_: asked.append("settle") or ())
    sender, part = sending_by(SimpleNamespace(create=lost), NoWait())
    with pytest.raises(CancelledError):
        sender.send(part, b"")
    assert asked == ["create"]


@pytest.mark.parametrize("wish", ["abort", "detach"])
def test_a_lost_create_is_not_repeated_once_somebody_asks_to_end(monkeypatch, wish):
    asked = []

    def lost(_):
        asked.append("create")
        getattr(sender.notify.control, wish)()
        raise ConnectionFailed("reset", may_have_arrived=True)

    monkeypatch.setattr(sending, "settle_lost", lambda *_: asked.append("settle") or ())
    sender, part = sending_by(SimpleNamespace(create=lost), NoWait())
    with pytest.raises(CancelledError):
        sender.send(part, b"")
    assert asked == ["create", "settle"]


def test_a_job_that_cannot_be_written_down_any_more_is_aborted():
    aborted = []

    def late(_):
        sender.notes.let_go()
        return OPEN

    sender, part = sending_by(SimpleNamespace(create=late, abort=aborted.append), NoWait())
    with pytest.raises(CancelledError):
        sender.send(part, b"")
    assert aborted == [OPEN.id]
