"""A create whose answer was lost is looked for from when it was sent, however old the note of its part is."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from sfbulk_pandas.errors import ConnectionFailed
from sfbulk_pandas.jobs import sending
from sfbulk_pandas.jobs.notes import Notes
from sfbulk_pandas.jobs.sending import PartRun, Sender
from sfbulk_pandas.journal.records import PartRecord, Step
from sfbulk_pandas.progress.control import Control

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from no_wait import NoWait


def test_a_lost_create_is_looked_for_from_when_it_was_sent(monkeypatch):
    clock, spans = NoWait(), []

    def lost(_):
        clock.sleep(7)
        raise ConnectionFailed("reset", may_have_arrived=True)

    monkeypatch.setattr(sending, "settle_lost", lambda session, job, notes, who, span, lost: spans.append(span) or ())
    ingest = SimpleNamespace(create=lost, session=SimpleNamespace(clock=clock))
    notes = Notes(SimpleNamespace(record=lambda record: None), "load", 1, clock)
    who, notify = SimpleNamespace(org_id="00D", user_id="005"), SimpleNamespace(control=Control())
    sender = Sender(ingest, None, notes, who, threading.Event(), notify)
    part = PartRecord("load", 1, 1, 0, 3, "ab", 120, Step.CREATING, clock.now() - 900)
    began = clock.now()
    with pytest.raises(ConnectionFailed):
        sender.send(PartRun(part), b"")
    assert spans == [(began, began + 7)]
