"""Every exception of the package, one tree.

::

    SfBulkError                    .hint: what to try next; .details: the facts, named
    +- UsageError (ValueError)     the call cannot be right; nothing was sent
    |  +- MissingExtra (ImportError)   an optional package is not installed
    |  +- AlreadyLoaded            these rows went up before; .load_id
    |  +- OverBudget               more than ``budget=`` leaves of the org's allowances; .report is a DataFrame
    |  +- QueryRefused             the query cannot be run as it is; .report is a DataFrame
    +- AuthError                   signing in failed
    |  +- TokenRefused             the token endpoint said no; .error is its OAuth code
    |  +- CliLoginMissing          the Salesforce CLI has no login that can be used
    +- TransportError              the request or its answer did not come through
    |  +- ConnectionFailed         no connection, or it broke; .may_have_arrived tells which
    |  +- ReadTimedOut             Salesforce did not answer in time
    |  +- RetriesExhausted         repeated as often as is safe, and it still failed
    +- ApiError                    Salesforce answered with an error; .status_code, .error_code
    |  +- SessionExpired           the token is no longer good and no new one could be had
    |  +- RequestLimitExceeded     the org's API allowance is used up, or too many calls at once
    |  +- InvalidQuery             the SOQL is wrong, or bulk queries do not take it
    |  +- NotFound                 no such job, object or page
    |  +- ApiVersionMismatch       the results belong to another API version
    |  +- SalesforceBroken         an answer that is no answer: HTML, cut off, of another shape
    +- JobError                    about one bulk job; .job
    |  +- JobFailed                Salesforce failed the job; .result accounts for every row
    |  +- JobAborted               somebody aborted the job; .result accounts for every row
    |  +- ImpossibleTransition     the job is not in a state that allows this
    |  +- StillRunning             we stopped waiting; the job goes on
    +- DataError                   about rows and cells
    |  +- PreflightFailed          the frame cannot be sent as it is; .report is a DataFrame
    |  +- EncodeError              a cell cannot be written as Salesforce CSV; .column, .row
    |  +- DecodeError              an answer's CSV cannot be read
    |  +- ReconcileError           rows sent and rows answered do not add up
    |  +- IncompleteResult         a query result has fewer or more rows than its job says
    +- JournalError                a load could not be written down, or its notes not be read
       +- JournalBusy              another process works on the load
       +- JournalMismatch          the frame is not the one that was sent; .part

A bad *record* is a result, not an exception; a bad *call, answer or job* is an
exception. Every one survives pickling, and none carries a secret: texts are
masked when the exception is made.
"""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TOO_MANY_AT_ONCE = frozenset({420, 429})
_MOST_CHARS = 8_000  # of a message; Salesforce's own stay far below
_SECRETS = (
    (re.compile(r"00D[0-9A-Za-z]{9,15}![0-9A-Za-z._\-]+"), "00D…!***"),
    (re.compile(r"eyJ[\w\-]+\.[\w\-]+\.[\w\-]*"), "eyJ***"),
    (re.compile(r"(?i)\b(bearer)\s+[^\s'\",;]+"), r"\1 ***"),
    (
        re.compile(
            r"(?i)\b(assertion|access_token|refresh_token|client_secret|password)"
            r"([\"']?\s*[=:]\s*[\[{\s]*[\"']?)[^\s&'\",}]+"
        ),
        r"\1\2***",
    ),
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        "***private key***",
    ),
)


