"""What the org has left, and loads and extracts that keep within a share of it."""

import numpy as np
import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import Faults, usage
from sfbulk_pandas.org import Org
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.session import Session

FRAME = pd.DataFrame({"LastName": [f"N{n}" for n in range(60)]})
SOQL = "SELECT Id, LastName FROM Contact"


def used(org):
    frame = org.limits().set_index("name")
    names = ["DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs"]
    return dict(zip(["calls", "batches", "jobs"], frame.loc[names, "used"].tolist(), strict=True))


def asked(local, since=0):
    """Return what came to the org besides questions about itself."""
    kinds = [f"{each.method} {each.path.rpartition('/')[2]}" for each in list(local.exchanges)[since:]]
    return [kind for kind in kinds if kind.split("/")[-1] not in {"GET limits", "GET describe", "GET recordCount"}]


@pytest.fixture
def filled(org):
    org.insert(FRAME, "Contact", progress=False)
    return org


def test_limits_are_a_frame(org):
    frame = org.limits()
    assert list(frame.columns) == ["name", "max", "remaining", "used", "used_share"]
    daily = frame.set_index("name").loc["DailyApiRequests"]
    assert (daily["max"], daily["used"]) == (15_000, 15_000 - daily["remaining"])
    assert daily["used_share"] == daily["used"] / 15_000
    assert frame["max"].dtype == np.int64
    pd.testing.assert_frame_equal(sfbulk.limits()[["name", "max"]], frame[["name", "max"]])


def test_a_limit_of_nothing_has_no_share(local, org):
    local.faults.on(
        "GET", "limits", fault=Faults.answer(200, '{"A": {"Max": 0, "Remaining": 0}, "B": {"Max": 4, "Remaining": -2}}')
    )
    assert org.limits().fillna(-1).to_dict("list") == {
        "name": ["A", "B"],
        "max": [0, 4],
        "remaining": [0, -2],
        "used": [0, 6],
        "used_share": [-1, 1.5],
    }


def test_the_org_counts_calls_batches_and_query_jobs(local, org):
    before = used(org)
    since = len(local.exchanges)
    org.insert(FRAME, "Contact", part_rows=20, progress=False)
    done = org.query(SOQL, plan="id_ranges", chunk_rows=20).attrs["sfbulk"]
    for job_id in done["job_ids"]:
        org.delete_job(job_id)  # has used up what it used
    after = used(org)
    assert after["calls"] - before["calls"] == len(local.exchanges) - since
    assert after["batches"] - before["batches"] == 3 * 2
    assert after["jobs"] - before["jobs"] == len(done["job_ids"]) == 3


def test_a_token_is_no_call(local, org):
    before = used(org)
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as other:
        assert used(other)["calls"] == before["calls"] + 1


def test_a_load_over_its_budget_sends_nothing(local, org, monkeypatch):
    left = org.limits().set_index("name")["remaining"]
    monkeypatch.setitem(usage.MAXIMA, "DailyBulkApiBatches", 20)
    since = len(local.exchanges)
    with pytest.raises(sfbulk.OverBudget, match="8 batches, and 5 of 20 are allowed; nothing was sent") as caught:
        org.insert(FRAME, "Contact", part_rows=15, budget=0.25, progress=False)
    report = caught.value.report
    assert report.loc["batches"].tolist() == [8, 5, 20]
    assert report.loc["API calls", "needed"] == 4 * 6
    assert report.loc["API calls", "remaining"] < left["DailyApiRequests"]
    assert asked(local, since) == []
    assert len(org.loads()) == 0
    result = org.insert(FRAME, "Contact", part_rows=15, budget=0.4, progress=False)
    assert result.counts["successful"] == 60


def test_what_a_load_takes_is_what_it_was_said_to_take(local, org):
    plan = org.check(FRAME, "Contact", "insert", part_rows=15).query("severity == 'plan'").set_index("check")["value"]
    before = used(org)
    org.insert(FRAME, "Contact", part_rows=15, budget=1, progress=False)
    after = used(org)
    assert after["batches"] - before["batches"] == plan["batches"] == 8
    assert after["calls"] - before["calls"] >= plan["API calls, at least"]


PLANS = {
    "locator": (1, 0),
    "result_pages": (1, 0),
    "id_ranges": (3, 0),
    "pk_chunks": (0, 4),
    "rest": (0, 0),
}


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_query_takes_is_explained_and_so_it_is(filled, plan):
    chunks = {"chunk_rows": 20} if plan in {"id_ranges", "pk_chunks"} else {}
    told = filled.explain(SOQL, plan=plan, **chunks)
    assert (told.query_jobs, told.batches) == PLANS[plan]
    assert ("jobs      about" in repr(told)) == (told.query_jobs > 0)
    before = used(filled)
    filled.query(SOQL, plan=plan, **chunks)
    after = used(filled)
    assert (after["jobs"] - before["jobs"], after["batches"] - before["batches"]) == PLANS[plan]


def streamed(org, folder, **options):
    with org.query_batches(SOQL, **options) as stream:
        return sum(batch.num_rows for batch in stream)


