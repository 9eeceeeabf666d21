"""Ids and job infos, held to the values that Salesforce's documents and recordings show."""

import pytest

from sfbulk_pandas.salesforce import ids
from sfbulk_pandas.salesforce.job import TRANSITIONS, JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.sobject import FieldType, SObjectDescribe


@pytest.mark.parametrize(
    "id18",
    [
        "70130000001tcyIAAQ",
        "003G000001SUbc4IAD",
        "80120000000testAAA",
        "00558000001N0KeAAK",
        "7502M00000aFzAIQA0",
    ],
)
def test_check_letters(id18):
    assert ids.to_18(id18[:15]) == id18
    assert ids.is_id(id18)
    assert ids.is_id(id18[:15])
    assert not ids.is_id(id18[:15] + ("AAA" if id18[15:] != "AAA" else "AAB"))


@pytest.mark.parametrize("text", ["", "001", "0013000000!tcyI", "70130000001tcyIAA", "70130000001tcyIAAQQ", "é" * 15])
def test_what_is_no_id(text):
    assert not ids.is_id(text)


@pytest.mark.parametrize(
    ("number", "id15"),
    [
        (250_000, "00130000000132G"),
        (500_000, "00130000000264W"),
        (750_000, "00130000000396m"),
        (9_750_000, "00130000000euQ4"),
        (10_000_000, "00130000000fxSK"),
    ],
)
def test_counting_in_base_62(number, id15):
    assert ids.from_number("001300", number)[:15] == id15


def test_no_state_is_reached_from_an_end():
    ends = {state for state in JobState if state.is_terminal}
    assert ends == {JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}
    assert all(state in TRANSITIONS for state in JobState)


def test_a_job_answer_with_keys_of_later_versions():
    job = JobInfo.from_json(
        {
            "id": "750ak000009BWKLAA4",
            "operation": "upsert",
            "object": "Opportunity",
            "state": "Open",
            "apiVersion": 60.0,
            "somethingNew": [1],
        }
    )
    assert (job.operation, job.state, job.api_version) == (Operation.UPSERT, JobState.OPEN, "60.0")
    assert job.number_records_processed is None


@pytest.mark.parametrize("broken", [{}, {"id": "750", "operation": "merge", "object": "A", "state": "Open"}])
def test_a_job_answer_without_what_it_must_have(broken):
    with pytest.raises((KeyError, ValueError)):
        JobInfo.from_json(broken)


def test_unknown_field_types_are_known_as_such():
    assert FieldType("hologram") is FieldType.UNKNOWN


def test_names_are_found_in_any_case():
    describe = SObjectDescribe.from_json(
        {
            "name": "Contact",
            "fields": [
                {"name": "AccountId", "type": "reference", "referenceTo": ["Account"], "relationshipName": "Account"}
            ],
        }
    )
    assert describe.get("ACCOUNTID") is describe.relationship("account")
    assert describe.get("Nothing__c") is None
