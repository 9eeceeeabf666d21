"""What every pool must do: keep the order, take no more than it needs, and leave nothing running behind."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.transport.pool import Serial, Threads

POOLS = {"serial": Serial, "one thread": lambda: Threads(1), "three threads": lambda: Threads(3)}
WAIT_SECONDS = 10.0


@pytest.fixture(params=POOLS.values(), ids=POOLS)
def pool(request):
    with request.param() as made:
        yield made


def ahead_of(pool) -> int:
    """How many items a pool may have taken beyond those it has handed out."""
    return pool._workers + 1 if isinstance(pool, Threads) else 1


def test_results_come_in_the_order_of_the_items(pool):
    def slow_at_first(n):
        time.sleep(0.02 if n == 0 else 0)
        return n * n

    assert list(pool.map(slow_at_first, range(20))) == [n * n for n in range(20)]
    assert list(pool.map(slow_at_first, [])) == []


def test_nothing_is_taken_before_the_consumer_asks_and_only_a_few_items_after(pool):
    taken = itertools.count()
    results = pool.map(str, taken)
    assert next(taken) == 0
    assert next(results) == "1"
    assert next(results) == "2"
    results.close()
    assert next(taken) <= 2 + ahead_of(pool)


def test_items_are_taken_in_the_thread_of_the_consumer(pool):
    threads = set()

    def items():
        for n in range(10):
            threads.add(threading.get_ident())
            yield n

    assert list(pool.map(str, items())) == [str(n) for n in range(10)]
    assert threads == {threading.get_ident()}


def test_an_error_is_raised_at_its_place_and_ends_the_iterator(pool):
    begun = []

    def refuse_three(n):
        begun.append(n)
        if n == 3:
            raise LookupError("three")
        return n

    results = pool.map(refuse_three, itertools.count())
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError, match="three"):
        next(results)
    assert list(results) == []
    assert max(begun) <= 3 + ahead_of(pool)
    assert list(pool.map(str, [1])) == ["1"]


def test_an_error_of_the_items_is_raised_after_the_results_before_it(pool):
    def items():
        yield from range(2)
        raise LookupError("no more")

    results = pool.map(str, items())
    assert [next(results), next(results)] == ["0", "1"]
    with pytest.raises(LookupError, match="no more"):
        next(results)


def test_closing_the_iterator_waits_for_what_runs(pool):
    begun, ended = [], []

    def note(n):
        begun.append(n)
        time.sleep(0.02 if n else 0)
        ended.append(n)

    results = pool.map(note, itertools.count())
    next(results)
    results.close()
    assert sorted(begun) == sorted(ended)
    time.sleep(0.05)
    assert sorted(begun) == sorted(ended)
    assert list(results) == []


def test_a_closed_pool_begins_nothing(pool):
    started = pool.map(str, itertools.count())
    assert next(started) == "0"
    pool.close()
    pool.close()
    with pytest.raises(UsageError, match="closed"):
        list(pool.map(str, [1]))
    with pytest.raises(UsageError, match="closed"):
        next(started)


def test_threads_work_at_once_and_no_more_than_there_are():
    together = threading.Barrier(3)
    running, most, lock = [0], [0], threading.Lock()

    def meet(n):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait(WAIT_SECONDS)  # breaks, were fewer than three ever at work together
        with lock:
            running[0] -= 1
        return n

    with Threads(3) as pool:
        assert list(pool.map(meet, range(12))) == list(range(12))
    assert most == [3]


def test_exactly_one_item_more_than_there_are_threads_is_taken_ahead():
    taken, go = itertools.count(), threading.Event()
    with Threads(2) as pool:
        results = pool.map(lambda _: go.wait(WAIT_SECONDS), taken)
        threading.Timer(0.05, go.set).start()
        next(results)
        assert next(taken) == 3


def test_several_consumers_take_no_more_ahead_together_and_each_gets_on():
    taken = [0, 0, 0]

    def items(consumer):
        for n in itertools.count():
            taken[consumer] += 1
            yield n

    with Threads(2) as pool:
        results = [pool.map(str, items(consumer)) for consumer in range(3)]
        for n in range(20):
            assert [next(each) for each in results] == [str(n)] * 3
            assert sum(taken) - 3 * (n + 1) <= 2 + 1
        results[0].close()
        assert next(results[1]) == "20"
        before = taken[2]
        assert [next(results[2]) for _ in range(5)] == ["20", "21", "22", "23", "24"]
        results[1].close()
        assert next(results[2]) == "25"
        assert taken[2] > before + 6  # as if it had always been alone


@pytest.mark.parametrize("what", ["iterator", "pool"])
def test_what_has_not_begun_is_cancelled(what):
    begun, go = [], threading.Event()

    def items():
        yield 1
        pool._executor.submit(go.wait, WAIT_SECONDS)  # keeps the one thread busy, so that 2 cannot begin
        yield 2

    with Threads(1) as pool:
        results = pool.map(begun.append, items())
        next(results)
        if what == "pool":
            threading.Timer(0.05, go.set).start()
            pool.close()
        results.close()
        go.set()
    assert begun == [1]


def test_a_pool_without_workers_is_refused():
    with pytest.raises(UsageError, match="at least one worker"):
        Threads(0)
