"""Bulk API 2.0 query: ``/services/data/vXX.X/jobs/query`` and what lies below.

Source: Bulk API 2.0 guide, "Bulk API 2.0 Query".
"""

from __future__ import annotations

import base64
import binascii
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.endpoints.bulk_jobs import abort_job, check_content_type, list_jobs, read_word
from sfbulk_pandas.local_org.http import Answer, csv_answer, json_answer
from sfbulk_pandas.local_org.job_json import create_json, info_json
from sfbulk_pandas.local_org.page_rows import varied
from sfbulk_pandas.local_org.query_run import compile_job, read_header, read_lines
from sfbulk_pandas.local_org.soql.messages import malformed
from sfbulk_pandas.salesforce.job import DELETABLE_QUERY_STATES, ColumnDelimiter, JobState, LineEnding, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.switches import Switches

PAGES_PER_ANSWER = 5  # guide, "Get Parallel Results for a Query Job"


def post_job(org: OrgState, call: Call) -> Answer:
    """Make a query job; a wrong query is refused here, and makes none."""
    given = call.json_object()
    operation = read_word(Operation, given, "operation", None)
    if not operation.is_query:
        raise faults.invalid_value(operation, "operation")
    check_content_type(given)
    soql = given.get("query")
    if not isinstance(soql, str):
        raise malformed("SOQL statement cannot be empty")
    compiled = compile_job(org.store, operation, soql, org.clock())
    job = org.jobs.new(
        operation,
        compiled.sobject,
        now=org.clock(),
        created_by=call.user,
        api_version=call.version,
        state=JobState.UPLOAD_COMPLETE,
        soql=soql,
        line_ending=read_word(LineEnding, given, "lineEnding", LineEnding.LF),
        column_delimiter=read_word(ColumnDelimiter, given, "columnDelimiter", ColumnDelimiter.COMMA),
    )
    answer = json_answer(create_json(job))
    org.engine.submit(job)
    return answer


def get_job(org: OrgState, call: Call) -> Answer:
    """Answer a job's state and counters; each call is a poll."""
    job = _find(org, call)
    org.engine.observe(job)
    return json_answer(info_json(job))


def patch_job(org: OrgState, call: Call) -> Answer:
    """Abort a job."""
    job = _find(org, call)
    state = str(call.json_object().get("state", ""))
    if state != JobState.ABORTED:
        raise faults.invalid_value(state, "state")
    return abort_job(org, job)


def delete_job(org: OrgState, call: Call) -> Answer:
    """Delete a job that has ended, and its results."""
    job = _find(org, call)
    if job.state not in DELETABLE_QUERY_STATES:
        raise faults.not_terminated()
    org.jobs.delete(job)
    return Answer(204)


def get_jobs(org: OrgState, call: Call) -> Answer:
    """List jobs, the newest first."""
    return list_jobs(org, call, "query")


def get_results(org: OrgState, call: Call) -> Answer:
    """Answer a page of a finished job's rows as CSV, header line first."""
    job = _finished(org, call)
    start = _offset(call.param("locator"), job)
    stop = page_end(job, start, _max_records(call.param("maxRecords"), org.switches), org.switches)
    headers = {"Sforce-NumberOfRecords": str(stop - start)}
    locator = org.switches.last_locator if stop >= job.processed else to_locator(stop)
    if locator is not None:
        headers["Sforce-Locator"] = locator
    if not job.processed and not org.switches.empty_query_header:
        return csv_answer(b"", headers)
    later = start > 0
    return csv_answer(chain([read_header(job, later=later)], read_lines(job, start, stop, later=later)), headers)


def get_result_pages(org: OrgState, call: Call) -> Answer:
    """Answer the addresses of up to five pages, which may be read side by side."""
    job = _finished(org, call)
    start = _offset(call.param("locator"), job)
    base = f"/services/data/v{call.version}/jobs/query/{job.id}"
    places = list(islice(_page_starts(job, start, org.switches), PAGES_PER_ANSWER + 1))
    pages = [{"resultUrl": f"{base}/results?locator={to_locator(each)}"} for each in places[:PAGES_PER_ANSWER]]
    done = len(places) <= PAGES_PER_ANSWER
    key = org.switches.result_pages_key
    body: dict[str, Any] = {"resultPages": pages, key: None, "done": done}
    if not done:
        body[key] = f"{base}/resultpages?locator={to_locator(places[PAGES_PER_ANSWER])}"
    elif not org.switches.last_pages_url_null:
        del body[key]
    return json_answer(body)


def _page_starts(job: Job, start: int, switches: Switches) -> Iterator[int]:
    yield start
    while (start := page_end(job, start, switches.query_page_rows, switches)) < job.processed:
        yield start


def page_end(job: Job, start: int, rows: int, switches: Switches) -> int:
    """Return where a page ends; it has ``rows`` rows, or where they vary, some part of them, always the same."""
    if switches.vary_page_rows:
        rows = varied(rows, f"{job.id}-{start}")
    return min(start + rows, job.processed)


def to_locator(offset: int) -> str:
    """Write the place of a row as an opaque token.

    Examples
    --------
    >>> to_locator(10_000)
    'MTAwMDA'
    """
    return base64.urlsafe_b64encode(f"{offset:05}".encode()).decode().rstrip("=")


def _offset(locator: str | None, job: Job) -> int:
    if not locator:
        return 0
    try:
        offset = int(base64.b64decode(locator + "=" * (-len(locator) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise faults.invalid_value(locator, "locator") from None
    if not 0 <= offset < max(job.processed, 1):
        raise faults.invalid_value(locator, "locator")
    return offset


def _max_records(text: str | None, switches: Switches) -> int:
    if not text:
        return switches.query_page_rows
    if not text.isdecimal() or int(text) < 1:
        raise faults.invalid_value(text, "maxRecords")
    return int(text)


def _find(org: OrgState, call: Call) -> Job:
    job = org.jobs.get(call.segments[2], "query")
    if job is None:
        raise faults.not_found()
    return job


def _finished(org: OrgState, call: Call) -> Job:
    job = _find(org, call)
    if float(job.api_version) != float(call.version):
        raise faults.version_conflict(job.api_version, call.version)
    if job.state is not JobState.JOB_COMPLETE:
        raise faults.invalid_job_state(f"The results of a job in state {job.state} can't be read")
    return job
