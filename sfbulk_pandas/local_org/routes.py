"""Which path leads to which endpoint.

Paths are read in any case, with or without a slash at their end; a doubled slash leads nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.endpoints import (
    batches_v1,
    collections,
    ingest,
    jobs_v1,
    oauth,
    query,
    records,
    rest,
    rest_query,
)
from sfbulk_pandas.local_org.faults import method_not_allowed, not_found, retired_version
from sfbulk_pandas.salesforce.limits import DEFAULT_API_VERSION, OLDEST_API_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.local_org.http import Endpoint

_VERSION = re.compile(r"v(\d{1,3})\.0", re.IGNORECASE)
_ASYNC_VERSION = re.compile(r"(\d{1,3})\.0")
_NEWEST = int(float(DEFAULT_API_VERSION))
COLLECTIONS_SINCE = 42  # REST API guide, "sObject Collections"
INGEST_SINCE, QUERY_SINCE, PAGES_SINCE = 41, 47, 58  # Bulk API 2.0 guide, "Available in version ..." of each call


@dataclass(frozen=True)
class Where:
    """A path, read.

    Attributes
    ----------
    segments : tuple of str
        After ``/services/data/vXX.X`` or ``/services/async/XX.X``, or after ``/services``, as sent.
    version : str
        Such as ``"66.0"``; empty where the path has none.
    needs_token : bool
    is_async : bool
        Whether it is a path of Bulk API 1.0.
    """

    segments: tuple[str, ...]
    version: str = ""
    needs_token: bool = True
    is_async: bool = False


@dataclass(frozen=True)
class Route:
    """Where a path leads; ``*`` stands for any one segment.

    ``since`` is the first API version that has it.
    """

    pattern: str
    methods: Mapping[str, Endpoint] = field(hash=False)
    since: int = OLDEST_API_VERSION
    needs_token: bool = True

    def fits(self, segments: tuple[str, ...]) -> bool:
        """Whether a path has this form, in any case."""
        parts = self.pattern.split("/") if self.pattern else []
        pairs = zip(parts, segments, strict=False)
        return len(parts) == len(segments) and all(part in ("*", given.lower()) for part, given in pairs)


# Without a version: what stands behind /services.
_PLAIN = (
    Route("oauth2/token", {"POST": oauth.post_token}, needs_token=False),
    Route("oauth2/userinfo", {"GET": oauth.get_userinfo, "POST": oauth.get_userinfo}),
    Route("data", {"GET": rest.get_versions}, needs_token=False),
)
# What stands behind /services/data/vXX.X; the more particular before the general.
_VERSIONED = (
    Route("", {"GET": rest.get_resources}),
    Route("sobjects", {"GET": rest.get_sobjects}),
    Route("sobjects/*/describe", {"GET": rest.get_describe}),
    Route("sobjects/*", {"GET": rest.get_sobject, "POST": records.post_record}),
    Route(
        "sobjects/*/*",
        {"GET": records.get_record, "PATCH": records.patch_record, "DELETE": records.delete_record},
    ),
    *(Route(pattern, methods, COLLECTIONS_SINCE) for pattern, methods in collections.ROUTES.items()),
    Route("query", {"GET": rest_query.get_query}),
    Route("query/*", {"GET": rest_query.get_more}),
    Route("queryall", {"GET": rest_query.get_query_all}),
    Route("queryall/*", {"GET": rest_query.get_more}),
    Route("tooling/query", {"GET": rest_query.get_tooling_query}),
    Route("limits", {"GET": rest.get_limits}),
    Route("limits/recordcount", {"GET": rest.get_record_count}),
    Route("jobs/query", {"POST": query.post_job, "GET": query.get_jobs}, QUERY_SINCE),
    Route(
        "jobs/query/*",
        {"GET": query.get_job, "PATCH": query.patch_job, "DELETE": query.delete_job},
        QUERY_SINCE,
    ),
    Route("jobs/query/*/results", {"GET": query.get_results}, QUERY_SINCE),
    Route("jobs/query/*/resultpages", {"GET": query.get_result_pages}, PAGES_SINCE),
    *(Route(pattern, methods, INGEST_SINCE) for pattern, methods in ingest.ROUTES.items()),
)
# What stands behind /services/async/XX.X.
_ASYNC = (
    Route("job", {"POST": jobs_v1.post_job}),
    Route("job/*", {"GET": jobs_v1.get_job, "POST": jobs_v1.set_state}),
    *(Route(pattern, methods) for pattern, methods in batches_v1.ROUTES.items()),
)


def read_path(path: str) -> Where:
    """Take a path apart.

    Raises
    ------
    Fault
        404 for one that is not under ``/services`` or has a doubled slash, 410 for a retired API version.

    Examples
    --------
    >>> where = read_path("/Services/data/v66.0/Jobs/query/")
    >>> where.version, where.segments
    ('66.0', ('Jobs', 'query'))
    """
    path = path.removeprefix("/") if is_async(path) else path  # recorded with two slashes before "services"
    if "//" in path:
        raise not_found()
    root, *segments = path.strip("/").split("/")
    if root.lower() != "services" or not segments:
        raise not_found()
    if segments[0].lower() == "data" and len(segments) > 1:
        return Where(tuple(segments[2:]), _version(segments[1], _VERSION))
    if segments[0].lower() == "async" and len(segments) > 1:
        return Where(tuple(segments[2:]), _version(segments[1], _ASYNC_VERSION), is_async=True)
    plain = tuple(segments)
    return Where(plain, needs_token=any(route.needs_token for route in _PLAIN if route.fits(plain)))


def is_async(path: str) -> bool:
    """Whether a path is one of Bulk API 1.0, which has its own session header and errors."""
    return path.lstrip("/").lower().startswith("services/async/")


def _version(segment: str, form: re.Pattern[str]) -> str:
    match = form.fullmatch(segment)
    if match is None or int(match[1]) > _NEWEST:
        raise not_found()
    if int(match[1]) < OLDEST_API_VERSION:
        raise retired_version(f"{match[1]}.0")
    return f"{match[1]}.0"


def find_route(where: Where, method: str) -> Endpoint:
    """Return the endpoint of a path and method.

    Raises
    ------
    Fault
        404 for an unknown path, 405 for a path that does not take the method.
    """
    routes = _ASYNC if where.is_async else _VERSIONED if where.version else _PLAIN
    version = float(where.version or DEFAULT_API_VERSION)
    fitting = [route for route in routes if route.fits(where.segments) and version >= route.since]
    if not fitting:
        raise not_found()
    endpoint = fitting[0].methods.get(method)
    if endpoint is None:
        raise method_not_allowed(method, tuple(fitting[0].methods))
    return endpoint
