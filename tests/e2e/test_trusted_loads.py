"""Loads that can be trusted: nothing lost, nothing sent twice, every row accounted for."""

import json
import pickle

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.local_org import Faults, LocalOrg
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.progress.events import JobPolled

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


def contacts(rows, **more):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)], **more})


def names(local, sobject="Contact", column="LastName"):
    return sorted(local.records(sobject).column(column).to_pylist())


# Sources


def sources(table, folder):
    pq.write_table(table, folder / "rows.parquet")
    (folder / "many").mkdir()
    for number, half in enumerate((table.slice(0, 5), table.slice(5))):
        pq.write_table(half, folder / "many" / f"{number}.parquet")
    yield pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))
    yield table
    yield folder / "rows.parquet"
    yield str(folder / "many")
    import duckdb
    import polars as pl

    yield pl.from_arrow(table)
    with duckdb.connect() as connection:  # older versions let go of it with the last reference
        yield connection.from_arrow(table)


def test_anything_with_an_arrow_stream_loads_like_a_frame(local, org, tmp_path):
    table = pa.table({"LastName": [f"N{n}" for n in range(11)], "Email": ["a@example.com", "bad"] * 5 + [None]})
    loaded = 0
    for source in sources(table, tmp_path):
        result = org.insert(source, "Contact", part_rows=4, repeat=True)
        loaded += 6
        assert result.counts == {"rows": 11, "successful": 6, "failed": 5, "unprocessed": 0}
        assert result.failed["LastName"].tolist() == ["N1", "N3", "N5", "N7", "N9"]
        assert result.failed.index.tolist() == [1, 3, 5, 7, 9]
        assert local.records("Contact").num_rows == loaded
        mended = result.failed.assign(Email="b@example.com")
        assert result.retry(mended).counts["successful"] == 11
        loaded += 5


def test_a_source_without_rows_to_read_is_refused(org, tmp_path):
    with pytest.raises(sfbulk.UsageError, match="no rows that can be read"):
        org.insert([1, 2], "Contact")
    with pytest.raises(sfbulk.UsageError, match="no file or folder"):
        org.insert(tmp_path / "nothing.parquet", "Contact")


# Running a cell twice


def test_the_same_insert_is_refused_the_second_time(local, org):
    first = org.insert(contacts(7), "Contact", part_rows=3)
    with pytest.raises(sfbulk.AlreadyLoaded, match=f"load {first.load_id} ended at 20") as caught:
        org.insert(contacts(7), "Contact", part_rows=5)
    assert caught.value.load_id == first.load_id
    assert isinstance(caught.value, sfbulk.UsageError)
    assert local.records("Contact").num_rows == 7
    org.insert(contacts(7), "Contact", repeat=True)
    assert local.records("Contact").num_rows == 14


def test_other_bytes_objects_and_orgs_are_no_repetition(org, local):
    org.insert(contacts(3), "Contact")
    org.insert(contacts(3)[::-1], "Contact")
    org.insert(contacts(3, Company="Acme"), "Lead")
    with LocalOrg() as other, sfbulk.connect(sfbulk.JwtBearer(**other.credentials()), polling=FAST) as client:
        client.insert(contacts(3), "Contact")
    assert local.records("Contact").num_rows == 6


def test_upserts_may_be_repeated_and_so_may_inserts_of_which_nothing_was_stored(local, org):
    frame = contacts(3, Contact_Key__c=["a", "b", "c"])
    for _ in range(2):
        assert org.upsert(frame, "Contact", external_id_field="Contact_Key__c").counts["successful"] == 3
    bad = contacts(2, Email="bad")
    for _ in range(2):
        assert org.insert(bad, "Contact").counts["failed"] == 2
    assert local.records("Contact").num_rows == 3


def test_retrying_the_same_result_twice_makes_no_second_record(local, org):
    result = org.insert(contacts(4, Email=["a@example.com", "bad"] * 2), "Contact")
    mended = result.failed.assign(Email="b@example.com")
    assert result.retry(mended).counts["successful"] == 4
    with pytest.warns(UserWarning, match="2 row.s. have succeeded before"):
        assert result.retry(mended).counts["successful"] == 4
    assert local.records("Contact").num_rows == 4


