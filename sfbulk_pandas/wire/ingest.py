"""Ingest jobs, Bulk API 2.0: create, upload, close, ask, results, abort, delete.

Source: Bulk API 2.0 guide, chapter "Bulk API 2.0 Ingest".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.job import ColumnDelimiter, LineEnding, Operation
from sfbulk_pandas.wire import jobs
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.jobs import read_job, read_job_page
from sfbulk_pandas.wire.paths import ACCEPT_CSV, ACCEPT_JSON, data_path

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.job import JobState
    from sfbulk_pandas.wire.http import Body

__all__ = [
    "IngestJob",
    "ResultSet",
    "build_create_job",
    "build_delete_job",
    "build_job_info",
    "build_list_jobs",
    "build_next_jobs",
    "build_results",
    "build_set_state",
    "build_upload",
    "read_job",
    "read_job_page",
]
_KIND = "ingest"


class ResultSet(StrEnum):
    """The three result files of a job, spelled as their paths are."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


@dataclass(frozen=True, slots=True)
class IngestJob:
    """What a job is created with.

    Attributes
    ----------
    object : str
        API name of the object.
    operation : Operation
        Any but the two queries.
    external_id_field_name : str or None
        The field that an upsert matches by; for an upsert only.
    """

    object: str
    operation: Operation
    external_id_field_name: str | None = None
    line_ending: LineEnding = LineEnding.LF
    column_delimiter: ColumnDelimiter = ColumnDelimiter.COMMA


def build_create_job(api_version: str, job: IngestJob) -> Request:
    """Ask for a new ingest job. Source: guide, "Create a Job".

    Parameters
    ----------
    api_version : str
        Such as ``"66.0"``.
    job : IngestJob

    Returns
    -------
    Request
        Not replayable: each arrival makes a job.
    """
    fields = {
        "object": job.object,
        "operation": job.operation.value,
        "contentType": "CSV",
        "columnDelimiter": job.column_delimiter.value,
        "lineEnding": job.line_ending.value,
    }
    if job.external_id_field_name is not None:
        fields["externalIdFieldName"] = job.external_id_field_name
    return jobs.build_create(api_version, _KIND, fields)


def build_upload(api_version: str, job_id: str, body: bytes | Body) -> Request:
    """Send the CSV of a job. Source: guide, "Upload Job Data".

    The path is built here and not taken from ``contentUrl``, which has no leading slash and in
    some answers no ``v`` before the version. Not replayable: a job takes one upload only.
    """
    path = data_path(api_version, "jobs", _KIND, job_id, "batches")
    headers = {"Content-Type": "text/csv; charset=UTF-8", "Accept": "application/json"}
    return Request("PUT", path, headers, body, replayable=False)


def build_set_state(api_version: str, job_id: str, state: JobState) -> Request:
    """Close (``UploadComplete``) or abort (``Aborted``) a job. Source: guide, "Complete or Abort a Job"."""
    return jobs.build_state(api_version, _KIND, job_id, state)


def build_job_info(api_version: str, job_id: str) -> Request:
    """Ask how a job stands. Source: guide, "Get Information About a Job"."""
    return jobs.build_info(api_version, _KIND, job_id)


def build_delete_job(api_version: str, job_id: str) -> Request:
    """Delete a job with its data. Source: guide, "Delete a Job"."""
    return jobs.build_delete(api_version, _KIND, job_id)


def build_results(api_version: str, job_id: str, results: ResultSet) -> Request:
    """Ask for one of the three result files, CSV. Source: guide, "Get Job Successful Record Results" and its like."""
    return Request("GET", data_path(api_version, "jobs", _KIND, job_id, results.value), ACCEPT_CSV)


def build_list_jobs(api_version: str, job_type: str | None = None) -> Request:
    """Ask for the first page of all jobs of the last 7 days, up to 1,000 a page.

    Source: guide, "Get Information About All Jobs".

    Parameters
    ----------
    api_version : str
        Such as ``"66.0"``.
    job_type : str or None
        ``"V2Ingest"``, ``"V2Query"`` or ``"Classic"``; without it the list holds jobs of every kind.
    """
    query = None if job_type is None else {"jobType": job_type}
    return Request("GET", data_path(api_version, "jobs", _KIND, query=query), ACCEPT_JSON)


def build_next_jobs(path: str) -> Request:
    """Ask for the page of jobs that the one before named; its path is opaque."""
    return Request("GET", path, ACCEPT_JSON)
