"""Rows to Parquet and CSV, pages kept on disk: complete or not there; what was stopped goes on with the same call."""

import json
import threading

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.plans import choice
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.progress.events import PageRead, QueryStarted
from sfbulk_pandas.sinks.stream import BatchStream
from sfbulk_pandas.wire.query_v1 import build_state_v1

NO_MORE = Faults.answer(400, '[{"errorCode": "INVALID", "message": "no more"}]')
FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
SOQL = "SELECT Id, LastName, Children__c, Birthdate, CreatedDate, Account.Name FROM Contact"
ROWS = 1_000
SMALL = {"page_rows": 300, "rows_per_file": 120, "plan": "locator"}
PAGES = {"page_rows": 300, "plan": "locator"}


@pytest.fixture(autouse=True)
def _jobs_also_for_few_rows(monkeypatch):
    monkeypatch.setattr(choice, "SMALL_ROWS", -1)


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        pd.DataFrame({"Account_Key__c": ["A"], "Name": ['Acmé, "Inc"\nLtd']}).sfbulk.insert("Account", org=org)
        frame = pd.DataFrame(
            {
                "LastName": [f"Name {n % 3}" for n in range(ROWS)],
                "Children__c": pd.array([n % 5 or None for n in range(ROWS)], dtype="Int64"),
                "Birthdate": ["1990-01-31"] * ROWS,
                "Account.Account_Key__c": ["A", None] * (ROWS // 2),
            }
        )
        assert org.insert(frame, "Contact").counts["successful"] == ROWS
        yield local


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        yield org


def rows_of(table):
    return table.sort_by("Id").to_pylist()


def stopped(local, call, *, page=2, path="results"):
    """Make a call that Salesforce stops after so many pages; return the error."""

    def refuse(event):
        if isinstance(event, PageRead) and event.page == page:
            local.faults.on("GET", path, fault=NO_MORE)

    with pytest.raises(sfbulk.ApiError, match="no more") as caught:
        call(progress=refuse, parallel_pages=1)
    return caught.value


def asked_for(local, before, part):
    return [each.path for each in local.exchanges[before:] if part in each.path]


def made_jobs(local, before):
    return [
        each for each in local.exchanges[before:] if (each.method, each.path.rpartition("/")[2]) == ("POST", "query")
    ]


# Parquet


def test_a_folder_holds_the_rows_of_the_query_for_everybody(org, tmp_path):
    plain = org.query_arrow(SOQL)
    folder = org.query_parquet(SOQL, tmp_path / "contacts", **SMALL)
    table = folder.dataset().to_table()
    assert table.schema.equals(plain.schema)
    assert rows_of(table) == rows_of(plain)
    assert (folder.rows, len(folder.details["files"])) == (ROWS, 9)
    files = str(tmp_path / "contacts" / "*.parquet")
    assert pl.scan_parquet(files).select(pl.len()).collect().item() == ROWS
    total = duckdb.sql(f"SELECT count(*), sum(Children__c) FROM '{files}'").fetchall()
    assert total == [(ROWS, sum(row["Children__c"] or 0 for row in plain.to_pylist()))]
    assert len(pd.read_parquet(folder)) == ROWS


def test_a_stream_is_consumed_by_polars_and_duckdb(org, tmp_path):
    with org.query_batches(SOQL, spool=tmp_path / "spool", **PAGES) as stream:
        assert pl.DataFrame(stream).height == ROWS
    with org.query_batches(SOQL, spool=tmp_path / "spool", **PAGES) as stream:  # named in the query below
        assert duckdb.sql("SELECT count(DISTINCT Id) FROM stream").fetchall() == [(ROWS,)]
    assert list(tmp_path.iterdir()) == []


def test_a_stream_without_rows_is_empty_and_one_that_was_read_or_stopped_says_so(local, org):
    with org.query_batches(SOQL + " WHERE LastName = 'nobody'", **PAGES) as stream:
        assert pl.DataFrame(stream).height == 0
    with org.query_batches(SOQL, **PAGES) as stream:
        assert sum(batch.num_rows for batch in stream) == ROWS
        assert list(stream) == []
        assert stream.read_all().num_rows == 0
        for consume in (pl.DataFrame, pa.RecordBatchReader.from_stream):
            with pytest.raises(sfbulk.UsageError, match="read or stopped already"):
                consume(stream)
    with org.query_batches(SOQL, **PAGES) as stream:
        assert next(stream).num_rows
    with org.query_batches(SOQL, **PAGES) as unread:
        pass
    with org.query_batches(SOQL, **PAGES) as failed:
        local.faults.on("GET", "results", fault=NO_MORE)
        with pytest.raises(sfbulk.ApiError, match="no more"):
            failed.read_all()
    for stopped in (stream, unread, failed):
        for read in (next, list, BatchStream.read_all):
            with pytest.raises(sfbulk.UsageError, match="stopped before its end") as caught:
                read(stopped)
            assert "run the query again" in caught.value.hint
        with pytest.raises(sfbulk.UsageError, match="read or stopped already"):
            pa.RecordBatchReader.from_stream(stopped)


def test_the_folder_says_where_its_rows_come_from(org, tmp_path):
    jobs = []
    folder = org.query_parquet(
        SOQL, tmp_path / "c", progress=lambda event: jobs.append(event.job.id) if isinstance(event, QueryStarted) else 0
    )
    details = json.loads((tmp_path / "c" / "_sfbulk.json").read_text())
    assert details["query"] == SOQL
    assert details["org_id"].startswith("00D")
    assert (details["plan"], details["job_ids"]) == ("result_pages", jobs)
    assert details["reason"] == "Contact has about 1,000 records: one job, its pages read side by side"
    assert json.loads(pq.read_schema(tmp_path / "c" / "part-00000.parquet").metadata[b"sfbulk"])["job_ids"] == jobs
    assert repr(folder).startswith("<1,000 rows in 1 file(s) of ")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("MailingPostalCode", ["01067", "80331", None]),
        ("Children__c", [7, 12, None]),
        ("Birthdate", ["1990-01-31", "2001-12-01", None]),
        ("HasOptedOutOfEmail", [True, False, True]),
    ],
)
@pytest.mark.parametrize("categories", [False, True])
def test_a_folder_divided_by_a_column_goes_back_with_the_values_that_came(tmp_path, name, values, categories):
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        frame = pd.DataFrame({"LastName": list("abc"), name: pd.Series(values, dtype=object)})
        assert org.insert(frame, "Contact").counts["successful"] == 3
        stored = local.records("Contact").sort_by("LastName")[name]
        soql = f"SELECT Id, LastName, {name} FROM Contact"
        folder = org.query_parquet(soql, tmp_path / "rows", partition_by=name, categories=categories)
        result = org.upsert(folder, "Contact", external_id_field="Id", nulls="clear")
        assert result.counts["successful"] == 3
        assert result.successful[name].dtype == pd.ArrowDtype(folder.dataset().schema.field(name).type)
        assert local.records("Contact").sort_by("LastName")[name].to_pylist() == stored.to_pylist()