WAYS = {
    "frame": lambda org, folder, **options: len(org.query(SOQL, **options)),
    "table": lambda org, folder, **options: org.query_arrow(SOQL, **options).num_rows,
    "stream": streamed,
    "parquet": lambda org, folder, **options: org.query_parquet(SOQL, folder / "p", **options).rows,
    "csv": lambda org, folder, **options: len(pd.read_csv(org.query_csv(SOQL, folder / "c.csv", **options))),
    "copy": lambda org, folder, **options: org.sync("Contact", folder / "s", **options).tally.added,
}


@pytest.mark.parametrize("way", WAYS)
def test_an_extract_over_its_budget_fetches_nothing(local, filled, tmp_path, monkeypatch, way):
    monkeypatch.setitem(usage.MAXIMA, "DailyBulkV2QueryJobs", 4)
    since = len(local.exchanges)
    options = {"plan": "locator", "progress": False}
    with pytest.raises(sfbulk.OverBudget, match="1 query jobs, and 0 of 4 are allowed"):
        WAYS[way](filled, tmp_path, budget=0.2, **options)
    assert [each for each in asked(local, since) if each != "GET data"] == []  # the clock of the org, of a copy
    assert [each.name for each in tmp_path.iterdir() if each.name[0] != "."] == ["state"]
    assert WAYS[way](filled, tmp_path, budget=0.5, **options) == 60


def test_calls_are_kept_within_too(local, filled, monkeypatch):
    monkeypatch.setitem(usage.MAXIMA, "DailyApiRequests", used(filled)["calls"] + 20)
    with pytest.raises(sfbulk.OverBudget, match=r"API calls, and 1 of 1. are allowed"):
        filled.query(SOQL, plan="id_ranges", chunk_rows=10, budget=0.1)


def test_where_it_is_not_known_what_a_query_takes_it_is_refused(local, filled):
    local.faults.on("GET", "recordCount", fault=Faults.answer(200, '{"sObjects":[]}'))
    with pytest.raises(sfbulk.UsageError, match="not known what this query takes"):
        filled.query(SOQL, budget=0.5)


def test_where_the_org_does_not_say_what_is_left_it_is_refused(local, filled):
    local.faults.on("GET", "limits", fault=Faults.answer(200, '{"DailyApiRequests": {"Max": 5000, "Remaining": 4000}}'))
    with pytest.raises(sfbulk.OverBudget, match="2 batches, and the org does not say how many it has left"):
        filled.insert(FRAME, "Lead", budget=0.5, on_problem="send", progress=False)
    local.faults.on(
        "GET", "limits", fault=Faults.answer(403, '[{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]')
    )
    with pytest.raises(sfbulk.ApiError, match="INSUFFICIENT_ACCESS"):
        filled.insert(FRAME, "Lead", budget=0.5, on_problem="send", progress=False)


class Clock:
    """A clock on which allowances come back after some waits."""

    def __init__(self, monkeypatch, waits):
        self.passed, self.slept = 0.0, []
        self.monkeypatch, self.waits = monkeypatch, waits

    def now(self):
        return 1_700_000_000 + self.passed

    def monotonic(self):
        return self.passed

    def sleep(self, seconds):
        self.passed += seconds
        self.slept.append(seconds)
        if len(self.slept) == self.waits:
            self.monkeypatch.setitem(usage.MAXIMA, "DailyBulkApiBatches", 15_000)


def slow_org(local, clock):
    return Org(Session(sfbulk.JwtBearer(**local.credentials()), clock=clock, network=Network()))


def test_a_load_waits_for_its_budget_where_that_says_so(local, monkeypatch, caplog):
    caplog.set_level("INFO", logger="sfbulk_pandas")
    monkeypatch.setitem(usage.MAXIMA, "DailyBulkApiBatches", 1)
    clock = Clock(monkeypatch, waits=3)
    budget = sfbulk.Budget(0.5, wait_seconds=3_600)
    with slow_org(local, clock) as org:
        result = org.insert(FRAME, "Contact", budget=budget, progress=False)
    assert result.counts["successful"] == 60
    assert clock.slept[:3] == [60, 120, 240]
    assert caplog.text.count("waiting for the org's allowances: this load takes more") == 3


def test_and_no_longer_than_that(local, monkeypatch):
    monkeypatch.setitem(usage.MAXIMA, "DailyBulkApiBatches", 1)
    clock = Clock(monkeypatch, waits=None)
    with slow_org(local, clock) as org, pytest.raises(sfbulk.OverBudget):
        org.insert(FRAME, "Contact", budget=sfbulk.Budget(0.5, wait_seconds=200), progress=False)
    assert clock.slept == [60, 120, 20]
    assert local.records("Contact").num_rows == 0


@pytest.mark.parametrize("wrong", [0, -1, 1.5, float("nan")])
def test_a_budget_that_is_no_share_is_refused(org, wrong):
    with pytest.raises(sfbulk.UsageError, match="is no share"):
        org.query(SOQL, budget=wrong)
    with pytest.raises(sfbulk.UsageError, match="is no share"):
        org.insert(FRAME, "Contact", budget=wrong)
    with pytest.raises(sfbulk.UsageError, match="wait_seconds"):
        sfbulk.Budget(0.5, wait_seconds=-1)


def test_a_budget_is_of_one_call_and_not_of_what_is_resumed(org):
    result = org.insert(FRAME, "Contact", budget=0.5, progress=False)
    assert "budget" not in result.manifest["options"]
