"""What the panel knows of a load or a query: its events alone, counted once, and estimates that are none too early."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfbulk_pandas.progress import events as on
from sfbulk_pandas.progress.widget import memory
from sfbulk_pandas.progress.widget.extract import ExtractModel
from sfbulk_pandas.progress.widget.load import SHOWN_PARTS, LoadModel
from sfbulk_pandas.progress.widget.rate import Rate
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

JOB = JobInfo("750A", Operation.UPSERT, "Contact", JobState.OPEN)
QUERY = JobInfo("750B", Operation.QUERY, "Contact", JobState.UPLOAD_COMPLETE)


def job(number, state=JobState.IN_PROGRESS, **counts):
    return replace(JOB, id=f"750{number}", state=state, **counts)


def load(rows=1000):
    model = LoadModel(100.0)
    model.feed(on.LoadStarted("Contact", Operation.UPSERT, rows, "L1", "https://acme.my.salesforce.com"), 100.0)
    return model


def polled(number, processed, failed=0, state=JobState.IN_PROGRESS):
    counts = {"number_records_processed": processed, "number_records_failed": failed}
    return on.JobPolled(number, job(number, state, **counts))


def finished(number, successful, failed=0, unprocessed=0, causes=(), state=JobState.JOB_COMPLETE):
    return on.PartFinished(number, job(number, state), successful, failed, unprocessed, causes)


def test_a_part_from_its_creation_to_its_end():
    model = load()
    model.feed(on.PartStarted(1, job(1, JobState.OPEN), 500, 2_000), 101.0)
    (part,) = model.shown()
    assert (part.job_id, part.state, part.rows, part.sent_rows) == ("7501", "Uploading", 500, 0)
    model.feed(on.PartSent(1, 1_000), 102.0)
    assert (part.sent_rows, model.totals.sent_bytes) == (250, 1_000)
    model.feed(on.PartUploaded(1, job(1, JobState.UPLOAD_COMPLETE), 500, 2_000, api_calls=4), 103.0)
    assert (part.sent_rows, part.state, model.api_calls) == (500, "UploadComplete", 4)
    model.feed(polled(1, 300, 2), 104.0)
    assert model.counts == {"successful": 298, "failed": 2, "queued": 700}
    model.feed(finished(1, 490, 10), 105.0)
    assert (part.state, model.counts) == ("JobComplete", {"successful": 490, "failed": 10, "queued": 500})
    model.feed(on.LoadFinished(490, 10, 480), 106.0)
    assert model.counts == {"successful": 490, "failed": 10, "unprocessed": 480, "unknown": 20}
    assert model.elapsed_seconds == 6


def test_rows_that_are_held_back_are_counted_beside_the_others():
    model = LoadModel(100.0)
    model.feed(on.LoadStarted("Contact", Operation.INSERT, 6, held_back=3), 100.0)
    model.feed(finished(1, 2, 1), 101.0)
    assert model.counts == {"successful": 2, "failed": 1, "queued": 3, "held back": 3}
    model.feed(on.LoadFinished(2, 1, 0, unknown=3, held_back=3), 102.0)
    assert model.counts == {"successful": 2, "failed": 1, "unprocessed": 0, "unknown": 3, "held back": 3}


def test_an_upload_that_is_repeated_is_not_counted_twice():
    model = load()
    model.feed(on.PartStarted(1, job(1), 500, 2_000), 101.0)
    model.feed(on.PartSent(1, 2_000), 102.0)
    model.feed(on.PartSent(1, 100), 103.0)
    assert model.totals.sent_bytes == 100


def test_rows_sent_again_are_not_counted_twice_and_their_causes_go():
    locked = on.Cause("UNABLE_TO_LOCK_ROW", 10, "again", is_passing=True)
    bad = on.Cause("INVALID_EMAIL_ADDRESS", 5, "mend it", is_passing=False)
    model = load()
    model.feed(finished(1, 585, 15, causes=(locked, bad)), 101.0)
    model.feed(finished(2, 398, 2, causes=(replace(bad, count=2),)), 102.0)
    assert {code: cause.count for code, cause in model.causes.items()} == {
        "UNABLE_TO_LOCK_ROW": 10,
        "INVALID_EMAIL_ADDRESS": 7,
    }
    model.feed(on.RowsRetried(2, 10), 103.0)
    assert list(model.causes) == ["INVALID_EMAIL_ADDRESS"]
    assert model.counts == {"successful": 983, "failed": 7, "queued": 10}
    model.feed(finished(1, 10), 104.0)
    assert model.counts == {"successful": 993, "failed": 7, "queued": 0}
    assert [(part.attempt, part.number) for part in model.shown()] == [(1, 1), (1, 2), (2, 1)]


def test_of_thousands_of_parts_those_under_way_are_shown_and_the_others_counted():
    model = load(1_000_000)
    for number in range(1, 5_001):
        model.feed(on.PartUploaded(number, job(number), 100, 10), 101.0)
    for number in range(1, 4_001):
        state = JobState.FAILED if number % 1_000 == 0 else JobState.JOB_COMPLETE
        model.feed(finished(number, 100, state=state), 102.0)
    assert [part.number for part in model.shown()] == list(range(4_001, 4_001 + SHOWN_PARTS))
    assert model.others() == {"JobComplete": 3_996, "Failed": 4, "InProgress": 1_000 - SHOWN_PARTS}
    for number in range(4_001, 4_998):
        model.feed(finished(number, 100), 103.0)
    assert [part.number for part in model.shown()] == list(range(4_995, 5_001))
    assert len(model.ended) == SHOWN_PARTS


def test_an_event_for_a_part_that_nobody_knows_makes_one():
    model = load()
    model.feed(polled(3, 5), 101.0)
    model.feed(on.PartSent(9, 5), 101.0)
    model.feed(on.PageRead(1, 1, 1, None), 101.0)
    assert [part.number for part in model.shown()] == [3]


def extract(plan="locator"):
    model = ExtractModel(100.0, lambda: 123)
    model.feed(on.PlanChosen("Contact", plan, "it is small", instance_url="https://acme.my.salesforce.com"), 100.0)
    return model


def test_a_query_from_its_plan_to_its_end():
    model = extract()
    model.feed(on.QueryStarted(QUERY), 101.0)
    assert model.jobs == {"750B": "UploadComplete"}
    model.feed(on.QueryPolled(replace(QUERY, state=JobState.JOB_COMPLETE)), 102.0)
    model.feed(on.QueryPolled(replace(QUERY, state=JobState.JOB_COMPLETE)), 102.0)
    assert (model.jobs, model.states) == ({}, {"JobComplete": 1})
    model.feed(on.RowsRead(50, 900, 200), 103.0)
    assert (model.rows, model.received_bytes, model.rows_expected) == (50, 900, 200)
    model.feed(on.PageRead(1, 100, 100, 200, 2_000, api_calls=7), 104.0)
    assert (model.rows, model.pages, model.received_bytes, model.api_calls) == (100, 1, 2_000, 7)
    model.look()
    assert model.memory_bytes == 123
    model.feed(on.QueryFinished(200), 105.0)
    assert (model.ends, model.elapsed_seconds) == (200, 5)


def test_groups_of_columns_begin_their_rows_anew_and_add_up_their_bytes():
    model = extract()
    model.feed(on.PlanChosen("Contact", "locator", "why", 1, 2), 100.0)
    model.feed(on.PageRead(1, 100, 100, 100, 2_000), 101.0)
    model.feed(on.PlanChosen("Contact", "locator", "why", 2, 2), 102.0)
    assert (model.rows, model.rows_expected, model.received_bytes, model.pages) == (0, None, 2_000, 1)
    model.feed(on.RowsRead(10, 500, 100), 103.0)
    model.feed(on.PageRead(1, 100, 100, 100, 1_000), 104.0)
    assert (model.rows, model.received_bytes, model.pages, model.group, model.groups) == (100, 3_000, 2, 2, 2)


def grown(*amounts, every=1.0):
    rate = Rate()
    for step, amount in enumerate(amounts):
        rate.add(step * every, amount)
    return rate


def test_what_is_left_is_told_only_where_it_is_known():
    steady = grown(*range(0, 1_100, 100))
    assert (steady.per_second, steady.seconds_left(2_000, now=10.0)) == (100.0, 10.0)
    assert steady.seconds_left(None, now=10.0) is None
    assert steady.seconds_left(1_000, now=10.0) is None  # it is there
    assert steady.seconds_left(50_000, now=10.0) is None  # a fiftieth is too little to judge by
    assert steady.seconds_left(2_000, now=80.0) is None  # nothing has moved for more than a minute
    assert grown(0, 100, 200, 300).seconds_left(2_000, now=3.0) is None  # three seconds are
    assert grown(0, 1_000, every=9.0).seconds_left(2_000, now=9.0) is None  # and so is one step
    assert Rate().seconds_left(10, now=0.0) is None
    assert Rate().per_second is grown(5).per_second is None


def test_the_speed_is_that_of_the_last_half_minute():
    rate = grown(*range(0, 100_000, 1_000))
    for step in range(60):
        rate.add(100.0 + step, 100_000 + step)
    assert rate.per_second == pytest.approx(1, rel=0.05)
    assert len(rate._samples) < 70
    crowded = Rate()
    for step in range(10_000):
        crowded.add(step * 0.001, step)
    assert len(crowded._samples) < 30
    assert crowded.per_second == pytest.approx(1_000, rel=0.1)


def test_rows_of_a_retry_have_no_estimate():
    model = load(10_000)
    for step in range(1, 12):
        model.feed(polled(1, step * 500), 100.0 + step)
    assert model.seconds_left == pytest.approx(9, rel=0.01)
    model.feed(on.RowsRetried(2, 3), 120.0)
    assert model.seconds_left is None


def test_memory_is_what_the_system_says_or_nothing(monkeypatch, tmp_path):
    assert memory.memory_bytes() is None or memory.memory_bytes() > 10_000_000
    monkeypatch.setattr(memory, "_STATM", tmp_path / "none")
    assert memory.memory_bytes() is None
