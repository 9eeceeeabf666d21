"""Query jobs, Bulk API 2.0: create, ask, pages by locator, abort, delete.

Source: Bulk API 2.0 guide, chapter "Bulk API 2.0 Query".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.job import JobState, Operation
from sfbulk_pandas.wire import jobs
from sfbulk_pandas.wire.http import Headers, Request, header_count
from sfbulk_pandas.wire.jobs import read_job
from sfbulk_pandas.wire.paths import ACCEPT_CSV, ACCEPT_JSON, data_path
from sfbulk_pandas.wire.reading import following, objects, read_as, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.wire.http import Response

__all__ = [
    "PageHead",
    "build_abort_query",
    "build_create_query",
    "build_delete_query",
    "build_page",
    "build_query_info",
    "build_result_pages",
    "read_job",
    "read_page_head",
    "read_result_pages",
]
_KIND = "query"


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the headers of a result page say.

    Attributes
    ----------
    rows : int or None
        Rows of this page, the header not counted; None where Salesforce does not say.
    locator : str or None
        Where the next page begins; None on the last page.
    """

    rows: int | None
    locator: str | None


def build_create_query(api_version: str, soql: str, query_all: bool = False) -> Request:
    """Ask for a new query job. Source: guide, "Create a Query Job".

    Parameters
    ----------
    api_version : str
        Such as ``"66.0"``; the results must be read with the same.
    soql : str
    query_all : bool
        Whether deleted and archived records come too.

    Returns
    -------
    Request
        Not replayable: each arrival makes a job.
    """
    operation = Operation.QUERY_ALL if query_all else Operation.QUERY
    fields = {"operation": operation.value, "query": soql, "contentType": "CSV"}
    return jobs.build_create(api_version, _KIND, fields | {"columnDelimiter": "COMMA", "lineEnding": "LF"})


def build_query_info(api_version: str, job_id: str) -> Request:
    """Ask how a query job stands. Source: guide, "Get Information About a Query Job"."""
    return jobs.build_info(api_version, _KIND, job_id)


def build_abort_query(api_version: str, job_id: str) -> Request:
    """Abort a query job. Source: guide, "Abort a Query Job"."""
    return jobs.build_state(api_version, _KIND, job_id, JobState.ABORTED)


def build_delete_query(api_version: str, job_id: str) -> Request:
    """Delete a query job with its results. Source: guide, "Delete a Query Job"."""
    return jobs.build_delete(api_version, _KIND, job_id)


def build_page(api_version: str, job_id: str, locator: str | None, max_records: int | None) -> Request:
    """Ask for one page of results, CSV. Source: guide, "Get Results for a Query Job".

    Parameters
    ----------
    api_version : str
        The version that created the job: any other is answered with 409.
    job_id : str
    locator : str or None
        From the page before; None for the first page. Opaque.
    max_records : int or None
        At most so many rows; None leaves it to Salesforce. A page may hold fewer.
    """
    query = {} if locator is None else {"locator": locator}
    if max_records is not None:
        query["maxRecords"] = str(max_records)
    return Request("GET", data_path(api_version, "jobs", _KIND, job_id, "results", query=query), ACCEPT_CSV)


def read_page_head(headers: Mapping[str, str]) -> PageHead:
    """Read the row count and the next locator from a page's headers.

    The last page has the four letters ``null`` as its locator; a missing or empty one ends
    the pages too, else a client would ask for the first page for ever.

    Examples
    --------
    >>> read_page_head({"Sforce-Locator": "null", "Sforce-NumberOfRecords": "50"})
    PageHead(rows=50, locator=None)
    """
    named = headers if isinstance(headers, Headers) else Headers(headers)
    locator = named.get("sforce-locator", "").strip()
    rows = header_count(named.get("sforce-numberofrecords", ""))
    return PageHead(rows, None if locator in {"", "null"} else locator)


def build_result_pages(api_version: str, job_id: str, path: str | None = None) -> Request:
    """Ask where result pages are, up to five an answer. Source: guide, "Get Parallel Results for a Query Job".

    Parameters
    ----------
    api_version : str
        The version that created the job, 58.0 or later.
    job_id : str
    path : str or None
        That the answer before has named; None for the first answer.
    """
    first = data_path(api_version, "jobs", _KIND, job_id, "resultPages")
    return Request("GET", first if path is None else path, ACCEPT_JSON)


def read_result_pages(response: Response) -> tuple[tuple[str, ...], str | None]:
    """Read the paths of result pages, and the path of the next such list.

    The guide's table spells the key of the latter ``nextRecordUrl``, its example ``nextRecordsUrl``.

    Parameters
    ----------
    response : Response

    Returns
    -------
    tuple of (tuple of str, str or None)
        The path is None on the last list.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without such a list.
    """
    return read_as(response, "should list result pages", _result_pages)


def _result_pages(data: Any) -> tuple[tuple[str, ...], str | None]:
    paths = tuple(text(each["resultUrl"]) for each in objects(data["resultPages"]))
    return paths, following(data, "nextRecordsUrl", "nextRecordUrl")