# A key of its own for every row


@pytest.mark.parametrize("field", ["Contact_Key__c", "Description"])
def test_a_correlation_field_tells_equal_rows_apart(local, org, field):
    frame = pd.DataFrame({"LastName": ["Same"] * 6, "Email": ["a@example.com", "bad"] * 3}, index=list("uvwxyz"))
    result = org.insert(frame, "Contact", correlation_field=field, part_rows=4)
    assert result.failed.index.tolist() == ["v", "x", "z"]
    assert list(result.successful.columns[:2]) == ["LastName", "Email"]
    keys = dict(
        zip(local.records("Contact")["Id"].to_pylist(), local.records("Contact")[field].to_pylist(), strict=True)
    )
    begin, ends = zip(*(keys[record].rsplit("-", 1) for record in result.successful["sf__Id"]), strict=True)
    assert ends == ("0", "2", "4")
    assert len(set(begin)) == 1
    assert (begin[0] == result.load_id) == (field == "Description")
    job = org.job(result.jobs[0].id)
    assert job.operation == ("upsert" if field == "Contact_Key__c" else "insert")
    with pytest.raises(sfbulk.AlreadyLoaded):
        org.insert(frame, "Contact", correlation_field=field)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("Nothing__c", "no field"),
        ("Birthdate", "cannot carry"),
        ("MailingPostalCode", r"string\(20\) and cannot carry"),
        ("lastname", "fills"),
        ("Name", "may not write"),
    ],
)
def test_a_field_that_cannot_carry_keys_is_refused(local, org, field, reason):
    with pytest.raises(sfbulk.UsageError, match=reason):
        org.insert(contacts(2), "Contact", correlation_field=field)
    assert not [each for each in local.exchanges if "/jobs/" in each.path]


def test_a_field_that_may_be_made_but_not_changed_carries_no_keys_of_an_update(org):
    from dataclasses import replace

    known = org.describe("Contact").described
    fixed = tuple(replace(each, updateable=each.name != "Description") for each in known.fields)
    org._loading.describes._known["contact"] = replace(known, fields=fixed)
    made = org.insert(contacts(2), "Contact", correlation_field="Description").successful
    frame = made[["sf__Id", "LastName"]].rename(columns={"sf__Id": "Id"})
    with pytest.raises(sfbulk.UsageError, match=r"may not write .* by update"):
        org.update(frame, "Contact", correlation_field="Description")


def test_a_column_that_is_renamed_to_the_field_of_the_keys_is_refused(local, org):
    with pytest.raises(sfbulk.UsageError, match="fills the correlation field 'Description'"):
        org.insert(contacts(2, mine="x"), "Contact", rename={"mine": "description"}, correlation_field="Description")
    assert not [each for each in local.exchanges if "/jobs/" in each.path]


def test_a_delete_carries_no_keys(local, org):
    made = org.insert(contacts(2), "Contact").successful[["sf__Id"]].rename(columns={"sf__Id": "Id"})
    for delete in (org.delete, org.hard_delete):
        with pytest.raises(sfbulk.UsageError, match="sends Ids alone"):
            delete(made, "Contact", correlation_field="Description")
    assert local.records("Contact").num_rows == 2


def test_a_rows_key_counts_to_its_length(local, org):
    frame = contacts(3, Notes__c=["x" * 100, "x" * 160, "x" * 100])
    with pytest.raises(sfbulk.PreflightFailed, match=r"column 'Notes__c', row 1.*more CSV than a part may hold"):
        org.insert(frame, "Contact", part_bytes=220, correlation_field="Description")
    with pytest.raises(sfbulk.PreflightFailed, match=r"row 0.*more CSV than a part may hold"):
        org.insert(contacts(3), "Contact", part_bytes=40, correlation_field="Description")
    assert not [each for each in local.exchanges if "/jobs/" in each.path]
    result = org.insert(frame, "Contact", part_bytes=260, correlation_field="Description")
    assert (len(result.jobs), result.counts["successful"]) == (3, 3)


