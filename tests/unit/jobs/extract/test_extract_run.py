"""Pages are counted, read again where they are short or broken, and never delivered twice."""

import io
import threading
import time
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.errors import ConnectionFailed, IncompleteResult, NotFound, UsageError
from sfbulk_pandas.jobs.extract import run as extract_run
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.pages import Chain
from sfbulk_pandas.jobs.extract.run import Done, ExtractRun
from sfbulk_pandas.jobs.plans.base import CsvPage
from sfbulk_pandas.jobs.stopping import StoppableClock
from sfbulk_pandas.progress.choose import Dispatcher
from sfbulk_pandas.sinks.base import PageEnd, Place
from sfbulk_pandas.transport.pool import Threads
from sfbulk_pandas.wire.http import Headers, Request
from sfbulk_pandas.wire.query import read_page_head

SCHEMA = pa.schema([("Id", pa.string()), ("Staff__c", pa.int64())])

QUESTION = SimpleNamespace(schema=SCHEMA, on_bad_value="keep", mapper=map, buffers=Buffers())


class Clock:
    """Count instead of waiting."""

    def __init__(self):
        self.slept = 0.0

    def now(self):
        return self.slept

    monotonic = now

    def sleep(self, seconds):
        self.slept += seconds


class Body(io.BytesIO):
    """A body that may break off after its bytes."""

    def __init__(self, data, *, breaks=False):
        super().__init__(data)
        self.breaks = breaks
        self.received_bytes = len(data)

    def read(self, size=-1):
        data = super().read(size)
        if not data and self.breaks:
            raise ConnectionFailed("the body was cut off")
        return data

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Server:
    """Serve prepared pages by path; the last answer of a path is given again and again."""

    def __init__(self, **answers):
        self.clock = Clock()
        self.answers = answers
        self.asked = []
        self.lock = threading.Lock()

    @contextmanager
    def stream(self, request):
        name = request.path.removeprefix("/")
        with self.lock:
            self.asked.append(name)
            held = self.answers[name]
            answer = held.pop(0) if len(held) > 1 else held[0]
        if isinstance(answer, Exception):
            raise answer
        body, announced, following, breaks = answer
        headers = Headers({"Sforce-NumberOfRecords": str(announced), "Sforce-Locator": following})
        yield SimpleNamespace(headers=headers, raw=Body(body, breaks=breaks))


def page(*ids, announced=None, following="null", breaks=False, swapped=False):
    header, form = ('"Staff__c","Id"', '"{1}","{0}"') if swapped else ('"Id","Staff__c"', '"{0}","{1}"')
    lines = [header, *(form.format(text, number) for number, text in enumerate(ids)), ""]
    return "\n".join(lines).encode(), len(ids) if announced is None else announced, following, breaks


class Plan:
    """Chains that are there at once."""

    name = "test"

    def __init__(self, *firsts, expected=None):
        self.firsts = firsts
        self.expected = expected or {}
        self.abandoned = 0

    def chains(self):
        yield from (Chain(order, self.page(f"/{name}"), "job") for order, name in enumerate(self.firsts))

    def page(self, path):
        return Request("GET", path)

    def open(self, answer, todo):
        locator = read_page_head(answer.headers).locator
        return CsvPage(answer, QUESTION, todo, None if locator is None else self.page(f"/{locator}"))

    def expected_rows(self):
        return self.expected

    def abandon(self):
        self.abandoned += 1


def run_of(server, plan, *, threads=2, keep_order=True, done=None, events=None):
    notify = (lambda event: None) if events is None else events.append
    return ExtractRun(
        server, plan, StoppableClock(server.clock), Dispatcher(notify), threads, keep_order, done or Done()
    )


def taken(run):
    with closing(run.items()) as items:
        return list(items)


def ids(items):
    return [text for item in items if isinstance(item, Rows) for text in item.batch.column("Id").to_pylist()]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_pages_follow_their_locators_and_chains_stand_in_order(threads):
    server = Server(
        a=[page("1", "2", following="a2")], a2=[page("3", swapped=True)], b=[page()], c=[page("4", following="")]
    )
    plan = Plan("a", "b", "c", expected={"job": 4})
    run = run_of(server, plan, threads=threads)
    items = taken(run)
    assert ids(items) == ["1", "2", "3", "4"]
    assert [item.rows for item in items if isinstance(item, PageEnd)] == [2, 1, 0, 1]
    assert (run.rows, run.pages, plan.abandoned) == (4, 4, 0)
    assert sorted(server.asked) == ["a", "a2", "b", "c"]


