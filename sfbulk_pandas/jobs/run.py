"""One load under way: its first attempt, those for rows that failed in passing, and its end."""

from __future__ import annotations

import sys
import threading
import warnings
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.encode import PartLimits
from sfbulk_pandas.errors import JournalError, ReconcileError, SfBulkError, StillRunning
from sfbulk_pandas.jobs.attempt import Attempt, Plan
from sfbulk_pandas.jobs.facts import LoadFacts, history_row, unmatched_frame
from sfbulk_pandas.jobs.family import begun_jobs
from sfbulk_pandas.jobs.identity import identity_of
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.manifest import build_manifest
from sfbulk_pandas.jobs.notes import Notes
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.poll import Waiting, still_due
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.jobs.sending import Sender
from sfbulk_pandas.jobs.stopping import StoppableClock
from sfbulk_pandas.jobs.winding import aborted, detached, named
from sfbulk_pandas.progress.choose import listener_for
from sfbulk_pandas.progress.control import Wish
from sfbulk_pandas.progress.events import FrameChecked, LoadFinished, LoadStarted, RowsRetried
from sfbulk_pandas.reconcile import each_error
from sfbulk_pandas.salesforce.status_codes import PASSING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy import bool_, int64
    from numpy.typing import NDArray

    from sfbulk_pandas.codec.rows import Positions
    from sfbulk_pandas.jobs.cargo import Cargo
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.options import LoadOptions, Polling
    from sfbulk_pandas.jobs.prepare import Prepared
    from sfbulk_pandas.jobs.results import Resend
    from sfbulk_pandas.journal.records import LoadRecord, PartRecord
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.progress.control import Control
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.spool import Spool

_LOOKED_AT_ROWS = 100_000
_RETRY_ROWS = 2_000  # in a part of an automatic retry, at most; and a quarter of the largest part of the attempt before
_LEAST_RETRY_ROWS = 200  # one chunk, which Salesforce writes in one transaction
_RETRY_PAUSES = 10  # the pause before the first automatic retry, in first pauses between polls
_PAUSE_GROWTH = 4.0


@dataclass(frozen=True, slots=True)
class Ways:
    """What can be done with a load from its result.

    Attributes
    ----------
    resume : callable
        Takes the load up again, waiting so many seconds.
    resend : callable
        Loads mended rows as a load of their own.
    recheck : callable
        Checks mended rows on the terms of the load.
    """

    resume: Callable[[float | None], LoadResult]
    resend: Resend
    recheck: Callable[[pd.DataFrame], pd.DataFrame]


