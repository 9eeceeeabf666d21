"""Queries too long for one: groups of columns joined by Id, the same rows as if one query had fetched them."""

import json
import logging
import tempfile
import threading
import time

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.jobs.plans import choice
from sfbulk_pandas.jobs.wide import again, groups, run
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches
from sfbulk_pandas.local_org.describes import full_describe
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.local_org.soql import parse as local_parse
from sfbulk_pandas.progress.events import PlanChosen, QueryStarted
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS

NO_MORE = Faults.answer(400, '[{"errorCode": "INVALID", "message": "no more"}]')
FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
ROWS = 600
SOQL = (
    "SELECT LastName, Children__c, Birthdate, Salary__c, Newsletter__c, CreatedDate, MailingPostalCode, Account.Name, "
    "FirstName, Email, AccountId FROM Contact WHERE LastName LIKE 'Name%'"
)
GROUPS = 3
AHEAD = [0]  # seconds: by the second does Salesforce tell when a record was changed
PLANS = ["auto", "locator", "result_pages", "id_ranges", "pk_chunks"]


@pytest.fixture(scope="module")
def local():
    """An org whose results come in any order, on pages of any size, with Ids in three places."""
    switches = Switches(pods=("5g0", "A10", "a1z"), shuffle_query_rows=True, vary_page_rows=True)
    with (
        LocalOrg(switches=switches, clock=lambda: time.time() + AHEAD[0]) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        pd.DataFrame({"Account_Key__c": ["A"], "Name": ['Acmé, "Inc"\nLtd']}).sfbulk.insert("Account", org=org)
        frame = pd.DataFrame(
            {
                "LastName": [f"Name {n:03}" for n in range(ROWS)],
                "Children__c": pd.array([n % 5 or None for n in range(ROWS)], dtype="Int64"),
                "Birthdate": ["1990-01-31"] * ROWS,
                "Salary__c": [n / 4 for n in range(ROWS)],
                "MailingPostalCode": [f"{n:05}" for n in range(ROWS)],
                "FirstName": [None, "null", "NA", "-"] * (ROWS // 4),
                "Account.Account_Key__c": ["A", None] * (ROWS // 2),
            }
        )
        assert org.insert(frame, "Contact").counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


@pytest.fixture
def plain(org):
    """The rows as one query fetches them."""
    return org.query_arrow(SOQL, plan="locator")


@pytest.fixture
def short(monkeypatch, plain):
    """Let client and org take short queries alone; join rows in many ranges, read Ids again two at a time."""
    monkeypatch.setattr(groups, "MAX_SOQL_CHARS", 175)
    monkeypatch.setattr(groups, "SPARE_CHARS", 60)
    monkeypatch.setattr(local_parse, "MAX_SOQL_CHARS", 175)
    monkeypatch.setattr(again, "_IDS_A_QUERY", 2)
    monkeypatch.setattr(run, "_SPAN_BYTES", 5_000)
    monkeypatch.setattr(choice, "SMALL_ROWS", -1)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the folder in which temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]


def jobs_made(local, since):
    return [each for each in local.exchanges[since:] if each.method == "POST" and each.path.endswith("/jobs/query")]


def rows_of(table):
    return table.sort_by("LastName").to_pylist()


def facts_of(table):
    return json.loads(table.schema.metadata[b"sfbulk"])


def at_job(number, act):
    """Return a listener that acts when so many query jobs have been made."""
    made = []

    def listen(event):
        if isinstance(event, QueryStarted):
            made.append(event)
            if len(made) == number:
                act(event)

    return listen


def refuse_page(local, *, after_jobs):
    """Return a listener after which Salesforce refuses a page of the next job."""
    return at_job(
        after_jobs,
        lambda _: local.faults.on("GET", "results", fault=NO_MORE),
    )


# The same rows


@pytest.mark.parametrize("plan", PLANS)
def test_the_rows_are_those_of_one_query(org, plain, short, temporary, plan):
    table = org.query_arrow(SOQL, plan=plan, chunk_rows=200)
    assert table.schema.equals(plain.schema)
    assert rows_of(table) == rows_of(plain)
    facts = facts_of(table)
    assert facts["query"] == SOQL
    assert (facts["rows"], facts["plan"]) == (ROWS, "result_pages" if plan == "auto" else plan)
    assert f"too long for one query, so {GROUPS} groups of columns, joined by Id" in facts["reason"]
    assert len(set(facts["job_ids"])) == len(facts["job_ids"]) >= GROUPS
    assert facts["pages"] >= GROUPS
    assert files_in(temporary) == []


def test_a_frame_and_a_stream_hold_the_same(org, plain, short, temporary):
    frame = org.query(SOQL, plan="locator")
    assert frame.dtypes.to_dict() == to_pandas(plain).dtypes.to_dict()
    assert frame.attrs["sfbulk"]["rows"] == len(frame) == ROWS
    with org.query_batches(SOQL) as stream:
        assert stream.schema.equals(plain.schema.remove_metadata())
        batches = list(stream)
    assert len(batches) > 5
    assert max(batch.nbytes for batch in batches) < 10_000
    assert rows_of(pa.Table.from_batches(batches)) == rows_of(plain)
    assert files_in(temporary) == []


def test_files_hold_the_same(org, plain, short, tmp_path):
    folder = org.query_parquet(SOQL, tmp_path / "contacts", rows_per_file=250)
    table = folder.dataset().to_table()
    assert table.schema.equals(plain.schema.remove_metadata())
    assert rows_of(table) == rows_of(plain)
    assert (folder.rows, folder.details["rows"], folder.details["query"]) == (ROWS, ROWS, SOQL)
    assert len(folder.details["job_ids"]) == GROUPS
    by_day = org.query_parquet(SOQL, tmp_path / "by_child", partition_by="Children__c")
    assert rows_of(by_day.dataset().to_table().select(plain.column_names)) == rows_of(plain)
    path = org.query_csv(SOQL, tmp_path / "contacts.csv", plan="locator")
    texts = pd.read_csv(path, dtype=str, keep_default_na=False).sort_values("LastName").to_dict("list")
    assert texts["MailingPostalCode"] == [f"{n:05}" for n in range(ROWS)]
    assert texts["FirstName"] == ["", "null", "NA", "-"] * (ROWS // 4)
    assert texts["Birthdate"] == ["1990-01-31"] * ROWS
    assert {text[-1] for text in texts["CreatedDate"]} == {"Z"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["by_child", "contacts", "contacts.csv"]


def test_types_on_request_are_joined_too(org, plain, short):
    soql = SOQL.replace("Email", "LeadSource")
    options = {"decimals": True, "categories": True, "plan": "locator"}
    table = org.query_arrow(soql, **options)
    assert [str(table.schema.field(name).type) for name in ("Salary__c", "LeadSource")] == [
        "decimal128(18, 2)",
        "dictionary<values=string, indices=int32, ordered=0>",
    ]
    assert [str(each) for each in table.sort_by("LastName").column("Salary__c").to_pylist()[:3]] == [
        "0.00",
        "0.25",
        "0.50",
    ]


def test_no_rows_are_typed_the_same(org, plain, short, tmp_path):
    soql = SOQL.replace("Name%", "No")
    assert org.query_arrow(soql).schema.equals(plain.schema)
    folder = org.query_parquet(soql, tmp_path / "none")
    assert (folder.rows, folder.dataset().schema.names) == (0, plain.column_names)


def test_the_keys_come_where_they_are_asked_for(org, short):
    soql = SOQL.replace("LastName, Children__c", "c.SystemModstamp, LastName, c.Id").replace("Contact", "Contact c")
    table = org.query_arrow(soql)
    assert table.column_names[:3] == ["SystemModstamp", "LastName", "Id"]
    assert len(set(table.column("Id").to_pylist())) == ROWS


# What happens to records meanwhile


@pytest.fixture
def touched(local, org):
    """Return contacts of their own that are changed between groups, and put everything back."""
    made = org.insert(pd.DataFrame({"LastName": ["Name a", "Name b", "Name c"], "FirstName": ["old"] * 3}), "Contact")
    ids = made.successful.set_index("LastName")["sf__Id"]
    yield ids
    left = org.query("SELECT Id FROM Contact WHERE LastName > 'Name a'", plan="rest")
    assert org.delete(pd.concat([left, pd.DataFrame({"Id": ids[["Name a"]]})]), "Contact").counts["successful"]
    local.empty_recycle_bin()


def change(org, ids):
    """Delete one record, change another and make a third, later than they were made."""
    AHEAD[0] += 2
    assert org.delete(pd.DataFrame({"Id": ids[["Name b"]]}), "Contact").failed.empty
    frame = pd.DataFrame({"Id": ids[["Name c"]], "FirstName": ["new"], "LastName": ["Name d"]})
    assert org.update(frame, "Contact").failed.empty
    assert org.insert(pd.DataFrame({"LastName": ["Name e"]}), "Contact").failed.empty


@pytest.mark.parametrize("way", ["arrow", "parquet"])
def test_records_that_change_between_groups_are_read_again(org, short, touched, tmp_path, caplog, way):
    listen = at_job(2, lambda _: change(org, touched))
    with caplog.at_level(logging.WARNING, "sfbulk_pandas"):
        if way == "arrow":
            table = org.query_arrow(SOQL, plan="locator", progress=listen)
            assert len(facts_of(table)["job_ids"]) == GROUPS * 3  # three records are read again, two at a time
        else:
            table = org.query_parquet(SOQL, tmp_path / "c", plan="locator", progress=listen).dataset().to_table()
    found = table.filter(pc.greater(table.column("LastName"), "Name 999")).sort_by("LastName")
    assert found.select(["LastName", "FirstName"]).to_pylist() == [
        {"LastName": "Name a", "FirstName": "old"},
        {"LastName": "Name d", "FirstName": "new"},
        {"LastName": "Name e", "FirstName": None},
    ]
    assert table.num_rows == ROWS + 3
    assert "3 record(s) were changed, made or deleted while their columns were fetched" in caplog.text
    assert "2 of them are there" in caplog.text


def test_deleted_records_come_as_such_with_query_all(org, short, touched):
    soql = SOQL.replace("AccountId", "IsDeleted")
    listen = at_job(2, lambda _: change(org, touched))
    table = org.query_arrow(soql, plan="locator", query_all=True, progress=listen)
    deleted = dict(zip(table.column("LastName").to_pylist(), table.column("IsDeleted").to_pylist(), strict=True))
    assert [deleted.get(f"Name {letter}") for letter in "abcde"] == [False, True, None, False, False]


def test_a_record_that_changes_each_time_is_an_error_that_names_it(org, short, touched):
    def change_always(event):
        if isinstance(event, QueryStarted):
            AHEAD[0] += 2
            org.update(pd.DataFrame({"Id": touched[["Name a"]], "FirstName": [str(AHEAD)]}), "Contact")

    with pytest.raises(
        sfbulk.IncompleteResult, match=rf"1 record\(s\), such as {touched['Name a']}, were changed"
    ) as caught:
        org.query_arrow(SOQL, plan="locator", progress=change_always)
    assert caught.value.partial.num_rows == ROWS + 2


def test_more_changes_than_can_be_read_again_are_an_error(local, org, short, touched, monkeypatch, temporary):
    monkeypatch.setattr(again, "MOST_RECORDS", 2)
    since = len(local.exchanges)
    with pytest.raises(sfbulk.IncompleteResult, match=r"more than 2 record\(s\), such as .* in 3 groups") as caught:
        org.query_arrow(SOQL, plan="locator", progress=at_job(2, lambda _: change(org, touched)))
    assert "select fewer fields" in caught.value.hint
    assert len([each for each in jobs_made(local, since) if "/jobs/query" in each.path]) == GROUPS
    assert files_in(temporary) == []


# Cells that have no value of their type


def test_bad_cells_are_told_under_the_rows_of_the_result(org, local, short):
    soql = "SELECT Children__c, Birthdate, Salary__c, Newsletter__c, FirstName, Email, Title, Department, Phone, Fax,"
    soql += " HomePhone FROM Contact WHERE (LastName = 'Name 001' OR (LastName = 'Name 002'))"
    assert len(soql) > groups.MAX_SOQL_CHARS
    frame = org.query("SELECT Id, SystemModstamp FROM Contact WHERE LastName IN ('Name 001', 'Name 002')", plan="rest")
    stamps = frame["SystemModstamp"].dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    first, second = frame["Id"]

    def answer(event):
        if not isinstance(event, QueryStarted):
            return
        sent = local.state.jobs.get(event.job.id).soql
        names = [name.strip() for name in sent[len("SELECT ") : sent.index(" FROM")].split(",")]
        rows = [
            {"Id": first, "SystemModstamp": stamps[0], "Children__c": "5.5", "Birthdate": "soon"},
            {"Id": second, "SystemModstamp": stamps[1], "Children__c": "7", "Birthdate": "2020-01-01"},
        ]
        lines = [names, *([row.get(name, "") for name in names] for row in rows)]
        body = "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)
        answer = Faults.answer(200, body, Sforce_NumberOfRecords="2", Sforce_Locator="null")
        local.faults.on("GET", "results", fault=answer)

    with pytest.warns(UserWarning, match="1 cell.* Birthdate 'soon'"):
        table = org.query_arrow(soql, plan="locator", progress=answer)
    row = table.column("Birthdate").to_pylist().index(None)
    assert table.column("Children__c").to_pylist()[row] == 5.5  # in memory, the whole column becomes double
    assert sfbulk.bad_cells(table).to_dict("records") == [
        {"row": row, "Id": first, "column": "Birthdate", "text": "soon"}
    ]


# Stopped and gone on with


@pytest.mark.parametrize("way", ["parquet", "spool"])
def test_the_same_call_goes_on_at_the_group_and_page_it_was_at(local, org, plain, short, tmp_path, way):
    def call(**options):
        if way == "parquet":
            return org.query_parquet(SOQL, tmp_path / "c", plan="locator", **options).dataset().to_table()
        return org.query_arrow(SOQL, spool=tmp_path / "spool", plan="locator", **options)

    with pytest.raises(sfbulk.ApiError, match="no more") as caught:
        call(progress=refuse_page(local, after_jobs=2))
    assert any("the same call goes on from there" in note for note in caught.value.__notes__)
    since = len(local.exchanges)
    assert rows_of(call()) == rows_of(plain)
    assert len(jobs_made(local, since)) == 1  # that of the third group
    assert {path.name for path in tmp_path.iterdir()} == ({"c"} if way == "parquet" else set())


def test_a_join_that_was_stopped_begins_anew_without_a_request(local, org, plain, short, tmp_path, monkeypatch):
    joined = []

    def stopped(tables, schema):
        joined.append(tables)
        if len(joined) == 9:
            raise KeyboardInterrupt
        return join_columns(tables, schema)

    join_columns = run.join_columns
    monkeypatch.setattr(run, "join_columns", stopped)
    call = {"plan": "locator", "rows_per_file": 50}
    with pytest.raises(KeyboardInterrupt):
        org.query_parquet(SOQL, tmp_path / "c", **call)
    assert list((tmp_path / ".c.partial" / "rows").iterdir())
    since = len(local.exchanges)
    folder = org.query_parquet(SOQL, tmp_path / "c", **call)
    assert rows_of(folder.dataset().to_table()) == rows_of(plain)
    assert len(local.exchanges) == since
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_another_query_does_not_go_on_with_it_unless_it_is_thrown_away(local, org, short, tmp_path):
    with pytest.raises(sfbulk.ApiError):
        org.query_parquet(SOQL, tmp_path / "c", plan="locator", progress=refuse_page(local, after_jobs=2))
    other = SOQL.replace("LIKE 'Name%'", "= 'Name 007'")
    with pytest.raises(sfbulk.UsageError, match="part of another extract: its query"):
        org.query_parquet(other, tmp_path / "c", plan="locator")
    assert org.query_parquet(other, tmp_path / "c", plan="locator", restart=True).rows == 1


@pytest.mark.parametrize("way", ["query_arrow", "query_batches", "query_csv"])
def test_what_nothing_goes_on_with_leaves_nothing(org, local, short, tmp_path, temporary, way):
    arguments = (SOQL, tmp_path / "c.csv") if way == "query_csv" else (SOQL,)

    def call():
        result = getattr(org, way)(*arguments, plan="locator", progress=refuse_page(local, after_jobs=2))
        result.read_all()  # of a stream: the others have raised by then

    with pytest.raises(sfbulk.ApiError, match="no more"):
        call()
    assert files_in(tmp_path) == []
    assert not [each for each in threading.enumerate() if each.name.startswith("sfbulk-")]


def test_a_stream_that_is_closed_early_leaves_nothing(org, short, temporary):
    with org.query_batches(SOQL, plan="locator") as stream:
        assert stream.read_next_batch().num_rows
        assert files_in(temporary)
    assert files_in(temporary) == []


@pytest.mark.parametrize(("on_stop", "state"), [(None, "Aborted"), ("leave", "UploadComplete")])
def test_jobs_that_still_run_are_aborted_or_left(short, on_stop, state):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        no = '[{"errorCode": "INVALID", "message": "no more"}]'
        refuse = at_job(1, lambda _: local.faults.on("GET", "jobs/query/*", fault=Faults.answer(400, no)))
        with pytest.raises(sfbulk.ApiError, match="no more"):
            org.query_arrow(SOQL, plan="locator", on_stop=on_stop, progress=refuse)
        assert org.jobs()["state"].tolist() == [state]


def finish(local, org, error):
    """Let the job end that was waited for."""
    while org.job(error.job_ids[0]).state != "JobComplete":
        local.advance()


@pytest.mark.parametrize("way", ["arrow", "parquet"])
def test_waiting_can_be_given_up_and_taken_up_again_with_the_same_jobs(short, tmp_path, way):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        since = len(local.exchanges)
        options = {"plan": "locator", "wait_seconds": 0.01}
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.query_arrow(SOQL, **options) if way == "arrow" else org.query_parquet(SOQL, tmp_path / "c", **options)
        error = caught.value
        for _ in range(GROUPS - 1):
            finish(local, org, error)
            with pytest.raises(sfbulk.StillRunning) as caught:
                error.resume(0.01)
            error = caught.value
        finish(local, org, error)
        result = error.resume()
        assert (result.num_rows if way == "arrow" else result.rows) == 0
        assert len(jobs_made(local, since)) == GROUPS


# Refused


@pytest.mark.parametrize(
    ("tail", "options", "said"),
    [
        (" ORDER BY LastName", {}, "cannot be shared out over several with ORDER BY"),
        (" LIMIT 5", {}, "with LIMIT"),
        (" GROUP BY LastName", {}, "with GROUP BY"),
        ("", {"plan": "rest"}, "too long for plan='rest'"),
        (f" AND FirstName != '{'x' * 60}'", {}, "no query within the limits holds"),
    ],
)
def test_what_groups_cannot_give_is_refused_before_anything_is_sent(local, org, short, tmp_path, tail, options, said):
    org.query("SELECT Id FROM Contact LIMIT 1")  # so that the describe is known
    since = len(local.exchanges)
    for call in (org.query, org.query_batches, org.explain):
        with pytest.raises(sfbulk.UsageError, match=said):
            call(SOQL + tail, **options)
    with pytest.raises(sfbulk.UsageError, match=said):
        org.query_parquet(SOQL + tail, tmp_path / "c", **options)
    assert len(local.exchanges) == since


def test_an_explanation_counts_all_groups(org, short, monkeypatch):
    explained = org.explain(SOQL, plan="locator")
    assert f"{GROUPS} groups of columns" in explained.reason
    assert explained.query == SOQL
    monkeypatch.undo()
    assert explained.pages == GROUPS * org.explain(SOQL, plan="locator").pages
    assert explained.api_calls == GROUPS * org.explain(SOQL, plan="locator").api_calls


def test_the_others_are_fetched_as_the_first(org, local, short):
    local.fail_queries()  # one job takes too long: ranges of Ids
    chosen = []
    listen = lambda event: chosen.append(event.plan) if isinstance(event, PlanChosen) else None  # noqa: E731
    table = org.query_arrow(SOQL, chunk_rows=300, progress=listen)
    assert chosen == ["result_pages", *["id_ranges"] * GROUPS]
    assert table.num_rows == ROWS
    assert "took too long" in facts_of(table)["reason"]


# At full size


def test_an_object_of_more_fields_than_one_query_names():
    names = [
        f"A_field_with_a_name_as_long_as_only_packages_have_them_and_then_a_few_more_{n:04}__c" for n in range(1_400)
    ]
    fields = [{"name": name, "type": "double" if n % 2 else "string", "length": 40} for n, name in enumerate(names)]
    name = {"name": "Name", "type": "string", "length": 80}
    describe = full_describe({"name": "Wide__c", "keyPrefix": "a0W", "fields": [name, *fields]})
    assert sum(map(len, names)) > MAX_SOQL_CHARS
    with (
        LocalOrg(describes=[describe]) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        frame = pd.DataFrame({"Name": ["a", "b", "c"], names[0]: ["00123", "NA", None], names[-1]: [1.5, None, -2.0]})
        assert org.insert(frame, "Wide__c").failed.empty
        table = org.query_arrow("SELECT * FROM Wide__c")
        assert table.num_columns > 1_400
        assert table.select(["Name", names[0], names[-1]]).sort_by("Name").to_pydict() == {
            "Name": ["a", "b", "c"],
            names[0]: ["00123", "NA", None],
            names[-1]: [1.5, None, -2.0],
        }
        assert len(facts_of(table)["job_ids"]) == 2