class LateFirst(Plan):
    """The first chain comes last, once all that reads pages may be at work on others."""

    def chains(self):
        first, *others = super().chains()
        yield from others
        time.sleep(0.2)
        yield first


def test_a_first_chain_that_comes_last_is_read_however_little_may_wait_for_it(monkeypatch):
    monkeypatch.setattr(extract_run, "_LIMIT_BYTES", 1)
    server = Server(a=[page("1")], b=[page("2")], c=[page("3", following="c2")], c2=[page("4")])
    found = []
    reader = threading.Thread(target=lambda: found.extend(ids(taken(run_of(server, LateFirst(*"abc"))))), daemon=True)
    reader.start()
    reader.join(10)
    assert found == ["1", "2", "3", "4"]


def test_a_short_page_is_read_again_and_only_its_missing_rows_are_delivered():
    server = Server(a=[page("1", announced=3), page("1", "2", "3")])
    assert ids(taken(run_of(server, Plan("a")))) == ["1", "2", "3"]
    assert server.asked == ["a", "a"]
    assert server.clock.slept > 0


def test_a_page_that_breaks_off_is_read_again_from_where_it_broke():
    server = Server(a=[page("1", "2", announced=3, breaks=True), page("1", "2", "3")])
    assert ids(taken(run_of(server, Plan("a")))) == ["1", "2", "3"]


def test_a_page_that_stays_short_is_an_error_that_names_it_and_what_came_is_handed_out():
    server = Server(a=[page("1", following="a2")], a2=[page("2", announced=2)])
    plan, got = Plan("a"), []
    with pytest.raises(IncompleteResult, match="job: page 2 has 1 rows instead of 2") as caught:
        got.extend(run_of(server, plan, threads=1).items())  # page 1 has come before page 2 fails
    assert ids(got) == ["1", "2"]
    assert "page 2 did not come whole" in caught.value.__notes__[0]
    assert server.asked.count("a2") == 4
    assert plan.abandoned == 1


def test_more_rows_than_announced_are_an_error_at_once():
    server = Server(a=[page("1", "2", announced=1)])
    with pytest.raises(IncompleteResult, match="2 rows instead of 1"):
        taken(run_of(server, Plan("a")))
    assert server.asked == ["a"]


@pytest.mark.parametrize("count", [1, 3])
def test_fewer_or_more_rows_than_the_job_counted_are_an_error(count):
    with pytest.raises(IncompleteResult, match=f"job: 2 rows came, Salesforce says {count}"):
        taken(run_of(Server(a=[page("1", "2")]), Plan("a", expected={"job": count})))


def test_an_error_of_the_chains_ends_it():
    plan = Plan()
    plan.chains = lambda: iter([Chain(0, Request("GET", "/a"), "job"), 1 / 0])
    with pytest.raises(ZeroDivisionError):
        taken(run_of(Server(a=[page("1")]), plan))


def test_a_page_that_is_gone_ends_it():
    with pytest.raises(NotFound):
        taken(run_of(Server(a=[NotFound("gone", status_code=404)]), Plan("a")))


def test_what_an_earlier_run_has_is_not_read_again():
    server = Server(a2=[page("3", "4", following="a3")], a3=[page("5")])
    done = Done(ends={"/a": PageEnd(Place(0, 0, "/a"), 2, "/a2")}, rows={"/a2": 1})
    run = run_of(server, Plan("a", expected={"job": 5}), done=done)
    assert ids(taken(run)) == ["4", "5"]
    assert run.rows == 5
    assert sorted(server.asked) == ["a2", "a3"]


def test_a_page_that_was_longer_in_an_earlier_run_is_another_result():
    run = run_of(Server(a=[page("1", "2", "3")]), Plan("a", expected={"job": 3}), done=Done(rows={"/a": 5}))
    with pytest.raises(IncompleteResult, match="3 rows instead of 5"):
        taken(run)


