"""Salesforce's own chunks: the list that grows, batches that fail, answers that are lost, jobs that others end."""

import json
import threading

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.errors import StillRunning
from sfbulk_pandas.jobs.bound import bound
from sfbulk_pandas.jobs.query import prepare_query, read_table
from sfbulk_pandas.jobs.query_options import QueryOptions
from sfbulk_pandas.local_org import AfterPolls, ByHand, Faults, LocalOrg, Switches
from sfbulk_pandas.local_org.describes import full_describe
from sfbulk_pandas.wire.query_v1 import build_state_v1

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 60
SOQL = "SELECT Id, LastName FROM Contact"
LOST = {"POST job": "job", "POST batch": "batch"}
BROKEN = {"before": Faults.reset_before_body, "after": Faults.answer_lost}


def connected(local):
    return sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST)


def fill(org, rows=ROWS):
    assert org.insert(pd.DataFrame({"LastName": [f"N{n}" for n in range(rows)]}), "Contact").failed.empty
    return org


@pytest.fixture
def filled(org):
    return fill(org)


@pytest.fixture
def slow():
    """An org whose jobs move with polls, and whose chunks appear one after the other."""
    switches = Switches(chunks_per_step=1)
    with LocalOrg(pacing=AfterPolls(2), switches=switches) as local, connected(local) as org:
        yield local, fill(org)


def fetched(org, soql=SOQL, **options):
    return org.query_arrow(soql, plan="pk_chunks", **{"chunk_rows": 10} | options)


def check_whole(table, rows=ROWS):
    assert len(set(table["Id"].to_pylist())) == table.num_rows == rows


def count(local, method, ending):
    return sum(each.method == method and each.path.endswith(ending) for each in local.exchanges)


def test_chunks_that_appear_one_after_the_other(slow):
    local, org = slow
    check_whole(fetched(org))
    assert count(local, "POST", "/batch") == 1


@pytest.mark.parametrize(
    "switches",
    [
        Switches(query_batch_counts=False),
        Switches(query_batch_counts=False, result_file_rows=4),
        Switches(result_file_rows=4),
        Switches(query_sentence=False),
        Switches(shuffle_query_rows=True),
        Switches(pods=("5g0", "A10", "a1z"), shuffle_query_rows=True),
        Switches(gzip_answers=True),
    ],
)
def test_whatever_the_documents_leave_open(switches):
    with LocalOrg(switches=switches) as local, connected(local) as org:
        rows = 700 if len(switches.pods) > 1 else ROWS  # several pods share the records in blocks of 200
        fill(org, rows)
        check_whole(fetched(org, chunk_rows=90 if rows > ROWS else 10), rows)
        assert fetched(org, f"{SOQL} WHERE LastName = 'nobody'").num_rows == 0


def test_an_object_without_records_ends_all_the_same(org):
    assert fetched(org).num_rows == 0


def test_a_query_that_salesforce_does_not_cut_is_one_batch(local, filled):
    check_whole(fetched(filled, f"{SOQL} WHERE Id > '003000000000000'"))
    assert count(local, "GET", "/result") == 1


def test_a_chunk_that_fails_is_run_again_alone(local, filled):
    local.fail_queries(soql_part="Id >=", skip=2, after_rows=3)
    table = fetched(filled)
    check_whole(table)
    jobs = json.loads(table.schema.metadata[b"sfbulk"])["job_ids"]
    assert len(jobs) == 2
    assert count(local, "POST", "/jobs/query") == 1


def test_a_chunk_that_fails_again_is_an_error(local, filled):
    local.fail_queries(soql_part="Id >=", skip=2)
    local.fail_queries(soql_part="Id >=", skip=5)  # the six chunks are counted by both, then the job of the third
    with pytest.raises(sfbulk.JobFailed, match="QUERY_TIMEOUT"):
        fetched(filled)


def test_a_whole_that_fails_is_an_error(local, filled):
    local.fail_queries("InternalServerError : Retried more than 30 times")
    with pytest.raises(sfbulk.JobFailed, match="Retried more than 30 times") as caught:
        fetched(filled)
    assert 'plan="id_ranges"' in caught.value.hint


def test_a_short_result_is_read_again(local, filled):
    local.faults.on("GET", "result/*", fault=Faults.rows_missing(3))
    local.faults.on("GET", "result/*", fault=Faults.cut_at(60))
    check_whole(fetched(filled))


def test_results_that_stay_short_are_an_error(local, filled):
    local.faults.on("GET", "result/*", fault=Faults.rows_missing(3), times=None)
    with pytest.raises(sfbulk.IncompleteResult, match="has 7 rows instead of 10"):
        fetched(filled)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("request_", LOST)
def test_lost_answers_make_no_row_come_twice(local, filled, request_, when):
    local.faults.on("POST", LOST[request_], fault=BROKEN[when])
    if (request_, when) == ("POST batch", "before"):
        with pytest.raises(sfbulk.ConnectionFailed):  # nobody can know whether it arrives late
            fetched(filled)
        return
    check_whole(fetched(filled))
    assert count(local, "POST", "/batch") == 1


def test_a_lost_answer_of_the_batch_is_found_among_its_chunks(local, filled):
    local.faults.on("POST", "batch", fault=Faults.answer_lost)
    seen = []
    check_whole(fetched(filled, progress=seen.append))
    assert count(local, "GET", "/request") >= 1  # whose query is the whole one


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_of_the_close_is_no_loss(slow, when):
    local, org = slow
    planned = []

    def break_close(event):
        if type(event).__name__ == "PageRead" and event.page == 1:  # every batch is there, and the job not closed
            planned.append(local.faults.on("POST", "job/*", fault=BROKEN[when]))

    check_whole(fetched(org, progress=break_close))
    assert [each.struck for each in planned] == [1]


