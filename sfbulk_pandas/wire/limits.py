"""Limits: what the org may still use. Source: REST API guide, "Limits"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import WRONG_SHAPE, Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, data_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.wire.http import Response


@dataclass(frozen=True, slots=True)
class Limit:
    """One allowance.

    Attributes
    ----------
    max : int
        What the org has in all.
    remaining : int
        What is left of it; below zero where more was used.
    """

    max: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The org's allowances that loads and queries use; None where Salesforce does not name one.

    Attributes
    ----------
    daily_api_requests : Limit or None
        Calls in any 24 hours; nearly every request is one.
    daily_bulk_api_batches : Limit or None
        Batches in any 24 hours; a load uses one for each 10,000 rows.
    daily_bulk_v2_query_jobs : Limit or None
        Query jobs in any 24 hours.
    daily_bulk_v2_query_file_storage_mb : Limit or None
        Megabytes of query results in any 24 hours.
    data_storage_mb : Limit or None
        Megabytes of records.
    """

    daily_api_requests: Limit | None = None
    daily_bulk_api_batches: Limit | None = None
    daily_bulk_v2_query_jobs: Limit | None = None
    daily_bulk_v2_query_file_storage_mb: Limit | None = None
    data_storage_mb: Limit | None = None


def build_limits(api_version: str) -> Request:
    """Ask for the org's limits; that call is counted too."""
    return Request("GET", data_path(api_version, "limits"), ACCEPT_JSON)


def read_limits(response: Response) -> Limits:
    """Read the org's limits; what else an entry holds, such as the use of single apps, is ignored.

    Parameters
    ----------
    response : Response

    Returns
    -------
    Limits

    Raises
    ------
    ApiError
        For an error status; 403 where the user may not see the limits.
    SalesforceBroken
        For an answer without limits in it.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        return Limits(
            daily_api_requests=_limit(data, "DailyApiRequests"),
            daily_bulk_api_batches=_limit(data, "DailyBulkApiBatches", "DailyBulkApiRequests"),
            daily_bulk_v2_query_jobs=_limit(data, "DailyBulkV2QueryJobs"),
            daily_bulk_v2_query_file_storage_mb=_limit(data, "DailyBulkV2QueryFileStorageMB"),
            data_storage_mb=_limit(data, "DataStorageMB"),
        )
    except WRONG_SHAPE:
        broken = response.broken("should name the org's limits and does not")
    raise broken


def _limit(data: Mapping[str, Any], *names: str) -> Limit | None:
    found = next((data[name] for name in names if data.get(name) is not None), None)
    return None if found is None else Limit(int(found["Max"]), int(found["Remaining"]))


def build_record_count(api_version: str, sobject: str) -> Request:
    """Ask how many records an object has, about. Source: REST API guide, "Record Count"."""
    return Request("GET", data_path(api_version, "limits", "recordCount", query={"sObjects": sobject}), ACCEPT_JSON)


def read_record_count(response: Response) -> int | None:
    """Read the approximate number of records of the one object that was asked for.

    Parameters
    ----------
    response : Response

    Returns
    -------
    int or None
        None where Salesforce does not count that object.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without counts in it.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        counts = [int(each["count"]) for each in data["sObjects"]]
    except WRONG_SHAPE:
        broken = response.broken("should count records and does not")
    else:
        return counts[0] if counts else None
    raise broken
