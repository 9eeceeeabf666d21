"""The rules of repetition: what, how often, after how long."""

from __future__ import annotations

import pytest

from sfbulk_pandas import errors
from sfbulk_pandas.transport.retry import Failure, RetryPolicy, failure_of, retry_after_seconds


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.ConnectionFailed("x", may_have_arrived=False), Failure.NOT_SENT),
        (errors.ConnectionFailed("x", may_have_arrived=True), Failure.BROKEN),
        (errors.ReadTimedOut("x"), Failure.BROKEN),
        (errors.UsageError("x"), Failure.FINAL),
        (errors.TokenRefused("x"), Failure.FINAL),
        (errors.SessionExpired("x", status_code=401), Failure.FINAL),
        (errors.NotFound("x", status_code=404), Failure.FINAL),
        (errors.RequestLimitExceeded("TotalRequests Limit exceeded.", status_code=403), Failure.FINAL),
        (errors.RequestLimitExceeded("ConcurrentRequests Limit exceeded.", status_code=403), Failure.REFUSED),
        *((errors.ApiError("x", status_code=status), Failure.BUSY) for status in (406, 420, 429, 502, 503, 504)),
        (errors.SalesforceBroken("html", status_code=503), Failure.BUSY),
        (errors.SalesforceBroken("html", status_code=200), Failure.FINAL),
        (errors.ApiError("x", status_code=500), Failure.INTERNAL),
        (errors.ApiError("x", status_code=400), Failure.FINAL),
    ],
)
def test_failure(error, failure):
    assert failure_of(error) is failure


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("failure", list(Failure))
def test_what_is_not_replayable_is_sent_again_only_where_it_surely_had_no_effect(method, failure):
    wait = RetryPolicy().delay(failure, 1, method=method, replayable=False)
    assert (wait is not None) == (failure in {Failure.NOT_SENT, Failure.REFUSED})


@pytest.mark.parametrize(
    ("method", "failure", "again"),
    [
        ("GET", Failure.BROKEN, True),
        ("GET", Failure.BUSY, True),
        ("GET", Failure.INTERNAL, True),
        ("GET", Failure.FINAL, False),
        ("DELETE", Failure.BROKEN, True),
        ("DELETE", Failure.BUSY, True),
        ("DELETE", Failure.INTERNAL, False),
        ("POST", Failure.INTERNAL, False),
    ],
)
def test_what_is_replayable(method, failure, again):
    assert (RetryPolicy().delay(failure, 1, method=method, replayable=True) is not None) == again


def test_waits_grow_to_a_cap_and_end():
    policy = RetryPolicy(attempts=9)
    waits = [policy.delay(Failure.BUSY, attempt, method="GET", replayable=True) for attempt in range(1, 10)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, None]


def test_nothing_begins_after_the_total_time():
    policy = RetryPolicy(total_seconds=10)
    rules = {"method": "GET", "replayable": True}
    assert policy.delay(Failure.BUSY, 1, elapsed_seconds=9.5, **rules) == 0.5
    assert policy.delay(Failure.BUSY, 1, elapsed_seconds=9.6, **rules) is None
    assert policy.delay(Failure.BUSY, 1, retry_after=9, elapsed_seconds=2, **rules) is None


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"first_seconds": -1}, {"factor": 0.5}, {"total_seconds": float("nan")}]
)
def test_a_policy_that_cannot_be_is_refused(wrong):
    with pytest.raises(errors.UsageError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


@pytest.mark.parametrize(("asked", "wait"), [(10.0, 10.0), (0.0, 0.5), (120.0, 120.0), (121.0, None)])
def test_retry_after_is_honoured_within_reason(asked, wait):
    assert RetryPolicy().delay(Failure.BUSY, 1, method="GET", replayable=True, retry_after=asked) == wait


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        (" 30 ", 30.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 50.0),
        ("Thu, 01 Jan 1970 00:01:00 -0000", 50.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after(value, seconds):
    assert retry_after_seconds(value, 10.0) == seconds
