"""All jobs of the org, and as a frame."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import NotFound, UsageError
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.shown.frames import shown_jobs
from sfbulk_pandas.salesforce.ids import to_15
from sfbulk_pandas.salesforce.job import JobInfo, JobState
from sfbulk_pandas.transport.pool import Threads
from sfbulk_pandas.wire.ingest import build_list_jobs, build_next_jobs, read_job_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from sfbulk_pandas.transport.pool import Pool
    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.http import Response

_OF_OTHER_APIS = frozenset({"Classic", "BigObjectIngest"})
_ASKED_AT_ONCE = 8
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("state", pa.string()),
        ("object", pa.string()),
        ("operation", pa.string()),
        ("created", pa.timestamp("ms", "UTC")),
        ("age", pa.duration("ms")),
        ("processed", pa.int64()),
        ("failed", pa.int64()),
        ("created_by", pa.string()),
        ("ours", pa.string()),
    ]
)


def job_pages(session: Session, job_type: str | None = None) -> Iterator[tuple[Response, tuple[JobInfo, ...]]]:
    """Walk the pages of the list of jobs; each costs one API call and holds up to 1,000 jobs.

    Parameters
    ----------
    session : Session
    job_type : str or None
        Such as ``"V2Ingest"``; every kind by default. Salesforce may list others all the same.

    Yields
    ------
    tuple of (Response, tuple of JobInfo)
        The answer itself, for its headers, and its jobs, in no particular order.
    """
    request = build_list_jobs(session.api_version, job_type)
    asked = set()
    while request.path not in asked:  # an answer that names itself as its next page would be read for ever
        asked.add(request.path)
        answer = session.send(request)
        jobs, following = read_job_page(answer)
        yield answer, jobs
        if following is None:
            return
        request = build_next_jobs(following)


def list_jobs(
    session: Session,
    ours: Mapping[str, str],
    *,
    sobject: str | None = None,
    state: str | None = None,
    counts: bool = True,
    pool: Pool | None = None,
) -> pd.DataFrame:
    """List the Bulk API 2.0 jobs of the org, the newest first; those of the last 7 days are there.

    Parameters
    ----------
    session : Session
    ours : mapping of str to str
        Load id by job id, 15 or 18 characters, of the jobs that our own loads made.
    sobject : str or None
        Only jobs of this object, its name in any case.
    state : str or None
        Only jobs in this state, such as ``"Open"``.
    counts : bool
        Whether to ask how many rows each ingest job has processed, which the list does not say.
    pool : Pool or None
        Where those questions run at once; eight threads by default.

    Returns
    -------
    pandas.DataFrame
        A row a job: ``id``, ``state``, ``object``, ``operation``, ``created`` (UTC), ``age`` (timedelta),
        ``processed`` and ``failed`` (missing for queries, and until a file has arrived), ``created_by`` (user id)
        and ``ours`` (load id, or missing). The dtypes are the same where there are no jobs.

    Raises
    ------
    UsageError
        For a state that there is not, or an object that no text names.

    Notes
    -----
    Costs one API call for each 1,000 jobs of any kind, and with ``counts`` one more for each ingest job that
    ``sobject`` and ``state`` leave.
    """
    named: object = sobject
    if not isinstance(named, str | None):
        hint = 'give its API name, such as "Contact"; org.job(job_id) shows one job'
        raise UsageError(f"the object is named by a text, not by a {type(named).__name__}", hint=hint)
    wanted = None if state is None else _state(state)
    jobs = [job for _, page in job_pages(session) for job in page if _is_wanted(job, sobject, wanted)]
    if counts:
        jobs = _counted(session, jobs, pool)
    by_15 = {to_15(job_id): load_id for job_id, load_id in ours.items()}
    rows = [_row(job, by_15, session.clock.now()) for job in sorted(jobs, key=_age_key, reverse=True)]
    return shown_jobs(to_pandas(pa.Table.from_pylist(rows, _SCHEMA)))


def _state(name: str) -> JobState:
    try:
        return JobState(name)
    except ValueError:
        raise UsageError(f"there is no state {name!r}", hint=f"one of {', '.join(JobState)}") from None


def _is_wanted(job: JobInfo, sobject: str | None, state: JobState | None) -> bool:
    return (
        job.job_type not in _OF_OTHER_APIS
        and (sobject is None or job.object.lower() == sobject.lower())
        and (state is None or job.state is state)
    )


def _counted(session: Session, jobs: Iterable[JobInfo], pool: Pool | None) -> list[JobInfo]:
    ingest = Ingest(session)

    def with_counts(job: JobInfo) -> JobInfo:
        if job.operation.is_query:
            return job
        try:
            return ingest.info(job.id)
        except NotFound:  # deleted since it was listed
            return job

    if pool is not None:
        return list(pool.map(with_counts, jobs))
    with Threads(_ASKED_AT_ONCE) as threads:
        return list(threads.map(with_counts, jobs))


def created_at(job: JobInfo) -> datetime | None:
    """Return when a job was made, by Salesforce's clock; None where the answer does not say."""
    return None if job.created_date is None else datetime.fromisoformat(job.created_date)


def _age_key(job: JobInfo) -> tuple[float, str]:
    created = created_at(job)
    return (0.0 if created is None else created.timestamp(), job.id)


def _row(job: JobInfo, ours: Mapping[str, str], now: float) -> dict[str, Any]:
    created = created_at(job)
    return {
        "id": job.id,
        "state": job.state.value,
        "object": job.object,
        "operation": job.operation.value,
        "created": created,
        "age": None if created is None else round((now - created.timestamp()) * 1000),
        "processed": job.number_records_processed,
        "failed": job.number_records_failed,
        "created_by": job.created_by_id,
        "ours": ours.get(to_15(job.id)),
    }