@pytest.mark.parametrize("partition_by", [None, "LastName"])
def test_no_rows_are_a_folder_with_a_schema(org, tmp_path, partition_by):
    soql = f"{SOQL} WHERE LastName = 'nobody'"
    folder = org.query_parquet(soql, tmp_path / "none", partition_by=partition_by)
    assert folder.rows == 0
    assert folder.dataset().to_table().schema.equals(org.query_arrow(soql).schema)


def test_folders_by_the_values_of_a_column(org, tmp_path):
    folder = org.query_parquet(SOQL, tmp_path / "by", partition_by="lastname", categories=True)
    assert sorted(path.name for path in folder.path.iterdir() if path.is_dir()) == [
        f"LastName=Name%20{n}" for n in range(3)
    ]
    assert rows_of(folder.dataset().to_table()) == rows_of(org.query_arrow(SOQL))


def test_what_is_there_already_is_refused_before_anything_is_sent(local, org, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    before = len(local.exchanges)
    with pytest.raises(sfbulk.UsageError, match="there already"):
        org.query_parquet(SOQL, tmp_path)
    with pytest.raises(sfbulk.UsageError, match="there already"):
        org.query_csv(SOQL, tmp_path / "mine.txt")
    with pytest.raises(sfbulk.UsageError, match="there already"):
        org.query_csv(SOQL, tmp_path, overwrite=True)
    assert len(local.exchanges) == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_old_folder_stands_until_the_new_one_is_whole(local, org, tmp_path):
    path = tmp_path / "contacts"
    org.query_parquet(f"{SOQL} WHERE Children__c = 1", path)
    stopped(local, lambda **options: org.query_parquet(SOQL, path, overwrite=True, **SMALL, **options))
    assert pq.read_table(path).num_rows == ROWS // 5
    with pytest.raises(sfbulk.UsageError, match="there already"):
        org.query_parquet(SOQL, path, **SMALL)
    assert org.query_parquet(SOQL, path, overwrite=True, **SMALL).rows == ROWS
    assert pq.read_table(path).num_rows == ROWS
    assert [each.name for each in tmp_path.iterdir()] == ["contacts"]


def test_the_same_call_goes_on_with_the_same_job_and_reads_no_page_twice(local, org, tmp_path):
    before = len(local.exchanges)
    error = stopped(local, lambda **options: org.query_parquet(SOQL, tmp_path / "c", **SMALL, **options))
    assert any("the same call goes on from there" in note for note in error.__notes__)
    assert [path.name for path in tmp_path.iterdir()] == [".c.partial"]
    again = len(local.exchanges)
    folder = org.query_parquet(SOQL, tmp_path / "c", **SMALL)
    assert rows_of(folder.dataset().to_table()) == rows_of(org.query_arrow(SOQL))
    assert len(made_jobs(local, before)) == 2  # that of the folder, and that of the comparison
    (job_id,) = folder.details["job_ids"]
    assert len([path for path in asked_for(local, again, "/results") if job_id in path]) == 2  # the third and fourth


def test_another_query_is_refused_and_begins_anew_on_request(local, org, tmp_path):
    stopped(local, lambda **options: org.query_parquet(SOQL, tmp_path / "c", **SMALL, **options))
    before = len(local.exchanges)
    for other in (
        lambda **options: org.query_parquet(SOQL + " LIMIT 9", tmp_path / "c", **SMALL, **options),
        lambda **options: org.query_parquet(SOQL, tmp_path / "c", **SMALL | {"page_rows": 9}, **options),
    ):
        with pytest.raises(sfbulk.UsageError, match=r"part of another extract(.|\n)*restart=True"):
            other()
    assert made_jobs(local, before) == []
    assert org.query_parquet(SOQL + " LIMIT 9", tmp_path / "c", restart=True).rows == 9


def test_a_result_that_is_gone_is_an_error_where_half_of_it_is_on_disk(local, org, tmp_path):
    stopped(local, lambda **options: org.query_parquet(SOQL, tmp_path / "c", **SMALL, **options))
    org.delete_job(org.jobs()["id"][0])
    with pytest.raises(sfbulk.NotFound, match="restart=True"):
        org.query_parquet(SOQL, tmp_path / "c", **SMALL)
    assert org.query_parquet(SOQL, tmp_path / "c", restart=True, **SMALL).rows == ROWS


@pytest.mark.parametrize("end", ["deleted", "aborted"])
def test_a_job_that_is_of_no_use_any_more_is_made_anew_where_nothing_is_on_disk(tmp_path, caplog, end):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.query_parquet("SELECT Id FROM User", tmp_path / "c", wait_seconds=0.01)
        (job_id,) = caught.value.job_ids
        org.abort(job_id)
        if end == "deleted":
            org.delete_job(job_id)
        stop = threading.Event()

        def advance():
            while not stop.wait(0.02):
                local.advance()

        advancing = threading.Thread(target=advance)
        advancing.start()
        folder = org.query_parquet("SELECT Id FROM User", tmp_path / "c")
        stop.set()
        advancing.join()
        assert folder.rows == local.records("User").num_rows
        assert folder.details["job_ids"] != [job_id]
        assert "begins anew" in caplog.text


def test_a_job_some_of_whose_rows_have_come_before_it_was_found_aborted_needs_a_restart(local, org, tmp_path):
    options = {"plan": "pk_chunks", "chunk_rows": 100}
    local.faults.on("GET", "batch", fault=NO_MORE)
    with pytest.raises(sfbulk.ApiError, match="no more"):
        org.query_parquet(SOQL, tmp_path / "c", **options)
    notes = [json.loads(line) for line in (tmp_path / ".c.partial" / "checkpoint.jsonl").read_text().splitlines()]
    job_id = next(line["memory"]["job_id"] for line in notes if "job_id" in line.get("memory", {}))
    org._session.send(build_state_v1("66.0", job_id, "Aborted"))
    for _ in range(2):
        with pytest.raises(sfbulk.JobAborted, match=job_id) as caught:
            org.query_parquet(SOQL, tmp_path / "c", **options)
        assert "restart=True" in caught.value.hint
    folder = org.query_parquet(SOQL, tmp_path / "c", restart=True, **options)
    assert folder.rows == ROWS
    assert job_id not in folder.details["job_ids"]


def test_a_query_that_fails_leaves_nothing(local, org, tmp_path):
    local.fail_queries("INVALID_QUERY_FILTER_OPERATOR: no")
    with pytest.raises(sfbulk.JobFailed):
        org.query_parquet(SOQL, tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_waiting_can_be_given_up_and_taken_up_again(tmp_path):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        options = {"wait_seconds": 0.01, "restart": True}
        calls = {
            "folder": lambda: org.query_parquet("SELECT Id FROM User", tmp_path / "folder", **options),
            "file.csv": lambda: org.query_csv("SELECT Id FROM User", tmp_path / "file.csv", **options),
        }
        for name, call in calls.items():
            with pytest.raises(sfbulk.StillRunning) as caught:
                call()
            assert not (tmp_path / name).exists()
            while org.job(caught.value.job_ids[0]).state != "JobComplete":
                local.advance()
            before = len(local.exchanges)
            assert (tmp_path / name).resolve() == type(tmp_path)(caught.value.resume())
            assert made_jobs(local, before) == []
            assert (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("way", "on_stop", "state"),
    [
        ("parquet", None, "InProgress"),
        ("parquet", "abort", "Aborted"),
        ("csv", None, "Aborted"),
        ("csv", "leave", "InProgress"),
    ],
)
def test_jobs_that_still_run_are_aborted_or_left(tmp_path, way, on_stop, state):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        threads = threading.active_count()

        def refuse(event):
            if isinstance(event, QueryStarted):
                local.advance(event.job.id)
                local.faults.on("GET", "jobs/query/*", fault=NO_MORE)

        call = org.query_parquet if way == "parquet" else org.query_csv
        with pytest.raises(sfbulk.ApiError, match="no more"):
            call("SELECT Id FROM User", tmp_path / "c", on_stop=on_stop, progress=refuse)
        (found,) = org.jobs()["state"].str.replace("UploadComplete", "InProgress")
        assert found == state
        assert threading.active_count() <= threads + 1  # the local org's own
        assert [path.name for path in tmp_path.iterdir()] == ([".c.partial"] if way == "parquet" else [])


def test_two_at_once_are_refused(org, tmp_path):
    for call, path in ((org.query_parquet, tmp_path / "c"), (org.query_csv, tmp_path / "c.csv")):
        refused = []

        def meanwhile(event, call=call, path=path, refused=refused):
            if isinstance(event, QueryStarted):
                with pytest.raises(sfbulk.JournalBusy, match="another extract"):
                    call(SOQL, path, progress=False)
                refused.append(event)

        call(SOQL, path, progress=meanwhile)
        assert len(refused) == 1
    assert pq.read_table(tmp_path / "c").num_rows == ROWS


def test_bad_cells_are_beside_the_rows(local, org, tmp_path):
    body = "Id,LastName,Children__c\n003000000000001AAA,A,many\n003000000000002AAA,B,2\n"
    soql = "SELECT Id, LastName, Children__c FROM Contact LIMIT 2"
    local.faults.on("GET", "results", fault=Faults.answer(200, body, Sforce_NumberOfRecords="2"))
    with pytest.warns(UserWarning, match="Children__c 'many'"):
        folder = org.query_parquet(soql, tmp_path / "c", plan="locator")
    assert sfbulk.bad_cells(folder).to_dict("records") == [
        {"row": 0, "Id": "003000000000001AAA", "column": "Children__c", "text": "many"}
    ]
    assert folder.details["bad_cells"] == 1
    assert folder.dataset().to_table().column("Children__c").to_pylist() == [None, 2]


@pytest.mark.parametrize("path", ["s3://bucket/contacts", "/"])
def test_paths_that_name_no_place_here_are_refused(org, path):
    for call in (org.query_parquet, org.query_csv):
        with pytest.raises(sfbulk.UsageError, match=r"no path|names no"):
            call(SOQL, path)


def test_options_that_do_not_fit_are_refused(local, org, tmp_path):
    before = len(local.exchanges)
    for call, options in (
        (org.query_parquet, {"spool": tmp_path / "spool"}),
        (org.query_parquet, {"rows_per_file": 0}),
        (org.query_parquet, {"partition_by": "Nowhere"}),
        (org.query_parquet, {"on_stop": "wait"}),
        (org.query_csv, {"decimals": True}),
    ):
        with pytest.raises(sfbulk.UsageError):
            call(SOQL, tmp_path / "c", **options)
    assert made_jobs(local, before) == []
    assert list(tmp_path.iterdir()) == []


def test_rest_queries_begin_anew_as_their_pages_are_not_kept_by_salesforce(tmp_path, caplog):
    """Rows may have changed meanwhile: half of one answer and half of another are no result."""
    soql, options = "SELECT Id, LastName FROM Contact", {"plan": "rest", "rows_per_file": 500}
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        org.insert(pd.DataFrame({"LastName": ["old"] * 2_500}), "Contact", progress=False)
        stopped(
            local,
            lambda **more: org.query_parquet(soql, tmp_path / "c", **options, **more),
            page=1,
            path="v66.0/query/*",
        )
        frame = org.query("SELECT Id FROM Contact").assign(LastName="new")
        org.update(frame, "Contact", progress=False)
        folder = org.query_parquet(soql, tmp_path / "c", **options)
    assert set(folder.dataset().to_table()["LastName"].to_pylist()) == {"new"}
    assert folder.rows == 2_500
    assert "begins anew" in caplog.text


# CSV


@pytest.mark.parametrize("plan", ["locator", "rest"])
def test_a_csv_holds_the_texts_of_salesforce(local, org, tmp_path, plan):
    path = sfbulk.query_csv(SOQL, tmp_path / "contacts.csv", org=org, plan=plan)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).sort_values("Id", ignore_index=True)
    assert list(frame) == SOQL.removeprefix("SELECT ").partition(" FROM")[0].split(", ")
    table = org.query_arrow(SOQL).sort_by("Id")
    assert frame["Id"].tolist() == table["Id"].to_pylist()
    assert frame["Children__c"].tolist() == [str(each or "") for each in table["Children__c"].to_pylist()]
    assert set(frame["Birthdate"]) == {"1990-01-31"}
    moments = [
        each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in table["CreatedDate"].to_pylist()
    ]
    assert frame["CreatedDate"].tolist() == moments
    assert set(frame["Account.Name"]) == {"", 'Acmé, "Inc"\nLtd'}
    assert [each.name for each in tmp_path.iterdir()] == ["contacts.csv"]


def test_a_csv_that_is_stopped_leaves_nothing_and_the_old_one_stands(local, org, tmp_path):
    path = tmp_path / "c.csv"
    org.query_csv(f"{SOQL} LIMIT 1", path)
    old = path.read_bytes()
    stopped(local, lambda **options: org.query_csv(SOQL, path, overwrite=True, **PAGES, **options))
    assert path.read_bytes() == old
    assert [each.name for each in tmp_path.iterdir()] == ["c.csv"]
    org.query_csv(SOQL, path, overwrite=True, **PAGES)
    assert len(pd.read_csv(path)) == ROWS


# Pages kept on disk


WAYS = {
    "query_arrow": lambda org, path, **options: org.query_arrow(SOQL, **options),
    "query": lambda org, path, **options: org.query(SOQL, **options),
    "query_batches": lambda org, path, **options: org.query_batches(SOQL, **options).read_all(),
    "query_csv": lambda org, path, **options: pd.read_csv(org.query_csv(SOQL, path, **options)),
}


@pytest.mark.parametrize("way", WAYS)
def test_pages_in_a_spool_are_not_read_again(local, org, tmp_path, way):
    spool, call, before = tmp_path / "spool", WAYS[way], len(local.exchanges)
    stopped(local, lambda **options: call(org, tmp_path / "c.csv", spool=spool, **PAGES, **options))
    assert [each.name for each in tmp_path.iterdir()] == ["spool"]
    again = len(local.exchanges)
    result = call(org, tmp_path / "c.csv", spool=spool, **PAGES)
    assert len(made_jobs(local, before)) == 1
    assert len(asked_for(local, again, "/results")) == 2
    assert not spool.exists()
    ids = result["Id"].tolist() if isinstance(result, pd.DataFrame) else result["Id"].to_pylist()
    assert sorted(ids) == sorted(org.query(SOQL)["Id"])
    if way == "query_arrow":
        assert result.to_pylist() == org.query_arrow(SOQL).to_pylist()  # in the order of the result


def test_a_spool_that_is_stopped_twice_has_each_row_once(local, org, tmp_path):
    for page in (2, 3):
        stopped(local, lambda **more: org.query_arrow(SOQL, spool=tmp_path / "spool", **PAGES, **more), page=page)
    again = len(local.exchanges)
    assert rows_of(org.query_arrow(SOQL, spool=tmp_path / "spool", **PAGES)) == rows_of(org.query_arrow(SOQL))
    assert len(asked_for(local, again, "/results")) == 1 + 1  # the last page, and that of the comparison


def test_a_stream_that_is_closed_early_leaves_its_spool(local, org, tmp_path):
    with org.query_batches(SOQL, spool=tmp_path / "spool", **PAGES) as stream:
        first = stream.read_next_batch()
    assert (tmp_path / "spool").exists()
    before = len(local.exchanges)
    with org.query_batches(SOQL, spool=tmp_path / "spool", keep_order=False, **PAGES) as stream:
        table = stream.read_all()
    assert made_jobs(local, before) == []
    assert table.num_rows == ROWS
    assert set(first["Id"].to_pylist()) <= set(table["Id"].to_pylist())
    assert not (tmp_path / "spool").exists()


def test_a_spool_of_another_query_is_refused(local, org, tmp_path):
    spool = tmp_path / "spool"
    stopped(local, lambda **options: org.query_arrow(SOQL, spool=spool, **PAGES, **options))
    with pytest.raises(sfbulk.UsageError, match="another extract"):
        org.query_arrow(SOQL + " LIMIT 9", spool=spool, **PAGES)
    assert org.query_arrow(SOQL + " LIMIT 9", spool=spool, restart=True, **PAGES).num_rows == 9


def test_values_of_a_spool_are_as_without_it(tmp_path):
    """Also an int column with a fraction, which becomes double as a whole, and categories."""
    soql = "SELECT Id, LeadSource, Children__c FROM Contact"
    pages = [
        "Id,LeadSource,Children__c\n003000000000001AAA,Web,5.5\n003000000000002AAA,Phone,2\n",
        "Id,LeadSource,Children__c\n003000000000003AAA,Other,6.5\n",
    ]
    options = {"plan": "locator", "categories": True, "parallel_pages": 1}
    with LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org:
        org.insert(pd.DataFrame({"LastName": ["A", "B", "C"]}), "Contact")

        def answer(number):
            heads = {"Sforce-NumberOfRecords": str(2 - number), "Sforce-Locator": "null" if number else "MQ"}
            local.faults.on("GET", "results", fault=Faults.answer(200, pages[number], **heads))

        answer(0)
        answer(1)
        plain = org.query_arrow(soql, **options)
        answer(0)
        local.faults.on("GET", "results", fault=NO_MORE)
        with pytest.raises(sfbulk.ApiError, match="no more"):
            org.query_arrow(soql, spool=tmp_path / "spool", **options)
        answer(1)
        again = org.query_arrow(soql, spool=tmp_path / "spool", **options)
    assert again.equals(plain)
    assert again["Children__c"].to_pylist() == [5.5, 2.0, 6.5]


@pytest.mark.parametrize("fault", [Faults.rows_surplus(1), Faults.locator_lost])
def test_what_a_wrong_page_has_left_on_disk_is_read_anew(local, org, tmp_path, fault):
    local.faults.on("GET", "results", fault=fault)
    options = {"plan": "locator", "page_rows": 400, "rows_per_file": 300}
    with pytest.raises(sfbulk.IncompleteResult):
        org.query_parquet(SOQL, tmp_path / "c", **options)
    made = local.state.jobs.all()
    folder = org.query_parquet(SOQL, tmp_path / "c", **options)
    assert folder.rows == len(set(pq.read_table(tmp_path / "c")["Id"].to_pylist())) == ROWS
    assert local.state.jobs.all() == made  # pages of the same job
