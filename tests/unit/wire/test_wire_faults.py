"""Errors as Salesforce words them, and as it does not."""

from __future__ import annotations

import json
import pickle

import pytest

from sfbulk_pandas import errors
from sfbulk_pandas.wire.faults import raise_for_fault, read_fault
from sfbulk_pandas.wire.http import Response


def fault(status, code="", message="", **more):
    return read_fault(Response(status, {}, json.dumps([{"errorCode": code, "message": message, **more}]).encode()))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", errors.SessionExpired),
        (400, "InvalidSessionId", "Invalid session id", errors.SessionExpired),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", errors.RequestLimitExceeded),
        (400, "EXCEEDEDQUOTA", "", errors.RequestLimitExceeded),
        (404, "NOT_FOUND", "The requested resource does not exist", errors.NotFound),
        (404, "ENTITY_IS_DELETED", "entity is deleted", errors.NotFound),
        (409, "", "version", errors.ApiVersionMismatch),
        (400, "MALFORMED_QUERY", "unexpected token: 'FORM'", errors.InvalidQuery),
        (400, "API_ERROR", "Selecting compound data not supported in Bulk Query", errors.InvalidQuery),
        (400, "API_ERROR", "Implementation restriction: too much", errors.InvalidQuery),
        (400, "INVALIDJOBSTATE", "Closing already Completed Job not allowed", errors.ApiError),
        (400, "INVALIDJOB", "InvalidJob : Unable to find object: X", errors.ApiError),
        (403, "API_DISABLED_FOR_ORG", "", errors.ApiError),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", errors.ApiError),
    ],
)
def test_code_and_status(status, code, message, kind):
    error = fault(status, code, message)
    assert type(error) is kind
    assert (error.status_code, error.error_code) == (status, code)
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"message":"gone","errorCode":"NOT_FOUND"}]',
        b'{"errorCode":"NOT_FOUND","message":"gone"}',
        b'{"exceptionCode":"NotFound","exceptionMessage":"gone"}',
        b'{"error":"not_found","error_description":"gone"}',
    ],
)
def test_every_shape(body):
    error = read_fault(Response(400, {"Content-Type": "text/html"}, body))
    assert type(error) is errors.NotFound
    assert "gone" in str(error)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"[1]", b"<html>oops</html>", b"\xff\xfe"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.SessionExpired),
        (404, errors.NotFound),
        (409, errors.ApiVersionMismatch),
        (429, errors.RequestLimitExceeded),
        (420, errors.RequestLimitExceeded),
        (500, errors.SalesforceBroken),
        (503, errors.SalesforceBroken),
        (599, errors.SalesforceBroken),
    ],
)
def test_wordless(status, body, kind):
    error = read_fault(Response(status, {"Retry-After": "7"}, body))
    assert type(error) is kind
    assert error.status_code == status
    assert error.retry_after == "7"
    assert "oops" in str(error) or b"oops" not in body


def test_fields_and_hints():
    error = fault(400, "FEATURENOTENABLED", "no", fields=["A", "B"])
    assert error.fields == ("A", "B")
    assert "Hard Delete" in error.hint
    assert "at once" in fault(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (x) Limit exceeded.").hint


def test_redirect_is_an_error_that_names_the_host_alone():
    error = read_fault(Response(302, {"Location": "https://other.example.com/?sid=planted"}))
    assert "other.example.com" in str(error)
    assert "planted" not in str(error)
    assert "redirect" in str(read_fault(Response(300)))


def test_raise_for_fault():
    raise_for_fault(Response(201))
    with pytest.raises(errors.NotFound):
        raise_for_fault(Response(404))


def test_faults_survive_pickling():
    error = pickle.loads(pickle.dumps(fault(404, "NOT_FOUND", "gone")))
    assert (type(error), error.status_code, error.error_code) == (errors.NotFound, 404, "NOT_FOUND")


LIMIT = b'[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "%s Limit exceeded."}]'


@pytest.mark.parametrize(
    ("headers", "back_by", "says"),
    [
        (
            {"Date": "Thu, 26 Nov 2026 10:00:00 GMT"},
            "2026-11-27T10:00:00+00:00",
            "all of it by 2026-11-27T10:00:00+00:00 at the latest",
        ),
        ({}, None, "all of it within 24 hours"),
    ],
)
def test_a_daily_limit_says_when_it_is_back(headers, back_by, says):
    error = read_fault(Response(403, headers, LIMIT % b"TotalRequests"))
    assert isinstance(error, errors.RequestLimitExceeded)
    assert error.is_daily
    assert error.back_by == back_by
    assert says in error.hint


@pytest.mark.parametrize(
    ("status", "body"), [(403, LIMIT % b"ConcurrentRequests (x)"), (429, LIMIT % b"TotalRequests"), (420, b"")]
)
def test_too_many_at_once_says_that_it_passes(status, body):
    error = read_fault(Response(status, {"Date": "Thu, 26 Nov 2026 10:00:00 GMT"}, body))
    assert isinstance(error, errors.RequestLimitExceeded)
    assert not error.is_daily
    assert error.back_by is None