def test_updates_and_upserts_are_told_apart_by_their_own_keys_too(local, org):
    made = org.insert(contacts(3), "Contact").successful
    frame = pd.DataFrame({"Id": made["sf__Id"].tolist(), "LastName": "Same", "note": range(3)})
    changed = org.update(frame, "Contact", columns=["Id", "LastName"], correlation_field="Description")
    assert changed.successful["sf__Id"].tolist() == frame["Id"].tolist()
    assert sorted(local.records("Contact")["Description"].to_pylist()) == [f"{changed.load_id}-{at}" for at in range(3)]
    frame = pd.DataFrame({"Contact_Key__c": ["k", "k", "l"], "LastName": ["A", "A", "B"]})
    put = org.upsert(frame, "Contact", external_id_field="Contact_Key__c", correlation_field="Description")
    assert put.counts["unprocessed"] == 0
    keys = dict(zip(*(local.records("Contact")[name].to_pylist() for name in ("Id", "Description")), strict=True))
    assert [keys[each] for each in put.successful["sf__Id"]] == [f"{put.load_id}-{at}" for at in put.successful.index]


# Going on


@pytest.fixture
def slow():
    with (
        LocalOrg(pacing=ByHand()) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as client,
    ):
        yield local, client


def test_a_job_that_has_ended_is_not_said_to_run(local, org):
    for address, runs in {"jobs/ingest/*": True, "successfulResults": False}.items():
        refused = local.faults.on("GET", address, fault=Faults.daily_limit, times=None)
        with pytest.raises(sfbulk.RequestLimitExceeded) as caught:
            org.insert(contacts(3, Phone=address[:9]), "Contact")
        assert refused.struck
        (job,) = caught.value.result.jobs
        assert (f"jobs that may still run: {job.id};" in "".join(caught.value.__notes__)) is runs
        local.faults.clear()
        org.resume(caught.value.result.load_id, contacts(3, Phone=address[:9]))
    org.delete_job(job)
    with pytest.raises(sfbulk.NotFound) as gone:
        org.resume(caught.value.result.load_id, contacts(3, Phone=address[:9]))
    assert "".join(getattr(gone.value, "__notes__", [])) == ""


def test_ctrl_c_names_no_job_that_has_ended(local, org, capsys):
    def press(event):
        if isinstance(event, JobPolled) and event.job.state.is_terminal:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        org.insert(contacts(3), "Contact", progress=press)
    (load_id,) = org.loads()["load_id"]
    said = f"load {load_id} interrupted\n  -> go on: sfbulk.resume({load_id!r}, frame=...)\n"
    assert capsys.readouterr().err == said


def test_a_load_that_was_left_alone_is_resumed_from_the_journal(slow):
    local, org = slow
    frame = contacts(9, Email=["a@example.com", "a@example.com", "bad"] * 3)
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(frame, "Contact", part_rows=4, wait_seconds=0)
    load_id = caught.value.result.load_id
    assert f"sfbulk.resume('{load_id}', frame=...)" in caught.value.__notes__[-1]
    listed = org.loads()
    assert listed[["load_id", "state", "operation", "rows", "jobs"]].to_dict("records") == [
        {"load_id": load_id, "state": "unfinished", "operation": "insert", "rows": 9, "jobs": 3}
    ]
    with pytest.raises(sfbulk.AlreadyLoaded, match="has not ended") as refused:
        org.insert(frame, "Contact")
    assert "sfbulk.resume" in refused.value.hint
    while org.jobs(counts=False)["state"].isin(["UploadComplete", "InProgress"]).any():
        local.advance()
    result = org.resume(load_id, frame=frame)
    assert result.counts == {"rows": 9, "successful": 6, "failed": 3, "unprocessed": 0}
    assert org.loads()["state"].tolist() == ["ended"]
    again = org.resume(load_id[:13], frame)  # an ended load sends nothing: its results are read again
    assert again.failed.equals(result.failed)
    assert local.records("Contact").num_rows == 6