@dataclass
class LoadRun:
    """One load under way, from its first part or from where an earlier process left it."""

    loading: Loading
    prepared: Prepared
    cargo: Cargo
    record: LoadRecord
    options: LoadOptions
    spool: Spool
    ways: Ways
    _attempts: list[Attempt] = field(default_factory=list)
    _history: list[dict[str, object]] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._outcome = self.prepared.untouched()
        self._clock = StoppableClock(self.loading.session.clock)
        self._waiting = Waiting(self._clock, self.loading.polling, self.options.wait_seconds)
        self._who = identity_of(self.loading.session)

    def go(self) -> LoadResult:
        """Send what is to be sent, wait, and return the result; raise where something went wrong."""
        session = self.loading.session  # alone: what is told of them must not hold the run, and with it all its rows
        try:
            with listener_for(self.options.progress, lambda: session.calls) as notify:
                return self._through(notify)
        except StillRunning as error:
            error._resume = self.ways.resume  # noqa: SLF001 - the error hands the caller the way back
            raise self._told(error, self.result()) from None
        except SfBulkError as error:
            if error.result is None:
                self._told(error, self.result())
            raise
        except KeyboardInterrupt:  # after the listener's end: a bar that stands would have the line beside it
            self._say_goodbye()
            raise

    def _through(self, notify: Dispatcher) -> LoadResult:
        if not self.loading.journal.attempts(self.record.load_id):  # who goes on with a load has seen it
            notify(FrameChecked(self.prepared.checked.report))
        with notify.control.heard_by(self._clock.stop):
            notify(self._started(notify.control))
            self._first(notify)
            self._again(notify)
            return self._end(notify)

    def _started(self, control: Control) -> LoadStarted:
        return LoadStarted(
            self.record.sobject,
            self.prepared.job.operation,
            len(self.cargo),
            self.record.load_id,
            self._who.instance_url,
            control=control,
            held_back=self._held_back,
            row_retries=self.options.row_retries if self._sends else 0,
        )

    def _finished(self) -> LoadFinished:
        """Return how the rows that were to be sent have ended: those that are held back have failed beside them."""
        successful, failed, unprocessed = self._outcome.ends
        unknown = self._outcome.count(RowStatus.UNKNOWN)
        return LoadFinished(successful, failed - self._held_back, unprocessed, unknown, self._held_back)

    @property
    def _held_back(self) -> int:
        return len(self.prepared.frame) - len(self.cargo)

    def result(self) -> LoadResult:
        """Return what is known of every row by now."""
        parts = self._noted()
        now = self.loading.session.clock.now()
        facts = LoadFacts(
            load_id=self.record.load_id,
            manifest=build_manifest(self._who, self.record, self._outcome.counts, parts, now),
            attempts=tuple(self._history),
            jobs=begun_jobs(parts),
            unmatched=unmatched_frame([table for attempt in self._attempts for table in attempt.unmatched]),
            report=self.prepared.checked.report,
            labels={column.header.lower(): column.label for column in self.prepared.checked.columns},
            terms=self.prepared.terms,
            spool=self.spool,
        )
        target, frame, ways = self.prepared.target, self.prepared.frame, self.ways
        return LoadResult(target, frame, self._outcome, self._jobs(), facts, resend=ways.resend, recheck=ways.recheck)

    @property
    def _problem(self) -> SfBulkError | None:
        return next((attempt.problem for attempt in self._attempts if attempt.problem is not None), None)

    @property
    def _sends(self) -> bool:
        return self.record.finished_at is None

    def _first(self, notify: Dispatcher) -> None:
        journal, load_id = self.loading.journal, self.record.load_id
        if not journal.attempts(load_id):
            journal.begin_attempt(load_id, 1, None if self.cargo.order is None else self.cargo.order.positions)
        limits = PartLimits(self.options.part_bytes, self.options.part_rows)
        self._attempt(1, self._plan(self.cargo, limits, self.options.parallel_parts), notify)

    def _again(self, notify: Dispatcher) -> None:
        """Send rows again that failed for a passing reason: later, in smaller parts, one at a time."""
        for number in range(2, self.options.row_retries + 2):
            try:
                positions = self._due(number)
            except CancelledError:  # in the pause before it
                self._heed(notify.control.wish)
                return
            if not len(positions):
                return
            notify(RowsRetried(number, len(positions)))
            limits = PartLimits(self.options.part_bytes, _retry_rows(self._attempts[-1]))
            self._attempt(number, self._plan(self.cargo.chosen(positions), limits, 1), notify)

    def _due(self, number: int) -> Positions:
        """Return the rows of an automatic retry: those written down, or those whose failure passes by itself."""
        journal, load_id = self.loading.journal, self.record.load_id
        stored = journal.positions(load_id, number)
        if stored is not None:
            return stored
        positions = self._passing() if self._problem is None and self._sends else np.empty(0, np.int64)
        if len(positions):
            self._pause(number, len(positions))
            journal.begin_attempt(load_id, number, positions)
        return positions

    def _pause(self, number: int, rows: int) -> None:
        """Wait before an automatic retry; the time since the last job was read counts, in whatever process it was.

        Raises
        ------
        StillRunning
            Where the rows are not due before the time to wait is over.
        """
        pause = _retry_pause(self.loading.polling, number)
        passed = self._clock.now() - max(run.record.at for run in self._attempts[-1].runs)
        due = min(pause, pause - passed)  # the clock may have been set back
        left = self._waiting.left()
        self._clock.sleep(min(due, left))
        if due > left:
            raise still_due(rows, self._waiting.seconds or 0)

    def _heed(self, wish: Wish | None) -> None:
        """Do what was asked for between two attempts, when nothing runs in Salesforce."""
        if wish is Wish.DETACH:
            raise detached((), 0)
        last = self._attempts[-1]
        last.stop(aborted((), 0))

    def _plan(self, cargo: Cargo, limits: PartLimits, parallel_parts: int) -> Plan:
        return Plan(cargo, limits, parallel_parts, self.prepared.key, self._sends)

    def _attempt(self, number: int, plan: Plan, notify: Dispatcher) -> None:
        notes = Notes(self.loading.journal, self.record.load_id, number, self._clock)
        sender = Sender(Ingest(self.loading.session), self.prepared.job, notes, self._who, self._stopping, notify)
        attempt = Attempt(plan, sender, notify, self.spool.mapped, self._waiting)
        self._attempts.append(attempt)
        try:
            attempt.run([part for part in self._parts() if part.attempt == number])
        finally:
            newer = attempt.outcome
            self._outcome = self._placed(plan.cargo, newer)
            kind = "automatic retry" if number > 1 else "retry" if self.record.retry_of else "load"
            self._history.append(history_row(self.record.load_id, number, kind, attempt, newer))

    def _placed(self, cargo: Cargo, newer: Outcome) -> Outcome:
        """Put what became of the rows of an attempt where they stand in the frame."""
        if cargo.order is None:
            return newer
        return self._outcome.placed(cargo.order.positions, newer, self.spool.kept)

    def _passing(self) -> Positions:
        """Return the positions of the rows whose failure passes by itself, in the order in which they were sent."""
        failed = self._outcome.positions(RowStatus.FAILED)
        chosen = failed[_passes(self._outcome.sf_error, failed)]
        if self.cargo.order is None:
            return chosen
        is_chosen = np.zeros(len(self._outcome), bool)
        is_chosen[chosen] = True
        sent = self.cargo.order.positions
        return sent[is_chosen[sent]]

    def _parts(self) -> list[PartRecord]:
        return self.loading.journal.parts(self.record.load_id)

    def _noted(self) -> list[PartRecord]:
        """Return what is written down; where it cannot be read any more, what was to be."""
        try:
            return self._parts()
        except JournalError:
            return [run.record for attempt in self._attempts for run in attempt.runs]

    def _jobs(self) -> tuple[JobInfo, ...]:
        return tuple(run.job for attempt in self._attempts for run in attempt.runs if run.job is not None)

    def _end(self, notify: Dispatcher) -> LoadResult:
        notify(self._finished())
        result = self.result()
        if all(attempt.is_settled for attempt in self._attempts):
            self._finish(result)
        _warn_of_unmatched(result)
        if self.prepared.is_repeatable:
            _warn_of_earlier(result)
        if self._problem is not None:
            raise self._told(self._problem, result)
        return result

    def _finish(self, result: LoadResult) -> None:
        journal, load_id = self.loading.journal, self.record.load_id
        if self._sends:
            now = self.loading.session.clock.now()
            journal.finish(load_id, now, result.manifest)
            self.record = replace(self.record, finished_at=now)
        elif self.record.finished_at is not None and self._knows_more:
            journal.finish(load_id, self.record.finished_at, result.manifest)
        journal.clear_spool(load_id)

    @property
    def _knows_more(self) -> bool:
        """Whether rows have answers now whose end was not known when the load ended."""
        before = (self.record.manifest or {}).get("counts", {})
        return bool(self._outcome.count(RowStatus.UNKNOWN) < before.get("unknown", 0))

    def _told(self, error: SfBulkError, result: LoadResult) -> SfBulkError:
        """Give an error the result, and say how to go on."""
        error.result = result
        running = self._running()
        if running:
            error.add_note(f"jobs that may still run: {named(running)}; org.job(job_id) asks how they stand")
        if self._sends:
            error.add_note(f"go on with this load: sfbulk.resume({self.record.load_id!r}, frame=...)")
        elif isinstance(error, ReconcileError):
            error.add_note(f"read its results again: sfbulk.resume({self.record.load_id!r}, frame=...)")
        return error

    def _running(self) -> list[str]:
        runs = [run for attempt in self._attempts for run in attempt.runs]
        return [run.record.job_id for run in runs if run.may_run and run.record.job_id]

    def _say_goodbye(self) -> None:
        """Say on Ctrl-C what goes on without us, and how to come back to it."""
        running = self._running()
        jobs = f"; {len(running)} job(s) go on in Salesforce: {named(running)}" if running else ""
        abort = f"; stop a job: org.abort({running[0]!r})" if running else ""
        load_id = self.record.load_id
        sys.stderr.write(
            f"load {load_id} interrupted{jobs}\n  -> go on: sfbulk.resume({load_id!r}, frame=...){abort}\n"
        )


