"""What ingest and query jobs have in common on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.job import JobInfo
from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, JSON_HEADERS, data_path

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    except (KeyError, ValueError, TypeError, AttributeError):
        broken = response.broken("should describe a job and does not")
    raise broken
