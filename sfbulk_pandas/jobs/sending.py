"""Bring a part to the point where its job runs: create, upload, close, each step written down before and after.

What an earlier process left half done is asked about first. A job that was never closed has processed nothing, so
its part may go up again in a job of its own; from the moment in which closing began, nothing is sent again.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ImpossibleTransition, NotFound, SfBulkError
from sfbulk_pandas.jobs.ingest import may_have_arrived
from sfbulk_pandas.jobs.lost import settle_creates, settle_lost
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.stopping import sleep_in_steps
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.progress.control import Wish
from sfbulk_pandas.progress.events import PartSent, PartStarted
from sfbulk_pandas.salesforce.job import JobInfo, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from sfbulk_pandas.codec.encode import Part
    from sfbulk_pandas.jobs.identity import Identity
    from sfbulk_pandas.jobs.ingest import Ingest
    from sfbulk_pandas.jobs.notes import Notes
    from sfbulk_pandas.journal.records import PartRecord
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.wire.http import Body
    from sfbulk_pandas.wire.ingest import IngestJob

log = logging.getLogger("sfbulk_pandas")
# Until one of these is written down, the job was never asked to begin.
NOT_CLOSED = frozenset({Step.CREATING, Step.CREATED, Step.UPLOADING, Step.UPLOADED})
_ENDED = frozenset({Step.ENDED, Step.COLLECTED})
_TELL_SECONDS = 0.2  # more often nobody looks


@dataclass
class PartRun:
    """One part under way."""

    record: PartRecord
    job: JobInfo | None = None
    outcome: Outcome | None = None
    unmatched: pa.Table | None = None

    @property
    def rows(self) -> int:
        """How many rows it carries."""
        return self.record.stop - self.record.start

    @property
    def may_be_processed(self) -> bool:
        """Whether Salesforce was asked to begin."""
        return self.record.step not in NOT_CLOSED

    @property
    def may_run(self) -> bool:
        """Whether Salesforce may still be at it."""
        has_ended = self.record.step in _ENDED or (self.job is not None and self.job.state.is_terminal)
        return self.may_be_processed and self.outcome is None and not has_ended

    def known(self) -> Outcome:
        """Return what is known of its rows so far."""
        if self.outcome is not None:
            return self.outcome
        return Outcome.of(self.rows, RowStatus.UNKNOWN if self.may_be_processed else RowStatus.UNPROCESSED)


@dataclass(frozen=True, slots=True)
class Sender:
    """Take parts through their steps; any thread may call it, each with parts of its own.

    Attributes
    ----------
    ingest : Ingest
    job : IngestJob
        What each part's job is created with.
    notes : Notes
    who : Identity
        Who creates the jobs, and where.
    stopping : threading.Event
        Once it is set, nothing new is begun, and uploads and pauses between two attempts at a request break off.
    notify : Dispatcher
        A wish in its control does the same; but where the jobs are to run on, one whose rows have arrived is told to
        begin.
    creating : threading.Lock
        Held from before a job is created until its id is written down: nobody takes it for a lost one.
    """

    ingest: Ingest
    job: IngestJob
    notes: Notes
    who: Identity
    stopping: threading.Event
    notify: Dispatcher
    creating: threading.Lock = field(default_factory=threading.Lock)

    def pausing(self) -> AbstractContextManager[None]:
        """Hear in this thread that everything is to stop, also where a request waits to be sent again.

        CancelledError ends it then: whether it has arrived is to be found out later, from where its part stands.
        """
        session = self.ingest.session
        return session.pausing(lambda seconds: sleep_in_steps(session.clock, seconds, self.go_on))

    def send(self, run: PartRun, body: Body) -> None:
        """Send a part in a new job. Its record stands at ``CREATING``.

        Raises
        ------
        CancelledError
            Where everything is to stop: the part stays where it is, to be taken up later.
        """
        self._create(run)
        self._upload(run, body)
        self._close(run)

    def take_up(self, run: PartRun, part: Callable[[], Part]) -> None:
        """Go on with a part that an earlier process left; nothing is repeated that may have arrived."""
        if run.record.step is Step.CREATING:  # whatever its create has left is settled by now
            self._begin_anew(run, part().body)
            return
        if run.record.step in _ENDED:
            run.job = self.remembered(run.record)
            return
        run.job = self._asked(run)
        if run.job is None or _has_never_begun(run, run.job):
            self._abandon(run)
            self._begin_anew(run, part().body)
        elif run.job.state is JobState.OPEN:
            self._close(run)
        elif run.record.step in NOT_CLOSED or run.record.step is Step.CLOSING:
            run.record = self.notes.step(run.record, Step.CLOSED)

    def look_up(self, run: PartRun) -> None:
        """Find out how a part of a load that has ended stands; nothing is created, uploaded or closed any more.

        A job that is still Open was never told to begin: it is aborted, and its rows were not processed.
        """
        run.job = self.remembered(run.record) if run.record.step in _ENDED else self._asked(run)
        was_open = run.job is not None and run.job.state is JobState.OPEN
        if was_open:
            run.job = self.aborted(run.record.job_id or "")
        if was_open and _has_processed_nothing(run.job):
            run.record = self.notes.step(run.record, Step.UPLOADED)
        elif run.record.step is Step.CLOSING:
            run.record = self.notes.step(run.record, Step.CLOSED)

    def settle_creates(self, records: Sequence[PartRecord]) -> None:
        """Settle what became of creates in an earlier process, before any job is created anew."""
        _warn_of_open(settle_creates(self.ingest.session, self.job, self.notes, self.who, records))

    def abandon(self, run: PartRun) -> None:
        """Abort the job of a part that will not go on; nothing of it was processed."""
        try:
            if run.job is None and run.record.job_id is not None:  # of an earlier process, and not come to yet
                run.job = self._asked(run)
            self._abandon(run)
        except SfBulkError as error:
            log.warning("job %s stays open, with nothing processed: %s", run.record.job_id, error)

    def aborted(self, job_id: str) -> JobInfo:
        """Abort a job whatever it has done, and return how it stands: it may have ended by itself."""
        try:
            self.ingest.abort(job_id)
        except ImpossibleTransition as error:
            log.info("job %s had ended: %s", job_id, error)
        return self.ingest.info(job_id)

    def _begin_anew(self, run: PartRun, body: Body) -> None:
        """Send a part in a new job, whose create is looked for in its own time where its answer is lost."""
        run.record = self.notes.step(run.record, Step.CREATING, job_id=None)
        self.send(run, body)

    def _create(self, run: PartRun) -> None:
        with self.creating:
            self.go_on()
            sent_at = self.notes.clock.now()  # the part may have waited, and its note may be an earlier process's
            try:
                run.job = self.ingest.create(self.job)
            except SfBulkError as error:
                if not may_have_arrived(error):
                    raise
                if self.stopping.is_set():  # somebody may go on with the load by now: whoever does settles it
                    raise CancelledError from error
                span = (sent_at, self.notes.clock.now())
                _warn_of_open(settle_lost(self.ingest.session, self.job, self.notes, self.who, span, 1))
                self.go_on()
                run.job = self.ingest.create(self.job)
            self._note_created(run, run.job)

    def _note_created(self, run: PartRun, job: JobInfo) -> None:
        """Write a job down; where nothing may be written any more, nobody else knows of it, and it is aborted."""
        try:
            run.record = self.notes.step(run.record, Step.CREATED, job_id=job.id)
        except CancelledError:
            self.abandon(run)
            raise

    def _upload(self, run: PartRun, body: Body) -> None:
        job = _made(run)
        self.go_on()
        run.record = self.notes.step(run.record, Step.UPLOADING)
        self.notify(PartStarted(run.record.number, job, run.rows, len(body)))
        self.ingest.upload(job, _Stoppable(body, partial(self._left, run.record.number)))
        run.record = self.notes.step(run.record, Step.UPLOADED)

    def _close(self, run: PartRun) -> None:
        job = _made(run)
        self.go_on(is_sent=True)
        run.record = self.notes.step(run.record, Step.CLOSING)
        run.job = self.ingest.close(job)
        run.record = self.notes.step(run.record, Step.CLOSED, state=run.job.state.value)

    def _left(self, part: int, sent: _Sent) -> None:
        """Say how much of a part has left, now and then; break off where everything is to stop."""
        self.go_on()
        if sent.is_worth_telling(self.notes.clock.monotonic()):
            self.notify(PartSent(part, sent.bytes))

    def _asked(self, run: PartRun) -> JobInfo | None:
        """Ask how a part's job stands; None where it is gone and was never closed."""
        try:
            return self.ingest.info(run.record.job_id or "")
        except NotFound:
            if run.may_be_processed:
                raise
            return None

    def remembered(self, record: PartRecord) -> JobInfo:
        """Return an ended job as it was last seen; it never changes again, but may be gone from Salesforce."""
        return JobInfo(
            id=record.job_id or "",
            operation=self.job.operation,
            object=self.job.object,
            state=JobState(record.state or JobState.JOB_COMPLETE),
            number_records_processed=record.processed,
            number_records_failed=record.failed,
            error_message=record.error_message,
        )

    def _abandon(self, run: PartRun) -> None:
        if run.job is not None and run.job.state is JobState.OPEN:
            run.job = self.ingest.abort(run.job.id)

    def go_on(self, *, is_sent: bool = False) -> None:
        """Raise CancelledError where everything is to stop, unless what goes on is to be brought to its end."""
        wish = self.notify.control.wish
        if self.stopping.is_set() or wish is Wish.ABORT or (wish is not None and not is_sent):
            raise CancelledError


