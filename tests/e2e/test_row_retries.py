"""Rows that fail in passing are sent again by themselves; what is lost or surplus is never guessed at."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import run
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.org import Org
from sfbulk_pandas.progress.events import JobPolled, PartFinished, PartUploaded, RowsRetried
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

BROKEN = {"before": Faults.reset_before_body, "after": Faults.answer_lost}
FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


def contacts(rows, **more):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)], **more}, index=range(100, 100 + rows))


def names(local):
    return sorted(local.records("Contact")["LastName"].to_pylist())


def test_locked_rows_go_again_and_nobody_else(local, org):
    frame = contacts(10, Email=["bad", *["a@example.com"] * 9])
    local.fail_rows("Contact", "LastName", ["Name 3", "Name 7"])
    result = org.insert(frame, "Contact", part_rows=4)
    assert result.counts == {"rows": 10, "successful": 9, "failed": 1, "unprocessed": 0}
    assert result.attempts[["attempt", "kind", "rows", "successful", "failed"]].to_dict("records") == [
        {"attempt": 1, "kind": "load", "rows": 10, "successful": 7, "failed": 3},
        {"attempt": 2, "kind": "automatic retry", "rows": 2, "successful": 2, "failed": 0},
    ]
    assert result.successful["sf__Attempts"].tolist() == [1, 1, 2, 1, 1, 1, 2, 1, 1]
    assert names(local) == sorted(frame["LastName"][1:])
    assert len(result.jobs) == 4
    assert [part["attempt"] for part in result.manifest["parts"]] == [1, 1, 1, 2]


def test_rows_that_stay_locked_fail_in_the_end(local, org):
    local.fail_rows("Contact", "LastName", ["Name 1"], times=9)
    result = org.insert(contacts(3), "Contact")
    assert result.failed["error_code"].tolist() == ["UNABLE_TO_LOCK_ROW"]
    assert result.failed["sf__Attempts"].tolist() == [3]
    assert result.errors["retry_helps"].tolist() == [True]
    none = org.insert(contacts(3), "Contact", row_retries=0, repeat=True)
    assert none.failed["sf__Attempts"].tolist() == [1]


@pytest.mark.parametrize("lasting_first", [True, False])
def test_a_row_goes_again_only_where_all_its_errors_pass(local, org, lasting_first):
    locked, bad = "UNABLE_TO_LOCK_ROW:locked:--", "STRING_TOO_LONG:too long:LastName --"
    local.fail_rows("Contact", "LastName", ["Name 0"], error=bad + locked if lasting_first else locked + bad)
    local.fail_rows("Contact", "LastName", ["Name 1"], error=f"{locked}SERVER_UNAVAILABLE:busy:--")
    result = org.insert(contacts(4), "Contact")
    assert result.attempts["rows"].tolist() == [4, 1]
    assert result.failed["LastName"].tolist() == ["Name 0"]
    assert result.failed["sf__Attempts"].tolist() == [1]


def test_a_retry_that_was_interrupted_is_taken_up_again(local, org):
    frame = contacts(5)
    local.fail_rows("Contact", "LastName", ["Name 2", "Name 4"])

    def interrupt(event):
        if type(event).__name__ == "RowsRetried":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        org.insert(frame, "Contact", progress=interrupt)
    result = org.resume(org.loads()["load_id"][0], frame)
    assert result.counts["successful"] == 5
    assert result.attempts["rows"].tolist() == [5, 2]
    assert names(local) == sorted(frame["LastName"])


def locked(local, rows, times=99):
    local.fail_rows("Contact", "LastName", [f"Name {n}" for n in range(rows)], times=times)


def parts_by_attempt(result):
    sizes = {}
    for part in result.manifest["parts"]:
        sizes.setdefault(part["attempt"], []).append(part["stop"] - part["start"])
    return sizes


@pytest.mark.parametrize(
    ("rows", "part_rows", "later"),
    [
        (1_000, 300, [[200] * 5] * 2),
        (1_000, 600, [[200] * 5] * 2),
        (1_300, None, [[325] * 4, [200] * 6 + [100]]),
        (250, 100, [[100, 100, 50]] * 2),
        (250, 210, [[200, 50]] * 2),
    ],
)
def test_parts_of_each_attempt_are_smaller_than_the_largest_before_down_to_a_chunk(local, org, rows, part_rows, later):
    locked(local, rows)
    result = org.insert(contacts(rows), "Contact", part_rows=part_rows)
    assert [sizes for attempt, sizes in parts_by_attempt(result).items() if attempt > 1] == later


def test_parts_of_a_large_load_are_small_at_once():
    before = SimpleNamespace(runs=[SimpleNamespace(rows=rows) for rows in (700_000, 1_000_000, 3)])
    assert run._retry_rows(before) == 2_000


def test_parts_of_an_interrupted_attempt_stay_as_they_are(local, org):
    locked(local, 1_000, times=2)

    def interrupt(event):
        if isinstance(event, PartUploaded) and event.rows == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        org.insert(contacts(1_000), "Contact", part_rows=600, progress=interrupt)
    (load_id,) = org.loads()["load_id"]
    left = [part.stop - part.start for part in org._loading.journal.parts(load_id) if part.attempt == 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_LEAST_RETRY_ROWS", 350)  # as a process might that has other sizes
        result = org.resume(load_id, contacts(1_000))
    sizes = parts_by_attempt(result)[2]
    assert set(left) == {200}
    assert sizes[: len(left)] == left
    assert sizes[len(left)] == 350
    assert result.counts["successful"] == 1_000
    assert result.successful["sf__Attempts"].unique().tolist() == [3]
    assert names(local) == sorted(contacts(1_000)["LastName"])


@pytest.fixture
def unhurried(local):
    """Give a client that asks as seldom as by default, on a clock that only counts."""
    clock = NoWait()
    with Org(Session(sfbulk.JwtBearer(**local.credentials()), network=Network(), clock=clock)) as client:
        yield client, clock


def test_pauses_before_automatic_retries_grow_to_the_longest_between_polls(local, unhurried):
    org, clock = unhurried
    locked(local, 3)
    moments = []
    result = org.insert(
        contacts(4),
        "Contact",
        row_retries=6,
        progress=lambda event: moments.append(clock.passed) if isinstance(event, RowsRetried | PartFinished) else None,
    )
    pauses = [retried - read for read, retried in zip(moments[::2], moments[1::2], strict=False)]
    assert pauses == pytest.approx([5, 20, 30, 30, 30, 30])
    assert result.failed["sf__Attempts"].tolist() == [7, 7, 7]


def test_the_manifest_says_when_a_load_began_and_when_it_ended(local, unhurried):
    org, clock = unhurried
    locked(local, 1, times=1)
    began = clock.now()
    manifest = org.insert(contacts(2), "Contact").manifest
    assert clock.now() - began > 4
    for said, moment in [("started", began), ("ended", clock.now())]:
        found = datetime.fromisoformat(manifest[said])
        assert (found.timestamp(), found.utcoffset()) == (int(moment), timedelta(0))


@pytest.mark.parametrize(
    ("seconds", "attempts"), [(0, [1]), (4, [1]), (10, [1, 2]), (27, [1, 2, 3]), (60, [1, 2, 3, 4])]
)
def test_one_limit_holds_for_all_attempts_and_the_pauses_between(local, unhurried, seconds, attempts):
    org, clock = unhurried
    locked(local, 3)
    with pytest.raises(sfbulk.StillRunning, match=rf"after {seconds} s, 3 row\(s\).* to be sent again") as caught:
        org.insert(contacts(4), "Contact", row_retries=9, wait_seconds=seconds, progress=False)
    left = caught.value
    assert clock.passed == pytest.approx(seconds)
    assert left.job_ids == ()
    assert left.result.counts == {"rows": 4, "successful": 1, "failed": 3, "unprocessed": 0}
    assert left.result.failed["error_code"].unique().tolist() == ["UNABLE_TO_LOCK_ROW"]
    assert left.result.attempts["attempt"].tolist() == attempts
    assert f"sfbulk.resume({left.result.load_id!r}, frame=...)" in left.__notes__[-1]
    assert org.loads()["state"].tolist() == ["unfinished"]
    local.state.on_demand.rows.clear()  # whatever held the records lets go
    whole = left.resume()
    assert whole.counts == {"rows": 4, "successful": 4, "failed": 0, "unprocessed": 0}
    assert whole.attempts["rows"].tolist() == [4, *[3] * len(attempts)]
    assert names(local) == sorted(contacts(4)["LastName"])


def test_a_pause_is_gone_on_with_and_not_begun_anew(local, unhurried):
    org, clock = unhurried
    locked(local, 3, times=3)
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(contacts(4), "Contact", row_retries=3, wait_seconds=0, progress=False)
    left, turns = caught.value, 0
    while isinstance(left, sfbulk.StillRunning):
        turns += 1
        clock.sleep(2)
        try:
            left = left.resume(wait_seconds=0)
        except sfbulk.StillRunning as error:
            left = error
    assert 55 / 2 <= turns < 55 / 2 + 3  # 5 s, 20 s and 30 s
    assert left.counts == {"rows": 4, "successful": 4, "failed": 0, "unprocessed": 0}
    assert left.attempts["rows"].tolist() == [4, 3, 3, 3]
    assert names(local) == sorted(contacts(4)["LastName"])


def test_a_clock_that_was_set_back_makes_no_pause_longer(local, unhurried):
    org, clock = unhurried
    locked(local, 3, times=1)
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(contacts(4), "Contact", wait_seconds=0, progress=False)
    now = clock.now
    clock.now = lambda: now() - 3_600
    before = clock.passed
    assert caught.value.resume().counts["successful"] == 4
    assert clock.passed - before < 10


def test_jobs_of_a_retry_are_waited_for_no_longer_than_is_left():
    clock, retried = NoWait(), []

    def advance(event):
        retried.extend([event] if isinstance(event, RowsRetried) else [])
        if isinstance(event, JobPolled) and not retried:
            local.advance()

    with LocalOrg(pacing=ByHand()) as local:
        locked(local, 3, times=1)
        session = Session(sfbulk.JwtBearer(**local.credentials()), network=Network(), clock=clock)
        with Org(session) as org:
            with pytest.raises(sfbulk.StillRunning, match=r"1 job\(s\) still running after 60 s") as caught:
                org.insert(contacts(4), "Contact", wait_seconds=60, progress=advance)
            assert clock.passed == pytest.approx(60)
            left = caught.value
            assert left.result.attempts["attempt"].tolist() == [1, 2]
            assert left.job_ids == (left.result.jobs[1].id,)
            assert left.result.counts == {"rows": 4, "successful": 1, "failed": 0, "unprocessed": 0, "unknown": 3}
            local.advance()
            local.advance()
            assert left.resume().counts["successful"] == 4
        assert names(local) == sorted(contacts(4)["LastName"])


def test_siblings_go_up_together_and_results_stand_in_the_frames_order(local, org):
    accounts = org.insert(pd.DataFrame({"Name": ["A", "B", "C"]}), "Account").successful["sf__Id"].tolist()
    frame = contacts(9, AccountId=accounts * 3)
    uploads = []
    org._loading.session.send, real = (lambda request: uploads.append(request) or real(request)), org._session.send
    result = org.insert(frame, "Contact", part_rows=4, parallel_parts=1)
    bodies = [b"".join(request.body).decode() for request in uploads if request.method == "PUT"]
    assert [[line.rpartition(",")[2].strip('"') for line in body.splitlines()[1:]] for body in bodies] == [
        [account] * 3 for account in accounts
    ]
    assert result.successful.index.tolist() == frame.index.tolist()
    by_id = dict(zip(*(local.records("Contact")[name].to_pylist() for name in ("Id", "LastName")), strict=True))
    assert [by_id[record] for record in result.successful["sf__Id"]] == frame["LastName"].tolist()


def test_answers_that_are_missing_are_an_error_with_all_that_is_known(local, org):
    local.faults.on("GET", "successfulResults", fault=Faults.rows_missing(2), times=None)
    with pytest.raises(sfbulk.ReconcileError, match=r"8 processed and 0 failed, .* 6 successful") as caught:
        org.insert(contacts(8), "Contact")
    result = caught.value.result
    assert result.counts == {"rows": 8, "successful": 6, "failed": 0, "unprocessed": 0, "unknown": 2}
    assert len(result.unknown) == 2
    assert result.retry() is result  # an insert of what may be there already is not repeated
    assert local.records("Contact").num_rows == 8


def test_answers_that_come_after_all_are_in_the_list_of_loads_too(local, org):
    missing = local.faults.on("GET", "successfulResults", fault=Faults.rows_missing(2), times=None)
    with pytest.raises(sfbulk.ReconcileError) as caught:
        org.insert(contacts(8), "Contact")
    assert missing.struck
    load_id = caught.value.result.load_id
    assert caught.value.__notes__ == [f"read its results again: sfbulk.resume({load_id!r}, frame=...)"]
    first = org.loads().iloc[0]
    assert (first["state"], first["successful"], first["unknown"]) == ("ended", 6, 2)
    local.faults.clear()
    result = org.resume(load_id, contacts(8))
    again = org.loads().iloc[0]
    assert (again["successful"], again["unknown"], again["ended"]) == (8, 0, first["ended"])
    assert result.counts == {"rows": 8, "successful": 8, "failed": 0, "unprocessed": 0}
    local.faults.on("GET", "successfulResults", fault=Faults.rows_missing(2), times=None)
    with pytest.raises(sfbulk.ReconcileError):
        org.resume(load_id, contacts(8))
    assert org.loads()["successful"].tolist() == [8]  # what was known once is not forgotten


def test_surplus_answers_belong_to_nobody(local, org):
    local.faults.on("GET", "successfulResults", fault=Faults.rows_surplus(1), times=None)
    with pytest.raises(sfbulk.ReconcileError), pytest.warns(UserWarning, match="belong to no row for certain"):
        org.insert(contacts(4), "Contact")
    local.faults.on("GET", "successfulResults", fault=Faults.rows_surplus(1), times=None)
    with pytest.raises(sfbulk.ReconcileError) as caught, pytest.warns(UserWarning, match="result.unmatched"):
        org.insert(pd.DataFrame({"LastName": ["Same", "Other"]}), "Contact")
    result = caught.value.result
    assert len(result.unmatched) + result.counts["successful"] == 3
    assert result.unmatched["job"].tolist() == [result.jobs[0].id] * len(result.unmatched)


def test_columns_of_results_in_another_order():
    with (
        LocalOrg(switches=Switches(alphabetical_results=True)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        frame = contacts(6, FirstName=["x", "y", "z"] * 2, Email=["a@example.com", "bad"] * 3)
        result = org.insert(frame, "Contact")
        assert result.failed["LastName"].tolist() == ["Name 1", "Name 3", "Name 5"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "jobs/ingest"), ("PUT", "batches"), ("PATCH", "jobs/ingest/*"), ("GET", "successfulResults")],
)
def test_one_record_a_row_where_the_org_hangs_up(local, org, method, path, when):
    local.faults.on(method, path, fault=BROKEN[when])
    frame = contacts(12, Email=["a@example.com", "bad"] * 6)
    result = org.insert(frame, "Contact", part_rows=5, parallel_parts=3)
    assert result.counts == {"rows": 12, "successful": 6, "failed": 6, "unprocessed": 0}
    assert names(local) == sorted(frame["LastName"][::2])
    assert not org.jobs(state="Open", counts=False)["id"].tolist()


def test_what_a_load_costs_is_told_beforehand(org):
    report = contacts(5, Phone=["1", None, None, "2", "3"]).sfbulk.check(
        "Contact", "insert", part_rows=2, nulls="clear"
    )
    plan = report[report["severity"] == "plan"].set_index("check")
    assert plan.loc["jobs", "value"] == 3
    assert plan.loc["batches", "value"] == 6
    assert "left today" in plan.loc["batches", "suggestion"]
    assert plan.loc["cells that will be cleared", ["column", "value"]].tolist() == ["Phone", 2]


def test_the_plan_is_of_the_rows_that_go_up(org):
    frame = contacts(5, Phone=["", None, "1", None, ""], Salary__c=[1.0, float("inf"), 2.0, 3.0, 4.0])
    refused = org.check(frame, "Contact", "insert")
    assert set(refused["severity"]) == {"error"}
    report = org.check(frame, "Contact", "insert", on_problem="skip", nulls={"Phone": "clear"})
    plan = report[report["severity"] == "plan"].set_index("check")
    assert plan.loc["jobs", "suggestion"] == "4 rows go up"
    assert plan.loc["cells that will be cleared", ["column", "value"]].tolist() == ["Phone", 1]
    assert plan.loc["cells that will be left alone", ["column", "value"]].tolist() == ["Phone", 2]


def test_a_required_field_that_the_org_fills_can_be_left_to_it(local, org):
    nameless = pd.DataFrame({"Email": ["a@example.com"]})
    with pytest.raises(sfbulk.PreflightFailed, match="LastName"):
        org.insert(nameless, "Contact")
    for options in ({"on_problem": "send"}, {"check": False}):
        assert org.insert(nameless, "Contact", **options).failed["error_code"].tolist() == ["REQUIRED_FIELD_MISSING"]


def test_rows_with_problems_stay_behind_on_request(local, org):
    frame = contacts(4, Email=["a@example.com", "bad", "b@example.com", None])
    with pytest.raises(sfbulk.PreflightFailed, match="Email"):
        org.insert(frame, "Contact", on_problem="raise")
    assert local.records("Contact").num_rows == 0
    result = org.insert(frame, "Contact", on_problem="skip")
    assert result.failed["error_code"].tolist() == ["INVALID_EMAIL_ADDRESS"]
    assert result.failed["sf__Attempts"].tolist() == [0]
    assert result.successful.index.tolist() == [100, 102, 103]
    assert result.report.loc[result.report["severity"] == "row", "index"].tolist() == [101]
    assert result.retry(result.failed.assign(Email="c@example.com")).counts["successful"] == 4
    infinite = pd.DataFrame({"LastName": ["A", "B"], "Salary__c": [float("inf"), 1.0]})
    with pytest.raises(sfbulk.PreflightFailed):
        org.insert(infinite, "Contact")
    assert org.insert(infinite, "Contact", on_problem="send").counts["failed"] == 1


def test_columns_are_renamed_by_a_mapping_or_a_file(local, org, tmp_path):
    frame = pd.DataFrame({"Nachname": ["A"], "Mail": ["a@example.com"], "note": ["x"]})
    org.insert(frame, "Contact", rename={"Nachname": "LastName", "Mail": "Email"}, columns=["Nachname", "Mail"])
    mapping = tmp_path / "contacts.sdl"
    mapping.write_text("#Mapping values\nNachname=LastName\nnote=\n", encoding="utf-8")
    result = org.insert(frame, "Contact", rename=mapping)
    assert result.manifest["columns"] == ["LastName"]
    assert result.successful.columns[:3].tolist() == ["Nachname", "Mail", "note"]
    assert names(local) == ["A", "A"]
    with pytest.raises(sfbulk.UsageError, match="cannot be read"):
        org.insert(frame, "Contact", rename=tmp_path / "none.sdl")
