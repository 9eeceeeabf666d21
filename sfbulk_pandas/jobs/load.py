"""Load a frame: create, upload, close, wait, read the results, account for every row."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import SfBulkError, StillRunning
from sfbulk_pandas.jobs.account import account_for
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.poll import Waiting, watch
from sfbulk_pandas.jobs.prepare import Prepared, Target, prepare
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.progress.choose import Dispatcher, listener_for
from sfbulk_pandas.progress.events import JobPolled, LoadFinished, LoadStarted, PartFinished, PartUploaded

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from sfbulk_pandas.codec.encode import Part
    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.options import LoadOptions, Polling
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.transport.session import Session

_log = logging.getLogger("sfbulk_pandas")


@dataclass(frozen=True, slots=True)
class Loading:
    """What loads need of the org."""

    session: Session
    describes: Describes
    polling: Polling


def load(loading: Loading, frame: pd.DataFrame, target: Target, options: LoadOptions) -> LoadResult:
    """Load a frame and wait for its jobs.

    Raises
    ------
    UsageError, PreflightFailed, EncodeError
        Before anything is sent.
    JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError
        Later; ``.result`` accounts for every row.
    """
    prepared = prepare(frame, target, loading.describes, options)
    ranges, parts = prepared.checked_parts()
    return _Run(loading, prepared, target, options, ranges).start(parts)


class _Stage(Enum):
    CREATED = auto()  # nothing of it can have been processed: Salesforce begins when the job is closed
    CLOSING = auto()
    RUNNING = auto()
    ENDED = auto()


@dataclass
class _PartRun:
    """One part under way."""

    number: int
    rows: tuple[int, int]
    job: JobInfo
    stage: _Stage = _Stage.CREATED
    outcome: Outcome | None = None

    def known(self) -> Outcome:
        status = RowStatus.UNPROCESSED if self.stage is _Stage.CREATED else RowStatus.UNKNOWN
        return Outcome.of(self.rows[1] - self.rows[0], status) if self.outcome is None else self.outcome


class _Run:
    """The parts of one load under way."""

    def __init__(
        self,
        loading: Loading,
        prepared: Prepared,
        target: Target,
        options: LoadOptions,
        ranges: tuple[tuple[int, int], ...],
    ) -> None:
        self._loading = loading
        self._prepared = prepared
        self._target = target
        self._options = options
        self._ranges = ranges
        self._ingest = Ingest(loading.session)
        self._parts: dict[str, _PartRun] = {}
        self._problem: SfBulkError | None = None

    def start(self, parts: Iterable[Part]) -> LoadResult:
        with self._listening() as notify:
            self._send_all(parts, notify)
            return self._finish(notify, self._options.wait_seconds)

    def _resume(self, wait_seconds: float | None) -> LoadResult:
        with self._listening() as notify:
            return self._finish(notify, wait_seconds)

    def _listening(self) -> Dispatcher:
        notify = listener_for(self._options.progress)
        job = self._prepared.job
        notify(LoadStarted(job.object, job.operation, len(self._prepared.frame), len(self._ranges)))
        return notify

    def _send_all(self, parts: Iterable[Part], notify: Dispatcher) -> None:
        """Send every part; where one cannot be sent, keep the error and send no more."""
        for part in parts:
            try:
                self._send(part, notify)
            except SfBulkError as error:
                self._problem = error
                self._abort_unclosed()
                return

    def _send(self, part: Part, notify: Dispatcher) -> None:
        job = self._ingest.create(self._prepared.job)
        run = self._parts[job.id] = _PartRun(part.number, (part.start, part.stop), job)
        self._ingest.upload(job, part.body)
        run.stage = _Stage.CLOSING
        run.job = self._ingest.close(job)
        run.stage = _Stage.RUNNING
        notify(PartUploaded(part.number, run.job, part.stop - part.start, len(part.body)))

    def _abort_unclosed(self) -> None:
        for run in self._parts.values():
            if run.stage is _Stage.CREATED:
                try:
                    run.job = self._ingest.abort(run.job.id)
                except SfBulkError as error:
                    _log.warning("job %s stays open, with nothing processed: %s", run.job.id, error)

    def _finish(self, notify: Dispatcher, wait_seconds: float | None) -> LoadResult:
        try:
            self._wait(notify, wait_seconds)
        except StillRunning as error:
            error._resume = self._resume  # noqa: SLF001 - the error hands the caller the way back
            error.result = self._result()
            raise
        except SfBulkError as error:
            self._problem = self._problem or error
        return self._end(notify)

    def _wait(self, notify: Dispatcher, wait_seconds: float | None) -> None:
        running = [run.job.id for run in self._parts.values() if run.stage is _Stage.RUNNING]
        if not running:
            return
        waiting = Waiting(self._loading.session.clock, self._loading.polling, wait_seconds)
        for job in watch(self._ingest.info, running, waiting):
            run = self._parts[job.id]
            run.job = job
            notify(JobPolled(run.number, job))
            if job.state.is_terminal:
                self._collect(run, notify)

    def _collect(self, run: _PartRun, notify: Dispatcher) -> None:
        run.stage = _Stage.ENDED
        try:
            run.outcome = account_for(run.job, self._prepared, run.rows, self._ingest)
        except SfBulkError as error:
            self._problem = self._problem or _first_cause(failure_of(run.job), error)
            return
        self._problem = self._problem or failure_of(run.job)
        notify(PartFinished(run.number, run.job, *_ends(run.outcome)))

    def _end(self, notify: Dispatcher) -> LoadResult:
        result = self._result()
        notify(LoadFinished(*_ends(result.outcome)))
        if self._problem is None:
            return result
        self._problem.result = result
        running = [run.job.id for run in self._parts.values() if run.stage in {_Stage.CLOSING, _Stage.RUNNING}]
        if running:
            self._problem.add_note(
                f"jobs that may still run: {', '.join(running)}; org.job(job_id) asks how they stand"
            )
        raise self._problem

    def _result(self) -> LoadResult:
        known = {run.rows: run.known() for run in self._parts.values()}
        unsent = {(start, stop): Outcome.of(stop - start, RowStatus.UNPROCESSED) for start, stop in self._ranges}
        outcomes = unsent | known
        return LoadResult(
            self._target,
            self._prepared.frame,
            Outcome.joined([outcomes[rows] for rows in self._ranges]),
            tuple(run.job for run in self._parts.values()),
            resend=self._resend,
        )

    def _resend(self, frame: pd.DataFrame) -> LoadResult:
        return load(self._loading, frame, self._target, self._options)


def _first_cause(failure: SfBulkError | None, error: SfBulkError) -> SfBulkError:
    """Why the job itself failed comes before why its rows could not be accounted for."""
    if failure is None:
        return error
    failure.__cause__ = error
    return failure


def _ends(outcome: Outcome) -> tuple[int, int, int]:
    return (
        outcome.count(RowStatus.SUCCESSFUL),
        outcome.count(RowStatus.FAILED),
        outcome.count(RowStatus.UNPROCESSED),
    )