def _warn_of_open(found: Sequence[JobInfo]) -> None:
    for job in found:
        if job.state is JobState.OPEN:
            log.warning("job %s is Open and may be ours, without rows: org.abort(%r) removes it", job.id, job.id)


def _made(run: PartRun) -> JobInfo:
    if run.job is None:
        raise AssertionError("a part has a job before it is uploaded")
    return run.job


def _has_never_begun(run: PartRun, job: JobInfo) -> bool:
    """Whether a job surely has processed nothing, and cannot be closed as it is."""
    if run.may_be_processed:
        return False
    if job.state is JobState.OPEN:
        return job.number_records_processed is None  # there are counters once a file has arrived
    return _has_processed_nothing(job)


def _has_processed_nothing(job: JobInfo | None) -> bool:
    return job is not None and job.state in {JobState.ABORTED, JobState.FAILED} and not job.number_records_processed


@dataclass(slots=True)
class _Sent:
    """How much of a body has left."""

    bytes: int = 0
    _told: float | None = None

    def is_worth_telling(self, now: float) -> bool:
        if self._told is None:
            self._told = now
        is_due = now >= self._told + _TELL_SECONDS
        if is_due:
            self._told = now
        return is_due


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """A body that says how much of it has left, and may break off then."""

    body: Body
    left: Callable[[_Sent], None]

    def __len__(self) -> int:
        return len(self.body)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        sent = _Sent()
        for piece in self.body:
            self.left(sent)
            yield piece
            sent.bytes += len(piece)
