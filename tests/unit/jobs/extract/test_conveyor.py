"""The belt between threads: bounded, in order where asked, and never silent about an error."""

import threading
from concurrent.futures import CancelledError

import pyarrow as pa
import pytest

from sfbulk_pandas.jobs.extract.conveyor import Conveyor, Rows
from sfbulk_pandas.sinks.base import PageEnd, Place

BATCH = pa.record_batch({"n": pa.array(range(1000), pa.int64())})  # 8,000 bytes


def rows(chain, page):
    return Rows(Place(chain, page, f"/{chain}/{page}"), BATCH)


def end(chain, page, following=None):
    return PageEnd(Place(chain, page, f"/{chain}/{page}"), 1000, following)


def in_thread(conveyor, *items):
    def put():
        try:
            for item in items:
                conveyor.put(item)
        except CancelledError:
            pass

    thread = threading.Thread(target=put)
    thread.start()
    return thread


def test_mixed_pages_come_as_they_were_put():
    conveyor = Conveyor(10**6, keep_order=False)
    for item in (rows(1, 0), rows(0, 0), end(1, 0), rows(0, 0), end(0, 0)):
        conveyor.put(item)
    conveyor.complete()
    assert [item.place.chain for item in conveyor] == [1, 0, 1, 0, 0]


def test_order_is_that_of_chains_and_their_pages():
    conveyor = Conveyor(10**6, keep_order=True)
    for item in (rows(1, 0), end(1, 0), rows(0, 1), rows(0, 0), end(0, 1), rows(0, 0), end(0, 0, "/0/1")):
        conveyor.put(item)
    conveyor.complete()
    taken = [(item.place.chain, item.place.page, isinstance(item, Rows)) for item in conveyor]
    assert taken == [
        (0, 0, True),
        (0, 0, True),
        (0, 0, False),
        (0, 1, True),
        (0, 1, False),
        (1, 0, True),
        (1, 0, False),
    ]


def test_later_pages_wait_where_there_is_no_room_and_the_next_one_never_does():
    conveyor = Conveyor(10_000, keep_order=True)
    later = in_thread(conveyor, rows(1, 0), rows(1, 0), end(1, 0))
    later.join(0.2)
    assert later.is_alive()  # its second batch has no room
    conveyor.put(rows(0, 0))
    conveyor.put(end(0, 0))
    taken = iter(conveyor)
    assert [next(taken).place.chain for _ in range(5)] == [0, 0, 1, 1, 1]
    later.join()
    conveyor.complete()
    assert list(taken) == []


def test_an_error_comes_after_what_was_put_before_it():
    conveyor = Conveyor(10**6, keep_order=False)
    conveyor.put(rows(0, 0))
    conveyor.fail(ValueError("first"))
    conveyor.fail(ValueError("second"))
    taken = iter(conveyor)
    assert isinstance(next(taken), Rows)
    with pytest.raises(ValueError, match="first"):
        next(taken)
    with pytest.raises(CancelledError):
        conveyor.put(rows(0, 0))


def test_whoever_waits_for_room_is_let_go_when_it_stops():
    conveyor = Conveyor(1, keep_order=False)
    waiting = in_thread(conveyor, rows(0, 0), rows(0, 0))
    waiting.join(0.1)
    assert waiting.is_alive()
    conveyor.stop()
    waiting.join(5)
    assert not waiting.is_alive()
    assert list(conveyor) == []


def test_what_was_taken_makes_room_for_more():
    conveyor = Conveyor(2 * BATCH.nbytes, keep_order=False)
    taken = iter(conveyor)
    for _ in range(3):
        putting = in_thread(conveyor, rows(0, 0), rows(0, 1))
        putting.join(10)
        is_stuck = putting.is_alive()
        if is_stuck:
            conveyor.stop()
        assert not is_stuck
        assert [next(taken), next(taken)] == [rows(0, 0), rows(0, 1)]
