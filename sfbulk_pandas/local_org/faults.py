"""Salesforce's error answers: status, code and text, word for word.

Sources: Bulk API 2.0 guide, "Errors" and the page of each call; REST API guide, "Status Codes and Error Responses";
SOAP API guide, "ExceptionCode".
"""

from __future__ import annotations

from typing import Any


class Fault(Exception):  # noqa: N818 - Salesforce's word; "exception" is what the client raises
    """An error that the local org answers.

    Parameters
    ----------
    status : int
        HTTP status.
    error_code, message : str
    fields : tuple of str, optional
        Fields to blame; only data errors have the key.
    code_first : bool
        Whether ``errorCode`` stands before ``message``, as Bulk API 2.0 and the resource layer send it.
    """

    def __init__(
        self,
        status: int,
        error_code: str,
        message: str,
        fields: tuple[str, ...] | None = None,
        *,
        code_first: bool = False,
    ) -> None:
        super().__init__(f"{status} {error_code}: {message}")
        self.status = status
        self.error_code = error_code
        self.message = message
        self.fields = fields
        self.code_first = code_first

    def body(self) -> list[dict[str, Any]]:
        """Return the JSON array that Salesforce sends."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.error_code}
        if self.code_first:
            error = {"errorCode": self.error_code, "message": self.message}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]


def bulk_fault(error_code: str, message: str, status: int = 400) -> Fault:
    """Return a fault of the Bulk API 2.0: code first."""
    return Fault(status, error_code, message, code_first=True)


def not_found() -> Fault:
    """Return the answer for an unknown path, and for a job that is deleted or was never there."""
    return bulk_fault("NOT_FOUND", "The requested resource does not exist", 404)


def invalid_session() -> Fault:
    """Return the answer for a missing, wrong or expired token."""
    return Fault(401, "INVALID_SESSION_ID", "Session expired or invalid")


def method_not_allowed(method: str, allowed: tuple[str, ...]) -> Fault:
    """Return the answer for a path that is known, but not with this method."""
    message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
    return bulk_fault("METHOD_NOT_ALLOWED", message, 405)


def retired_version(version: str) -> Fault:
    """Return the answer for an API version that Salesforce has retired."""
    return Fault(410, "UNSUPPORTED_API_VERSION", f"API version {version} is retired")


def json_parser_error(reason: str) -> Fault:
    """Return the answer for a body that is not the JSON it should be."""
    return Fault(400, "JSON_PARSER_ERROR", reason)


def invalid_job(message: str) -> Fault:
    """Return 400 INVALIDJOB; the text after ``InvalidJob : ``."""
    return bulk_fault("INVALIDJOB", f"InvalidJob : {message}")


def hard_delete_not_allowed() -> Fault:
    """Return the answer for a hard delete by a user without the permission; the code is documented, the text is not."""
    return Fault(
        400,
        "FEATURENOTENABLED",
        "FeatureNotEnabled : hardDelete needs the permission Bulk API Hard Delete",
        code_first=True,
    )


def unknown_object(name: str) -> Fault:
    """Return the answer for a job on an object that the org lacks."""
    return invalid_job(f"Unable to find object: {name}")


def not_an_external_id(field: str, sobject: str) -> Fault:
    """Return the answer for an upsert by a field that is no key."""
    return invalid_job(f"Field name provided, {field} does not match an External ID for {sobject}")


def external_id_blank(sobject: str) -> Fault:
    """Return the answer for an upsert that names no external id field."""
    return invalid_job(f"External ID was blank for {sobject}. An External ID must be specified for upsert.")


def api_error(message: str) -> Fault:
    """Return 400 API_ERROR."""
    return bulk_fault("API_ERROR", message)


def invalid_value(value: str, field_name: str) -> Fault:
    """Return the answer for a job property with a value that it cannot have."""
    return api_error(f"Invalid value: '{value}' supplied for property: '{field_name}'")


def second_upload(job_id: str) -> Fault:
    """Return the answer for a second PUT to the same job; the angle brackets and the spelling are Salesforce's."""
    message = (
        f"Found multipe contents for job: <{job_id[:15]}>, please 'Close' / 'Abort' / 'Delete' the current Job "
        "then create a new Job and make sure you only do 'PUT' once on a given Job."
    )
    return bulk_fault("BULK_API_ERROR", message)


def invalid_job_state(message: str) -> Fault:
    """Return 400 INVALIDJOBSTATE."""
    return bulk_fault("INVALIDJOBSTATE", message)


def aborting_completed() -> Fault:
    """Return the answer for aborting a job that has ended."""
    return invalid_job_state("Aborting already Completed Job not allowed")


def closing_completed() -> Fault:
    """Return the answer for closing a job that has been closed."""
    return invalid_job_state("Closing already Completed Job not allowed")


def not_terminated() -> Fault:
    """Return the answer for deleting a job that still runs."""
    return api_error("Error encountered when deleting the job because the job is not terminated")


def version_conflict(created: str, called: str) -> Fault:
    """Return the answer for reading a query's results with another API version than made the job."""
    message = f"The job was created with API version {created}, its results can't be read with version {called}"
    return bulk_fault("CONFLICT", message, 409)


def entity_too_large() -> Fault:
    """Return the answer for an upload above the documented 150 MB in base64."""
    return bulk_fault("REQUEST_ENTITY_TOO_LARGE", "The request body exceeds the maximum size allowed", 413)


def unsupported_media(message: str) -> Fault:
    """Return 415, for a content type or encoding that a call does not take."""
    return bulk_fault("UNSUPPORTED_MEDIA_TYPE", message, 415)


def unknown_error(reference: str) -> Fault:
    """Return the answer for a fault of the local org's own."""
    message = f"An unexpected error occurred. Please include this ErrorId if you contact support: {reference}"
    return Fault(500, "UNKNOWN_EXCEPTION", message)
