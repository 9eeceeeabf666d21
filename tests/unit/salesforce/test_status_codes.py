"""Every documented code has advice that a person can follow, and those that pass by themselves say to send again."""

import pytest

from sfbulk_pandas.salesforce.status_codes import _ADVICE, PASSING, advice_for

PASSING_CODES = [
    "QUERY_TIMEOUT",
    "REQUEST_RUNNING_TOO_LONG",
    "SERVER_UNAVAILABLE",
    "TOO_MANY_APEX_REQUESTS",
    "UNABLE_TO_LOCK_ROW",
    "UNKNOWN_EXCEPTION",
]
LASTING_CODES = [
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "DELETE_FAILED",
    "DUPLICATES_DETECTED",
    "DUPLICATE_EXTERNAL_ID",
    "DUPLICATE_VALUE",
    "ENTITY_IS_DELETED",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "FIELD_INTEGRITY_EXCEPTION",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INVALID_CROSS_REFERENCE_KEY",
    "INVALID_EMAIL_ADDRESS",
    "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_TYPE_ON_FIELD_IN_RECORD",
    "MALFORMED_ID",
    "MISSING_ARGUMENT",
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
    "REQUIRED_FIELD_MISSING",
    "STORAGE_LIMIT_EXCEEDED",
    "STRING_TOO_LONG",
]


@pytest.mark.parametrize("code", PASSING_CODES + LASTING_CODES)
def test_documented_codes_have_advice_of_their_own(code):
    assert advice_for(code) not in {"", advice_for("SOMETHING_NEW")}
    assert (code in PASSING) == (code in PASSING_CODES)


@pytest.mark.parametrize("code", PASSING_CODES)
def test_codes_that_pass_say_send_again(code):
    assert "again" in advice_for(code)


def test_other_codes_do_not():
    telling = {code for code, advice in _ADVICE.items() if "send" in advice and "again" in advice}
    assert telling - PASSING <= {"BULK_API_ERROR"}


def test_unknown_codes_point_at_the_message():
    assert "read the message" in advice_for("SOMETHING_NEW")


def test_advice_is_sorted_and_short():
    assert list(_ADVICE) == sorted(_ADVICE)
    assert not [advice for advice in _ADVICE.values() if advice.endswith(".") or len(advice) > 100]
