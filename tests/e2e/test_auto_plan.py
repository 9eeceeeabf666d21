"""plan="auto": what it chooses in an org, that it says so, what that costs, and how it changes its mind."""

import json

import pandas as pd
import pyarrow as pa
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.plans import choice
from sfbulk_pandas.local_org import AfterPolls, Faults, LocalOrg
from sfbulk_pandas.local_org.describes import full_describe
from sfbulk_pandas.progress.events import PlanChosen

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 60
SOQL = "SELECT Id, LastName FROM Contact"


@pytest.fixture
def filled(org):
    assert org.insert(pd.DataFrame({"LastName": [f"N{n}" for n in range(ROWS)]}), "Contact").failed.empty
    org.describe("Contact")
    return org


@pytest.fixture
def large(monkeypatch):
    """Take small objects for large ones."""
    monkeypatch.setattr(choice, "SMALL_ROWS", 10)
    monkeypatch.setattr(choice, "LARGE_ROWS", 20)
    monkeypatch.setattr(choice, "LARGE_STREAM_ROWS", 20)


class Plans(list):
    """Listen for the plans that are chosen."""

    def __call__(self, event):
        if isinstance(event, PlanChosen):
            self.append((event.plan, event.reason))


def calls(local, since):
    return [f"{each.method} {each.path.partition('?')[0].rpartition('/v66.0/')[2]}" for each in local.exchanges[since:]]


def test_a_small_object_costs_a_count_and_a_page(local, filled):
    plans, since = Plans(), len(local.exchanges)
    assert len(filled.query(SOQL, progress=plans)) == ROWS
    assert calls(local, since) == ["GET limits/recordCount", "GET query"]
    assert plans == [("rest", "Contact has about 60 records, for which no job is needed")]


@pytest.mark.parametrize(
    ("soql", "rows"),
    [(f"{SOQL} LIMIT 5", 5), ("SELECT COUNT() FROM Contact", 1), ("SELECT COUNT(Id) n FROM Contact", 1)],
)
def test_where_the_query_says_enough_one_call_is_all(local, filled, soql, rows):
    since = len(local.exchanges)
    assert len(filled.query(soql)) == rows
    assert calls(local, since) == ["GET query"]


def test_what_bulk_refuses_is_answered(filled):
    assert filled.query("SELECT COUNT() FROM Contact").iloc[0, 0] == ROWS
    grouped = filled.query("SELECT LastName, COUNT(Id) n FROM Contact GROUP BY LastName")
    assert (len(grouped), set(grouped["n"])) == (ROWS, {1})
    assert filled.query("SELECT Id FROM Contact ORDER BY LastName LIMIT 5 OFFSET 58").shape == (2, 1)


def test_fields_that_no_plan_gives_a_column_are_refused_with_their_components(filled):
    with pytest.raises(sfbulk.QueryRefused, match="select its components: MailingStreet"):
        filled.query("SELECT MailingAddress FROM Contact")


def test_an_org_that_does_not_count_is_asked_by_a_job(local, filled):
    no = '[{"errorCode":"INSUFFICIENT_ACCESS","message":"no"}]'
    local.faults.on("GET", "recordCount", fault=Faults.answer(403, no))
    plans = Plans()
    assert len(filled.query(SOQL, progress=plans)) == ROWS
    assert plans == [
        ("result_pages", "Salesforce does not say how many records Contact has: one job, its pages read side by side")
    ]


def test_a_large_object_that_salesforce_cuts_goes_by_one_job(large, local, filled):
    plans, since = Plans(), len(local.exchanges)
    assert len(filled.query(SOQL, progress=plans)) == ROWS
    assert [plan for plan, _ in plans] == ["result_pages"]
    assert "as long as Salesforce cuts it by itself" in plans[0][1]
    assert sum(call == "POST jobs/query" for call in calls(local, since)) == 1


