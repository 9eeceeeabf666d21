"""Bulk API 1.0 jobs: ``/services/async/NN.0/job``.

Source: Bulk API guide, "Work with Jobs"; answers recorded with versions up to 62.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.v1 import faults
from sfbulk_pandas.local_org.v1.answers import job_answer
from sfbulk_pandas.local_org.v1.chunking import check_supported, read_chunking
from sfbulk_pandas.local_org.v1.jobs import BatchState, FrameState, batch_state
from sfbulk_pandas.local_org.v1.requests import CONTENT_TYPES, JSON_SINCE, read_job_info
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Answer, Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described
    from sfbulk_pandas.local_org.v1.jobs import FrameJob

_MODES = ("Parallel", "Serial")


def post_job(org: OrgState, call: Call) -> Answer:
    """Make a job; with ``Sforce-Enable-PKChunking`` its queries are cut."""
    given = read_job_info(call)
    operation = _operation(org, given)
    described = org.store.describe(str(given.get("object") or ""))
    if described is None:
        raise faults.invalid_job(f"Unable to find object: {given.get('object') or ''}")
    chunking = read_chunking(call.headers.get("sforce-enable-pkchunking")) if operation.is_query else None
    if chunking:
        check_supported(described, chunking)
    job = org.frames.new(
        operation,
        described.name,
        org.clock(),
        created_by=call.user,
        api_version=call.version,
        content_type=_content_type(given, operation, call.version),
        concurrency_mode=_one_of(given, "concurrencyMode", _MODES),
        external_id_field_name=_external_id(given, operation, described),
        assignment_rule_id=given.get("assignmentRuleId") or None,
        chunking=chunking.as_json() if chunking else None,
    )
    return job_answer(org, call, job, status=201)


def _operation(org: OrgState, given: dict[str, Any]) -> Operation:
    operation = Operation(_one_of(given, "operation", tuple(Operation), default=False))
    if operation is Operation.HARD_DELETE and not org.switches.hard_delete_allowed:
        raise faults.hard_delete_not_allowed()
    return operation


def _one_of(given: dict[str, Any], name: str, words: tuple[str, ...], *, default: bool = True) -> str:
    value = str(given.get(name) or (words[0] if default else ""))
    if value not in words:
        raise faults.wrong_input(f"Invalid value: '{value}' supplied for property: '{name}'")
    return value


def _content_type(given: dict[str, Any], operation: Operation, version: str) -> str:
    found = _one_of(given, "contentType", CONTENT_TYPES)
    if found == "JSON" and float(version) < JSON_SINCE:
        raise faults.wrong_input("Invalid value: 'JSON' supplied for property: 'contentType'")
    if found != "CSV" and not operation.is_query:
        raise faults.invalid_job(f"The local org takes batches of contentType CSV alone, not {found}")
    return found


def _external_id(given: dict[str, Any], operation: Operation, described: Described) -> str | None:
    name = given.get("externalIdFieldName") or None
    if operation is not Operation.UPSERT:
        return name
    if name is None:
        message = f"External ID was blank for {described.name}. An External ID must be specified for upsert."
        raise faults.invalid_job(message)
    field = described.model.get(str(name))
    if field is None or not field.can_be_key:
        message = f"Field name provided, {name} does not match an External ID for {described.name}"
        raise faults.invalid_job(message)
    return str(name)


def get_job(org: OrgState, call: Call) -> Answer:
    """Answer a job's state and counters; a poll of each of its batches."""
    job = find_job(org, call)
    observe_batches(org, job)
    return job_answer(org, call, job)


def set_state(org: OrgState, call: Call) -> Answer:
    """Close a job, or abort it: batches in the queue are not processed then."""
    job = find_job(org, call)
    state = _one_of(read_job_info(call), "state", (FrameState.CLOSED, FrameState.ABORTED), default=False)
    with job.lock:
        done = job.state is not FrameState.OPEN and not (state == FrameState.ABORTED and _is_running(org, job))
        if done:
            verb = "Closing" if state == FrameState.CLOSED else "Aborting"
            raise faults.invalid_job_state(f"{verb} already {_ended_as(job)} Job not allowed")
        before = max([job.modified, *(each.modified for each in org.frames.batches(job))])
        job.state, job.modified = FrameState(state), org.clock()
        org.frames.save(job)
    if state == FrameState.ABORTED:
        _abort(org, job)
    return job_answer(org, call, job, modified=before)


def _ended_as(job: FrameJob) -> str:
    return "Completed" if job.state is FrameState.CLOSED else job.state.value


def _is_running(org: OrgState, job: FrameJob) -> bool:
    running = {BatchState.QUEUED, BatchState.IN_PROGRESS}
    return job.state is FrameState.CLOSED and any(batch_state(each) in running for each in org.frames.batches(job))


def _abort(org: OrgState, job: FrameJob) -> None:
    """Stop every batch, and those that one under way makes before it stops."""
    while running := [batch for batch in org.frames.batches(job) if not batch.state.is_terminal]:
        for batch in running:
            with batch.lock:
                if not batch.state.is_terminal:
                    org.engine.abort(batch)


def find_job(org: OrgState, call: Call) -> FrameJob:
    """Return the job of a call.

    Raises
    ------
    Fault
        400 InvalidJob.
    """
    job = org.frames.get(call.segments[1])
    if job is None:
        raise faults.invalid_job(f"Invalid job id: {call.segments[1]}")
    return job


def find_batch(org: OrgState, call: Call) -> tuple[FrameJob, Job]:
    """Return the job and the batch of a call.

    Raises
    ------
    Fault
        400 InvalidJob or InvalidBatch.
    """
    job = find_job(org, call)
    batch = org.frames.batch(job, call.segments[3])
    if batch is None:
        raise faults.invalid_batch(f"Unable to find batch for id: {call.segments[3]}")
    return job, batch


def observe_batches(org: OrgState, job: FrameJob) -> None:
    """Count a poll of each of a job's batches."""
    for batch in org.frames.batches(job):
        org.engine.observe(batch)
