"""How many parts may be in memory at a time."""

import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from sfbulk_pandas.jobs.places import Places


def nothing():
    pass


def test_there_are_as_many_places_as_asked_for():
    places = Places(2)
    with places.taken(nothing), places.taken(nothing), places.taken_first() as has_place:
        assert not has_place


def test_accounting_takes_a_place_that_a_part_would_have():
    places, is_in = Places(1), threading.Event()

    def part():
        with places.taken(nothing):
            is_in.set()

    with ThreadPoolExecutor(1) as pool:
        with places.taken_first() as has_place:
            assert has_place
            pool.submit(part)
            assert not is_in.wait(0.2)
        assert is_in.wait(5)


def test_what_has_ended_goes_before_the_next_part():
    places, order = Places(1), []

    def part():
        with places.taken(nothing):
            order.append("part")

    with ThreadPoolExecutor(1) as pool:
        with places.taken(nothing), places.taken_first() as has_place:
            assert not has_place
        waiting = pool.submit(part)
        time.sleep(0.2)
        with places.taken_first() as has_place:
            assert has_place
            order.append("accounting")
        waiting.result(5)
    assert order == ["accounting", "part"]


def test_who_waits_for_a_place_hears_that_everything_is_to_stop():
    places, stopping = Places(1), threading.Event()

    def go_on():
        if stopping.is_set():
            raise CancelledError

    def part():
        with places.taken(go_on):
            raise AssertionError("there is no place")

    with ThreadPoolExecutor(1) as pool, places.taken(go_on):
        waiting = pool.submit(part)
        stopping.set()
        with pytest.raises(CancelledError):
            waiting.result(5)


def test_a_place_is_given_back_where_its_part_fails():
    places = Places(1)
    with pytest.raises(ValueError, match="failed"), places.taken(nothing):
        raise ValueError("failed")
    with pytest.raises(ValueError, match="failed"), places.taken_first():
        raise ValueError("failed")
    with places.taken_first() as has_place:
        assert has_place
