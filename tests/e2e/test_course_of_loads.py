"""What a load does when its parts go up, end and fail in an odd order."""

import itertools
import threading
import time
from dataclasses import replace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.poll import Waiting
from sfbulk_pandas.progress.events import PartFinished
from sfbulk_pandas.salesforce.job import JobState


def contacts(rows):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)]})


@pytest.mark.parametrize("parallel", [1, 2])
def test_no_part_is_begun_while_the_results_of_a_job_that_failed_are_fetched(org, monkeypatch, parallel):
    create, info, fetch, made, begun = Ingest.create, Ingest.info, Ingest.fetch_results, [], []

    def counted(self, job):
        made.append(job)
        return create(self, job)

    def failed(self, job_id):
        begun[:] = begun or [len(made)]
        return replace(info(self, job_id), state=JobState.FAILED, error_message="Field name not found : Gone__c")

    def slow(self, *args):
        time.sleep(0.3)
        return fetch(self, *args)

    monkeypatch.setattr(Ingest, "create", counted)
    monkeypatch.setattr(Ingest, "info", failed)
    monkeypatch.setattr(Ingest, "fetch_results", slow)
    with pytest.raises(sfbulk.JobFailed, match="Gone__c"):
        org.insert(contacts(12), "Contact", part_rows=1, parallel_parts=parallel, progress=False)
    assert len(made) <= begun[0] + parallel  # those that were encoded by then


def test_jobs_are_asked_for_also_where_parts_follow_each_other_faster_than_the_questions(org, monkeypatch):
    upload, info, made = Ingest.upload, Ingest.info, []

    def paced(self, job, body):
        made.append(job)
        time.sleep(0.02)
        upload(self, job, body)

    def failed(self, job_id):
        return replace(info(self, job_id), state=JobState.FAILED, error_message="Field name not found : Gone__c")

    monkeypatch.setattr(Ingest, "upload", paced)
    monkeypatch.setattr(Ingest, "info", failed)
    monkeypatch.setattr(Waiting, "pauses", lambda _: itertools.repeat(1.0))
    with pytest.raises(sfbulk.JobFailed, match="Gone__c"):
        org.insert(contacts(80), "Contact", part_rows=1, parallel_parts=1, progress=False)
    assert len(made) < 80


def test_a_job_that_has_ended_is_accounted_for_before_the_results_of_the_next_are_fetched(org, monkeypatch):
    upload, info, fetch, read, finished = Ingest.upload, Ingest.info, Ingest.fetch_results, [], []
    others_end, others_read = threading.Event(), threading.Event()

    def last_stays(self, job, body):
        upload(self, job, body)
        if job.id.endswith("4AAA"):
            time.sleep(0.2)  # by then the others run, and nothing else is encoded
            others_end.set()
            assert others_read.wait(20)

    def running(self, job_id):
        job = info(self, job_id)
        return job if others_end.is_set() else replace(job, state=JobState.IN_PROGRESS)

    def noted(self, job, which, folder):
        read.append((job.id, len(finished)))
        return fetch(self, job, which, folder)

    def listen(event):
        if isinstance(event, PartFinished):
            finished.append(event.job.id)
        if len(finished) == 3:
            others_read.set()

    monkeypatch.setattr(Ingest, "upload", last_stays)
    monkeypatch.setattr(Ingest, "info", running)
    monkeypatch.setattr(Ingest, "fetch_results", noted)
    result = org.insert(contacts(4), "Contact", part_rows=1, parallel_parts=2, progress=listen)
    assert result.counts["successful"] == 4
    assert read == [(job_id, done) for done, job_id in enumerate(finished) for _ in range(3)]


def test_what_waits_for_the_place_of_a_part_is_accounted_for_at_once_where_that_part_fails(org, monkeypatch):
    upload, info, pauses, asked, long = Ingest.upload, Ingest.info, Waiting.pauses, threading.Event(), [30.0]

    def second_fails(self, job, body):
        if job.id.endswith("2AAA"):
            assert asked.wait(20)
            time.sleep(0.2)
            raise sfbulk.ConnectionFailed("reset", may_have_arrived=False)
        upload(self, job, body)

    def first_ended(self, job_id):
        job = info(self, job_id)
        asked.set()
        return job

    def one_is_long(self):
        for pause in pauses(self):
            yield long.pop() if asked.is_set() and long else pause

    monkeypatch.setattr(Ingest, "upload", second_fails)
    monkeypatch.setattr(Ingest, "info", first_ended)
    monkeypatch.setattr(Waiting, "pauses", one_is_long)
    began = time.monotonic()
    with pytest.raises(sfbulk.ConnectionFailed) as caught:
        org.insert(contacts(3), "Contact", part_rows=1, parallel_parts=1, progress=False)
    assert time.monotonic() - began < 15
    assert not long
    assert caught.value.result.counts == {"rows": 3, "successful": 1, "failed": 0, "unprocessed": 2}


def test_a_place_that_comes_free_between_two_questions_is_used_before_the_next(org, monkeypatch):
    upload, info, finished, seen, asked = Ingest.upload, Ingest.info, [], [], threading.Event()
    last_is_up = threading.Event()

    def last_stays(self, job, body):
        upload(self, job, body)
        if job.id.endswith("4AAA"):
            last_is_up.set()
            assert asked.wait(20)

    def first_ends(self, job_id):
        job = info(self, job_id)
        if not last_is_up.is_set() or (not job_id.endswith("1AAA") and not seen):
            job = replace(job, state=JobState.IN_PROGRESS)
        if fetched and job_id.endswith("2AAA") and not asked.is_set():
            assert finished == []
            asked.set()
            time.sleep(0.3)  # the place is free by then
        elif asked.is_set() and not seen:
            seen.append((job_id, *finished))
        return job

    def noted(self, *args):
        fetched.append(args)
        return fetch(self, *args)

    def listen(event):
        if isinstance(event, PartFinished):
            finished.append(event.part)

    fetch, fetched = Ingest.fetch_results, []
    monkeypatch.setattr(Ingest, "upload", last_stays)
    monkeypatch.setattr(Ingest, "info", first_ends)
    monkeypatch.setattr(Ingest, "fetch_results", noted)
    result = org.insert(contacts(4), "Contact", part_rows=1, parallel_parts=1, progress=listen)
    assert result.counts["successful"] == 4
    assert seen == [("7505g0000000003AAA", 1)]


@pytest.mark.parametrize("seconds", [0, 0.5])
def test_a_job_that_is_gone_does_not_keep_the_others_from_being_accounted_for(org, monkeypatch, seconds):
    upload, info, last_goes_up = Ingest.upload, Ingest.info, threading.Event()

    def last_stays(self, job, body):
        if job.id.endswith("3AAA"):
            last_goes_up.set()
            time.sleep(seconds)  # the others are asked for meanwhile
        upload(self, job, body)

    def first_is_gone(self, job_id):
        if not last_goes_up.is_set():
            return replace(info(self, job_id), state=JobState.IN_PROGRESS)
        return info(self, "750000000000000AAA" if job_id.endswith("1AAA") else job_id)

    monkeypatch.setattr(Ingest, "upload", last_stays)
    monkeypatch.setattr(Ingest, "info", first_is_gone)
    with pytest.raises(sfbulk.NotFound) as caught:
        org.insert(contacts(9), "Contact", part_rows=3, parallel_parts=1, progress=False)
    assert caught.value.result.counts == {"rows": 9, "successful": 6, "failed": 0, "unprocessed": 0, "unknown": 3}
    assert "may still run: 7505g0000000001AAA;" in caught.value.__notes__[0]
