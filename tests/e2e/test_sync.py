"""An incremental copy: the last state of each record once, marks for what is gone, the whole or the state before."""

import json
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.sync import columns as copied
from sfbulk_pandas.jobs.sync import parts, publish, run, settle
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.progress.events import PageRead

ROWS = 300
COLUMNS = ["LastName", "Description"]
ALL = "SELECT Id, SystemModstamp, IsDeleted, LastName, Description FROM Contact"


class Clock:
    """The real time, and seconds ahead of it: changes within one second leave one stamp."""

    ahead = 0

    def __call__(self):
        return time.time() + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def local(clock):
    with LocalOrg(clock=clock) as local:
        yield local


@pytest.fixture
def filled(org):
    frame = pd.DataFrame({"LastName": [f"N{n}" for n in range(ROWS)], "Description": ["first"] * ROWS})
    assert org.insert(frame, "Contact", progress=False).counts["successful"] == ROWS
    return org


def sync(org, path, **options):
    return org.sync("Contact", path, **{"columns": COLUMNS, "progress": False} | options)


def rows_of(table):
    return table.sort_by("Id").to_pylist()


def check(org, result):
    """Hold a copy against all that the org has, deleted records among it."""
    assert rows_of(result.dataset().to_table()) == rows_of(org.query_arrow(ALL, query_all=True, progress=False))
    assert not list(result.path.parent.glob(".*"))


def some(org, count):
    ids = org.query_arrow("SELECT Id FROM Contact ORDER BY Id", progress=False)["Id"].to_pylist()
    return pd.DataFrame({"Id": ids[:count]})


def test_a_copy_holds_the_last_state_of_each_record_once(filled, tmp_path, clock):
    first = sync(filled, tmp_path / "contacts")
    check(filled, first)
    assert (first.rows, first.tally.added, first.since) == (ROWS, ROWS, None)
    clock.ahead = 2
    filled.update(some(filled, 7).assign(Description="second"), "Contact", progress=False)
    filled.delete(some(filled, 3), "Contact", progress=False)
    filled.insert(pd.DataFrame({"LastName": ["new"] * 5}), "Contact", progress=False)
    second = sync(filled, tmp_path / "contacts")
    check(filled, second)
    assert second.rows == ROWS + 5
    assert (second.tally.added, second.tally.updated, second.tally.deleted) == (5, 4, 3)
    assert second.since == first.until - timedelta(seconds=1_800)
    assert "305 rows" in repr(second)
    assert "5 added, 4 updated, 3 deleted>" in repr(second)
    third = sync(filled, tmp_path / "contacts")
    check(filled, third)
    assert (third.tally.added, third.tally.updated, third.tally.deleted) == (0, 0, 0)


def test_others_read_a_copy(filled, tmp_path):
    result = sync(filled, tmp_path / "contacts")
    assert pl.read_parquet(result.path / "*.parquet").height == ROWS
    assert duckdb.sql(f"SELECT count(*) FROM '{result.path}/*.parquet' WHERE NOT IsDeleted").fetchall() == [(ROWS,)]
    assert os.fspath(result) == str(tmp_path / "contacts")
    details = json.loads((result.path / "_sfbulk.json").read_text())
    assert (details["rows"], details["sync"]["sobject"], details["sync"]["run"]) == (ROWS, "Contact", 0)