def test_another_frame_is_not_resumed(slow):
    _, org = slow
    frame = contacts(9)
    with pytest.raises(sfbulk.StillRunning) as caught:
        org.insert(frame, "Contact", part_rows=4, wait_seconds=0)
    load_id = caught.value.result.load_id
    changed = frame.copy()
    changed.loc[5, "LastName"] = "Other"
    with pytest.raises(sfbulk.JournalMismatch, match=r"part 2 of load .* row 4 \(position 4\) to row 7") as mismatch:
        org.resume(load_id, frame=changed)
    assert mismatch.value.part == 2
    with pytest.raises(sfbulk.JournalMismatch, match="had 9 rows of LastName; this frame has 8"):
        org.resume(load_id, frame=frame[:8])
    with pytest.raises(sfbulk.UsageError, match="no load"):
        org.resume("19990101", frame=frame)


def test_a_load_of_another_org_is_not_resumed(org):
    with (
        pytest.raises(sfbulk.StillRunning) as caught,
        LocalOrg(pacing=ByHand()) as other,
        sfbulk.connect(sfbulk.JwtBearer(**other.credentials()), polling=FAST) as client,
    ):
        client.insert(contacts(2), "Contact", wait_seconds=0)
    with pytest.raises(sfbulk.UsageError, match="connect to that org first"):
        org.resume(caught.value.result.load_id, frame=contacts(2))


def test_ctrl_c_leaves_jobs_alone_and_says_how_to_go_on(slow, capsys):
    local, org = slow
    frame = contacts(5)

    def interrupt(event):
        if type(event).__name__ == "JobPolled":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        org.insert(frame, "Contact", progress=interrupt)
    load_id = org.loads()["load_id"][0]
    said = capsys.readouterr().err
    job_id = org.jobs()["id"][0]
    assert f"load {load_id} interrupted" in said
    assert f"sfbulk.resume('{load_id}', frame=...)" in said
    assert f"org.abort('{job_id}')" in said
    while org.job(job_id).state != "JobComplete":
        local.advance()
    assert org.resume(load_id, frame=frame).counts["successful"] == 5


def test_loads_are_written_down_in_the_users_state_folder_where_no_journal_is_named(org, state_folder):
    result = org.insert(contacts(2), "Contact")
    with Journal(state_folder / "sfbulk_pandas" / "journal.db") as journal:
        assert [load.load_id for load in journal.loads()] == [result.load_id]


def test_forgetting_loads(org):
    first = org.insert(contacts(2), "Contact")
    org.insert(contacts(3), "Contact")
    assert len(org.loads()) == 2
    assert first.load_id not in set(org.loads(forget=first.load_id)["load_id"])
    with pytest.raises(sfbulk.UsageError):
        org.loads(forget="1999")
    assert sfbulk.loads(forget="ended").empty
    assert org.insert(contacts(2), "Contact").counts["successful"] == 2


def test_loads_are_forgotten_by_a_column_of_the_list(org):
    for rows in (1, 2, 3):
        org.insert(contacts(rows), "Contact")
    loads = org.loads()
    assert org.loads(forget=loads["load_id"][loads["rows"] > 1])["rows"].tolist() == [1]
    assert org.loads(forget=org.loads()["load_id"].to_numpy()).empty


def test_what_is_no_id_of_a_load_is_refused_with_what_to_give(org):
    result = org.insert(contacts(2), "Contact")
    for call in (lambda: org.loads(forget=result), lambda: org.resume(result, contacts(2))):
        with pytest.raises(sfbulk.UsageError, match="a LoadResult is no id of a load"):
            call()


# What belongs to a result


