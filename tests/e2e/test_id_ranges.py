"""Ranges of Ids of our own: several pods, rows in any order, counts that fail."""

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 1_000
SOQL = "SELECT Id, LastName FROM Contact"


@pytest.fixture(scope="module")
def moved():
    """An org that was moved twice: its Ids lie in three places, and its rows come in any order."""
    switches = Switches(pods=("5g0", "A10", "a1z"), shuffle_query_rows=True, vary_page_rows=True)
    with (
        LocalOrg(switches=switches) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        assert org.insert(pd.DataFrame({"LastName": [f"N{n}" for n in range(ROWS)]}), "Contact").failed.empty
        yield local, org


def fetched(org, soql=SOQL, **options):
    return org.query_arrow(soql, plan="id_ranges", **options)


def check_whole(table, rows=ROWS):
    assert len(set(table["Id"].to_pylist())) == table.num_rows == rows


def jobs_made(local, since):
    return sum(each.method == "POST" and each.path.endswith("/jobs/query") for each in local.exchanges[since:])


@pytest.mark.parametrize(("chunk_rows", "jobs"), [(50, range(18, 24)), (300, range(3, 7)), (10**6, [1])])
def test_every_row_once_however_it_is_cut(moved, chunk_rows, jobs):
    local, org = moved
    since = len(local.exchanges)
    check_whole(fetched(org, chunk_rows=chunk_rows))
    assert jobs_made(local, since) in jobs
    with org.query_batches(SOQL, plan="id_ranges", chunk_rows=chunk_rows, keep_order=True) as stream:
        check_whole(stream.read_all())


def test_conditions_of_the_query_hold_in_every_range(moved):
    _, org = moved
    table = fetched(org, f"{SOQL} WHERE LastName = 'N1' OR LastName = 'N999'", chunk_rows=100)
    assert sorted(table["LastName"].to_pylist()) == ["N1", "N999"]


def test_a_count_that_takes_too_long_gives_way_to_the_record_count(moved):
    local, org = moved
    local.fail_queries(soql_part="SELECT COUNT()", times=3)
    since = len(local.exchanges)
    check_whole(fetched(org, chunk_rows=100))
    asked = [each.path for each in local.exchanges[since:]]
    assert sum("recordCount" in path for path in asked) == 1
    assert jobs_made(local, since) > 3


def test_without_any_count_it_is_one_range(moved):
    local, org = moved
    local.fail_queries(soql_part="SELECT COUNT()", times=3)
    no = '[{"errorCode":"INSUFFICIENT_ACCESS","message":"no"}]'
    local.faults.on("GET", "recordCount", fault=Faults.answer(403, no))
    since = len(local.exchanges)
    check_whole(fetched(org, chunk_rows=100))
    assert jobs_made(local, since) == 1


def test_deleted_records_come_with_query_all(moved):
    local, org = moved
    (gone,) = org.insert(pd.DataFrame({"LastName": ["gone"]}), "Contact").successful["sf__Id"]
    assert org.delete(pd.DataFrame({"Id": [gone]}), "Contact").failed.empty
    check_whole(fetched(org, chunk_rows=200))
    assert gone in fetched(org, chunk_rows=200, query_all=True)["Id"].to_pylist()
    local.empty_recycle_bin()


def test_records_made_meanwhile_are_in_the_last_range(moved):
    _, org = moved
    made = []

    def insert(event):
        if type(event).__name__ == "QueryStarted" and not made:
            made.append(None)
            made[0] = org.insert(pd.DataFrame({"LastName": ["late"]}), "Contact").successful["sf__Id"].iloc[0]

    table = fetched(org, chunk_rows=200, progress=insert)
    ids = table["Id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert len(ids) in {ROWS, ROWS + 1}
    assert org.delete(pd.DataFrame({"Id": made}), "Contact").failed.empty


def test_a_range_that_fails_is_named(moved):
    local, org = moved
    local.fail_queries(soql_part="Id < '", skip=1)
    with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT"):
        fetched(org, chunk_rows=200)
    assert set(org.jobs().query("operation == 'query'")["state"]) <= {"JobComplete", "Failed", "Aborted"}
