"""Open jobs that nobody will close: those of creates whose answer was lost, and those of loads that have died."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import ImpossibleTransition, NotFound
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.listing import created_at, job_pages
from sfbulk_pandas.jobs.shown.frames import shown_jobs
from sfbulk_pandas.salesforce.ids import to_15
from sfbulk_pandas.salesforce.job import JobInfo, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    import pandas as pd

    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.http import Response
    from sfbulk_pandas.wire.ingest import IngestJob

_JOB_TYPE = "V2Ingest"
_SLACK_SECONDS = 5.0  # Salesforce's answer tells its time in whole seconds, and takes a while to come
_BLIND_SLACK_SECONDS = 60.0
_TEXT = pa.string()
_CLEANED = pa.schema([("id", _TEXT), ("load_id", _TEXT), ("state", _TEXT), ("object", _TEXT), ("aborted", pa.bool_())])


def find_orphans(
    session: Session, job: IngestJob, span: tuple[float, float], user_id: str | None, known: Container[str]
) -> tuple[JobInfo, ...]:
    """Find the jobs that a create whose answer was lost may have left: Open, without a file.

    Another program of the same user may have made a job just like it, so what is found is a candidate.

    Parameters
    ----------
    session : Session
    job : IngestJob
        What was to be created.
    span : tuple of float
        When the create was sent and given up, seconds since the epoch by our clock. The difference to Salesforce's
        clock is taken from its answer, and a few seconds more are allowed on either side; a minute, where the answer
        does not tell the time.
    user_id : str or None
        Who signed in, 15 or 18 characters; None finds the jobs of every user.
    known : container of str
        Ids of jobs that are accounted for, of 15 characters or of 18. Asked once the list of jobs has come: what
        another load creates while it is read may be in both.

    Returns
    -------
    tuple of JobInfo

    Raises
    ------
    ApiError, TransportError
        Where Salesforce does not answer.

    Notes
    -----
    Costs one API call for each 1,000 jobs listed, and one for each Open job that fits.
    """
    ingest = Ingest(session)
    fitting = []
    for answer, page in job_pages(session, _JOB_TYPE):
        made = _by_its_clock(span, answer, session.clock.now())
        fitting += [each for each in page if _fits(each, job, user_id) and _is_made_in(each, made)]
    unknown = [each for each in fitting if to_15(each.id) not in known and each.id not in known]
    return tuple(each for each in unknown if _is_empty(ingest, each.id))


def abort_orphans(
    session: Session,
    job: IngestJob,
    span: tuple[float, float],
    user_id: str | None,
    known: Container[str],
    *,
    lost: int = 1,
    is_sure: Callable[[], bool] = lambda: True,
) -> tuple[JobInfo, ...]:
    """Abort the jobs that creates whose answers were lost have left, where it is clear which ones these are.

    Where more jobs fit than creates were lost, or it is not known whose they are, none is touched: another program
    may be about to use them.

    Parameters
    ----------
    session : Session
    job : IngestJob
    span : tuple of float
    user_id : str or None
    known : container of str
        All as for :func:`find_orphans`.
    lost : int
        How many answers were lost.
    is_sure : callable
        Asked once jobs were found: whether they are nobody else's.

    Returns
    -------
    tuple of JobInfo
        What was found, as it stands now: Aborted jobs, or Open ones to warn of, or nothing.

    Raises
    ------
    ApiError, TransportError
        Where Salesforce does not answer.
    """
    found = find_orphans(session, job, span, user_id, known)
    if len(found) > lost or user_id is None or not is_sure():
        return found
    return tuple(_aborted(Ingest(session), each) for each in found)


def _aborted(ingest: Ingest, job: JobInfo) -> JobInfo:
    try:
        return ingest.abort(job.id)
    except ImpossibleTransition as error:  # it moved on in between: somebody uses it
        moved: JobInfo = error.job
        return moved


def clean_up(
    session: Session, ours: Iterable[tuple[str, str]], settled: Iterable[tuple[str, JobInfo]] = ()
) -> pd.DataFrame:
    """Abort those of our jobs that are still Open, and so have written nothing; list them with those found before.

    Parameters
    ----------
    session : Session
    ours : iterable of (str, str)
        Jobs that our own journal made, of loads that run no more; each with the id of its load. The next one is asked
        for once a job is done with.
    settled : iterable of (str, JobInfo)
        What :func:`abort_orphans` has returned just now, each with the id of the load whose create was lost.

    Returns
    -------
    pandas.DataFrame
        A row a job, in the order given: ``id``, ``load_id``, ``state`` (as it stands now; missing where the job is
        gone), ``object`` and ``aborted`` (whether that was done now).

    Raises
    ------
    ApiError, TransportError
        Where Salesforce does not answer. What was aborted before stays aborted.

    Notes
    -----
    Costs one API call a job, and one more for each that is aborted.
    """
    ingest = Ingest(session)
    rows = [{"id": job_id, "load_id": load_id} | _closed_down(ingest, job_id) for job_id, load_id in ours]
    rows += [{"id": job.id, "load_id": load_id} | _standing(job) for load_id, job in settled]
    return shown_jobs(to_pandas(pa.Table.from_pylist(rows, _CLEANED)), "Jobs left behind")


def _closed_down(ingest: Ingest, job_id: str) -> dict[str, object]:
    try:
        job = ingest.info(job_id)
    except NotFound:
        return {"state": None, "object": None, "aborted": False}
    return _standing(_aborted(ingest, job)) if job.state is JobState.OPEN else _standing(job) | {"aborted": False}


def _standing(job: JobInfo) -> dict[str, object]:
    """Return how a job stands that was Open a moment ago."""
    return {"state": job.state.value, "object": job.object, "aborted": job.state is JobState.ABORTED}


def _fits(listed: JobInfo, job: IngestJob, user_id: str | None) -> bool:
    mine = user_id is None or to_15(listed.created_by_id or "") == to_15(user_id)
    return (
        mine and listed.state is JobState.OPEN and listed.job_type in {_JOB_TYPE, None} and _form(listed) == _form(job)
    )


def _form(job: JobInfo | IngestJob) -> tuple[str, ...]:
    key = (job.external_id_field_name or "").lower()
    return (job.object.lower(), job.operation, key, job.line_ending, job.column_delimiter)


def _is_made_in(job: JobInfo, span: tuple[float, float]) -> bool:
    created = created_at(job)
    return created is not None and span[0] <= created.timestamp() <= span[1]


def _is_empty(ingest: Ingest, job_id: str) -> bool:
    try:
        job = ingest.info(job_id)
    except NotFound:
        return False
    return job.state is JobState.OPEN and job.number_records_processed is None


def _by_its_clock(span: tuple[float, float], answer: Response, now: float) -> tuple[float, float]:
    """Return when Salesforce may have made what was sent in a span of our clock."""
    try:
        ahead, slack = parsedate_to_datetime(answer.headers["date"]).timestamp() - now, _SLACK_SECONDS
    except (KeyError, ValueError, TypeError):  # no date, or none that can be read: the clocks are taken as equal
        ahead, slack = 0.0, _BLIND_SLACK_SECONDS
    return span[0] + ahead - slack, span[1] + ahead + slack
