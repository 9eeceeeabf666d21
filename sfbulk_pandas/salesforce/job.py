"""Bulk jobs: operations, states, the transitions between them, and JobInfo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operation(StrEnum):
    """What a job does, spelled as Salesforce spells it."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    HARD_DELETE = "hardDelete"
    QUERY = "query"
    QUERY_ALL = "queryAll"

    @classmethod
    def named(cls, name: str) -> Operation:
        """Return the operation of a name, in any case, with or without an underscore (``hard_delete``).

        Raises
        ------
        ValueError
            For any other name.
        """
        by_name = {each.value.lower(): each for each in cls}
        return by_name.get(name.replace("_", "").lower()) or cls(name)

    @property
    def is_query(self) -> bool:
        """Whether rows come out of Salesforce rather than go in."""
        return self in {Operation.QUERY, Operation.QUERY_ALL}

    @property
    def is_delete(self) -> bool:
        """Whether the upload may hold the Id column alone."""
        return self in {Operation.DELETE, Operation.HARD_DELETE}


class JobState(StrEnum):
    """Where a job stands, spelled as Salesforce spells it."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never change again."""
        return not TRANSITIONS[self]


# Bulk API 2.0 guide, "Job states". A query job starts in UploadComplete and is never Open.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.OPEN: frozenset({JobState.UPLOAD_COMPLETE, JobState.ABORTED}),
    JobState.UPLOAD_COMPLETE: frozenset({JobState.IN_PROGRESS, JobState.ABORTED, JobState.FAILED}),
    JobState.IN_PROGRESS: frozenset({JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}),
    JobState.JOB_COMPLETE: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.ABORTED: frozenset(),
}

# Bulk API 2.0 guide, "Delete a Job": these states, for ingest jobs.
DELETABLE_STATES = frozenset({JobState.UPLOAD_COMPLETE, JobState.JOB_COMPLETE, JobState.ABORTED, JobState.FAILED})
# Bulk API 2.0 guide, "Delete a Query Job".
DELETABLE_QUERY_STATES = frozenset({JobState.JOB_COMPLETE, JobState.ABORTED, JobState.FAILED})


class LineEnding(StrEnum):
    """How the lines of a job's CSV end."""

    LF = "LF"
    CRLF = "CRLF"


class ColumnDelimiter(StrEnum):
    """What separates the columns of a job's CSV."""

    BACKQUOTE = "BACKQUOTE"
    CARET = "CARET"
    COMMA = "COMMA"
    PIPE = "PIPE"
    SEMICOLON = "SEMICOLON"
    TAB = "TAB"

    @property
    def char(self) -> str:
        """The delimiter itself."""
        return {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}[self.value]


@dataclass(frozen=True, slots=True)
class JobInfo:
    """What Salesforce says of a job.

    Which keys an answer has depends on the call and the state, so everything but the
    first four fields may be None: the counters, for one, are absent until a file has arrived.
    Source: Bulk API 2.0 guide, "Get Information About an Ingest Job", and recorded answers.

    Attributes
    ----------
    id : str
        18 characters, prefix ``750``.
    operation : Operation
    object : str
        API name of the object (the FROM object of a query).
    state : JobState
    number_records_processed : int or None
        Rows processed so far, **failures included**; None until a file has arrived.
    number_records_failed : int or None
        Rows failed so far; never present for query jobs.
    error_message : str or None
        Why the job failed, where Salesforce says so.
    api_version : str or None
        The version that made the job, such as ``"66.0"``; results must be read with it.
    created_by_id : str or None
        The user who made the job.
    """

    id: str
    operation: Operation
    object: str
    state: JobState
    created_date: str | None = None
    external_id_field_name: str | None = None
    number_records_processed: int | None = None
    number_records_failed: int | None = None
    retries: int | None = None
    total_processing_time: int | None = None
    api_active_processing_time: int | None = None
    apex_processing_time: int | None = None
    is_pk_chunking_supported: bool | None = None
    error_message: str | None = None
    api_version: str | None = None
    job_type: str | None = None
    line_ending: LineEnding = LineEnding.LF
    column_delimiter: ColumnDelimiter = ColumnDelimiter.COMMA
    created_by_id: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobInfo:
        """Read one job of an answer; keys it does not know are ignored.

        Raises
        ------
        KeyError, ValueError, TypeError
            Where id, operation, object or state is missing or unknown.
        """
        version = data.get("apiVersion")
        return cls(
            id=_text(data["id"]),
            operation=Operation(data["operation"]),
            object=_text(data["object"]),
            state=JobState(data["state"]),
            created_date=data.get("createdDate"),
            external_id_field_name=data.get("externalIdFieldName"),
            number_records_processed=_int(data.get("numberRecordsProcessed")),
            number_records_failed=_int(data.get("numberRecordsFailed")),
            retries=_int(data.get("retries")),
            total_processing_time=_int(data.get("totalProcessingTime")),
            api_active_processing_time=_int(data.get("apiActiveProcessingTime")),
            apex_processing_time=_int(data.get("apexProcessingTime")),
            is_pk_chunking_supported=data.get("isPkChunkingSupported"),
            error_message=data.get("errorMessage"),
            api_version=None if version is None else f"{float(version):.1f}",
            job_type=data.get("jobType"),
            line_ending=LineEnding(data.get("lineEnding") or "LF"),
            column_delimiter=ColumnDelimiter(data.get("columnDelimiter") or "COMMA"),
            created_by_id=data.get("createdById"),
        )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def _int(value: Any) -> int | None:
    return None if value is None else int(value)
