"""Describes: what fields an object has. Source: REST API guide, "sObject Describe" and "Describe Global"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.sobject import SObjectDescribe
from sfbulk_pandas.wire.faults import raise_for_fault
from sfbulk_pandas.wire.http import WRONG_SHAPE, Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, data_path

if TYPE_CHECKING:
    from sfbulk_pandas.wire.http import Response


def build_describe(api_version: str, sobject: str) -> Request:
    """Ask for the describe of one object."""
    return Request("GET", data_path(api_version, "sobjects", sobject, "describe"), ACCEPT_JSON)


def read_describe(response: Response) -> SObjectDescribe:
    """Read the describe of one object.

    Parameters
    ----------
    response : Response

    Returns
    -------
    SObjectDescribe

    Raises
    ------
    NotFound
        Where there is no such object, or the user may not see it.
    SalesforceBroken
        For an answer without a describe in it.
    """
    raise_for_fault(response)
    data = response.json()
    try:
        return SObjectDescribe.from_json(data)
    except WRONG_SHAPE:
        broken = response.broken("should describe an object and does not")
    raise broken


def build_describe_global(api_version: str) -> Request:
    """Ask for the list of all objects."""
    return Request("GET", data_path(api_version, "sobjects"), ACCEPT_JSON)


def read_describe_global(response: Response) -> tuple[str, ...]:
    """Read the API names of all objects, in Salesforce's order.

    Parameters
    ----------
    response : Response

    Returns
    -------
    tuple of str

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
        return tuple(str(each["name"]) for each in data["sobjects"])
    except WRONG_SHAPE:
        broken = response.broken("should list the objects and does not")
    raise broken
