"""Every code that passes by itself has advice, and advice is a sentence a person can follow."""

import pytest

from sfbulk_pandas.salesforce.status_codes import _ADVICE, PASSING, advice_for


@pytest.mark.parametrize("code", sorted(PASSING))
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
