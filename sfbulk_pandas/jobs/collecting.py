"""Read what became of the rows of jobs that have ended: fetch the answers, and pair them with the rows."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.account import account_for
from sfbulk_pandas.jobs.failures import failure_of
from sfbulk_pandas.jobs.outcome import RowStatus
from sfbulk_pandas.jobs.result_files import read_results, result_file
from sfbulk_pandas.journal.records import Step
from sfbulk_pandas.progress.events import Cause, PartFinished
from sfbulk_pandas.reconcile import Answers, count_codes
from sfbulk_pandas.salesforce.status_codes import PASSING, advice_for
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.ingest import ResultSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfbulk_pandas.jobs.cargo import Cargo
    from sfbulk_pandas.jobs.outcome import Outcome
    from sfbulk_pandas.jobs.places import Places
    from sfbulk_pandas.jobs.sending import PartRun, Sender
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.salesforce.job import JobInfo

    # Given at each call: a collector that held it would hold the attempt that holds the collector, with all its rows.
    Stop = Callable[[SfBulkError], None]

log = logging.getLogger("sfbulk_pandas")


@dataclass(frozen=True, slots=True)
class _Ended:
    """A part whose answers lie on disk, and why its job failed."""

    run: PartRun
    job: JobInfo
    failure: SfBulkError | None
    paths: list[Path]


@dataclass(frozen=True, slots=True)
class Collector:
    """Settle the rows of parts whose jobs have ended; for one thread.

    Attributes
    ----------
    cargo : Cargo
        The rows of the attempt.
    key : str or None
        The header by which rows are told apart.
    sender : Sender
    notify : Dispatcher
    keep : callable
        What to do with the texts of an outcome, such as putting them into a file.
    places : Places
        Of those that go up meanwhile.
    """

    cargo: Cargo
    key: str | None
    sender: Sender
    notify: Dispatcher
    keep: Callable[[pa.Table], pa.Table]
    places: Places
    _ended: deque[_Ended] = field(default_factory=deque)

    def fetch(self, run: PartRun, job: JobInfo, stop: Stop) -> None:
        """Fetch the answers of an ended job to disk, to be accounted for once there is a place.

        Parameters
        ----------
        run, job
        stop : callable
            Told why the job failed before anything is fetched, else why its answers do not come.
        """
        processed, failed = job.number_records_processed or 0, job.number_records_failed or 0
        log.info("job %s ended, %s: %d of %d rows processed, %d failed", job.id, job.state, processed, run.rows, failed)
        failure = failure_of(job)
        if failure is not None:
            stop(failure)
        try:
            self._ended.append(_Ended(run, job, failure, self._fetched(run, job)))
        except SfBulkError as error:
            _tell(error, failure, stop)

    def account(self, stop: Stop) -> None:
        """Settle the rows of the parts that have ended, as long as there is a place.

        Parameters
        ----------
        stop : callable
            Told what does not add up, before another part is encoded.
        """
        while self._ended:
            with self.places.taken_first() as has_place:
                if not has_place:
                    break
                self._settle(self._ended.popleft(), stop)

    def _settle(self, ended: _Ended, stop: Stop) -> None:
        run = ended.run
        with self.places.alone:  # until what is wrong is told: who encodes the next part is to know
            try:
                problem = self._paired(ended)
            except SfBulkError as error:
                problem = error
            if problem is not None:
                _tell(problem, ended.failure, stop)
        if run.outcome is not None:
            causes = self._causes(run.outcome)
            self.notify(PartFinished(run.record.number, ended.job, *run.outcome.ends, causes=causes))

    def _causes(self, outcome: Outcome) -> tuple[Cause, ...]:
        """Return why rows failed, where somebody wants to know by now."""
        if not self.notify.is_watched or not outcome.count(RowStatus.FAILED):
            return ()
        counts = count_codes(outcome.sf_error)
        return tuple(Cause(code, rows, advice_for(code), code in PASSING) for code, rows in counts)

    def _paired(self, ended: _Ended) -> SfBulkError | None:
        """Pair the answers with the rows; both lie on disk meanwhile, for a part may be large and memory small."""
        run, job = ended.run, ended.job
        with Spool() as scratch:
            answers = Answers(*(read_results(path, job, scratch) for path in ended.paths))
            pa.default_memory_pool().release_unused()  # of the blocks that were parsed
            sent = scratch.written(*self.cargo.texts(run.record.start, run.record.stop))
            pa.default_memory_pool().release_unused()
            accounted = account_for(job, sent, self.cargo.columns, answers, self.key)
            run.outcome = accounted.outcome.kept(self.keep)
            pa.default_memory_pool().release_unused()
        run.unmatched = accounted.unmatched
        if accounted.problem is not None:  # who goes on with the load is to see what Salesforce has by then
            for path in ended.paths:
                path.unlink(missing_ok=True)
        return accounted.problem

    def _fetched(self, run: PartRun, job: JobInfo) -> list[Path]:
        """Fetch the three result files to disk, where a process that dies leaves them."""
        notes, ingest = self.sender.notes, self.sender.ingest
        if run.record.step not in {Step.ENDED, Step.COLLECTED}:
            facts = {"processed": job.number_records_processed, "failed": job.number_records_failed}
            run.record = notes.step(
                run.record, Step.ENDED, state=job.state.value, error_message=job.error_message, **facts
            )
        folder = notes.journal.spool(notes.load_id)
        paths = [result_file(folder, job.id, which) for which in ResultSet]
        if run.record.step is not Step.COLLECTED or not all(path.exists() for path in paths):
            paths = [ingest.fetch_results(job, which, folder) for which in ResultSet]
            run.record = notes.step(run.record, Step.COLLECTED)
        return paths


def _tell(error: SfBulkError, failure: SfBulkError | None, stop: Stop) -> None:
    """Why the job itself failed, which is told by then, comes before why its rows could not be accounted for."""
    if failure is None:
        stop(error)
    else:
        failure.__cause__ = error
