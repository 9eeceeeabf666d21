"""One extract under way: a thread that makes chains, some that read pages, and the caller's, which takes the rows."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import IncompleteResult, JobAborted, JobError, SfBulkError, StillRunning
from sfbulk_pandas.jobs.extract.agenda import Agenda
from sfbulk_pandas.jobs.extract.conveyor import Conveyor, Rows
from sfbulk_pandas.jobs.extract.pages import Todo
from sfbulk_pandas.jobs.extract.reading import Delivery
from sfbulk_pandas.jobs.winding import named
from sfbulk_pandas.progress.control import Wish
from sfbulk_pandas.progress.events import PageRead, RowsRead
from sfbulk_pandas.sinks.base import PageEnd
from sfbulk_pandas.transport.pool import Serial

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from typing import TypeAlias

    import pyarrow as pa

    from sfbulk_pandas.jobs.extract.pages import Chain, Plan
    from sfbulk_pandas.jobs.stopping import StoppableClock
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.base import Place
    from sfbulk_pandas.transport.pool import Pool
    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.http import Request

    Kept: TypeAlias = Callable[[Place], Iterator[tuple[pa.RecordBatch, pa.Table | None]]]

_TELL_SECONDS = 0.2  # more often nobody looks
_LIMIT_BYTES = 48 << 20  # rows that wait for the caller; what is being parsed comes on top


@dataclass(frozen=True, slots=True)
class Done:
    """What an earlier run has left.

    Attributes
    ----------
    ends : mapping of path to PageEnd
        Pages that are whole.
    rows : mapping of path to int
        How many rows of other pages are there, from their beginning.
    kept : callable or None
        Yields the rows of a page that are there, each batch with its bad cells, where they are to be handed over once
        more; None where their sink has them. Called from any thread.
    """

    ends: Mapping[str, PageEnd] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    kept: Kept | None = None


@dataclass
class ExtractRun:
    """Read all pages of a plan.

    Attributes
    ----------
    session : Session
    plan : Plan
    clock : StoppableClock
        The one that the plan waits with.
    notify : Dispatcher
    parallel_pages : int
        How many pages are read at a time.
    keep_order : bool
    done : Done
    leaves_jobs : bool
        Whether jobs that have not ended go on in Salesforce where the run is stopped early.
    pool : Pool
        The threads that the plan's pages are parsed in; closed when the run ends.
    reason : str
        Why this plan.
    rows, pages, received_bytes : int
        What has come so far, that of an earlier run among it.
    """

    session: Session
    plan: Plan
    clock: StoppableClock
    notify: Dispatcher
    parallel_pages: int
    keep_order: bool
    done: Done = field(default_factory=Done)
    leaves_jobs: bool = False
    pool: Pool = field(default_factory=Serial)
    reason: str = ""
    rows: int = 0
    pages: int = 0
    received_bytes: int = 0
    _told: float = 0.0
    _under_way: list[Delivery] = field(default_factory=list)
    _by_source: Counter[str] = field(default_factory=Counter)
    _agenda: Agenda = field(default_factory=Agenda)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._conveyor = Conveyor(_LIMIT_BYTES, keep_order=self.keep_order)

    def items(self) -> Generator[Rows | PageEnd, None, None]:
        """Yield rows, and the end of each page after its rows; close it to stop early.

        Raises
        ------
        IncompleteResult
            Where the pages do not add up to what Salesforce says.
        JobFailed, JobAborted, StillRunning, ApiError, TransportError, DecodeError
        """
        is_done_with, handed, threads = self.leaves_jobs, 0, list[threading.Thread]()
        with ExitStack() as stack:
            stack.enter_context(self.notify.control.heard_by(self._break_off))
            try:
                threads.append(self._thread(self._feed, "chains"))
                threads += [self._thread(self._work, f"page-{number}") for number in range(self.parallel_pages)]
                for item in self._conveyor:
                    handed += isinstance(item, PageEnd)
                    yield item
                self._check_whole(handed)
                is_done_with = True
            except CancelledError:
                wish = self.notify.control.wish
                is_done_with = wish is not Wish.ABORT
                came = f"{self.rows:,} row(s) of {self.pages:,} whole page(s) had come"
                raise stopped_as_asked(wish, came, self.plan.job_ids) from None
            except StillRunning:  # its jobs are waited for again
                is_done_with = True
                raise
            finally:
                self._end(threads, abandons=not is_done_with)

    def _break_off(self) -> None:
        """End it because somebody asked for it."""
        self.clock.stop()
        self._agenda.stop()
        self._conveyor.fail(CancelledError())

    def _end(self, threads: list[threading.Thread], *, abandons: bool) -> None:
        self.clock.stop()
        self._agenda.stop()
        self._conveyor.stop()
        for thread in threads:
            thread.join()
        self.pool.close()
        if abandons:
            with suppress(SfBulkError):  # what ended the extract is what the caller must hear of
                self.plan.abandon()

    def _thread(self, target: Callable[[], None], name: str) -> threading.Thread:
        def guarded() -> None:
            try:
                target()
            except CancelledError:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                self._conveyor.fail(error)
                self._agenda.stop()

        thread = threading.Thread(target=guarded, name=f"sfbulk-{name}", daemon=True)
        thread.start()
        return thread

    def _feed(self) -> None:
        chains = self.plan.chains()
        for chain in _in_order(chains) if self.keep_order else chains:
            self._agenda.add(Todo(chain, 0, chain.first))
        self._agenda.seal()
        self._complete_where_over()

    def _work(self) -> None:
        while (todo := self._agenda.next()) is not None:
            self._read(todo)

    def _read(self, todo: Todo) -> None:
        self._hand_kept(todo)
        end = self.done.ends.get(todo.request.path)
        if end is not None:
            following = None if end.following is None else self.plan.page(end.following)
            self._head_known(todo, following)
            self._finish(todo, PageEnd(todo.place, end.rows, end.following), 0)
            return
        delivery = Delivery(
            self.session,
            self.plan,
            todo,
            lambda following: self._head_known(todo, following),
            lambda batch, bad: self._put(Rows(todo.place, batch, bad)),
            self.done.rows.get(todo.request.path, 0),
        )
        with self._lock:
            self._under_way.append(delivery)
        try:
            end = delivery.read()
        except BaseException:
            with self._lock:
                self._forget(todo)
            raise
        self._finish(todo, end, delivery.received_bytes)

    def _put(self, rows: Rows) -> None:
        """Put rows on the belt, and say now and then how much has come."""
        self._conveyor.put(rows)
        now = self.clock.monotonic()
        if now < self._told + _TELL_SECONDS:
            return
        with self._lock:
            self._told = now
            came = self.rows + sum(each.delivered for each in self._under_way)
            received = self.received_bytes + sum(each.received_bytes for each in self._under_way)
            self.notify(RowsRead(came, received, self._expected()))

    def _hand_kept(self, todo: Todo) -> None:
        if self.done.kept is not None:
            for batch, bad in self.done.kept(todo.place):
                self._conveyor.put(Rows(todo.place, batch, bad, is_kept=True))

    def _head_known(self, todo: Todo, following: Request | None) -> None:
        if following is not None:
            self._agenda.add(Todo(todo.chain, todo.number + 1, following))

    def _forget(self, todo: Todo) -> None:
        """Count a page no longer among those that are being read; the caller holds the lock."""
        self._under_way = [each for each in self._under_way if each.todo is not todo]

    def _finish(self, todo: Todo, end: PageEnd, received_bytes: int) -> None:
        self._conveyor.put(end)
        with self._lock:
            self._forget(todo)  # together with what it adds: how much has come never goes back
            self.rows += end.rows
            self.pages += 1
            self.received_bytes += received_bytes
            self._by_source[todo.chain.source] += end.rows
            self._told = self.clock.monotonic()
            self.notify(PageRead(self.pages, end.rows, self.rows, self._expected(), received_bytes))
        self._agenda.done()
        self._complete_where_over()

    def _complete_where_over(self) -> None:
        if self._agenda.is_over:
            self._conveyor.complete()

    def _expected(self) -> int | None:
        counts = list(self.plan.expected_rows().values())
        return None if not counts or None in counts else sum(count for count in counts if count is not None)

    def _check_whole(self, handed: int) -> None:
        if handed != self.pages:  # a plan that numbers its chains wrongly would leave some behind
            raise AssertionError(f"{self.pages} pages were read, and {handed} handed over")
        for source, count in self.plan.expected_rows().items():
            if count is not None and count != self._by_source[source]:
                raise IncompleteResult(
                    f"{source}: {self._by_source[source]:,} rows came, Salesforce says {count:,}",
                    hint="results stay for 7 days: query again; what was received is in .partial",
                )


def stopped_as_asked(wish: Wish | None, came: str, job_ids: Sequence[str]) -> JobError:
    """Build the error that ends an extract because somebody asked for it."""
    jobs = f"; jobs: {named(job_ids)}" if job_ids else ""
    if wish is Wish.ABORT:
        hint = "query again; what was received is in .partial, where rows are in memory"
        return JobAborted(f"the query was aborted, as asked: {came}{jobs}", hint=hint, was_asked_for=True)
    return StillRunning(
        f"the query was left, as asked: {came}{jobs}",
        hint="call .resume() of this error to come back: jobs go on, and their results stay for 7 days",
        job_ids=tuple(job_ids),
        was_asked_for=True,
    )


def _in_order(chains: Iterator[Chain]) -> Iterator[Chain]:
    """Yield chains in the order of the result, each once those before it are there.

    Were a later one read first, its rows might wait for room with all who read pages, and nobody read an earlier one.
    """
    held: dict[int, Chain] = {}
    following = 0
    for chain in chains:
        held[chain.order] = chain
        while following in held:
            yield held.pop(following)
            following += 1


def default_parallel_pages() -> int:
    """Return how many pages are read at a time where nobody says: enough to keep the cores busy that parse them."""
    return min(4, max(2, os.cpu_count() or 1))