def _retry_rows(before: Attempt) -> int:
    """Return how many rows a part of an automatic retry may have, after the parts of the attempt before."""
    largest = max(run.rows for run in before.runs)
    return min(largest, max(min(largest // 4, _RETRY_ROWS), _LEAST_RETRY_ROWS))


def _retry_pause(polling: Polling, number: int) -> float:
    """Return how many seconds an automatic retry comes after the attempt before, whose locks are to pass meanwhile."""
    return min(polling.interval_seconds * _RETRY_PAUSES * _PAUSE_GROWTH ** (number - 2), polling.cap_seconds)


def _passes(errors: pa.ChunkedArray, rows: NDArray[int64]) -> NDArray[bool_]:
    """Tell of some rows, ascending, whether their failure passes by itself; some texts at a time are looked at."""
    found = [np.zeros(0, bool)]
    cuts = np.searchsorted(rows, np.arange(0, len(errors) + _LOOKED_AT_ROWS, _LOOKED_AT_ROWS))
    for block, (first, last) in enumerate(pairwise(cuts)):
        at = rows[first:last] - block * _LOOKED_AT_ROWS
        texts = errors.slice(block * _LOOKED_AT_ROWS, _LOOKED_AT_ROWS).take(pa.array(at)).combine_chunks()
        coded = texts.dictionary_encode("encode")  # many rows fail with the same words
        found.append(_all_pass(coded.dictionary)[coded.indices.to_numpy()])
    return np.concatenate(found)


def _all_pass(texts: pa.Array) -> NDArray[bool_]:
    """Tell of each text whether it holds errors, and all of them pass by themselves: their order says nothing."""
    errors = each_error(texts)
    passes = pc.is_in(errors.code, pa.array(sorted(PASSING), errors.code.type)).to_numpy(zero_copy_only=False)
    has_passing, has_lasting = np.zeros((2, len(texts)), bool)
    has_passing[errors.rows[passes]] = True
    has_lasting[errors.rows[~passes]] = True
    return has_passing & ~has_lasting


def _warn_of_unmatched(result: LoadResult) -> None:
    unmatched, unknown = len(result.unmatched), result.counts.get("unknown", 0)
    if unmatched:
        text = (
            f"{unmatched} answer(s) of Salesforce belong to no row for certain, and the end of {unknown} row(s) is not "
            "known: see result.unmatched and result.unknown; correlation_field= rules this out"
        )
        warnings.warn(text, stacklevel=2)


def _warn_of_earlier(result: LoadResult) -> None:
    said = (pc.sum(pc.equal(pc.utf8_lower(chunk), "false")).as_py() for chunk in result.outcome.sf_created.chunks)
    earlier = sum(filter(None, said))
    if earlier:
        text = (
            f"{earlier} row(s) were in {result.sobject} already: the same rows were inserted before, by the same keys"
        )
        warnings.warn(f"{text}; repeat=True makes every record again", stacklevel=2)
