"""One attempt to send rows: parts go up side by side, their jobs are asked together, and every row is accounted for."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.errors import DataError, JobAborted, JobError, JobFailed, NotFound, SfBulkError, StillRunning
from sfbulk_pandas.jobs.collecting import Collector
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.places import Places
from sfbulk_pandas.jobs.poll import Waiting, watch
from sfbulk_pandas.jobs.sending import PartRun
from sfbulk_pandas.jobs.winding import Winding
from sfbulk_pandas.progress.events import JobPolled, PartUploaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sfbulk_pandas.codec.encode import Part, PartLimits
    from sfbulk_pandas.jobs.cargo import Cargo
    from sfbulk_pandas.jobs.sending import Sender
    from sfbulk_pandas.journal.records import PartRecord
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.progress.control import Wish
    from sfbulk_pandas.salesforce.job import JobInfo

log = logging.getLogger("sfbulk_pandas")
Task = tuple[PartRun, "Callable[[], None]"]
News = PartRun | SfBulkError | None  # of a worker: a part that is sent, why one is not, and that there is none left
_OF_ONE_JOB = (JobError, DataError, NotFound)  # says nothing of the other jobs: what they have done can still be read


@dataclass(frozen=True, slots=True)
class Plan:
    """How one attempt goes up.

    Attributes
    ----------
    cargo : Cargo
        The rows.
    limits : PartLimits
        How large a part may be.
    parallel_parts : int
        How many parts are encoded or on their way at a time.
    key : str or None
        The header by which rows are told apart.
    sends : bool
        Whether what was never sent may be; otherwise only what runs is waited for and read.
    """

    cargo: Cargo
    limits: PartLimits
    parallel_parts: int
    key: str | None
    sends: bool = True


@dataclass
class Attempt:
    """The parts of one attempt under way.

    Attributes
    ----------
    problem : SfBulkError or None
        What went wrong first; from then on no part is begun. Parts that an earlier process has begun are still
        waited for and read, unless Salesforce or the journal is out of reach, which is ``is_cut_off``.
    runs : list of PartRun
        Also those that were not come to: what may be processed is never taken for unsent.
    """

    plan: Plan
    sender: Sender
    notify: Dispatcher
    keep: Callable[[pa.Table], pa.Table]
    waiting: Waiting
    problem: SfBulkError | None = None
    runs: list[PartRun] = field(default_factory=list)
    is_cut_off: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        plan = self.plan
        self._places = Places(plan.parallel_parts)
        self._collector = Collector(plan.cargo, plan.key, self.sender, self.notify, self.keep, self._places)

    def run(self, known: Sequence[PartRecord]) -> None:
        """Send what was not sent, wait for what runs, and read the results.

        After it nothing is begun or written down any more, also where Ctrl-C has left a thread behind.

        Parameters
        ----------
        known : sequence of PartRecord
            Parts that the journal knows of, from an earlier process.

        Raises
        ------
        StillRunning
            After ``waiting.seconds``, or where somebody asks to detach; the jobs are left alone.
        """
        self.runs += [PartRun(record) for record in known]
        try:
            self._go(known)
        finally:
            self.sender.notes.let_go()

    @property
    def outcome(self) -> Outcome:
        """What is known of each row, in the order in which they are sent."""
        found: list[Outcome] = []
        at = 0
        for run in sorted(self.runs, key=lambda each: each.record.start):
            found += [Outcome.of(run.record.start - at, RowStatus.UNPROCESSED), run.known()]
            at = run.record.stop
        return Outcome.joined([*found, Outcome.of(len(self.plan.cargo) - at, RowStatus.UNPROCESSED)])

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to ask Salesforce for, nor to send unless a job failed."""
        if any(run.outcome is None for run in self.runs if run.may_be_processed):
            return False
        accounted = sum(run.rows for run in self.runs if run.outcome is not None)
        return accounted == len(self.plan.cargo) or isinstance(self.problem, JobFailed | JobAborted)

    @property
    def _wish(self) -> Wish | None:
        return self.notify.control.wish

    @property
    def _may_begin(self) -> bool:
        return self.problem is None and self._wish is None

    @property
    def unmatched(self) -> list[pa.Table]:
        """Answers that belong to no row for certain."""
        return [run.unmatched for run in self.runs if run.unmatched is not None and run.unmatched.num_rows]

    def _go(self, known: Sequence[PartRecord]) -> None:
        with suppress(CancelledError), self.sender.pausing():  # every wait, where somebody asks for something
            if self.plan.sends:
                self.guarded(partial(self.sender.settle_creates, known))
            running = self._send_all(chain(self._known_tasks(tuple(self.runs)), self._new_tasks(known)))
            self.guarded(partial(self._wait, running))
        if self._wish is not None:
            Winding(self).heed(self._wish)

    def _known_tasks(self, known: Sequence[PartRun]) -> Iterator[Task]:
        """Yield what is to be done for the parts of an earlier process."""
        for run in known:
            may_send = self.plan.sends and self._may_begin
            if self.is_cut_off or self._wish is not None or not (run.may_be_processed or may_send):
                continue
            take_up = partial(self.sender.take_up, run, partial(self._encoded, run.record))
            yield run, take_up if self.plan.sends else partial(self.sender.look_up, run)

    def _new_tasks(self, known: Sequence[PartRecord]) -> Iterator[Task]:
        """Yield what is to be done for each further part; a part is encoded when it is asked for."""
        number = max((record.number for record in known), default=0) + 1
        for start, stop in _gaps(known, len(self.plan.cargo)) if self.plan.sends else ():
            parts = self.plan.cargo.parts(start, stop, number, self.plan.limits)
            # Not a loop, whose variable would hold a part that is long sent while the next one is encoded.
            yield from iter(partial(self._begun, parts), None)
            number = max(number, 1 + max((run.record.number for run in self.runs), default=0))

    def _begun(self, parts: Iterator[Part]) -> Task | None:
        """Encode the next part and write it down; None where there is none, or none is to be begun."""
        part = next(parts, None) if self._may_begin else None
        if part is None:
            return None
        run = PartRun(self.sender.notes.open(part))
        self.runs.append(run)
        return run, partial(self.sender.send, run, part.body)

    def _encoded(self, record: PartRecord) -> Part:
        return self.plan.cargo.part(record.number, record.start, record.stop)

    def _send_all(self, tasks: Iterator[Task]) -> dict[str, PartRun]:
        """Send on some threads, and meanwhile ask for the jobs that run; return those that still do."""
        sent: SimpleQueue[News] = SimpleQueue()
        running: dict[str, PartRun] = {}
        threads = self.plan.parallel_parts
        with ThreadPoolExecutor(threads, "sfbulk-part") as pool:
            try:
                workers = [pool.submit(self._work, tasks, sent) for _ in range(threads)]
                self._watch_sending(sent, running)
            except BaseException:
                self.sender.stopping.set()
                raise
        for worker in workers:
            worker.result()
        if self.problem is not None:
            self.abandon_unclosed()
        return running

    def _work(self, tasks: Iterator[Task], sent: SimpleQueue[News]) -> None:
        """Take one part after the other until there is none, or everything is to stop."""
        try:
            with self.sender.pausing():
                while not self.sender.stopping.is_set() and self._do_next(tasks, sent):
                    pass
        except CancelledError:
            return
        except BaseException:
            self.sender.stopping.set()
            raise
        finally:
            sent.put(None)

    def _do_next(self, tasks: Iterator[Task], sent: SimpleQueue[News]) -> bool:
        """Bring the next part to where its job runs; say whether there was one."""
        pa.default_memory_pool().release_unused()  # of the body that went up: Arrow would hold it beside the next one
        try:
            with self._places.taken(self.sender.go_on):
                with self._places.alone:
                    task = next(tasks, None)
                if task is None:
                    return False
                run, send = task
                send()
        except SfBulkError as error:
            self.stop(error)
            sent.put(error)  # what has ended may wait for this place
        else:
            sent.put(run)
        return True

    def _watch_sending(self, sent: SimpleQueue[News], running: dict[str, PartRun]) -> None:
        """Take over the parts that are sent, and ask for their jobs when it is time, however fast parts follow."""
        working = self.plan.parallel_parts
        clock, pauses = self.waiting.clock, self.waiting.pauses()
        due = clock.monotonic() + next(pauses)
        while working:
            try:
                news = sent.get(timeout=max(due - clock.monotonic(), 0))
            except Empty:
                self._meanwhile(partial(self._ask, running))
                due = clock.monotonic() + next(pauses)
            else:
                if news is None:
                    working -= 1
                elif isinstance(news, PartRun):
                    self._take_over(news, running)
            self._collector.account(self.stop)

    def _meanwhile(self, step: Callable[[], None]) -> None:
        """Do something while parts go up; where somebody asks for something, it ends before they do."""
        with suppress(CancelledError):
            self.guarded(step)

    def guarded(self, step: Callable[[], None]) -> None:
        """Do something after which, where it fails, no further part is begun, but what is under way goes on."""
        try:
            step()
        except StillRunning:
            raise
        except SfBulkError as error:
            self.stop(error)

    def stop(self, error: SfBulkError) -> None:
        """Take note of what went wrong: no further part is begun."""
        with self._lock:
            self.problem = self.problem or error
            self.is_cut_off = self.is_cut_off or not isinstance(error, _OF_ONE_JOB)

    def abandon_unclosed(self) -> None:
        """Abort the jobs that have processed nothing, for their parts do not go on."""
        for run in self.runs:
            if not run.may_be_processed:
                self.sender.abandon(run)

    def _take_over(self, run: PartRun, running: dict[str, PartRun]) -> None:
        job = run.job
        if job is None or not run.may_be_processed:  # of a load that has ended: there is nothing to wait for
            return
        self.notify(PartUploaded(run.record.number, job, run.rows, run.record.size_bytes))
        if job.state.is_terminal:
            self._meanwhile(partial(self.collect, run, job))
        else:
            running[job.id] = run

    def _ask(self, running: dict[str, PartRun]) -> None:
        for job_id in tuple(running):
            job = self._info(running, job_id)
            if job is not None:
                self._heard(job, running)

    def _info(self, running: dict[str, PartRun], job_id: str) -> JobInfo | None:
        """Ask for a job; where it is gone, the others are still asked for."""
        try:
            return self.sender.ingest.info(job_id)
        except _OF_ONE_JOB as error:
            self.stop(error)
            del running[job_id]
            return None

    def _wait(self, running: dict[str, PartRun]) -> None:
        for job in watch(partial(self._info, running), tuple(running), self.waiting):
            self._heard(job, running)
            if self._wish is not None:
                return

    def _heard(self, job: JobInfo, running: dict[str, PartRun]) -> None:
        run = running[job.id]
        run.job = job
        self.tell(run, job)
        if job.state.is_terminal:
            del running[job.id]
            self._collector.fetch(run, job, self.stop)
        self._collector.account(self.stop)  # also of others: parts wait meanwhile

    def collect(self, run: PartRun, job: JobInfo) -> None:
        """Read the results of an ended job and settle its rows, as soon as there is a place."""
        self._collector.fetch(run, job, self.stop)
        self._collector.account(self.stop)

    def tell(self, run: PartRun, job: JobInfo) -> None:
        """Say how a part's job stands."""
        self.notify(JobPolled(run.record.number, job))


def _gaps(known: Sequence[PartRecord], rows: int) -> list[tuple[int, int]]:
    """Return the ranges of rows that no part carries."""
    at, found = 0, []
    for record in sorted(known, key=lambda each: each.start):
        if record.start > at:
            found.append((at, record.start))
        at = record.stop
    return [*found, (at, rows)] if at < rows else found
