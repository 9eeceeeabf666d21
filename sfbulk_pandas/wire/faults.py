"""From an error answer to the right exception: all of Salesforce's error lore in one place.

Sources: REST API guide, "Status Codes and Error Responses"; Bulk API 2.0 guide, "Errors".
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sfbulk_pandas.errors import (
    ApiError,
    ApiVersionMismatch,
    InvalidQuery,
    NotFound,
    RequestLimitExceeded,
    SalesforceBroken,
    SessionExpired,
)
from sfbulk_pandas.wire.answers_v1 import read_answer
from sfbulk_pandas.wire.server_time import read_server_time

if TYPE_CHECKING:
    from sfbulk_pandas.wire.http import Response

_FIRST_ERROR_STATUS = 300  # redirects are not followed: the token would go along
_ENHANCE_YOUR_CALM = 420  # no constant of http: some of Salesforce's edges answer it for too many calls

# Codes come in two spellings: REST's INVALID_FIELD, and the async API's InvalidJobState as INVALIDJOBSTATE.
_BY_CODE: dict[str, type[ApiError]] = {
    "INVALIDSESSIONID": SessionExpired,
    "INVALIDAUTHHEADER": SessionExpired,
    "REQUESTLIMITEXCEEDED": RequestLimitExceeded,
    "EXCEEDEDQUOTA": RequestLimitExceeded,
    "LIMITEXCEEDED": RequestLimitExceeded,
    "NOTFOUND": NotFound,
    "MALFORMEDQUERY": InvalidQuery,
    "INVALIDFIELD": InvalidQuery,
    "INVALIDTYPE": InvalidQuery,
    "INVALIDQUERYFILTEROPERATOR": InvalidQuery,
    "INVALIDQUERYSCOPE": InvalidQuery,
    "QUERYTOOCOMPLICATED": InvalidQuery,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    HTTPStatus.UNAUTHORIZED: SessionExpired,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: ApiVersionMismatch,
    HTTPStatus.TOO_MANY_REQUESTS: RequestLimitExceeded,
    _ENHANCE_YOUR_CALM: RequestLimitExceeded,
}
# Texts that only a query job can meet, under codes that say little (API_ERROR, FUNCTIONALITY_NOT_ENABLED).
_QUERY_TEXTS = ("not supported in bulk query", "does not support query", "implementation restriction")

_HINTS_BY_CODE = {
    "FEATURENOTENABLED": "the user lacks the permission for this (hardDelete needs 'Bulk API Hard Delete')",
    "QUERYTIMEOUT": 'filter by indexed fields, or say plan="id_ranges", which asks for less at a time',
    "INVALIDENTITY": "the Bulk API does not take this object; use the REST API for it",
    "INVALIDJOBSTATE": "ask for the job's state: it may already be closed, finished or aborted",
    "APIDISABLEDFORORG": "the org's edition or the user's profile does not allow API calls ('API Enabled')",
    "APICURRENTLYDISABLED": "an administrator has switched API access off; ask when it comes back",
}
_HINTS_BY_CLASS: dict[type[ApiError], str] = {
    SessionExpired: "sign in again",
    RequestLimitExceeded: "call again in a while",
    NotFound: "check the name or id; jobs and their results go after seven days",
    ApiVersionMismatch: "read the results with the API version that created the job",
    InvalidQuery: "correct the SOQL; a bulk query takes no GROUP BY, OFFSET, TYPEOF, aggregates or sub-queries",
}


@dataclass(frozen=True, slots=True)
class _Said:
    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def plain_code(self) -> str:
        return self.code.replace("_", "").upper()


def read_fault(response: Response) -> ApiError:
    """Return the exception for an error answer: JSON as an array or an object, HTML, or nothing at all.

    Parameters
    ----------
    response : Response
        With any status; its body is looked at, whatever its Content-Type.

    Returns
    -------
    ApiError
        The fitting subclass, with ``status_code``, ``error_code``, ``fields`` and ``retry_after``.

    Examples
    --------
    >>> from sfbulk_pandas.wire.http import Response
    >>> body = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
    >>> type(read_fault(Response(404, {}, body))).__name__
    'NotFound'
    """
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return _redirected(response)
    said = _said(response)
    kind = _class_of(response.status_code, said)
    if said is None:
        return _wordless(response, kind)
    label = f"{said.code}: " if said.code else ""
    error = kind(
        f"{label}{said.message} (HTTP {response.status_code})",
        hint=_hint(kind, said),
        status_code=response.status_code,
        error_code=said.code,
        fields=said.fields,
        retry_after=response.headers.get("retry-after"),
    )
    if isinstance(error, RequestLimitExceeded):
        _tell_when_it_is_back(error, response)
    return error


def raise_for_fault(response: Response) -> None:
    """Raise the exception of an error answer; return for any other.

    Raises
    ------
    ApiError
        For a status of 300 or more. Redirects are not followed.
    """
    if response.status_code >= _FIRST_ERROR_STATUS:
        raise read_fault(response)


def _said(response: Response) -> _Said | None:
    data: Any = None
    with suppress(SalesforceBroken):
        data = response.json()
    if response.body.lstrip().startswith(b"<"):  # Bulk API 1.0, with or without an XML declaration
        with suppress(ValueError, RecursionError):
            data = read_answer(response.body)
    if isinstance(data, list):
        data = data[0] if data else None
    if not isinstance(data, dict):
        return None
    code = data.get("errorCode") or data.get("exceptionCode") or data.get("error") or ""
    message = data.get("message") or data.get("exceptionMessage") or data.get("error_description") or ""
    fields = data.get("fields")
    names = tuple(str(each) for each in fields) if isinstance(fields, list) else ()
    return _Said(str(code), str(message).strip(), names) if code or message else None


def _class_of(status_code: int, said: _Said | None) -> type[ApiError]:
    if said is not None:
        if said.plain_code in _BY_CODE:
            return _BY_CODE[said.plain_code]
        if any(text in said.message.lower() for text in _QUERY_TEXTS):
            return InvalidQuery
    return _BY_STATUS.get(status_code, ApiError)


def _tell_when_it_is_back(error: RequestLimitExceeded, response: Response) -> None:
    """Say of a daily allowance when it is back. Source: App Limits cheat sheet, "API Request Limits": 24 hours roll."""
    if not error.is_daily:
        error.hint = "too many long calls run at once: lower the number of parallel parts, or call again in a minute"
        return
    back = "within 24 hours"
    with suppress(SalesforceBroken):  # an answer need not say when it was made
        error.back_by = (read_server_time(response) + timedelta(hours=24)).isoformat()
        back = f"by {error.back_by} at the latest"
    error.hint = (
        f"the daily allowance is used up; it counts the last 24 hours, so it comes back bit by bit, all of it {back}: "
        "org.limits() shows what is left"
    )


def _hint(kind: type[ApiError], said: _Said) -> str:
    return _HINTS_BY_CODE.get(said.plain_code) or _HINTS_BY_CLASS.get(kind, "")


def _wordless(response: Response, kind: type[ApiError]) -> ApiError:
    if kind is ApiError:
        return response.broken(f"is an error ({_phrase(response.status_code)}) without Salesforce's usual words")
    begins = response.start()
    return kind(
        f"{_phrase(response.status_code)} (HTTP {response.status_code})"
        + (f"; it begins: {begins!r}" if begins else ""),
        hint=_HINTS_BY_CLASS.get(kind, ""),
        status_code=response.status_code,
        error_code="",
        fields=(),
        retry_after=response.headers.get("retry-after"),
    )


def _phrase(status_code: int) -> str:
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return f"status {status_code}"


def _redirected(response: Response) -> ApiError:
    place = "somewhere else"
    with suppress(ValueError):  # an address that is none
        target = urlsplit(response.headers.get("location", ""))
        place = f"{target.scheme}://{target.hostname}" if target.hostname else place
    return ApiError(
        f"Salesforce answered with a redirect (HTTP {response.status_code}) to {place}, which is not followed",
        hint="the org may have moved or changed its My Domain: sign in again with the new address",
        status_code=response.status_code,
        error_code="",
        fields=(),
        retry_after=None,
    )
