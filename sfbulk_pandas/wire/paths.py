"""Paths of the REST API, put together in one place: a doubled slash is a 404 there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json; charset=UTF-8", "Accept": "application/json"}
ACCEPT_JSON: Mapping[str, str] = {"Accept": "application/json"}
ACCEPT_CSV: Mapping[str, str] = {"Accept": "text/csv"}

ASYNC = "/services/async/"


def async_path(api_version: str, *segments: str) -> str:
    """Return ``/services/async/XX.X/...``, the paths of Bulk API 1.0, every segment quoted.

    Raises
    ------
    UsageError
        For an empty segment, such as a missing job id.
    """
    return "/".join([f"{ASYNC}{api_version}", *_quoted(segments)])


def data_path(api_version: str, *segments: str, query: Mapping[str, str] | None = None) -> str:
    """Return ``/services/data/vXX.X/...``, every segment and value quoted.

    Raises
    ------
    UsageError
        For an empty segment, such as a missing job id.

    Examples
    --------
    >>> data_path("66.0", "jobs", "query", "750A", query={"locator": "a=b"})
    '/services/data/v66.0/jobs/query/750A?locator=a%3Db'
    """
    path = "/".join(["/services/data", f"v{api_version}", *_quoted(segments)])
    return f"{path}?{urlencode(query)}" if query else path


def _quoted(segments: tuple[str, ...]) -> list[str]:
    if not all(segments):
        raise UsageError(f"a part of the path {'/'.join(segments)!r} is empty: a job id or name is missing")
    return [quote(each, safe="") for each in segments]
