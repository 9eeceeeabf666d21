"""Bulk API 2.0 ingest: ``/services/data/vXX.X/jobs/ingest`` and what lies below.

Source: Bulk API 2.0 guide, "Bulk API 2.0 Ingest", the page of each call; the error texts as live orgs answered them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.endpoints.bulk_jobs import abort_job, check_content_type, list_jobs, read_word
from sfbulk_pandas.local_org.http import Answer, csv_answer, json_answer, read_json
from sfbulk_pandas.local_org.job_json import close_json, create_json, info_json
from sfbulk_pandas.local_org.query_run import read_header
from sfbulk_pandas.local_org.results import FAILED, SUCCESSFUL, UNPROCESSED, header_line, result_file
from sfbulk_pandas.local_org.uploads import is_multipart, read_multipart, receive
from sfbulk_pandas.salesforce.job import DELETABLE_STATES, ColumnDelimiter, JobState, LineEnding, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described

_PIECE = 1 << 20


def post_job(org: OrgState, call: Call) -> Answer:
    """Make a job; a multipart call brings the file along, and the job is closed at once."""
    if not is_multipart(call):
        return json_answer(create_json(_make(org, call, call.json_object())))
    text, content = read_multipart(call)
    try:
        given = read_json(text)
    except ValueError as error:
        raise faults.json_parser_error(str(error)) from None
    if not isinstance(given, dict):
        raise faults.json_parser_error(f"expected an object, found {type(given).__name__}")
    job = _make(org, call, given)
    job.upload.write_bytes(content)
    job.uploaded = True
    org.engine.move(job, JobState.UPLOAD_COMPLETE)
    answer = json_answer(create_json(job))
    org.engine.submit(job)
    return answer


def _make(org: OrgState, call: Call, given: dict[str, Any]) -> Job:
    operation = read_word(Operation, given, "operation", None)
    if operation.is_query:
        raise faults.invalid_value(operation, "operation")
    check_content_type(given)
    if operation is Operation.HARD_DELETE and not org.switches.hard_delete_allowed:
        raise faults.hard_delete_not_allowed()
    described = org.store.describe(str(given.get("object") or ""))
    if described is None:
        raise faults.unknown_object(str(given.get("object") or ""))
    return org.jobs.new(
        operation,
        described.name,
        now=org.clock(),
        created_by=call.user,
        api_version=call.version,
        external_id_field_name=_external_id(given, operation, described),
        assignment_rule_id=given.get("assignmentRuleId"),
        line_ending=read_word(LineEnding, given, "lineEnding", LineEnding.LF),
        column_delimiter=read_word(ColumnDelimiter, given, "columnDelimiter", ColumnDelimiter.COMMA),
    )


def _external_id(given: dict[str, Any], operation: Operation, described: Described) -> str | None:
    name = given.get("externalIdFieldName")
    if operation is not Operation.UPSERT:
        return name
    if name is None:
        raise faults.external_id_blank(described.name)
    field = described.model.get(str(name))
    if field is None or not field.can_be_key:
        raise faults.not_an_external_id(str(name), described.name)
    return str(name)


def get_jobs(org: OrgState, call: Call) -> Answer:
    """List jobs, the newest first, a thousand an answer."""
    return list_jobs(org, call, "ingest")


def get_job(org: OrgState, call: Call) -> Answer:
    """Answer a job's state and counters; each call is a poll."""
    job = _find(org, call)
    org.engine.observe(job)
    return json_answer(info_json(job))


def put_batches(org: OrgState, call: Call) -> Answer:
    """Take the job's file, once."""
    job = _find(org, call)
    with job.lock:
        if job.state is not JobState.OPEN:
            raise faults.invalid_job_state(f"Job is not open for upload. Current job state is '{job.state}'")
        if job.uploaded:
            raise faults.second_upload(job.id)
        receive(call, job.upload, org.switches)
        job.uploaded = True
        org.jobs.save(job)
    return Answer(201)


def patch_job(org: OrgState, call: Call) -> Answer:
    """Close a job, or abort it."""
    job = _find(org, call)
    state = str(call.json_object().get("state", ""))
    if state == JobState.ABORTED:
        return abort_job(org, job)
    if state != JobState.UPLOAD_COMPLETE:
        raise faults.invalid_value(state, "state")
    with job.lock:
        if job.state is not JobState.OPEN:
            raise faults.closing_completed()
        if not job.uploaded and not org.switches.close_without_upload:
            raise faults.invalid_job_state("Closing a Job without content not allowed")
        before = job.modified
        org.engine.move(job, JobState.UPLOAD_COMPLETE)
        answer = json_answer(close_json(job, before))
        org.engine.submit(job)
    return answer


def delete_job(org: OrgState, call: Call) -> Answer:
    """Delete a job that does not run, and its files."""
    job = _find(org, call)
    if job.state not in DELETABLE_STATES:
        raise faults.not_terminated()
    org.engine.forget(job)
    org.jobs.delete(job)
    return Answer(204)


def get_successful(org: OrgState, call: Call) -> Answer:
    """Answer the rows that were written, as CSV."""
    return _result(org, call, SUCCESSFUL)


def get_failed(org: OrgState, call: Call) -> Answer:
    """Answer the rows that failed, each with its error, as CSV."""
    query = org.jobs.get(call.segments[2], "query")
    if query is not None and query.state is JobState.JOB_COMPLETE:
        # Recorded in versions 51 and 57: a query job has this file too, a header line of its columns.
        lead = header_line(FAILED, query).rstrip(b"\r\n")
        return csv_answer(lead + query.column_delimiter.char.encode() + read_header(query))
    return _result(org, call, FAILED)


def get_unprocessed(org: OrgState, call: Call) -> Answer:
    """Answer the rows that were never looked at, verbatim."""
    return _result(org, call, UNPROCESSED)


def _result(org: OrgState, call: Call, name: str) -> Answer:
    job = _find(org, call)
    if job.state.is_terminal:
        return csv_answer(_pieces(result_file(name, job)))
    if not org.switches.early_results:
        raise faults.invalid_job_state(f"The results of a job in state {job.state} can't be read")
    return csv_answer(header_line(name, job))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _find(org: OrgState, call: Call) -> Job:
    job = org.jobs.get(call.segments[2], "ingest")
    if job is None:
        raise faults.not_found()
    return job


# Below /services/data/vXX.X; the last segments are read in any case, for clients spell them both ways.
ROUTES = {
    "jobs/ingest": {"POST": post_job, "GET": get_jobs},
    "jobs/ingest/*": {"GET": get_job, "PATCH": patch_job, "DELETE": delete_job},
    "jobs/ingest/*/batches": {"PUT": put_batches},
    "jobs/ingest/*/successfulresults": {"GET": get_successful},
    "jobs/ingest/*/failedresults": {"GET": get_failed},
    "jobs/ingest/*/unprocessedrecords": {"GET": get_unprocessed},
}
