"""Why Salesforce failed a whole job, in plain words."""

from __future__ import annotations

from sfbulk_pandas.errors import JobAborted, JobError, JobFailed
from sfbulk_pandas.salesforce.job import JobInfo, JobState

# Parts of errorMessage, as recorded and as in the Bulk API 2.0 guide, "Errors". Their wording
# varies (the prefix is doubled in some builds), so a part is looked for, not the whole.
_LASTING_HINTS = (  # the same rows would fail again
    (
        "Field name not found",
        "the object has no such field, or this user may not see it: check its field-level security",
    ),
    ("LineEnding is invalid", "a value holds a line break of the other kind: replace \\r\\n by \\n in the frame"),
    ("unescaped quote", "the file was not read as CSV; please report the frame's dtypes"),
    ("must contain only ids", "a delete takes the Id column alone"),
    ("Unable to find relationship", "check the part of the column name before the dot"),
    ("type is not needed", "take the part before the colon out of the column name"),
)
_PASSING_HINTS = (
    ("ApiBatchItems Limit", "the org's daily batches are used up: wait, or load less"),
    ("Retried more than", "the org's triggers or flows are too slow: load .outstanding anew (columns=, part_rows=)"),
    ("TooManyLockFailure", "other work holds the same records: load later, or sort by the parent record"),
)
_QUERY_HINTS = (
    ("QUERY_TIMEOUT", 'it takes Salesforce too long: filter by indexed fields, or say plan="id_ranges"'),
    ("Retried more", 'it takes Salesforce too long: filter by indexed fields, or say plan="id_ranges"'),
    ("Failed to write query result", 'its result is too large for one job: say plan="id_ranges"'),
)
_Hints = tuple[tuple[str, str], ...]
_WRITTEN = "rows may have been written all the same: .result tells which"
_READ_AGAIN = "nothing of it was read; query again, or in smaller parts"


def failure_of(job: JobInfo) -> JobError | None:
    """Return the error of a job that failed or was aborted, or None."""
    if job.state is JobState.FAILED:
        message = job.error_message or "Salesforce gave no reason"
        hint = (_found(_QUERY_HINTS, message) or _READ_AGAIN) if job.operation.is_query else hint_of(job) or _WRITTEN
        return JobFailed(f"job {job.id} ({job.operation} {job.object}) failed: {message}", hint=hint, job=job)
    if job.state is JobState.ABORTED:
        hint = "rows written before that stay written; .result tells which, and .result.retry() sends the rest"
        if job.operation.is_query:
            hint = "somebody, or an administrator in Setup > Bulk Data Load Jobs, ended it: query again"
        return JobAborted(f"job {job.id} ({job.operation} {job.object}) was aborted", hint=hint, job=job)
    return None


def hint_of(job: JobInfo) -> str:
    """Return what mends a load's job that failed; empty where that is not known, or it did not fail."""
    return _found(_LASTING_HINTS + _PASSING_HINTS, job.error_message or "") if job.state is JobState.FAILED else ""


def fails_again(job: JobInfo) -> bool:
    """Whether a load's job failed for a reason that sending the same rows again cannot mend."""
    return job.state is JobState.FAILED and bool(_found(_LASTING_HINTS, job.error_message or ""))


def _found(hints: _Hints, message: str) -> str:
    return next((hint for part, hint in hints if part.lower() in message.lower()), "")
