"""What ingest and query jobs have in common on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.job import JobInfo
from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import WRONG_SHAPE, Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, JSON_HEADERS, data_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.salesforce.job import JobState
    from sfbulk_pandas.wire.http import Response


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Write a value as JSON in UTF-8 bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def build_create(api_version: str, kind: str, fields: Mapping[str, Any]) -> Request:
    """Ask for a new job of a kind, ``"ingest"`` or ``"query"``. Not replayable: each arrival makes a job."""
    path = data_path(api_version, "jobs", kind)
    return Request("POST", path, JSON_HEADERS, json_bytes(fields), replayable=False)


def build_info(api_version: str, kind: str, job_id: str) -> Request:
    """Ask how a job stands."""
    return Request("GET", data_path(api_version, "jobs", kind, job_id), ACCEPT_JSON)


def build_state(api_version: str, kind: str, job_id: str, state: JobState) -> Request:
    """Ask to close or abort a job. Not replayable: the second arrival is refused as INVALIDJOBSTATE."""
    path = data_path(api_version, "jobs", kind, job_id)
    return Request("PATCH", path, JSON_HEADERS, json_bytes({"state": state.value}), replayable=False)


def build_delete(api_version: str, kind: str, job_id: str) -> Request:
    """Ask to delete a job; the second time answers 404, which harms nothing."""
    return Request("DELETE", data_path(api_version, "jobs", kind, job_id), ACCEPT_JSON)


def read_job(response: Response) -> JobInfo:
    """Read the job of an answer, whichever call it answers.

    Parameters
    ----------
    response : Response

    Returns
    -------
    JobInfo
        Keys that the answer does not have are None.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without a job in it.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        return JobInfo.from_json(data)
    except WRONG_SHAPE:
        broken = response.broken("should describe a job and does not")
    raise broken


def read_job_page(response: Response) -> tuple[tuple[JobInfo, ...], str | None]:
    """Read one page of a list of jobs, and where the next one is.

    A list holds jobs of every kind. Those whose operation or state Bulk API 2.0 does not know, such as
    a job of Bulk API 1.0 that is ``Closed``, are left out: nothing here could be done with them.
    Source: guide, "Get Information About All Jobs".

    Parameters
    ----------
    response : Response

    Returns
    -------
    tuple of (tuple of JobInfo, str or None)
        In Salesforce's order, which means nothing; entries have no counters. The path is None on the last page.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without such a list.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        return tuple(_known_jobs(data["records"])), _next_path(data)
    except WRONG_SHAPE:
        broken = response.broken("should list jobs and does not")
    raise broken


def _known_jobs(records: list[Mapping[str, Any]]) -> Iterator[JobInfo]:
    for record in records:
        try:
            yield JobInfo.from_json(record)
        except ValueError:  # a word of another API
            continue


def _next_path(data: Mapping[str, Any]) -> str | None:
    url = data.get("nextRecordsUrl")
    if data.get("done") or not url:
        return None
    return str(url) if "://" in url or url.startswith("/") else f"/{url}"
