"""A job at a glance, and still the JobInfo that it is."""

import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sfbulk_pandas.jobs.shown.job import ShownJob
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

sys.path.insert(0, str(Path(__file__).parents[3]))  # test modules are imported each by its file

from html_reading import words

JOB = JobInfo(
    "7505g0000000001AAA",
    Operation.UPSERT,
    "Contact",
    JobState.JOB_COMPLETE,
    created_date="2026-11-26T09:51:51.000+0000",
    external_id_field_name="Key__c",
    number_records_processed=3000,
    number_records_failed=2918,
    total_processing_time=1250,
    api_version="66.0",
    created_by_id="005000000000001AAA",
)


def test_a_job_is_shown_in_full(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert words(ShownJob.of(JOB)._repr_html_()) == (
        "upsert Contact job 7505g0000000001AAA ✓ JobComplete ✓ 82 successful ✗ 2,918 failed external id Key__c "
        "created 2026-11-26 09:51:51Z by user 005000000000001AAA took 1.2 s API 66.0 "
        'org.results("7505g0000000001AAA", frame) reads what became of its rows.'
    )
    assert repr(ShownJob.of(JOB)).splitlines() == [
        "upsert Contact, job 7505g0000000001AAA: ✓ JobComplete",
        "█▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  ✓ 82 successful  ✗ 2,918 failed",
        "external id  Key__c",
        "created      2026-11-26 09:51:51Z",
        "by user      005000000000001AAA",
        "took         1.2 s",
        "API          66.0",
        'next         org.results("7505g0000000001AAA", frame) reads what became of its rows.',
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": JobState.IN_PROGRESS}, "▸ InProgress ✓ 82 successful ✗ 2,918 failed external id Key__c"),
        ({"state": JobState.OPEN, "number_records_processed": None}, "… Open external id"),
        ({"state": JobState.FAILED, "error_message": "InvalidBatch : <b>"}, "message InvalidBatch : <b>"),
        ({"operation": Operation.QUERY, "number_records_failed": None}, "• 3,000 rows"),
    ],
)
def test_what_a_state_has_is_shown(changes, said):
    assert said in words(ShownJob.of(replace(JOB, **changes))._repr_html_())


@pytest.mark.parametrize("state", JobState)
def test_a_running_job_can_be_aborted(state):
    job = ShownJob.of(replace(JOB, state=state))
    assert ("aborts it" in repr(job)) == ("aborts it" in words(job._repr_html_())) == (not state.is_terminal)


def test_what_salesforce_does_not_say_is_left_out():
    bare = ShownJob.of(JobInfo("750x", Operation.QUERY, "Contact", JobState.ABORTED))
    assert repr(bare) == "query Contact, job 750x: ■ Aborted"
    assert words(bare._repr_html_()) == "query Contact job 750x ■ Aborted"


def test_it_is_the_job_in_everything_else():
    shown = ShownJob.of(JOB)
    assert isinstance(shown, JobInfo)
    assert shown == JOB
    assert shown == JOB
    assert {shown, JOB} == {JOB}
    assert shown != replace(JOB, object="Account")
    assert shown != "7505g0000000001AAA"
    assert pickle.loads(pickle.dumps(shown)) == JOB
    assert replace(shown, retries=2).retries == 2