def test_files_that_nothing_touches_are_kept_as_they_are(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_SMALL_BYTES", 0)
    monkeypatch.setattr(settle, "read_server_time", lambda _: pd.Timestamp.now("UTC").to_pydatetime() + timedelta(1))
    first = sync(filled, tmp_path / "contacts")
    (name,) = first.folder.details["files"]
    inode = (first.path / name).stat().st_ino
    again = sync(filled, tmp_path / "contacts", overlap_seconds=0)
    assert again.folder.details["files"] == {name: ROWS}
    assert (again.path / name).stat().st_ino == inode
    filled.update(some(filled, 1).assign(Description="second"), "Contact", progress=False)
    monkeypatch.undo()
    later = sync(filled, tmp_path / "contacts", overlap_seconds=200_000)
    assert name not in later.folder.details["files"]
    check(filled, later)


def test_small_files_are_put_together(filled, tmp_path):
    for turn in range(4):
        result = sync(filled, tmp_path / "contacts")
        filled.insert(pd.DataFrame({"LastName": [f"turn {turn}"]}), "Contact", progress=False)
    assert len(result.folder.details["files"]) == 1
    check(filled, sync(filled, tmp_path / "contacts"))


def test_what_was_committed_late_is_found_in_the_overlap(filled, tmp_path, monkeypatch):
    later = pd.Timestamp.now("UTC").to_pydatetime() + timedelta(seconds=600)
    monkeypatch.setattr(settle, "read_server_time", lambda _: later)  # so that what comes now has an older stamp
    sync(filled, tmp_path / "a")
    sync(filled, tmp_path / "b")
    filled.insert(pd.DataFrame({"LastName": ["late"]}), "Contact", progress=False)
    assert sync(filled, tmp_path / "a", overlap_seconds=0).tally.added == 0
    assert sync(filled, tmp_path / "b").tally.added == 1


def test_a_sweep_marks_what_is_gone_without_a_trace(local, filled, tmp_path):
    sync(filled, tmp_path / "contacts")
    filled.delete(some(filled, 4), "Contact", progress=False)
    local.empty_recycle_bin()
    plain = sync(filled, tmp_path / "contacts")
    assert (plain.tally.deleted, plain.tally.hard_deleted) == (0, 0)
    swept = sync(filled, tmp_path / "contacts", sweep=True)
    assert (swept.tally.hard_deleted, swept.tally.missing, swept.rows) == (4, 0, ROWS)
    table = swept.dataset().to_table()
    assert table.column("IsDeleted").to_pylist().count(True) == 4
    live = filled.query_arrow("SELECT Id FROM Contact", progress=False)["Id"].to_pylist()
    assert set(table.filter(pa.compute.invert(table["IsDeleted"]))["Id"].to_pylist()) == set(live)
    assert sync(filled, tmp_path / "contacts", sweep=True).tally.hard_deleted == 0
    assert "4 hard deleted" in repr(swept)


def test_a_sweep_counts_what_the_copy_misses_and_unmarks_what_is_back(filled, tmp_path):
    result = sync(filled, tmp_path / "contacts")
    (name,) = result.folder.details["files"]
    table = pq.read_table(result.path / name)
    marks = [True] * 2 + [False] * (ROWS - 3)
    short = table.slice(1).set_column(2, table.schema.field(2), pa.array(marks))  # one is lost, two are marked
    pq.write_table(short, result.path / name)
    details = json.loads((result.path / "_sfbulk.json").read_text())
    details |= {"rows": ROWS - 1, "files": {name: ROWS - 1}}
    details["sync"]["until"] = (result.until + timedelta(days=1)).isoformat()
    (result.path / "_sfbulk.json").write_text(json.dumps(details))
    with pytest.warns(UserWarning, match=r"1 record\(s\) of Contact are not in the copy"):
        swept = sync(filled, tmp_path / "contacts", sweep=True, overlap_seconds=0)
    assert (swept.tally.missing, swept.tally.restored, swept.rows) == (1, 2, ROWS - 1)
    assert not any(swept.dataset().to_table()["IsDeleted"].to_pylist())


def refuse(local):
    no = '[{"errorCode": "INVALID", "message": "no more"}]'
    local.faults.on("GET", "results", fault=Faults.answer(400, no))


def test_a_run_that_was_stopped_is_gone_on_with_and_leaves_the_last_state_until_then(local, filled, tmp_path):
    before = sync(filled, tmp_path / "contacts")
    filled.update(some(filled, 250).assign(Description="second"), "Contact", progress=False)
    after_two = lambda event: refuse(local) if isinstance(event, PageRead) and event.page == 2 else None  # noqa: E731
    options = {"page_rows": 100, "plan": "locator", "parallel_pages": 1}
    with pytest.raises(sfbulk.ApiError, match="no more"):
        sync(filled, tmp_path / "contacts", progress=after_two, **options)
    assert sfbulk.bad_cells(before).empty
    table = before.dataset().to_table()
    assert table["Description"].to_pylist() == ["first"] * ROWS
    filled.update(some(filled, 1).assign(Description="third"), "Contact", progress=False)  # after the run began
    started = len(local.exchanges)
    result = sync(filled, tmp_path / "contacts", **options)
    asked = [(each.method, each.path) for each in local.exchanges[started:]]
    assert not [path for method, path in asked if method == "POST" and path.endswith("/jobs/query")]
    assert len([path for _, path in asked if "/results" in path]) == 1  # the page that did not come
    assert result.dataset().to_table()["Description"].to_pylist().count("second") == 250
    check(filled, sync(filled, tmp_path / "contacts"))  # which begins where the stopped run began


def test_another_run_than_the_one_that_was_stopped_is_refused_or_begins_anew(local, filled, tmp_path):
    sync(filled, tmp_path / "contacts")
    stop = {"progress": lambda event: refuse(local) if isinstance(event, PageRead) else None, "parallel_pages": 1}
    for options in ({"sweep": True}, {"restart": True}):
        with pytest.raises(sfbulk.ApiError, match="no more"):
            sync(filled, tmp_path / "contacts", page_rows=100, plan="locator", **stop | options)
        with pytest.raises(sfbulk.UsageError, match=r"part of another run: of Contact with .*, sweep=") as caught:
            sync(filled, tmp_path / "contacts", page_rows=100, plan="locator", sweep="sweep" not in options)
        assert "restart=True" in caught.value.hint
    whole = sync(filled, tmp_path / "contacts", full=True)  # says by itself that nothing is gone on with
    assert whole.since is None
    check(filled, whole)


def stop_changes(local, org, path, **options):
    """Stop a run whose job was made, before its first page has come."""
    refuse(local)
    with pytest.raises(sfbulk.ApiError, match="no more"):
        sync(org, path, plan="locator", **options)


class Timeline:
    """What time it is in Salesforce and for its records: the seconds since the test began."""

    def __init__(self, clock, monkeypatch):
        self.begun = pd.Timestamp.now("UTC").floor("s").to_pydatetime()
        self.clock = clock
        monkeypatch.setattr(settle, "read_server_time", lambda _: self.begun + timedelta(seconds=self.clock.ahead))

    def at(self, seconds):
        self.clock.ahead = seconds


@pytest.fixture
def timeline(clock, monkeypatch):
    return Timeline(clock, monkeypatch)


def insert(org, name):
    assert org.insert(pd.DataFrame({"LastName": [name]}), "Contact", progress=False).counts["successful"] == 1


def test_what_has_changed_is_never_taken_for_the_whole_where_the_copy_was_taken_away(local, filled, tmp_path, timeline):
    timeline.at(60)
    sync(filled, tmp_path / "contacts", plan="locator")
    timeline.at(120)
    insert(filled, "new")
    stop_changes(local, filled, tmp_path / "contacts", overlap_seconds=0)
    shutil.rmtree(tmp_path / "contacts")
    check(filled, sync(filled, tmp_path / "contacts", plan="locator", overlap_seconds=0))


def test_a_run_that_was_stopped_is_not_gone_on_with_for_an_older_copy(local, filled, tmp_path, timeline):
    timeline.at(60)
    sync(filled, tmp_path / "contacts", plan="locator")
    shutil.copytree(tmp_path / "contacts", tmp_path / "backup")
    timeline.at(120)
    insert(filled, "new")
    timeline.at(180)
    sync(filled, tmp_path / "contacts", plan="locator")
    timeline.at(240)
    insert(filled, "newer")
    stop_changes(local, filled, tmp_path / "contacts", overlap_seconds=0)
    shutil.rmtree(tmp_path / "contacts")
    (tmp_path / "backup").rename(tmp_path / "contacts")
    check(filled, sync(filled, tmp_path / "contacts", plan="locator", overlap_seconds=0))


@pytest.mark.parametrize(("seconds", "goes_on"), [(3_000, False), (10, True)])
def test_a_longer_overlap_than_that_of_the_run_that_was_stopped_begins_anew(
    local, filled, tmp_path, timeline, seconds, goes_on
):
    until = sync(filled, tmp_path / "contacts", plan="locator").until
    timeline.at(3_600)
    stop_changes(local, filled, tmp_path / "contacts", overlap_seconds=20)
    later = sync(filled, tmp_path / "contacts", plan="locator", overlap_seconds=seconds)
    assert later.since == until - timedelta(seconds=20 if goes_on else seconds)


class Dying:
    """In the place of shutil: dies, and removes of a folder at most what says which run it is of."""

    def __init__(self, removes=()):
        self.removes = removes

    def rmtree(self, path, **_):
        for name in self.removes:
            (path / name).unlink()
        raise KeyboardInterrupt


def test_what_a_run_has_fetched_is_of_no_use_to_the_next_also_where_it_was_killed_while_it_was_cleared_away(
    filled, tmp_path, monkeypatch
):
    sync(filled, tmp_path / "contacts")

    monkeypatch.setattr(run, "shutil", Dying(["window.json"]))
    with pytest.raises(KeyboardInterrupt):
        sync(filled, tmp_path / "contacts")
    assert (tmp_path / ".contacts.sync" / "changes").exists()
    monkeypatch.undo()
    filled.insert(pd.DataFrame({"LastName": ["new"]}), "Contact", progress=False)
    check(filled, sync(filled, tmp_path / "contacts"))


def test_what_says_whose_the_rest_is_goes_first_where_a_run_is_thrown_away(tmp_path, monkeypatch):
    for name in ("changes", "live"):
        (tmp_path / name).mkdir()
    (tmp_path / "window.json").touch()

    monkeypatch.setattr(publish, "shutil", Dying())
    with pytest.raises(KeyboardInterrupt):
        publish.clear(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"changes", "live"}


def test_a_mistake_leaves_nothing_and_the_next_call_is_not_held_to_it(filled, tmp_path):
    with pytest.raises(sfbulk.UsageError, match="LastNam"):
        sync(filled, tmp_path / "contacts", columns=["LastNam"])
    assert not list(tmp_path.glob(".*"))
    assert sync(filled, tmp_path / "contacts", columns=["LastName"]).rows == ROWS


def test_a_run_killed_before_it_has_fetched_anything_holds_the_next_to_nothing(filled, tmp_path, monkeypatch):
    def dies(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "prepare_query", dies)
    monkeypatch.setattr(run, "shutil", Dying())  # as if killed: nothing is cleared away
    with pytest.raises(KeyboardInterrupt):
        sync(filled, tmp_path / "contacts", columns=["LastName"])
    monkeypatch.undo()
    assert (tmp_path / ".contacts.sync" / "window.json").exists()
    check(filled, sync(filled, tmp_path / "contacts"))


def test_other_types_are_refused_before_anything_is_fetched(local, filled, tmp_path):
    options = {"columns": ["Name", "Credit_Limit__c"], "progress": False}
    filled.insert(pd.DataFrame({"Name": ["A"], "Credit_Limit__c": [1.25]}), "Account", progress=False)
    filled.sync("Account", tmp_path / "accounts", **options)
    started = len(local.exchanges)
    with pytest.raises(sfbulk.UsageError, match=r"Credit_Limit__c was double in the copy, and is decimal128"):
        filled.sync("Account", tmp_path / "accounts", decimals=True, **options)
    assert not [each for each in local.exchanges[started:] if each.path.endswith("/jobs/query")]
    assert not (tmp_path / ".accounts.sync").exists()
    for _ in range(2):
        filled.sync("Account", tmp_path / "accounts", **options)


def test_rows_that_were_fetched_with_other_types_are_fetched_again(filled, tmp_path, monkeypatch):
    options = {"columns": ["Name", "Credit_Limit__c"], "progress": False}
    filled.insert(pd.DataFrame({"Name": ["A"], "Credit_Limit__c": [1.25]}), "Account", progress=False)

    def dies(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "new_folder", dies)
    with pytest.raises(KeyboardInterrupt):
        filled.sync("Account", tmp_path / "accounts", decimals=True, **options)
    monkeypatch.undo()
    copy = filled.sync("Account", tmp_path / "accounts", **options)
    assert copy.folder.details["schema"]["Credit_Limit__c"] == "double"
    assert {str(pq.read_schema(path).field("Credit_Limit__c").type) for path in copy.path.glob("*.parquet")} == {
        "double"
    }


def test_a_full_disk_is_told_of_and_the_same_call_goes_on(local, filled, tmp_path, monkeypatch):
    before = rows_of(sync(filled, tmp_path / "contacts").dataset().to_table())
    filled.insert(pd.DataFrame({"LastName": ["new"]}), "Contact", progress=False)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    for owner, name in ((parts, "write_rows"), (publish, "durable")):
        monkeypatch.setattr(owner, name, full)
        with pytest.raises(sfbulk.DataError, match=r"could not be brought up to date: .* No space left") as caught:
            sync(filled, tmp_path / "contacts")
        assert "the same call goes on" in caught.value.hint
        monkeypatch.undo()
        assert rows_of(pq.read_table(tmp_path / "contacts")) == before
    started = len(local.exchanges)
    copy = sync(filled, tmp_path / "contacts")
    assert not [each for each in local.exchanges[started:] if each.method == "POST"]
    check(filled, copy)


def test_what_others_have_put_to_the_target_meanwhile_stays(filled, tmp_path, monkeypatch):
    def meanwhile(work):
        (tmp_path / "contacts").mkdir()
        (tmp_path / "contacts" / "mine.txt").write_text("keep")
        return publish.new_folder(work)

    monkeypatch.setattr(run, "new_folder", meanwhile)
    with pytest.raises(sfbulk.UsageError, match="no copy that sync has made"):
        sync(filled, tmp_path / "contacts")
    monkeypatch.undo()
    with pytest.raises(sfbulk.UsageError, match="no copy that sync has made"):
        sync(filled, tmp_path / "contacts")
    assert (tmp_path / "contacts" / "mine.txt").read_text() == "keep"
    shutil.rmtree(tmp_path / "contacts")
    check(filled, sync(filled, tmp_path / "contacts"))


def test_a_run_killed_while_it_publishes_is_ended_by_the_next(filled, tmp_path, monkeypatch):
    sync(filled, tmp_path / "contacts")
    filled.insert(pd.DataFrame({"LastName": ["new"]}), "Contact", progress=False)
    rename = Path.rename

    def dies(path, target):
        if path.name == "next":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", dies)
    with pytest.raises(KeyboardInterrupt):
        sync(filled, tmp_path / "contacts")
    monkeypatch.undo()
    assert not (tmp_path / "contacts").exists()
    result = sync(filled, tmp_path / "contacts")
    check(filled, result)
    assert result.folder.details["sync"]["run"] == 2


def test_waiting_can_be_given_up_and_taken_up_again(tmp_path):
    with LocalOrg(pacing=ByHand()) as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.sync("User", tmp_path / "users", wait_seconds=0.01, progress=False)
        local.advance()
        local.advance()
        local.advance()
        result = caught.value.resume(30)
        assert result.rows == local.records("User").num_rows
        assert "IsDeleted" not in result.folder.schema.names


def test_all_columns_are_those_that_can_be_copied(filled, tmp_path, monkeypatch):
    result = filled.sync("contact", tmp_path / "contacts", progress=False)
    describe = filled.describe("Contact").described
    names = result.folder.schema.names
    assert {"Id", "SystemModstamp", "IsDeleted", "LastName", "AccountId"} <= set(names)
    assert "MailingAddress" not in names
    monkeypatch.setattr(copied, "_all", lambda _: [*names, "Newer__c"])
    with pytest.warns(UserWarning, match="new fields: Newer__c; full=True"):
        filled.sync("Contact", tmp_path / "contacts", progress=False)
    assert describe.get("MailingAddress") is not None


def test_a_field_that_changes_without_its_record_is_warned_of(filled, tmp_path):
    with pytest.warns(UserWarning, match=r"account.Name: formulas and fields of other records"):
        result = sync(filled, tmp_path / "contacts", columns=["lastname", "account.name"])
    assert result.folder.schema.names == ["Id", "SystemModstamp", "IsDeleted", "LastName", "account.Name"]
    with pytest.warns(UserWarning, match="formulas"):
        again = sync(filled, tmp_path / "contacts", columns=["LASTNAME", "Account.NAME", "ACCOUNT.name", "LastName"])
    assert again.folder.schema.names == result.folder.schema.names


def test_another_copy_is_refused_unless_everything_is_fetched_anew(filled, tmp_path):
    sync(filled, tmp_path / "contacts")
    with pytest.raises(sfbulk.UsageError, match=r"another list of columns: .* LastName, Description so far, and"):
        sync(filled, tmp_path / "contacts", columns=["LastName"])
    with pytest.raises(sfbulk.UsageError, match="another object: Contact so far, and Account is asked for"):
        filled.sync("Account", tmp_path / "contacts")
    notes = tmp_path / "contacts" / "_sfbulk.json"
    notes.write_text(notes.read_text().replace('"IsDeleted": "bool"', '"IsDeleted": "string"'))
    with pytest.raises(sfbulk.UsageError, match="IsDeleted was string in the copy, and is bool now") as caught:
        sync(filled, tmp_path / "contacts")
    assert "full=True" in caught.value.hint
    result = sync(filled, tmp_path / "contacts", columns=["LastName"], full=True)
    assert result.rows == ROWS
    assert result.folder.schema.names == ["Id", "SystemModstamp", "IsDeleted", "LastName"]


def test_fetched_anew_a_copy_has_no_deleted_records(filled, tmp_path):
    sync(filled, tmp_path / "contacts")
    filled.delete(some(filled, 3), "Contact", progress=False)
    copy = sync(filled, tmp_path / "contacts", full=True)
    assert copy.rows == ROWS - 3
    assert rows_of(copy.dataset().to_table()) == rows_of(filled.query_arrow(ALL, progress=False))


def test_a_merge_that_loses_rows_is_never_published(filled, tmp_path, monkeypatch):
    before = rows_of(sync(filled, tmp_path / "contacts").dataset().to_table())
    write = parts.Parts.write
    monkeypatch.setattr(parts.Parts, "write", lambda self, table: write(self, table.slice(1)))
    with pytest.raises(sfbulk.IncompleteResult, match="would have 299 rows, and should have 300"):
        sync(filled, tmp_path / "contacts")
    assert rows_of(pq.read_table(tmp_path / "contacts")) == before


def test_a_field_that_is_gone_from_the_org_is_told_of(filled, tmp_path):
    sync(filled, tmp_path / "contacts")
    notes = tmp_path / "contacts" / "_sfbulk.json"
    details = json.loads(notes.read_text())
    details["sync"]["columns"].append("Gone__c")
    notes.write_text(json.dumps(details))
    with pytest.raises(sfbulk.UsageError, match="Contact has no Gone__c any more") as caught:
        filled.sync("Contact", tmp_path / "contacts")
    assert "full=True" in caught.value.hint
    check(filled, sync(filled, tmp_path / "contacts", full=True))


def test_a_folder_of_others_is_left_alone(filled, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(sfbulk.UsageError, match="no copy that sync has made"):
        sync(filled, tmp_path / "mine")
    filled.query_parquet("SELECT Id FROM Contact", tmp_path / "rows", progress=False)
    with pytest.raises(sfbulk.UsageError, match="no copy that sync has made"):
        sync(filled, tmp_path / "rows", full=True)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_files_that_others_have_changed_are_told_of(filled, tmp_path):
    result = sync(filled, tmp_path / "contacts")
    (name,) = result.folder.details["files"]
    pq.write_table(pq.read_table(result.path / name).slice(1), result.path / name)
    with pytest.raises(sfbulk.DataError, match="has 299 rows, and had 300: somebody has changed the copy"):
        sync(filled, tmp_path / "contacts")
    (result.path / name).write_bytes(b"PAR1")
    with pytest.raises(sfbulk.DataError, match="is damaged, and had 300"):
        sync(filled, tmp_path / "contacts")
    (result.path / name).unlink()
    with pytest.raises(sfbulk.DataError, match="is not there, and had 300"):
        sync(filled, tmp_path / "contacts")
    assert sync(filled, tmp_path / "contacts", full=True).rows == ROWS


@pytest.mark.parametrize(
    ("sobject", "options", "says"),
    [
        ("Contact", {"spool": "x"}, "spool is nothing for sync"),
        ("Contact", {"query_all": True}, "query_all is nothing for sync"),
        ("Contact", {"keep_order": True}, "keep_order is nothing for sync"),
        ("Contact", {"since": 1}, "sync has no option since"),
        ("Contact", {"overlap_seconds": -1}, "does not fit"),
        ("Contact", {"overlap_seconds": 1e12}, "does not fit"),
        ("Contact", {"overlap_seconds": float("nan")}, "does not fit"),
        ("Contact", {"columns": "LastName"}, "is one text"),
        ("Contact", {"columns": ["Nonsense"]}, "Nonsense"),
        ("User", {"sweep": True}, "User has no IsDeleted"),
        ("Nothing", {}, "no object 'Nothing'"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_fetched(filled, tmp_path, sobject, options, says):
    with pytest.raises(sfbulk.UsageError, match=says):
        filled.sync(sobject, tmp_path / "copy", **options)
    assert not (tmp_path / "copy").exists()


def test_a_module_function_does_the_same(filled, tmp_path):
    assert sfbulk.sync("Contact", tmp_path / "c", columns=COLUMNS, org=filled, progress=False).rows == ROWS


def test_of_a_record_that_came_twice_the_last_state_counts(local, filled, tmp_path, timeline):
    timeline.at(60)
    sync(filled, tmp_path / "contacts", plan="locator")
    timeline.at(120)
    filled.update(some(filled, 2).assign(Description="second"), "Contact", progress=False)
    (first, _) = some(filled, 2)["Id"]
    lines = [f'"{first}","2031-01-01T00:00:0{n}.000Z","false","{name}",""\n' for n, name in ((2, "last"), (1, "older"))]
    body = '"Id","SystemModstamp","IsDeleted","LastName","Description"\n' + "".join(lines)
    answer = Faults.answer(200, body, Sforce_NumberOfRecords="2", Sforce_Locator="null")
    local.faults.on("GET", "results", fault=answer)
    copy = sync(filled, tmp_path / "contacts", plan="locator", overlap_seconds=0)
    assert (copy.rows, copy.tally.updated, copy.tally.added) == (ROWS, 1, 0)
    names = [row["LastName"] for row in copy.dataset().to_table().to_pylist() if row["Id"] == first]
    assert names == ["last"]


def test_a_sweep_counts_what_the_window_tells_as_that(local, filled, tmp_path, timeline):
    timeline.at(60)
    first = sync(filled, tmp_path / "contacts")
    (path,) = first.path.glob("*.parquet")
    table = pq.read_table(path)
    last = table["Id"].to_pylist()[-1]
    marks = pa.array([False] * (ROWS - 1) + [True])  # as if it had been deleted, and was taken from the bin since
    pq.write_table(table.set_column(2, table.schema.field(2), marks), path)
    timeline.at(120)
    filled.update(pd.DataFrame({"Id": [last], "Description": ["back"]}), "Contact", progress=False)
    filled.delete(some(filled, 3), "Contact", progress=False)
    insert(filled, "new")
    swept = sync(filled, tmp_path / "contacts", sweep=True)
    assert (swept.tally.deleted, swept.tally.hard_deleted, swept.tally.restored) == (3, 0, 0)
    assert (swept.tally.added, swept.tally.missing) == (1, 0)
    assert swept.tally.updated == 1
    check(filled, swept)


def page(local, *rows):
    lines = [f'"{row}","2026-11-26T00:00:00.000Z","false","N","{date}"\n' for row, date in rows]
    body = '"Id","SystemModstamp","IsDeleted","LastName","Birthdate"\n' + "".join(lines)
    answer = Faults.answer(200, body, Sforce_NumberOfRecords=str(len(rows)), Sforce_Locator="null")
    local.faults.on("GET", "results", fault=answer)


def test_bad_cells_stay_with_their_rows_until_these_change(local, org, tmp_path, clock, monkeypatch):
    org.insert(pd.DataFrame({"LastName": ["N", "N"]}), "Contact", progress=False)
    first, second = (f"0035g000000{n:04d}AAA" for n in (1, 2))
    options = {"columns": ["LastName", "Birthdate"], "plan": "locator"}
    page(local, (first, "soon"), (second, "later"))
    in_a_minute = pd.Timestamp.now("UTC").to_pydatetime() + timedelta(seconds=60)
    monkeypatch.setattr(settle, "read_server_time", lambda _: in_a_minute)
    with pytest.warns(UserWarning, match=r"2 cell\(s\)"):
        copy = sync(org, tmp_path / "contacts", **options)
    assert sfbulk.bad_cells(copy)[["Id", "text"]].to_numpy().tolist() == [[first, "soon"], [second, "later"]]
    clock.ahead = 120
    org.update(some(org, 1).assign(Description="moved"), "Contact", progress=False)
    page(local, (second, "2000-01-01"))
    copy = sync(org, tmp_path / "contacts", overlap_seconds=0, **options)
    assert sfbulk.bad_cells(copy)[["Id", "column", "text"]].to_numpy().tolist() == [[first, "Birthdate", "soon"]]
    assert (copy.folder.details["bad_cells"], copy.rows) == (1, 2)


@pytest.mark.parametrize("options", [{"decimals": True}, {"categories": True}, {"lists": True}])
def test_types_are_kept_from_run_to_run_and_others_are_refused(filled, tmp_path, options):
    columns = ["Name", "Tier__c", "Credit_Limit__c", "Regions__c"]
    frame = pd.DataFrame(
        {
            "Name": ["A", "B"],
            "Tier__c": ["Gold", None],
            "Credit_Limit__c": [1.25, None],
            "Regions__c": ["EMEA;APAC", None],
        }
    )
    filled.insert(frame, "Account", progress=False)
    filled.sync("Account", tmp_path / "a", columns=columns, progress=False, **options)
    filled.insert(frame.assign(Tier__c="Silver"), "Account", progress=False)
    copy = filled.sync("Account", tmp_path / "a", progress=False, **options)
    soql = f"SELECT Id, SystemModstamp, IsDeleted, {', '.join(columns)} FROM Account"
    assert rows_of(copy.dataset().to_table()) == rows_of(filled.query_arrow(soql, progress=False, **options))
    assert copy.rows == 4
    with pytest.raises(sfbulk.UsageError, match="in the copy, and is"):
        filled.sync("Account", tmp_path / "a", progress=False)


def test_rows_that_were_fetched_whole_are_taken_though_their_hidden_folder_is_still_there(
    filled, tmp_path, monkeypatch
):
    sync(filled, tmp_path / "contacts")
    filled.insert(pd.DataFrame({"LastName": ["new"]}), "Contact", progress=False)
    monkeypatch.setattr(run, "new_folder", lambda work: 1 / 0)  # stopped before the merge
    with pytest.raises(ZeroDivisionError):
        sync(filled, tmp_path / "contacts")
    monkeypatch.undo()
    left = tmp_path / ".contacts.sync" / ".changes.partial"  # as a kill in the midst of its removal leaves it
    left.mkdir()
    (left / "lock").touch()
    check(filled, sync(filled, tmp_path / "contacts"))
