"""When to send a request again, and after how long: pure rules, no waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import (
    ApiError,
    ConnectionFailed,
    ReadTimedOut,
    RequestLimitExceeded,
    UsageError,
)

if TYPE_CHECKING:
    from sfbulk_pandas.errors import SfBulkError


class Failure(Enum):
    """How a request failed, as far as sending it again goes."""

    NOT_SENT = "there was no connection"
    BROKEN = "the connection broke, or no answer came"
    REFUSED = "Salesforce refused it unseen, for too many calls were under way"
    BUSY = "Salesforce was too busy"
    INTERNAL = "Salesforce failed inside"
    FINAL = "sending it again would not help"


_WAITS = ("first_seconds", "cap_seconds", "longest_retry_after_seconds", "total_seconds")
_BUSY = frozenset(
    {
        HTTPStatus.NOT_ACCEPTABLE,  # 406 and 420: seen without a body when the edge is overrun; other clients repeat
        420,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def failure_of(error: SfBulkError) -> Failure:
    """Sort an error into the kinds that the policy knows.

    A daily limit (403 ``TotalRequests``) is final, for it lasts a day; too many concurrent calls
    (403 ``ConcurrentRequests``) pass. Source: REST API guide, "Status Codes and Error Responses".
    """
    if isinstance(error, ConnectionFailed):
        return Failure.BROKEN if error.may_have_arrived else Failure.NOT_SENT
    if isinstance(error, ReadTimedOut):
        return Failure.BROKEN
    return _failure_of_answer(error) if isinstance(error, ApiError) else Failure.FINAL


def _failure_of_answer(error: ApiError) -> Failure:
    if error.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure.INTERNAL
    if error.status_code in _BUSY:
        return Failure.BUSY
    return Failure.REFUSED if isinstance(error, RequestLimitExceeded) and not error.is_daily else Failure.FINAL


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Read a Retry-After header: seconds, or a date.

    Parameters
    ----------
    value : str or None
        As it was sent.
    now : float
        Seconds since the epoch.

    Returns
    -------
    float or None
        Seconds from now, never negative; None where there is none or it cannot be read.

    Examples
    --------
    >>> retry_after_seconds("30", 0.0), retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", 10.0)
    (30.0, 50.0)
    """
    text = (value or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        when: datetime | None = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        when = None
    if when is None:
        return None
    return max(0.0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Say how often and after how long a request is sent again; what may be, is not for it to change.

    Parameters
    ----------
    attempts : int
        Times a request is sent at most; 1 means never again.
    first_seconds, factor, cap_seconds : float
        The wait before the second attempt, what it grows by, and what it never exceeds.
    longest_retry_after_seconds : float
        A Retry-After beyond this is not waited for: the error says how long it asked.
    total_seconds : float
        No attempt begins later than this after the first. One that is under way ends by its own time-outs.

    Raises
    ------
    UsageError
        For less than one attempt, a wait below zero, or a factor below 1.
    """

    attempts: int = 5
    first_seconds: float = 0.5
    factor: float = 2.0
    cap_seconds: float = 30.0
    longest_retry_after_seconds: float = 120.0
    total_seconds: float = 600.0

    def __post_init__(self) -> None:
        least = {"attempts": 1, "factor": 1} | dict.fromkeys(_WAITS, 0)
        for name, smallest in least.items():
            if not getattr(self, name) >= smallest:
                raise UsageError(f"{name}={getattr(self, name)} does not fit", hint=f"give at least {smallest}")

    def delay(
        self,
        failure: Failure,
        attempt: int,
        *,
        method: str,
        replayable: bool,
        retry_after: float | None = None,
        elapsed_seconds: float = 0.0,
    ) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Parameters
        ----------
        failure : Failure
        attempt : int
            The attempt that failed, from 1.
        method : str
            A 500 is repeated for GET alone: what it did before it failed is unknown.
        replayable : bool
            Where False, only a request that surely has had no effect is sent again.
        retry_after : float or None
            Seconds that Salesforce asked for.
        elapsed_seconds : float
            Since the first attempt began.

        Returns
        -------
        float or None

        Examples
        --------
        >>> RetryPolicy().delay(Failure.BUSY, 2, method="GET", replayable=True)
        1.0
        """
        if attempt >= self.attempts or not _may_repeat(failure, method, replayable=replayable):
            return None
        grown = min(self.first_seconds * self.factor ** (attempt - 1), self.cap_seconds)
        if retry_after is not None and retry_after > self.longest_retry_after_seconds:
            return None
        wait = max(retry_after or 0.0, grown)
        return None if elapsed_seconds + wait > self.total_seconds else wait


def _may_repeat(failure: Failure, method: str, *, replayable: bool) -> bool:
    if failure is Failure.FINAL:
        return False
    if failure in {Failure.NOT_SENT, Failure.REFUSED}:
        return True
    return replayable and (failure is not Failure.INTERNAL or method == "GET")
