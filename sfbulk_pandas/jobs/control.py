"""Look at, abort and delete jobs by their id, whichever kind they are."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sfbulk_pandas.display.cells import shorten
from sfbulk_pandas.errors import ApiError, ImpossibleTransition, NotFound, UsageError
from sfbulk_pandas.jobs.ingest import Ingest, impossible, is_about_state
from sfbulk_pandas.salesforce.ids import is_id
from sfbulk_pandas.salesforce.job import JobInfo, JobState
from sfbulk_pandas.wire.jobs import read_job
from sfbulk_pandas.wire.query import build_abort_query, build_delete_query, build_query_info

if TYPE_CHECKING:
    from sfbulk_pandas.transport.session import Session

_SHOWN = 60


def job_info(session: Session, job_id: str | JobInfo) -> JobInfo:
    """Return how a job stands; costs one API call, two for a query job.

    Raises
    ------
    UsageError
        For what is neither an id nor a job.
    NotFound
        Where there is no such job, or it ended more than 7 days ago.
    """
    job_id = _id_of(job_id)
    try:
        return Ingest(session).info(job_id)
    except NotFound:
        return read_job(session.send(build_query_info(session.api_version, job_id)))


def abort_job(session: Session, job_id: str | JobInfo) -> JobInfo:
    """Abort a job and return it; rows already written stay written.

    Raises
    ------
    UsageError
        For what is neither an id nor a job.
    ImpossibleTransition
        Where the job has ended.
    """
    job = job_info(session, job_id)
    if job.state is JobState.ABORTED:
        return job
    if not job.operation.is_query:
        return Ingest(session).abort(job.id)
    try:
        return read_job(session.send(build_abort_query(session.api_version, job.id)))
    except ApiError as error:
        if not is_about_state(error):
            raise
        raise impossible(job, error) from error


def delete_job(session: Session, job_id: str | JobInfo) -> None:
    """Delete a job with its results.

    Raises
    ------
    UsageError
        For what is neither an id nor a job.
    ImpossibleTransition
        Where the job has not ended: abort it first.
    """
    job = job_info(session, job_id)
    if not job.state.is_terminal:  # Salesforce would delete one that waits, too, with the rows that it was sent
        message = f"job {job.id} is {job.state}: only a job that has ended can be deleted"
        raise ImpossibleTransition(message, hint=f"abort it first: org.abort({job.id!r})", job=job)
    with suppress(NotFound):  # it was there a moment ago: an attempt whose answer was lost has deleted it
        _delete(session, job)


def _id_of(job: object) -> str:
    if isinstance(job, JobInfo):
        return job.id
    if isinstance(job, str) and is_id(job.strip()):
        return job.strip()
    given = repr(shorten(job, _SHOWN)) if isinstance(job, str) else f"of type {type(job).__name__}"
    what = f"this is no id of a job: {given}"
    hint = "give the 15 or 18 characters, or the job itself, as result.jobs has it; org.jobs() lists the org's"
    raise UsageError(what, hint=hint)


def _delete(session: Session, job: JobInfo) -> None:
    if not job.operation.is_query:
        Ingest(session).delete(job.id)
        return
    try:
        session.send(build_delete_query(session.api_version, job.id))
    except ApiError as error:
        if not is_about_state(error):
            raise
        raise impossible(job, error) from error
