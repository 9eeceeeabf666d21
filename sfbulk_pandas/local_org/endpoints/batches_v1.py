"""Bulk API 1.0 batches: ``/services/async/NN.0/job/{id}/batch`` and what lies below.

Source: Bulk API guide, "Work with Batches"; answers recorded with versions up to 62.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.endpoints import ingest_v1, query_v1
from sfbulk_pandas.local_org.endpoints.jobs_v1 import find_batch, find_job, observe_batches
from sfbulk_pandas.local_org.http import Answer
from sfbulk_pandas.local_org.v1.answers import TYPES, batch_answer
from sfbulk_pandas.local_org.v1.faults import invalid_job_state
from sfbulk_pandas.local_org.v1.jobs import FrameState
from sfbulk_pandas.local_org.v1.words import batch_values

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.v1.jobs import FrameJob


def post_batch(org: OrgState, call: Call) -> Answer:
    """Take a batch: rows of CSV, or for a query job its SOQL; what is wrong with it fails it later."""
    job = find_job(org, call)
    sent = query_v1.read_soql(call) if job.operation.is_query else ingest_v1.receive(call, job)
    try:
        batch = _add(org, job, sent)
    finally:
        if isinstance(sent, Path):
            sent.unlink(missing_ok=True)
    answer = batch_answer(job, "batchInfo", batch_values(batch, org.switches), status=201)
    org.engine.submit(batch)
    location = f"/services/async/{call.version}/job/{job.id}/batch/{batch.id}"
    return Answer(answer.status, answer.body, {**answer.headers, "Location": location})


def _add(org: OrgState, job: FrameJob, sent: str | Path) -> Job:
    with job.lock:
        if job.state is not FrameState.OPEN:
            message = f"Failed to create batch, since the Job is not Open. Current job state is '{job.state}'"
            raise invalid_job_state(message)
        if isinstance(sent, str):
            return org.frames.add_batch(job, org.clock(), sent)
        return org.frames.add_batch(job, org.clock(), upload=sent)


def get_batches(org: OrgState, call: Call) -> Answer:
    """List a job's batches, in their order; a poll of each."""
    job = find_job(org, call)
    observe_batches(org, job)
    values = [batch_values(each, org.switches) for each in org.frames.batches(job)]
    return batch_answer(job, "batchInfoList", {"batchInfo": values})


def get_batch(org: OrgState, call: Call) -> Answer:
    """Answer a batch's state and counters; each call is a poll."""
    job, batch = find_batch(org, call)
    org.engine.observe(batch)
    return batch_answer(job, "batchInfo", batch_values(batch, org.switches))


def get_request(org: OrgState, call: Call) -> Answer:
    """Answer what a batch was sent as; of a chunk, the query with its range of Ids."""
    job, batch = find_batch(org, call)
    sent = batch.soql.encode() if job.operation.is_query else batch.upload.read_bytes()
    return Answer(200, sent, {"Content-Type": TYPES[job.content_type]})


def get_result(org: OrgState, call: Call) -> Answer:
    """Answer the result of a batch that has ended: rows of CSV, or for a query the ids of its result files."""
    job, batch = find_batch(org, call)
    return (query_v1.list_results if job.operation.is_query else ingest_v1.result)(org, job, batch)


# Below /services/async/NN.0.
ROUTES = {
    "job/*/batch": {"POST": post_batch, "GET": get_batches},
    "job/*/batch/*": {"GET": get_batch},
    "job/*/batch/*/request": {"GET": get_request},
    "job/*/batch/*/result": {"GET": get_result},
    "job/*/batch/*/result/*": {"GET": query_v1.get_file},
}
