"""End an attempt early because somebody asked."""

from types import SimpleNamespace

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.sending import PartRun
from sfbulk_pandas.jobs.winding import Winding
from sfbulk_pandas.journal.records import PartRecord, Step
from sfbulk_pandas.progress.control import Wish


def run_of(number, step):
    record = PartRecord("load", 1, number, 0, 2, "ab", 10, step, 0.0, job_id=f"7505g000000000{number}AAA")
    return PartRun(record)


def test_of_the_jobs_that_are_left_those_that_have_ended_are_not_said_to_run_on():
    runs = [run_of(1, Step.CLOSED), run_of(2, Step.ENDED), run_of(3, Step.COLLECTED)]
    plan = SimpleNamespace(sends=False, cargo=range(6))
    attempt = SimpleNamespace(runs=runs, plan=plan, abandon_unclosed=lambda: None)
    with pytest.raises(sfbulk.StillRunning, match="1 job") as caught:
        Winding(attempt).heed(Wish.DETACH)
    assert caught.value.job_ids == ("7505g0000000001AAA",)
