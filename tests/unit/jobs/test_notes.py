"""Notes that were let go of write nothing: others may go on with the load by then."""

import threading
from concurrent.futures import CancelledError
from types import SimpleNamespace

import pytest

from sfbulk_pandas.jobs.notes import Notes
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.transport.clock import SystemClock

PART = SimpleNamespace(number=1, start=0, stop=3, digest="ab", body=b"abc")


class Written(list):
    """A journal that remembers what it is told."""

    record = list.append


def test_steps_are_written_down_until_they_are_let_go_of():
    journal = Written()
    notes = Notes(journal, "load", 1, SystemClock())
    record = notes.step(notes.open(PART), Step.CREATED, job_id="750A")
    assert [each.step for each in journal] == [Step.CREATING, Step.CREATED]
    notes.let_go()
    notes.let_go()
    for write in (lambda: notes.open(PART), lambda: notes.step(record, Step.UPLOADING)):
        with pytest.raises(CancelledError):
            write()
    assert len(journal) == 2


def test_a_write_under_way_ends_before_they_are_let_go_of():
    begun, go_on, let_go = threading.Event(), threading.Event(), threading.Event()

    class Slow(Written):
        def record(self, record):
            begun.set()
            go_on.wait(30)
            self.append(record)

    notes = Notes(Slow(), "load", 1, SystemClock())
    writing = threading.Thread(target=notes.open, args=(PART,))
    leaving = threading.Thread(target=lambda: (notes.let_go(), let_go.set()))
    writing.start()
    assert begun.wait(30)
    leaving.start()
    assert not let_go.wait(0.1)
    go_on.set()
    assert let_go.wait(30)
    assert len(notes.journal) == 1
    writing.join()
    leaving.join()
