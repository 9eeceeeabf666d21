"""What ingest and query jobs of Bulk API 2.0 have in common: their properties, their list, their abort."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.http import json_answer
from sfbulk_pandas.local_org.job_json import CLASSIC, JOB_TYPES, close_json, frame_json, list_json
from sfbulk_pandas.local_org.v1.jobs import FrameJob
from sfbulk_pandas.salesforce.limits import LIST_PAGE_ROWS

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Answer, Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState

_Word = TypeVar("_Word", bound=StrEnum)


def check_content_type(given: dict[str, Any]) -> None:
    """Refuse every content type but CSV; none, or null, is CSV."""
    if given.get("contentType") not in (None, "CSV"):
        raise faults.invalid_value(str(given["contentType"]), "contentType")


def read_word(kind: type[_Word], given: dict[str, Any], name: str, default: _Word | None) -> _Word:
    """Read a property that has one of some words, in their exact case; a missing one, or null, is the default.

    Raises
    ------
    Fault
        400 API_ERROR for any other value.
    """
    value = str(given.get(name) or default or "")
    try:
        return kind(value)
    except ValueError:
        raise faults.invalid_value(value, name) from None


def abort_job(org: OrgState, job: Job) -> Answer:
    """Abort a job, and answer it with the stamp it had before.

    Raises
    ------
    Fault
        400 INVALIDJOBSTATE for a job that has ended.
    """
    before = job.modified
    try:
        org.engine.abort(job)
    except ValueError:
        raise faults.aborting_completed() from None
    return json_answer(close_json(job, before))


def list_jobs(org: OrgState, call: Call, family: str) -> Answer:
    """List jobs of every kind, or of the one that ``jobType`` names.

    Parameters
    ----------
    org : OrgState
    call : Call
    family : str
        ``"query"`` or ``"ingest"``: where the next page is asked for.
    """
    job_type = call.param("jobType")
    if job_type and job_type not in {*JOB_TYPES.values(), CLASSIC, "BigObjectIngest"}:
        raise faults.invalid_value(job_type, "jobType")
    jobs = _listed(org, call, job_type)
    start = _list_start(call.param("queryLocator"))
    stop = start + LIST_PAGE_ROWS
    done = stop >= len(jobs)
    kept = f"&jobType={job_type}" if job_type else ""
    following = f"/services/data/v{call.version}/jobs/{family}?queryLocator=01gRM000000NS1vYAG-{stop}{kept}"
    records = [frame_json(job) if isinstance(job, FrameJob) else list_json(job) for job in jobs[start:stop]]
    return json_answer({"done": done, "records": records, "nextRecordsUrl": None if done else following})


def _listed(org: OrgState, call: Call, job_type: str | None) -> list[Job | FrameJob]:
    """Return the jobs that are asked for, the newest first; those of Bulk API 2.0 are Parallel and have no header."""
    chunked = (call.param("isPkChunkingEnabled") or "").lower() == "true"
    mode = call.param("concurrencyMode")
    newer = [] if chunked or mode == "Serial" else [job for job in org.jobs.all() if not job.parent]
    older = [job for job in org.frames.all() if mode in {None, "", job.concurrency_mode}]
    older = [job for job in older if job.chunking or not chunked]
    wanted: list[Job | FrameJob] = [
        *(job for job in newer if job_type in {None, "", JOB_TYPES[job.kind]}),
        *(job for job in older if job_type in {None, "", CLASSIC}),
    ]
    return sorted(wanted, key=lambda job: job.id, reverse=True)


def _list_start(locator: str | None) -> int:
    if not locator:
        return 0
    start = locator.rpartition("-")[2]
    if not start.isdecimal():
        raise faults.Fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(start)