def mask_secrets(text: str) -> str:
    """Replace everything in a text that looks like a token, key or password.

    Parameters
    ----------
    text : str
        Any text that may be shown, logged or pickled.

    Returns
    -------
    str
        The same text with ``***`` where a secret stood.
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _readable(text: str) -> str:
    """Mask secrets, and cut what nobody would read: answers may hold texts of any length."""
    return mask_secrets(text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]} ...")


class SfBulkError(Exception):
    """Say what went wrong, where, and what to do next.

    Parameters
    ----------
    message : str
        What is wrong, with the place.
    hint : str
        What to try next; shown under the message.
    **details
        Facts that code may want; each becomes an attribute.

    Attributes
    ----------
    result : LoadResult or None
        What was already received when the error came: on errors in the middle of a load, it
        accounts for every row.
    partial : pyarrow.Table or None
        The rows already received when the error came in the middle of a query.
    """

    hint: str
    result: Any = None
    partial: Any = None

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(_readable(message))
        self.hint = _readable(hint)
        for name, value in details.items():
            setattr(self, name, mask_secrets(value) if isinstance(value, str) else value)

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else ""
        return f"{message}\n  -> {self.hint}" if self.hint else message


class UsageError(SfBulkError, ValueError):
    """The call cannot be right; nothing was sent."""


class MissingExtra(UsageError, ImportError):
    """An optional package is needed and is not installed."""


class AlreadyLoaded(UsageError):
    """These rows went up before; nothing was sent.

    An insert with the same bytes went to the same object of the same org; or rows of a result were sent again since it
    was made, by a load of which it does not know what came of it.

    Attributes
    ----------
    load_id : str
        The earlier load.
    finished_at : float or None
        When it ended, seconds since the epoch; None where it has not.
    """

    load_id: str = ""
    finished_at: float | None = None


class OverBudget(UsageError):
    """A load or extract would take more of the org's daily allowances than its budget; nothing was sent.

    ``report`` is a DataFrame, one row an allowance: needed, allowed, remaining.
    """

    report: Any = None


class QueryRefused(UsageError):
    """The query cannot be run as it is; nothing was sent.

    ``report`` is a DataFrame, one row a problem: line, column, check, value, suggestion.
    """

    report: Any = None


class AuthError(SfBulkError):
    """Signing in failed."""


class CliLoginMissing(AuthError):
    """The Salesforce CLI is not there, or has no login that can be used; ``.hint`` is the command that mends it."""


class TokenRefused(AuthError):
    """The token endpoint refused; ``error`` holds its OAuth code."""

    error: str = ""


class TransportError(SfBulkError):
    """The request, or its answer, did not come through."""


class ConnectionFailed(TransportError):
    """There was no connection, or it broke.

    ``may_have_arrived`` is False only where the request surely never reached Salesforce.
    """

    may_have_arrived: bool = True


class ReadTimedOut(TransportError):
    """Salesforce did not answer within the time allowed."""

    may_have_arrived: bool = True


class RetriesExhausted(TransportError):
    """The request was repeated as often as is safe, and failed each time."""


class ApiError(SfBulkError):
    """Salesforce answered with an error.

    Attributes
    ----------
    status_code : int
        The HTTP status.
    error_code : str
        Salesforce's code, such as ``INVALIDJOBSTATE``; empty where it sent none.
    """

    status_code: int = 0
    error_code: str = ""


class SessionExpired(ApiError):
    """The token is no longer good, and one new token did not help."""


class RequestLimitExceeded(ApiError):
    """The org's API allowance is used up, or too many calls run at once.

    Attributes
    ----------
    back_by : str or None
        When all of a daily allowance is there again at the latest, as ISO 8601: it counts the calls of the last 24
        hours. None where it is not a daily one.
    """

    back_by: str | None = None

    @property
    def is_daily(self) -> bool:
        """Whether it is used up for the day, so that calling again in a minute helps nobody."""
        message = str(self.args[0]).lower() if self.args else ""
        return self.status_code not in _TOO_MANY_AT_ONCE and "concurrent" not in message


class InvalidQuery(ApiError):
    """The SOQL is wrong, or a bulk query does not take it."""


class NotFound(ApiError):
    """There is no such job, object or page (or it was deleted)."""


class ApiVersionMismatch(ApiError):
    """The results were asked for with another API version than the job's."""


