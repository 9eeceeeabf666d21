"""Query jobs of Bulk API 1.0, whose batches Salesforce cuts by primary key.

Source: Bulk API guide, "Bulk Query" and "Use PK Chunking to Extract Large Data Sets".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from xml.sax.saxutils import escape

from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.wire.answers_v1 import read_answer
from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import WRONG_SHAPE, Request
from sfbulk_pandas.wire.paths import ASYNC, async_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.wire.http import Response

T = TypeVar("T")
_NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_XML = {"Content-Type": "application/xml; charset=UTF-8"}
_OVER = frozenset({"Completed", "Failed", "NotProcessed"})


@dataclass(frozen=True, slots=True)
class JobV1:
    """A job of Bulk API 1.0.

    Attributes
    ----------
    id : str
    state : str
        ``Open``, ``Closed``, ``Aborted`` or ``Failed``.
    batches : int or None
        How many it has, where the answer says so.
    """

    id: str
    state: str
    batches: int | None = None


@dataclass(frozen=True, slots=True)
class BatchV1:
    """A batch of Bulk API 1.0.

    Attributes
    ----------
    id : str
    state : str
        ``Queued``, ``InProgress``, ``Completed``, ``Failed`` or ``NotProcessed``.
    message : str
        Why it failed.
    rows : int
        Rows processed so far.
    """

    id: str
    state: str
    message: str
    rows: int

    @property
    def is_over(self) -> bool:
        """Whether it will never change again."""
        return self.state in _OVER


def build_create_job_v1(api_version: str, sobject: str, query_all: bool, chunking: str) -> Request:
    """Ask for a query job whose batches are cut.

    Parameters
    ----------
    api_version : str
    sobject : str
        What the queries are from.
    query_all : bool
        Whether deleted and archived records come too.
    chunking : str
        Value of ``Sforce-Enable-PKChunking``, such as ``chunkSize=250000; parent=Account``.

    Returns
    -------
    Request
        Not replayable: each arrival makes a job.
    """
    operation = (Operation.QUERY_ALL if query_all else Operation.QUERY).value
    fields = {"operation": operation, "object": sobject, "concurrencyMode": "Parallel", "contentType": "CSV"}
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    headers = {**_XML, "Sforce-Enable-PKChunking": chunking}
    return Request("POST", async_path(api_version, "job"), headers, _job_info(inside), replayable=False)


def build_state_v1(api_version: str, job_id: str, state: str) -> Request:
    """Ask to close or abort a job; the second time is refused, which harms nothing."""
    return Request("POST", async_path(api_version, "job", job_id), _XML, _job_info(f"<state>{state}</state>"))


def build_job_info_v1(api_version: str, job_id: str) -> Request:
    """Ask how a job stands."""
    return Request("GET", async_path(api_version, "job", job_id))


def build_add_query(api_version: str, job_id: str, soql: str) -> Request:
    """Ask for a batch that runs a query. Not replayable: each arrival makes a batch."""
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    return Request("POST", async_path(api_version, "job", job_id, "batch"), headers, soql.encode(), replayable=False)


def build_batches(api_version: str, job_id: str) -> Request:
    """Ask for the batches of a job."""
    return Request("GET", async_path(api_version, "job", job_id, "batch"))


def build_batch_query(api_version: str, job_id: str, batch_id: str) -> Request:
    """Ask what a batch runs: of a chunk, the query with its range of Ids."""
    return Request("GET", async_path(api_version, "job", job_id, "batch", batch_id, "request"))


def build_result_list(api_version: str, job_id: str, batch_id: str) -> Request:
    """Ask for the ids of a batch's results."""
    return Request("GET", async_path(api_version, "job", job_id, "batch", batch_id, "result"))


def build_result(api_version: str, job_id: str, batch_id: str, result_id: str) -> Request:
    """Ask for a result, CSV."""
    return Request("GET", async_path(api_version, "job", job_id, "batch", batch_id, "result", result_id))


def is_async(path: str) -> bool:
    """Whether a path is one of Bulk API 1.0, which has a header of its own for the token."""
    return path.startswith(ASYNC)


def read_job_v1(response: Response) -> JobV1:
    """Read a job.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without a job in it.
    """
    return _read(response, "should describe a job", _job)


def read_batch(response: Response) -> BatchV1:
    """Read a batch. Errors as for :func:`read_job_v1`."""
    return _read(response, "should describe a batch", _batch)


def read_batches_v1(response: Response) -> tuple[BatchV1, ...]:
    """Read a list of batches. Errors as for :func:`read_job_v1`."""
    return _read(response, "should list batches", lambda data: tuple(_batch(each) for each in data))


def read_result_list(response: Response) -> tuple[str, ...]:
    """Read the ids of a batch's results. Errors as for :func:`read_job_v1`."""
    return _read(response, "should list results", lambda data: tuple(str(each) for each in data))


def _job(data: Any) -> JobV1:
    total = data.get("numberBatchesTotal")
    return JobV1(str(data["id"]), str(data["state"]), None if total is None else int(total))


def _batch(data: Any) -> BatchV1:
    state = str(data["state"]).replace(" ", "")  # older documents write "Not Processed"
    rows = int(data.get("numberRecordsProcessed") or 0)
    return BatchV1(str(data["id"]), state, str(data.get("stateMessage") or ""), rows)


def _read(response: Response, what: str, reader: Callable[[Any], T]) -> T:
    raise_for_fault(response)
    try:
        return reader(read_answer(response.body))
    except WRONG_SHAPE:
        broken = response.broken(f"{what} and does not")
    raise broken


def _job_info(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="{_NAMESPACE}">{inside}</jobInfo>'.encode()
