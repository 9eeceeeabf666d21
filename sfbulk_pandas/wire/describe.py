"""Describes: what fields an object has. Source: REST API guide, "sObject Describe" and "Describe Global"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.sobject import SObjectDescribe
from sfbulk_pandas.salesforce.sobject_list import SObjectSummary
from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON, data_path
from sfbulk_pandas.wire.reading import objects, read_as

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
    return read_as(response, "should describe an object", SObjectDescribe.from_json)


def build_describe_global(api_version: str) -> Request:
    """Ask for the list of all objects."""
    return Request("GET", data_path(api_version, "sobjects"), ACCEPT_JSON)


def read_describe_global(response: Response) -> tuple[SObjectSummary, ...]:
    """Read the list of all objects, in Salesforce's order.

    Parameters
    ----------
    response : Response

    Returns
    -------
    tuple of SObjectSummary

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        For an answer without such a list.
    """
    return read_as(
        response,
        "should list the objects",
        lambda data: tuple(SObjectSummary.from_json(each) for each in objects(data["sobjects"])),
    )