class SalesforceBroken(ApiError):
    """The answer is no answer: HTML, empty, cut off, or of another shape.

    ``body_start`` holds the first part of what came.
    """

    body_start: str = ""


class _ShortWhereAskedFor:
    """What writes an error without its traceback; there is none but where somebody has ended the call.

    No property: what an error is given of its own, as a magic does, comes first.
    """

    def __get__(self, error: JobError | None, _: type) -> Callable[[], list[str]]:
        if error is None or not error.was_asked_for:
            raise AttributeError("_render_traceback_")
        return lambda: [line.rstrip() for line in traceback.format_exception_only(error)]


class JobError(SfBulkError):
    """Something about one bulk job.

    Attributes
    ----------
    job : JobInfo or None
        As it was last known.
    was_asked_for : bool
        Whether somebody has ended the call, by a button or its :class:`Control`: a notebook shows no traceback then.
    """

    job: Any = None
    was_asked_for: bool = False

    _render_traceback_: Any = _ShortWhereAskedFor()  # IPython looks for it by this name


class JobFailed(JobError):
    """Salesforce failed the job. Rows may have been written all the same.

    ``result`` accounts for every row of the load, where the job was ours.
    """


class JobAborted(JobError):
    """The job was aborted. Rows written before that stay written.

    ``result`` accounts for every row of the load, where the job was ours.
    """


class ImpossibleTransition(JobError):
    """The job is not in a state from which this can be done."""


class StillRunning(JobError):
    """We stopped waiting; the job was left alone and goes on.

    ``job_ids`` names every job that still runs.
    """

    job_ids: tuple[str, ...] = ()
    _resume: Callable[[float | None], Any] | None = None

    def resume(self, wait_seconds: float | None = None) -> Any:
        """Wait again for the same jobs, and return what the call would have returned.

        Parameters
        ----------
        wait_seconds : float, optional
            How long to wait this time; without it, until the jobs end.

        Raises
        ------
        StillRunning
            When that time has passed as well.
        UsageError
            Where the error was pickled in between: it no longer knows the org.
        """
        if self._resume is None:
            raise UsageError(
                "this error knows no call to resume", hint="resume where it was raised, or read the jobs by id"
            )
        return self._resume(wait_seconds)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self.args, self.__dict__ | {"_resume": None})


class DataError(SfBulkError):
    """Something about rows and cells."""


class PreflightFailed(DataError):
    """The frame cannot be sent as it is; nothing was sent.

    ``report`` is a DataFrame: index, column, check, value, suggestion, severity.
    """

    report: Any = None


class EncodeError(DataError):
    """A cell cannot be written as Salesforce CSV; nothing of its part was sent."""

    column: Any = None
    row: Any = None
    position: int = 0


class DecodeError(DataError):
    """The CSV of an answer cannot be read.

    Attributes
    ----------
    missing, surplus : list of str
        Columns that were asked for and did not come, and the reverse.
    column, text : str or None
        A value that is none of its field's type.
    page, row : int or None
        Where it is: rows of a page are counted from 0.
    """

    missing: Sequence[str] = ()
    surplus: Sequence[str] = ()
    column: str | None = None
    text: str | None = None
    page: int | None = None
    row: int | None = None


class ReconcileError(DataError):
    """Rows sent and rows answered do not add up; the message names the difference and the job."""


class IncompleteResult(DataError):
    """A query result has fewer or more rows than its job says.

    ``partial`` holds what was received.
    """


class JournalError(SfBulkError):
    """What a load does could not be written down, or not be read; nothing more is sent then."""


class JournalBusy(JournalError):
    """The load is under way, in this or another process."""

    load_id: str = ""


class JournalMismatch(JournalError):
    """The frame is not the one that the load has sent.

    Attributes
    ----------
    load_id : str
    part : int or None
        The first part that differs; None where the number of rows or the columns do.
    """

    load_id: str = ""
    part: int | None = None
