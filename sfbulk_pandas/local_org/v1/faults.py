"""Errors of Bulk API 1.0: an ``exceptionCode`` of its own, in XML or JSON, never an array.

Source: Bulk API guide, "Errors". Texts for a job or batch that is not there, and for limits, are printed nowhere.
"""

from __future__ import annotations

from sfbulk_pandas.local_org.faults import Fault

# What the org's common parts answer, in this API's words.
_CODES = {
    "NOT_FOUND": "InvalidUrl",
    "METHOD_NOT_ALLOWED": "MethodNotAllowed",
    "UNSUPPORTED_API_VERSION": "InvalidVersion",
    "UNKNOWN_EXCEPTION": "InternalServerError",
    "UNSUPPORTED_MEDIA_TYPE": "UnsupportedContentType",
    "JSON_PARSER_ERROR": "ClientInputError",
    "API_ERROR": "ClientInputError",
    "REQUEST_ENTITY_TOO_LARGE": "ClientInputError",
}


def async_code(error_code: str) -> str:
    """Return the ``exceptionCode`` for an error code of the other APIs; this API's own stay as they are.

    Examples
    --------
    >>> async_code("NOT_FOUND"), async_code("InvalidJob")
    ('InvalidUrl', 'InvalidJob')
    """
    return _CODES.get(error_code, error_code)


def no_session() -> Fault:
    """Return the answer for a call without ``X-SFDC-Session``."""
    return Fault(400, "InvalidSessionId", "Unable to find session id")


def invalid_session() -> Fault:
    """Return the answer for a session that is wrong or has expired; its status is 400, not 401."""
    return Fault(400, "InvalidSessionId", "Invalid session id")


def invalid_job(message: str) -> Fault:
    """Return 400 InvalidJob."""
    return Fault(400, "InvalidJob", message)


def invalid_batch(message: str) -> Fault:
    """Return 400 InvalidBatch."""
    return Fault(400, "InvalidBatch", message)


def invalid_job_state(message: str) -> Fault:
    """Return 400 InvalidJobState."""
    return Fault(400, "InvalidJobState", message)


def wrong_input(message: str) -> Fault:
    """Return 400 ClientInputError."""
    return Fault(400, "ClientInputError", message)


def invalid_xml(reason: str) -> Fault:
    """Return 400 InvalidXml."""
    return Fault(400, "InvalidXml", reason)


def hard_delete_not_allowed() -> Fault:
    """Return the answer for a hard delete by a user without the permission."""
    return Fault(400, "FeatureNotEnabled", "hardDelete needs the permission Bulk API Hard Delete")