def test_every_load_leaves_a_manifest(local, org):
    result = org.insert(contacts(5, Email=["bad", *["a@example.com"] * 4]), "Contact", part_rows=3)
    manifest = json.loads(json.dumps(result.manifest))
    assert manifest["load_id"] == result.load_id
    assert manifest["counts"] == result.counts
    assert manifest["org"]["instance_url"] == org.instance_url
    assert manifest["org"]["id"].startswith("00D")
    assert manifest["user_id"].startswith("005")
    assert (manifest["operation"], manifest["sobject"], manifest["external_id_field"]) == ("insert", "Contact", None)
    assert manifest["columns"] == ["LastName", "Email"]
    assert manifest["options"]["part_rows"] == 3
    assert [part["job_id"] for part in manifest["parts"]] == [job.id for job in result.jobs]
    assert [(part["start"], part["stop"]) for part in manifest["parts"]] == [(0, 3), (3, 5)]
    uploads = [local.state.jobs.get(job.id).upload.read_bytes() for job in result.jobs]
    assert uploads[1] == b'LastName,Email\n"Name 3","a@example.com"\n"Name 4","a@example.com"\n'
    assert [part["xxh3_128"] for part in manifest["parts"]] == [xxhash.xxh3_128_hexdigest(each) for each in uploads]
    assert [part["size_bytes"] for part in manifest["parts"]] == [len(each) for each in uploads]
    assert pickle.loads(pickle.dumps(result)).manifest == result.manifest


def test_attempts_are_kept_over_retries(org):
    result = org.insert(contacts(4, Email=["a@example.com", "bad"] * 2), "Contact")
    whole = result.retry(result.failed.assign(Email=["b@example.com", "worse"]))
    attempts = whole.attempts
    assert attempts[["kind", "rows", "successful", "failed"]].to_dict("records") == [
        {"kind": "load", "rows": 4, "successful": 2, "failed": 2},
        {"kind": "retry", "rows": 2, "successful": 1, "failed": 1},
    ]
    assert whole.successful["sf__Attempts"].tolist() == [1, 2, 1]
    assert whole.failed["sf__Attempts"].tolist() == [2]
    assert whole.counts == {"rows": 4, "successful": 3, "failed": 1, "unprocessed": 0}


def test_causes_show_values_and_rows(org):
    frame = contacts(4, Email=["bad", "a@example.com", "worse", "no"])
    frame.index = pd.MultiIndex.from_product([["x", "y"], [1, 2]])
    cause = org.insert(frame, "Contact").errors.iloc[0]
    assert cause["values"] == ["bad", "worse", "no"]
    assert cause["rows"] == [("x", 1), ("y", 1), ("y", 2)]
    assert (cause["count"], cause["fields"], cause["retry_helps"]) == (3, "Email", False)


def test_the_text_of_several_errors_stays_as_it_came_and_each_is_a_cause(org, local):
    long = "STRING_TOO_LONG:Nachname: Wert zu groß, 90 > 80: «x» (max length=80):LastName --"
    bad = "INVALID_EMAIL_ADDRESS:E-mail: endereço inválido:\nbad:Email --"
    local.fail_rows("Contact", "LastName", ["Name 1"], error=long + bad)
    result = org.insert(contacts(3, Email=["a@example.com"] * 3), "Contact")
    assert result.failed["sf__Error"].to_dict() == {1: long + bad}
    assert result.failed["error_code"].tolist() == ["STRING_TOO_LONG"]
    assert result.failed["error_fields"].tolist() == ["LastName, Email"]
    assert result.errors[["code", "fields", "count", "rows"]].to_numpy().tolist() == [
        ["STRING_TOO_LONG", "LastName", 1, [1]],
        ["INVALID_EMAIL_ADDRESS", "Email", 1, [1]],
    ]
    assert org.results(result.jobs[0].id).failed["sf__Error"].tolist() == [long + bad]


# Jobs


def test_jobs_tells_ours_from_others(org, local):
    result = org.insert(contacts(3), "Contact")
    jobs = sfbulk.jobs(sobject="contact")
    assert jobs[["id", "state", "processed", "failed", "ours"]].to_dict("records") == [
        {"id": result.jobs[0].id, "state": "JobComplete", "processed": 3, "failed": 0, "ours": result.load_id}
    ]
