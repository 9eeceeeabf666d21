"""Jobs as Salesforce answers them: which keys, in which order, in which state.

Sources: Bulk API 2.0 guide, "Create a Job", "Get Information About an Ingest Job", "Get Information About a Query
Job", and recorded answers of API versions 49 to 61.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.v1.chunking import supports_chunking
from sfbulk_pandas.salesforce.job import JobState

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.v1.jobs import FrameJob

JOB_TYPES = {"ingest": "V2Ingest", "query": "V2Query"}
CLASSIC = "Classic"  # a job of Bulk API 1.0
# The key isPkChunkingSupported was first seen in these versions, by kind of job.
_PK_CHUNKING_SINCE = {"query": 60.0, "ingest": 61.0}


def timestamp(seconds: float) -> str:
    """Write an instant as Salesforce does in JSON: milliseconds 000, offset without a colon."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def close_json(job: Job, modified: float | None = None) -> dict[str, Any]:
    """Return the short answer to a change of state; the keys that every answer begins with.

    Parameters
    ----------
    job : Job
    modified : float, optional
        Seconds since the epoch: a change of state answers, as recorded, when the job was last modified before it.
    """
    keys: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation.value,
        "object": job.sobject,
        "createdById": job.created_by,
        "createdDate": timestamp(job.created),
        "systemModstamp": timestamp(job.modified if modified is None else modified),
        "state": job.state.value,
    }
    if job.external_id_field_name is not None:
        keys["externalIdFieldName"] = job.external_id_field_name
    if job.assignment_rule_id is not None:
        keys["assignmentRuleId"] = job.assignment_rule_id
    return {**keys, "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(job.api_version)}


def _form(job: Job) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if job.state is JobState.OPEN:
        keys["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    return {**keys, "lineEnding": job.line_ending.value, "columnDelimiter": job.column_delimiter.value}


def create_json(job: Job) -> dict[str, Any]:
    """Return the answer to a create call."""
    return {**close_json(job), **_form(job)}


def list_json(job: Job) -> dict[str, Any]:
    """Return an entry of a list of jobs: no counters, no times."""
    return {**close_json(job), "jobType": JOB_TYPES[job.kind], **_form(job)}


def frame_json(job: FrameJob) -> dict[str, Any]:
    """Return an entry of a list for a job of Bulk API 1.0."""
    keys: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation.value,
        "object": job.sobject,
        "createdById": job.created_by,
        "createdDate": timestamp(job.created),
        "systemModstamp": timestamp(job.modified),
        "state": job.state.value,
        "concurrencyMode": job.concurrency_mode,
        "contentType": job.content_type,
        "apiVersion": float(job.api_version),
    }
    return {**keys, "jobType": CLASSIC}


def info_json(job: Job) -> dict[str, Any]:
    """Return the full answer to a GET of one job."""
    keys = {**list_json(job), **_counters(job)}
    if float(job.api_version) >= _PK_CHUNKING_SINCE[job.kind]:
        keys["isPkChunkingSupported"] = job.kind == "query" and supports_chunking(job.sobject)
    if job.error_message is not None:
        keys["errorMessage"] = job.error_message
    return keys


def _counters(job: Job) -> dict[str, Any]:
    if job.kind == "query":
        return {"numberRecordsProcessed": job.processed, "retries": 0, "totalProcessingTime": job.total_ms}
    keys: dict[str, Any] = {}
    if job.uploaded or job.state is not JobState.OPEN:
        keys = {"numberRecordsProcessed": job.processed, "numberRecordsFailed": job.failed}
    return {
        **keys,
        "retries": 0,
        "totalProcessingTime": job.total_ms,
        "apiActiveProcessingTime": job.active_ms,
        "apexProcessingTime": 0,
    }