@pytest.fixture
def uncut():
    """An org with an object that Salesforce does not cut, and jobs that take a few polls."""
    group = full_describe({"name": "Group", "keyPrefix": "00G", "fields": [{"name": "Name"}]})
    with (
        LocalOrg(describes=[group], pacing=AfterPolls(2)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        assert org.insert(pd.DataFrame({"Name": [f"G{n}" for n in range(ROWS)]}), "Group").failed.empty
        yield local, org


@pytest.mark.parametrize("streamed", [False, True])
def test_a_large_object_that_salesforce_does_not_cut_goes_by_ranges(large, uncut, streamed):
    _, org = uncut
    plans = Plans()
    if streamed:
        with org.query_batches("SELECT Id FROM Group", chunk_rows=25, progress=plans) as stream:
            table = stream.read_all()
    else:
        table = org.query_arrow("SELECT Id FROM Group", chunk_rows=25, progress=plans)
    assert len(set(table["Id"].to_pylist())) == table.num_rows == ROWS
    ((plan, reason),) = plans
    assert plan == "id_ranges"
    assert reason == (
        "Group has about 60 records, and Salesforce does not cut it by itself: "
        "Group is cut into ranges of Ids, a job each"
    )
    states = org.jobs()["state"].value_counts()
    assert states["Aborted"] == 1
    assert states["JobComplete"] == 3 + 1  # the ranges, and the load


@pytest.mark.parametrize("api_version", ["66.0", "50.0"])  # the older one does not say who cuts
def test_a_large_object_that_salesforce_cuts_or_may_cut_keeps_its_job_while_it_runs(large, uncut, api_version):
    local, org = uncut
    assert org.insert(pd.DataFrame({"LastName": [f"N{n}" for n in range(ROWS)]}), "Contact").failed.empty
    plans = Plans()
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST, api_version=api_version) as other:
        assert len(other.query(SOQL, progress=plans)) == ROWS
    assert [plan for plan, _ in plans] == ["result_pages"]
    assert "Aborted" not in set(org.jobs()["state"])


def test_a_job_that_ends_before_it_can_be_given_up_is_read(large, uncut):
    local, org = uncut
    no = '[{"errorCode":"INVALIDJOBSTATE","message":"already complete"}]'
    local.faults.on("PATCH", "jobs/query/*", fault=Faults.answer(400, no))
    plans = Plans()
    assert len(org.query("SELECT Id FROM Group", progress=plans)) == ROWS
    assert [plan for plan, _ in plans] == ["result_pages"]


@pytest.mark.parametrize(
    "said",
    [
        "QUERY_TIMEOUT: Your query request was running for too long.",
        "InternalServerError : Retried more than 15 times",
        "Failed to write query result to file",
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_job_that_takes_too_long_becomes_ranges_and_no_row_comes_twice(large, local, filled, said, streamed):
    local.fail_queries(said, after_rows=30)
    plans = Plans()
    if streamed:
        with filled.query_batches(SOQL, chunk_rows=25, progress=plans) as stream:
            table = stream.read_all()
    else:
        table = filled.query_arrow(SOQL, chunk_rows=25, progress=plans)
    assert len(set(table["Id"].to_pylist())) == table.num_rows == ROWS
    (before, _), (after, reason) = plans
    assert (before, after) == ("result_pages", "id_ranges")
    assert reason.startswith("one job took too long (")
    if not streamed:
        facts = json.loads(table.schema.metadata[b"sfbulk"])
        assert (facts["plan"], facts["reason"]) == (after, reason)
        assert len(facts["job_ids"]) == 1 + 3  # the one that failed among them


def test_other_failures_are_told_as_they_are(large, local, filled):
    local.fail_queries("INVALID_FIELD: no such thing")
    with pytest.raises(sfbulk.JobFailed, match="no such thing"):
        filled.query(SOQL)


def test_a_query_that_cannot_be_cut_fails_with_advice(large, local, filled):
    local.fail_queries()
    with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT") as caught:
        filled.query(f"{SOQL} ORDER BY LastName")
    assert "without ORDER BY it would be cut" in caught.value.hint


def test_a_range_that_fails_is_an_error(large, local, filled):
    local.fail_queries()
    local.fail_queries(soql_part="Id < '")  # as ranges have it, and questions for them do not
    with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT"):
        filled.query(SOQL, chunk_rows=25)


def test_ranges_that_auto_has_chosen_are_not_chosen_again(large, uncut):
    local, org = uncut
    local.fail_queries(soql_part="Id < '")
    plans = Plans()
    with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT"):
        org.query("SELECT Id FROM Group", chunk_rows=25, progress=plans)
    assert [plan for plan, _ in plans] == ["id_ranges"]


def test_a_plan_that_was_asked_for_is_never_changed(local, filled):
    for plan in ("result_pages", "locator"):
        local.fail_queries()
        plans = Plans()
        with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT") as caught:
            filled.query(SOQL, plan=plan, progress=plans)
        assert plans == [(plan, "asked for")]
        assert 'plan="id_ranges"' in caught.value.hint


def test_going_on_keeps_the_plan_and_its_jobs(large, uncut):
    local, org = uncut
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.query_arrow("SELECT Id FROM Group", chunk_rows=25, wait_seconds=0)
    since = len(local.exchanges)
    table = caught.value.resume()
    assert len(set(table["Id"].to_pylist())) == table.num_rows == ROWS
    assert json.loads(table.schema.metadata[b"sfbulk"])["plan"] == "id_ranges"
    assert not [call for call in calls(local, since) if "recordCount" in call or call == "GET query"]


def test_options_of_another_plan_are_refused():
    for options in ({"chunk_parent": "Account"}, {"chunk_start": "001000000000000"}):
        with pytest.raises(sfbulk.UsageError, match='is for plan="pk_chunks"'):
            sfbulk.QueryOptions(**options)


# What travels with the rows


def test_a_frame_says_how_its_rows_were_fetched(local, filled):
    frame = filled.query(SOQL, plan="locator", page_rows=20)
    facts = frame.attrs["sfbulk"]
    job_id = filled.jobs().query("operation == 'query'")["id"].iloc[0]
    assert facts | {"api_calls": 0, "seconds": 0, "received_bytes": 0, "started": ""} == {
        "plan": "locator",
        "reason": "asked for",
        "query": SOQL,
        "org_id": facts["org_id"],
        "instance_url": local.url,
        "api_version": "66.0",
        "job_ids": [job_id],
        "rows": ROWS,
        "pages": 3,
        "api_calls": 0,
        "seconds": 0,
        "received_bytes": 0,
        "started": "",
    }
    assert facts["org_id"].startswith("00D")
    assert facts["api_calls"] >= 1 + 1 + 3
    assert facts["received_bytes"] > ROWS * 20
    assert 0 < facts["seconds"] < 60
    assert abs(pd.Timestamp(facts["started"]) - pd.Timestamp.now("UTC")) < pd.Timedelta("1min")
    assert local.access_token not in json.dumps(facts)


def test_the_facts_survive_what_pandas_does_to_attrs(filled):
    frame = filled.query(SOQL)
    again = frame[frame["LastName"] != "N1"]
    assert again.attrs["sfbulk"] == frame.attrs["sfbulk"]
    again.attrs["sfbulk"]["job_ids"].append("x")
    assert frame.attrs["sfbulk"]["job_ids"] == []
    assert pd.concat([frame, frame]).attrs["sfbulk"] == frame.attrs["sfbulk"]
    json.dumps(frame.attrs)


def test_the_facts_of_a_table_are_json_and_leave_other_metadata_alone(local, filled):
    table = filled.query_arrow(SOQL)
    assert json.loads(table.schema.metadata[b"sfbulk"])["rows"] == ROWS
    both = pa.concat_tables([table, filled.query_arrow(SOQL)])
    assert both.num_rows == 2 * ROWS


# Explained beforehand


def test_explain_asks_for_a_count_and_nothing_else(local, filled):
    since = len(local.exchanges)
    told = filled.explain(SOQL)
    assert calls(local, since) == ["GET limits/recordCount"]
    assert (told.plan, told.records, told.rows, told.pages, told.api_calls) == ("rest", ROWS, ROWS, 1, 1)
    assert repr(told) == (
        "SELECT Id, LastName FROM Contact\n"
        "plan      rest\n"
        "why       Contact has about 60 records, for which no job is needed\n"
        "records   about 60 of Contact\n"
        "rows      at most 60\n"
        "pages     about 1\n"
        "API calls about 1"
    )


@pytest.mark.parametrize(
    ("options", "plan", "pages", "api_calls"),
    [
        ({"plan": "rest"}, "rest", 1, 1),
        ({"plan": "locator", "page_rows": 25}, "locator", 3, 2 + 3),
        ({"plan": "result_pages"}, "result_pages", 1, 2 + 1 + 1),
        ({"plan": "id_ranges", "chunk_rows": 20}, "id_ranges", 3, 5 + 3 * 2 + 3),
        ({"plan": "pk_chunks", "chunk_rows": 20}, "pk_chunks", 3, 6 + 3 + 3),
    ],
)
def test_what_a_plan_would_cost_is_about_what_it_costs(local, filled, options, plan, pages, api_calls):
    told = filled.explain(SOQL, **options)
    assert (told.plan, told.pages, told.api_calls) == (plan, pages, api_calls)
    facts = filled.query(SOQL, **options).attrs["sfbulk"]
    assert facts["pages"] == pages
    assert api_calls - 1 <= facts["api_calls"] <= api_calls + 6  # polls are as many as it takes


def test_explain_bounds_rows_by_the_query(filled):
    assert sfbulk.explain(f"{SOQL} LIMIT 7").rows == 7
    assert filled.explain("SELECT COUNT() FROM Contact").rows == 1
    assert filled.explain("SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName").rows == ROWS
    assert filled.explain("SELECT Id FROM Contact WHERE Id = {id}", id="003000000000001").rows == 1


def test_explain_says_where_nothing_is_known(local, filled):
    local.faults.on("GET", "recordCount", fault=Faults.answer(200, '{"sObjects":[]}'))
    told = filled.explain(SOQL)
    assert (told.records, told.rows, told.pages, told.api_calls) == (None, None, None, None)
    assert "records   unknown of Contact" in repr(told)


def test_explain_refuses_what_the_plan_would(filled):
    with pytest.raises(sfbulk.UsageError, match="ORDER BY cannot be cut"):
        filled.explain(f"{SOQL} ORDER BY LastName", plan="id_ranges")
    with pytest.raises(sfbulk.QueryRefused, match="no field Emial"):
        filled.explain("SELECT Emial FROM Contact")