@pytest.mark.parametrize("kind", ["xml", "json"])
def test_a_token_that_ends_on_the_way_is_renewed(local, filled, kind):
    body = {
        "xml": '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
        "<exceptionCode>InvalidSessionId</exceptionCode>"
        "<exceptionMessage>Invalid session id</exceptionMessage></error>",
        "json": '{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}',
    }[kind]
    for method, path in (("POST", "job"), ("POST", "batch"), ("GET", "batch"), ("GET", "result/*")):
        local.faults.on(method, path, fault=Faults.answer(400, body))
        check_whole(fetched(filled))


def test_tokens_that_expire_in_salesforce(slow):
    local, org = slow
    expired = []

    def expire(event):
        if type(event).__name__ == "PageRead" and len(expired) < 2:
            expired.append(event)
            local.expire_tokens()

    check_whole(fetched(org, progress=expire))
    assert len(expired) == 2


def set_state(org, job_id, state):
    org._session.send(build_state_v1("66.0", job_id, state))


@pytest.mark.parametrize("at", ["QueryStarted", "PageRead"])
def test_a_job_that_somebody_aborts_is_never_taken_for_whole(slow, at):
    local, org = slow
    aborted = []

    def abort(event):
        if type(event).__name__ == "QueryStarted":
            aborted.append(event.job.id)
        if type(event).__name__ == at and len(aborted) == 1:
            aborted.append(at)
            threading.Thread(target=set_state, args=(org, aborted[0], "Aborted")).start()

    with pytest.raises(sfbulk.JobAborted):
        fetched(org, progress=abort)
    assert count(local, "POST", "/jobs/query") == 0  # batches that were not processed are not run one by one


def test_waiting_can_be_given_up_and_gone_on_with():
    with LocalOrg(pacing=ByHand(), switches=Switches(chunks_per_step=1)) as local, connected(local) as org:
        soql = "SELECT Id FROM User"
        with pytest.raises(StillRunning) as caught:
            fetched(org, soql, wait_seconds=0.02)
        done = threading.Event()

        def advance():
            while not done.wait(0.002):
                local.advance()

        thread = threading.Thread(target=advance)
        thread.start()
        try:
            table = caught.value.resume()
        finally:
            done.set()
            thread.join()
        assert table.num_rows == local.records("User").num_rows
        assert count(local, "POST", "/job") == 1
        assert count(local, "POST", "/batch") == 1


def test_an_extract_goes_on_from_what_it_remembers(local, filled):
    options = QueryOptions(plan="pk_chunks", chunk_rows=10)
    first = prepare_query(filled._loading, bound(SOQL, {}), options)
    check_whole(read_table(first))
    remembered = json.loads(json.dumps(first.memory))
    assert set(remembered) == {"job_id", "api_version", "batch_id"}
    for left_out in ((), ("batch_id",)):
        memory = {name: value for name, value in remembered.items() if name not in left_out}
        again = prepare_query(filled._loading, bound(SOQL, {}), options)
        again.memory.update(memory)
        check_whole(read_table(again))
    assert count(local, "POST", "/job") == 1
    assert count(local, "POST", "/batch") == 1


def test_a_batch_that_was_run_again_is_not_run_a_third_time(local, filled):
    local.fail_queries(soql_part="Id >=", skip=2)
    options = QueryOptions(plan="pk_chunks", chunk_rows=10)
    first = prepare_query(filled._loading, bound(SOQL, {}), options)
    check_whole(read_table(first))
    again = prepare_query(filled._loading, bound(SOQL, {}), options)
    again.memory.update(first.memory)
    check_whole(read_table(again))
    assert count(local, "POST", "/jobs/query") == 1


def test_a_history_is_cut_by_its_parent_and_a_failed_chunk_of_it_run_again():
    lookup = {"name": "AccountId", "type": "reference", "referenceTo": ["Account"], "relationshipName": "Account"}
    history = full_describe(
        {"name": "AccountHistory", "keyPrefix": "017", "fields": [lookup, {"name": "Field"}], "ownerless": True}
    )
    with LocalOrg(describes=[history]) as local, connected(local) as org:
        accounts = org.insert(pd.DataFrame({"Name": [f"A{n}" for n in range(30)]}), "Account").successful["sf__Id"]
        frame = pd.DataFrame({"AccountId": accounts.to_list(), "Field": "Name"})
        assert org.insert(frame, "AccountHistory").failed.empty
        local.fail_queries(soql_part="AccountId >=", skip=1)
        check_whole(fetched(org, "SELECT Id FROM AccountHistory", chunk_parent="Account"), 30)
        assert count(local, "POST", "/jobs/query") == 1


def test_an_object_that_salesforce_does_not_cut_is_refused_with_its_name():
    group = full_describe({"name": "Group", "keyPrefix": "00G", "fields": [{"name": "Name"}]})
    with (
        LocalOrg(describes=[group]) as local,
        connected(local) as org,
        pytest.raises(sfbulk.ApiError, match="Entity 'Group' is not supported to use PKChunking"),
    ):
        fetched(org, "SELECT Id FROM Group")


@pytest.mark.parametrize("paced", [False, True])
def test_a_query_that_is_not_cut_and_came_twice_gives_each_row_once(paced):
    with LocalOrg(pacing=AfterPolls(2) if paced else None) as local, connected(local) as org:
        fill(org)
        local.faults.on("POST", "batch", fault=Faults.request_twice)
        check_whole(fetched(org, f"{SOQL} WHERE Id > '003000000000000'"))
