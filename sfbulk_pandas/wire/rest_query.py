"""Queries through REST: rows as JSON, a page of up to 2,000 at a time.

Source: REST API guide, "Query" and "QueryAll".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import WRONG_SHAPE, Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, data_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.wire.http import Response


@dataclass(frozen=True, slots=True)
class RestPage:
    """One page of records.

    Attributes
    ----------
    total_size : int
        Records of the whole query; of ``SELECT COUNT()``, the count.
    records : sequence of mapping
        As Salesforce nests them: a parent is a mapping of its own, ``attributes`` stand in each.
    following : str or None
        The path of the next page.
    """

    total_size: int
    records: Sequence[Mapping[str, Any]]
    following: str | None


def build_rest_query(api_version: str, soql: str, query_all: bool = False) -> Request:
    """Ask for the first page of a query's rows.

    Parameters
    ----------
    api_version : str
        Such as ``"66.0"``.
    soql : str
    query_all : bool
        Whether deleted and archived records come too.
    """
    kind = "queryAll" if query_all else "query"
    return Request("GET", data_path(api_version, kind, query={"q": soql}), ACCEPT_JSON)


def read_rest_page(response: Response) -> RestPage:
    """Read a page of records.

    Parameters
    ----------
    response : Response

    Returns
    -------
    RestPage

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without records in it.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        following = None if data.get("done", True) else str(data["nextRecordsUrl"])
        records = tuple(data.get("records") or ())
        if not all(isinstance(each, dict) for each in records):
            raise TypeError
        return RestPage(int(data["totalSize"]), records, following)
    except WRONG_SHAPE:
        broken = response.broken("should hold records and does not")
    raise broken