def test_rows_that_an_earlier_run_has_kept_are_handed_over_once_more_in_their_place():
    server = Server(a2=[page("3", "4")])
    rows = pa.record_batch([["1", "2", "3"], [0, 1, 2]], schema=SCHEMA)
    kept = {"/a": rows.slice(0, 2), "/a2": rows.slice(2)}
    ends = {"/a": PageEnd(Place(0, 0, "/a"), 2, "/a2")}
    run = run_of(
        server, Plan("a", expected={"job": 4}), done=Done(ends, {"/a2": 1}, lambda at: [(kept[at.path], None)])
    )
    items = taken(run)
    assert ids(items) == ["1", "2", "3", "4"]
    assert [item.is_kept for item in items if isinstance(item, Rows)] == [True, True, False]


def test_stopped_early_no_thread_goes_on_and_the_job_is_abandoned():
    before = threading.active_count()
    plan = Plan(*[f"p{n}" for n in range(50)])
    server = Server(**{f"p{n}": [page(*map(str, range(100)))] for n in range(50)})
    items = run_of(server, plan).items()
    next(items)
    items.close()
    assert threading.active_count() == before
    assert plan.abandoned == 1


def test_stopped_while_the_chains_are_waited_for():
    class SlowClock(Clock):
        def sleep(self, seconds):
            time.sleep(seconds)

    server = Server(a=[page("1")])
    server.clock = SlowClock()
    clock = StoppableClock(server.clock)
    plan = Plan()

    def chains():
        yield Chain(0, Request("GET", "/a"), "job")
        clock.sleep(60)

    plan.chains = chains
    items = ExtractRun(server, plan, clock, Dispatcher(None), 2, keep_order=False).items()
    next(items)
    begun = time.monotonic()
    items.close()
    assert time.monotonic() - begun < 5


def test_events_tell_rows_so_far_of_those_expected():
    events = []
    taken(
        run_of(
            Server(a=[page("1", following="b")], b=[page("2")]),
            Plan("a", expected={"job": 2}),
            threads=1,
            events=events,
        )
    )
    assert [(event.page, event.rows_so_far, event.rows_expected) for event in events] == [(1, 1, 2), (2, 2, 2)]


def bad_texts(items):
    return [
        cell["text"]
        for item in items
        if isinstance(item, Rows) and item.bad_cells
        for cell in item.bad_cells.to_pylist()
    ]


def test_a_page_that_lacked_rows_in_its_middle_is_an_error_and_never_rows_twice():
    server = Server(a=[page("1", "2", "4", announced=4), page("1", "2", "3", "4")])
    run = run_of(server, Plan("a", expected={"job": 4}))
    seen = []
    with closing(run.items()) as items, pytest.raises(IncompleteResult, match="another row 3 than when it was read"):
        seen.extend(items)
    assert ids(seen) == ["1", "2", "4"]


def test_a_bad_cell_of_the_last_row_before_a_short_end_is_told_once():
    short, whole = (body.replace(b'"1"\n', b'"x"\n') for body, *_ in (page("1", "2"), page("1", "2", "3")))
    server = Server(a=[(short, 3, "null", False), (whole, 3, "null", False)])
    items = taken(run_of(server, Plan("a", expected={"job": 3})))
    assert ids(items) == ["1", "2", "3"]
    assert bad_texts(items) == ["x"]


def test_pages_are_parsed_in_the_threads_of_the_pool_which_ends_with_the_run(monkeypatch):
    with Threads(2) as pool:
        parsers = set()

        def noted(fn, items):
            def parse(item):
                parsers.add(threading.current_thread().name)
                return fn(item)

            return pool.map(parse, items)

        monkeypatch.setattr(QUESTION, "mapper", noted)
        run = run_of(Server(a=[page("1", "2")], b=[page("3")]), Plan("a", "b"))
        run.pool = pool
        assert ids(taken(run)) == ["1", "2", "3"]
        assert parsers
        assert all(name.startswith("sfbulk_") for name in parsers)
        with pytest.raises(UsageError, match="closed"):
            list(pool.map(str, [1]))
