"""Waiting backs off, asks about all jobs together, and never aborts."""

import random
from dataclasses import replace

import pytest

from sfbulk_pandas.errors import StillRunning, UsageError
from sfbulk_pandas.jobs.options import LoadOptions, Polling
from sfbulk_pandas.jobs.poll import Waiting, watch
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

JOB = JobInfo("750000000000001AAA", Operation.INSERT, "Account", JobState.IN_PROGRESS)


class FakeClock:
    def __init__(self):
        self.slept = []

    def now(self):
        return 1_700_000_000 + sum(self.slept)

    def monotonic(self):
        return sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(seconds)


def ends_after(polls):
    """Answer as a job that is done at its nth poll."""
    asked = []

    def ask(job_id):
        asked.append(job_id)
        done = asked.count(job_id) >= polls[job_id]
        return replace(JOB, id=job_id, state=JobState.JOB_COMPLETE if done else JobState.IN_PROGRESS)

    return ask


def test_pauses_grow_from_the_interval_to_the_cap():
    waiting = Waiting(FakeClock(), Polling(), rng=random.Random(1))
    pauses = [pause for pause, _ in zip(waiting.pauses(), range(30), strict=False)]
    assert 0.4 <= pauses[0] <= 0.6
    assert all(24 <= pause <= 36 for pause in pauses[-5:])
    assert len({round(pause, 6) for pause in pauses[-5:]}) == 5  # jitter: not in step with others


def test_jobs_are_asked_about_together_until_each_has_ended():
    clock = FakeClock()
    seen = list(watch(ends_after({"a": 1, "b": 3}), ["a", "b"], Waiting(clock, Polling())))
    assert [job.id for job in seen] == ["a", "b", "b", "b"]
    assert len(clock.slept) == 3


def test_where_there_is_no_job_nobody_waits():
    clock = FakeClock()
    assert list(watch(ends_after({}), [], Waiting(clock, Polling()))) == []
    assert clock.slept == []


def test_when_time_is_up_the_jobs_are_named_and_left_alone():
    clock = FakeClock()
    waiting = Waiting(clock, Polling(), seconds=10)
    with pytest.raises(StillRunning, match="b") as caught:
        list(watch(ends_after({"a": 1, "b": 99}), ["a", "b"], waiting))
    assert caught.value.job_ids == ("b",)
    assert sum(clock.slept) == pytest.approx(10)


def test_who_waits_twice_with_the_same_waiting_waits_so_long_in_all():
    clock = FakeClock()
    waiting = Waiting(clock, Polling(), seconds=10)
    clock.sleep(100)  # it has not begun yet
    list(watch(ends_after({"a": 3}), ["a"], waiting))
    clock.sleep(2)
    with pytest.raises(StillRunning, match="after 10 s"):
        list(watch(ends_after({"b": 99}), ["b"], waiting))
    assert clock.monotonic() == pytest.approx(110)


def test_no_time_at_all_still_asks_once():
    assert [job.state for job in watch(ends_after({"a": 1}), ["a"], Waiting(FakeClock(), Polling(), seconds=0))] == [
        JobState.JOB_COMPLETE
    ]
    with pytest.raises(StillRunning):
        list(watch(ends_after({"a": 2}), ["a"], Waiting(FakeClock(), Polling(), seconds=0)))


@pytest.mark.parametrize("polling", [{"interval_seconds": 0}, {"interval_seconds": 5, "cap_seconds": 1}])
def test_intervals_that_cannot_be_right(polling):
    with pytest.raises(UsageError):
        Polling(**polling)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"null": "clear"}, "did you mean 'nulls'"),
        ({"nulls": "blank"}, "no policy"),
        ({"nulls": {"Email": "drop"}}, "no policy"),
        ({"part_bytes": 10**9}, "112,500,000"),
        ({"part_rows": 0}, "at least 1"),
        ({"whatever_this_is": 1}, "the options are"),
    ],
)
def test_options_that_cannot_be_right(keywords, said):
    with pytest.raises(UsageError, match=said):
        LoadOptions.from_keywords(keywords)
