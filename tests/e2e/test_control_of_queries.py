"""A query is aborted or left from a listener, whichever plan and way: jobs end, no thread stays, no row is lost."""

import threading
import time
from functools import partial

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.extract import run
from sfbulk_pandas.jobs.plans.bulk_job import BulkJob
from sfbulk_pandas.jobs.wide import groups
from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.pacing import AfterPolls
from sfbulk_pandas.progress.events import PageRead, PlanChosen, QueryPolled, QueryStarted, RowsRead

ROWS, PAGE_ROWS = 60, 10
FAST = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
SOQL = "SELECT Id, LastName FROM Contact"
WIDE = "SELECT Id, LastName, FirstName, Email, MailingPostalCode, Birthdate, Description FROM Contact"
PLANS = {
    "locator": {"page_rows": PAGE_ROWS},
    "result_pages": {},
    "id_ranges": {"chunk_rows": 15},
    "pk_chunks": {"chunk_rows": 15},
    "rest": {},
    "auto": {},
}
MOMENTS = {"chosen": PlanChosen, "made": QueryStarted, "polled": QueryPolled, "page read": PageRead}


@pytest.fixture(scope="module")
def local():
    with (
        LocalOrg(pacing=AfterPolls(2)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        frame = pd.DataFrame({"LastName": [f"Name {n:03}" for n in range(ROWS)]})
        assert org.insert(frame, "Contact", progress=False).counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as client:
        yield client


def asking(wish, kind, seen=None):
    """Utter a wish at the first event of a kind."""
    controls, turns = [], []

    def listen(event):
        if isinstance(event, PlanChosen):
            controls.append(event.control)
        if seen is not None:
            seen.append(event)
        if isinstance(event, kind) and not turns:
            turns.append(kind)
            getattr(controls[0], wish)()

    return listen


def check_nothing_is_left(org):
    assert not [each.name for each in threading.enumerate() if each.name.startswith("sfbulk-")]
    jobs = org.jobs(counts=False)
    assert set(jobs["state"]) <= {"Aborted", "JobComplete", "Closed"}


def possible(plan, moment):
    return plan != "rest" or moment in {"chosen", "page read"}


CASES = [(plan, moment) for plan in PLANS if plan != "auto" for moment in MOMENTS if possible(plan, moment)]


@pytest.mark.parametrize(("plan", "moment"), CASES)
def test_abort(org, plan, moment):
    began = time.monotonic()
    with pytest.raises(sfbulk.JobAborted, match="as asked") as error:
        org.query_arrow(SOQL, plan=plan, progress=asking("abort", MOMENTS[moment]), parallel_pages=1, **PLANS[plan])
    assert time.monotonic() - began < 10
    came = error.value.partial["LastName"].to_pylist()
    assert len(came) == len(set(came)) <= ROWS
    if moment == "page read":
        assert came
    check_nothing_is_left(org)


@pytest.mark.parametrize(("plan", "moment"), CASES)
def test_detach_and_resume(org, plan, moment):
    with pytest.raises(sfbulk.StillRunning, match="as asked") as error:
        org.query_arrow(SOQL, plan=plan, progress=asking("detach", MOMENTS[moment]), parallel_pages=1, **PLANS[plan])
    if moment == "polled":
        assert error.value.job_ids
    assert not [each.name for each in threading.enumerate() if each.name.startswith("sfbulk-")]
    before = set(org.jobs(counts=False)["id"])
    table = error.value.resume()
    assert sorted(table["LastName"].to_pylist()) == [f"Name {n:03}" for n in range(ROWS)]
    if plan in {"locator", "result_pages"} and error.value.job_ids:  # its job was gone on with
        assert set(org.jobs(counts=False)["id"]) == before


def batches(org, path, **options):
    return org.query_batches(SOQL, **options).read_all()


def parquet(org, path, **options):
    return org.query_parquet(SOQL, path / "folder", **options).dataset().to_table()


def csv(org, path, **options):
    return org.query_csv(SOQL, path / "rows.csv", **options)


def spooled(org, path, **options):
    return org.query_arrow(SOQL, spool=path / "spool", **options)


WAYS = {"batches": batches, "parquet": parquet, "csv": csv, "spooled": spooled}


@pytest.mark.parametrize("moment", ["polled", "page read"])
@pytest.mark.parametrize("way", WAYS)
def test_abort_on_the_way_to_disk_and_the_same_call_again(org, tmp_path, way, moment):
    options = {"plan": "locator", "parallel_pages": 1, "page_rows": PAGE_ROWS}
    call = partial(WAYS[way], org, tmp_path)
    with pytest.raises(sfbulk.JobAborted, match="as asked"):
        call(progress=asking("abort", MOMENTS[moment]), **options)
    check_nothing_is_left(org)
    assert not (tmp_path / "rows.csv").exists()
    whole = call(progress=False, **options)
    if way == "csv":
        assert len(pd.read_csv(whole)) == ROWS
    else:
        assert sorted(whole["LastName"].to_pylist()) == [f"Name {n:03}" for n in range(ROWS)]


@pytest.mark.parametrize(("kind", "turn"), [(QueryPolled, 1), (PlanChosen, 2), (PageRead, 2)])
def test_a_wide_query_is_aborted_in_each_of_its_groups(org, monkeypatch, kind, turn):
    monkeypatch.setattr(groups, "MAX_SOQL_CHARS", 80)
    monkeypatch.setattr(groups, "SPARE_CHARS", 0)
    events = []

    def listen(event):
        events.append(event)
        if isinstance(event, kind) and sum(isinstance(each, kind) for each in events) == turn:
            next(each for each in events if isinstance(each, PlanChosen)).control.abort()

    with pytest.raises(sfbulk.JobAborted, match="as asked"):
        org.query_arrow(WIDE, plan="locator", progress=listen)
    check_nothing_is_left(org)
    chosen = [event for event in events if isinstance(event, PlanChosen)]
    assert [event.group for event in chosen] == list(range(1, len(chosen) + 1))
    assert {event.groups for event in chosen} == {3}


def test_a_copy_that_is_aborted_goes_on_with_the_next_call(org, tmp_path):
    sync = partial(org.sync, "Contact", tmp_path / "copy", columns=["LastName"])
    with pytest.raises(sfbulk.JobAborted, match="as asked"):
        sync(progress=asking("abort", QueryPolled), plan="locator")
    check_nothing_is_left(org)
    assert sync(progress=False, plan="locator").tally.added == ROWS


@pytest.mark.parametrize("wish", ["abort", "detach"])
def test_a_pause_of_half_a_minute_is_not_waited_out(local, org, wish):
    slow = sfbulk.Polling(interval_seconds=30, cap_seconds=30)
    controls = []

    def listen(event):
        if isinstance(event, PlanChosen):
            controls.append(event.control)
        if isinstance(event, QueryStarted):
            threading.Timer(0.2, getattr(controls[0], wish)).start()

    began = time.monotonic()
    with (
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=slow) as patient,
        pytest.raises(sfbulk.JobError, match="as asked"),
    ):
        patient.query_arrow(SOQL, plan="locator", progress=listen)
    assert time.monotonic() - began < 10
    jobs = org.jobs(counts=False)
    running = jobs["id"][~jobs["state"].isin(["Aborted", "JobComplete"])].tolist()
    assert len(running) == (wish == "detach")
    for job_id in running:
        org.abort(job_id)


def test_too_late_is_no_error(org):
    seen = []
    controls = []

    def listen(event):
        seen.append(event)
        if isinstance(event, PlanChosen):
            controls.append(event.control)
        if type(event).__name__ == "QueryFinished":
            controls[0].abort()

    assert org.query_arrow(SOQL, plan="locator", progress=listen).num_rows == ROWS
    counted = [event.api_calls for event in seen]
    assert counted == sorted(counted)
    assert counted[-1] >= 4


def test_rows_are_told_of_while_a_page_is_read(org, monkeypatch):
    monkeypatch.setattr(run, "_TELL_SECONDS", 0)
    seen = []
    org.query_arrow(SOQL, plan="locator", page_rows=PAGE_ROWS, progress=seen.append)
    rows = [event.rows_so_far for event in seen if isinstance(event, RowsRead | PageRead)]
    assert any(isinstance(event, RowsRead) for event in seen)
    assert rows == sorted(rows)
    assert rows[-1] == ROWS
    received = [event.received_bytes for event in seen if isinstance(event, RowsRead)]
    assert received == sorted(received)
    assert received[0] > 0


def test_a_page_that_is_over_is_counted_until_it_is_added(org, monkeypatch):
    seen, finish = [], run.ExtractRun._finish

    def watched(extract, todo, end, received_bytes):
        came = extract.rows + sum(each.delivered for each in extract._under_way)
        seen.append(came - extract.rows - end.rows)
        finish(extract, todo, end, received_bytes)
        assert all(each.todo is not todo for each in extract._under_way)

    monkeypatch.setattr(run.ExtractRun, "_finish", watched)
    org.query_arrow(SOQL, plan="locator", page_rows=PAGE_ROWS, progress=False)
    assert seen
    assert min(seen) >= 0


def test_a_job_that_ended_meanwhile_does_not_keep_the_others_running(local, org, monkeypatch):
    real, turns = BulkJob.abandon, []

    def ended_by_itself(job):
        turns.append(job)
        if len(turns) == 1:
            org.abort(job.info.id)
            raise sfbulk.ApiError("Aborting already Completed Job not allowed", error_code="INVALIDJOBSTATE")
        real(job)

    monkeypatch.setattr(BulkJob, "abandon", ended_by_itself)
    with pytest.raises(sfbulk.JobAborted):
        org.query_arrow(SOQL, plan="id_ranges", chunk_rows=15, progress=asking("abort", QueryPolled))
    assert len(turns) > 1
    check_nothing_is_left(org)
