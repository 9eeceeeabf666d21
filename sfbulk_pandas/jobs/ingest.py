"""One ingest job, step by step. What may have arrived is asked about before it is repeated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from sfbulk_pandas.errors import ApiError, ImpossibleTransition, SfBulkError, TransportError
from sfbulk_pandas.jobs.result_files import result_file, save_whole
from sfbulk_pandas.salesforce.job import JobInfo, JobState
from sfbulk_pandas.wire.ingest import (
    IngestJob,
    ResultSet,
    build_create_job,
    build_delete_job,
    build_job_info,
    build_results,
    build_set_state,
    build_upload,
    read_job,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.http import Body, Request, Response

log = logging.getLogger("sfbulk_pandas")
T = TypeVar("T")
_REDIRECT, _SERVER_ERROR = 300, 500
_OVERRUN = frozenset({406, 420, 429})


class Ingest:
    """The calls that make up an ingest job's life; each costs one API call where nothing goes wrong."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._version = session.api_version

    def create(self, job: IngestJob) -> JobInfo:
        """Create a job. Where the answer is lost, an empty Open job may stay behind: see :mod:`.orphans`."""
        made = read_job(self.session.send(build_create_job(self._version, job)))
        log.info("job %s created: %s %s", made.id, made.operation, made.object)
        return made

    def upload(self, job: JobInfo, body: Body) -> None:
        """Upload the rows of a job, which takes exactly one file.

        Where the answer is lost, the job is asked first: it has counters once a file has arrived.
        Source: Bulk API 2.0 guide, "Upload Job Data", and recorded answers.
        """
        self._settled(build_upload(self._version, job.id, body), _nothing, lambda: self._has_file(job.id))
        log.info("job %s uploaded: %d bytes", job.id, len(body))

    def close(self, job: JobInfo) -> JobInfo:
        """Tell Salesforce that the upload is complete, so that it begins."""
        closed = self._set_state(job.id, JobState.UPLOAD_COMPLETE)
        log.info("job %s closed: %s", closed.id, closed.state)
        return closed

    def abort(self, job_id: str) -> JobInfo:
        """Abort a job. Rows already written stay written.

        Raises
        ------
        ImpossibleTransition
            Where the job has ended before.
        """
        aborted = self._set_state(job_id, JobState.ABORTED)
        log.info("job %s aborted", aborted.id)
        return aborted

    def delete(self, job_id: str) -> None:
        """Delete a job and its results.

        Raises
        ------
        ImpossibleTransition
            Where the job is open or in progress: abort it first.
        """
        try:
            self.session.send(build_delete_job(self._version, job_id))
        except ApiError as error:
            if not is_about_state(error):
                raise
            raise impossible(self.info(job_id), error) from error
        log.info("job %s deleted", job_id)

    def info(self, job_id: str) -> JobInfo:
        """Ask for the state of a job."""
        return read_job(self.session.send(build_job_info(self._version, job_id)))

    def fetch_results(self, job: JobInfo, which: ResultSet, folder: Path) -> Path:
        """Save one of the three result files, whole, where the user alone can read it.

        Parameters
        ----------
        job : JobInfo
        which : ResultSet
        folder : Path
            Must exist. A file of an earlier call is replaced.

        Returns
        -------
        Path
            See :func:`result_file`; for :func:`read_results`.

        Raises
        ------
        ApiError, TransportError
            Where it does not come, or is cut off each time it is fetched.
        DataError
            Where it cannot be written.
        """
        path = result_file(folder, job.id, which)
        request = build_results(self._version, job.id, which)
        return self.session.read(request, lambda answer: save_whole(answer.raw, path))

    def _set_state(self, job_id: str, state: JobState) -> JobInfo:
        request = build_set_state(self._version, job_id, state)
        reached = frozenset({state}) if state is JobState.ABORTED else frozenset(JobState) - {JobState.OPEN}
        try:
            answered = self._settled(request, read_job, lambda: self.info(job_id).state in reached)
        except ApiError as error:
            if not is_about_state(error):
                raise
            job = self.info(job_id)
            if job.state in reached:  # by a request that came twice: something on the way has repeated it
                return job
            raise impossible(job, error) from error
        return answered or self.info(job_id)

    def _settled(self, request: Request, read: Callable[[Response], T], has_arrived: Callable[[], bool]) -> T | None:
        """Send what may not be repeated blindly; None where only its effect is known to have arrived."""
        try:
            return read(self.session.send(request))
        except (TransportError, ApiError) as error:
            if not may_have_arrived(error):
                raise
            return None if has_arrived() else read(self.session.send(request))

    def _has_file(self, job_id: str) -> bool:
        return self.info(job_id).number_records_processed is not None


def _nothing(_: Response) -> None:
    """Read an answer in which there is nothing to read."""


def is_about_state(error: ApiError) -> bool:
    """Whether Salesforce refused a call because of the job's state. Source: guide, "Errors"."""
    return error.error_code in {"INVALIDJOBSTATE", "API_ERROR"}


def impossible(job: JobInfo, error: ApiError) -> ImpossibleTransition:
    """Return the error for a job whose state does not allow the call."""
    return ImpossibleTransition(
        f"job {job.id} is {job.state}: {error.args[0]}",
        hint="an ended job can be deleted, one that runs can be aborted",
        job=job,
    )


def may_have_arrived(error: SfBulkError) -> bool:
    """Whether a request may have taken effect although its answer was an error, or was lost."""
    if isinstance(error, TransportError):
        return bool(getattr(error, "may_have_arrived", True))
    if not isinstance(error, ApiError):
        return False
    status = error.status_code
    # A success whose words cannot be read is one all the same; an edge that is overrun may have let it through.
    return status >= _SERVER_ERROR or status < _REDIRECT or status in _OVERRUN or error.error_code == "BULK_API_ERROR"
