"""The results of any job, also one that another tool ran; joined to a frame where one is given, and never by hope."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches
from sfbulk_pandas.local_org.pacing import ByHand
from sfbulk_pandas.salesforce.job import JobState, Operation
from sfbulk_pandas.wire.ingest import IngestJob

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


def contacts(rows, **more):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)], **more})


def foreign(org, body, **more):
    """Run a job as another tool would, and return its id."""
    ingest = Ingest(org._session)
    job = ingest.create(IngestJob("Contact", Operation.INSERT, **more))
    ingest.upload(job, body.encode())
    ingest.close(job)
    while not ingest.info(job.id).state.is_terminal:
        pass
    return job.id


def test_results_of_a_job_with_and_without_the_frame(org):
    frame = contacts(5, Email=["a@example.com", "bad", *["b@example.com"] * 3]).assign(note=range(5))
    result = org.insert(frame, "Contact", columns=["LastName", "Email"])
    job_id = result.jobs[0].id
    joined = org.results(job_id, frame)
    assert joined.failed[["LastName", "note"]].equals(result.failed[["LastName", "note"]])
    assert joined.successful["sf__Id"].tolist() == result.successful["sf__Id"].tolist()
    alone = sfbulk.results(job_id)
    assert alone.counts == {"rows": 5, "successful": 4, "failed": 1, "unprocessed": 0}
    assert sorted(alone.successful["LastName"]) == ["Name 0", "Name 2", "Name 3", "Name 4"]
    assert alone.failed["Email"].tolist() == ["bad"]
    assert joined.errors[["fields", "values", "rows"]].to_dict("records") == [
        {"fields": "Email", "values": ["bad"], "rows": [1]}
    ]
    assert alone.errors["values"].tolist() == [["bad"]]


def test_rows_and_answers_that_are_not_of_each_other_are_told_with_a_warning(org):
    frame = contacts(5)
    job_id = org.insert(frame, "Contact").jobs[0].id
    more = pd.concat([frame, pd.DataFrame({"LastName": ["Other"]})], ignore_index=True)
    with pytest.warns(UserWarning, match=r"0 answer.* and the end of 1 row") as warned:
        assert org.results(job_id, more).counts == {
            "rows": 6,
            "successful": 5,
            "failed": 0,
            "unprocessed": 0,
            "unknown": 1,
        }
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match=f"3 answer.* of job {job_id} belong to no row of the frame for certain"):
        result = org.results(job_id, frame[:2])
    assert result.counts == {"rows": 2, "successful": 2, "failed": 0, "unprocessed": 0}
    assert sorted(result.unmatched["LastName"]) == ["Name 2", "Name 3", "Name 4"]


def test_a_frame_whose_columns_have_other_labels_is_joined_by_rename(org, tmp_path):
    frame = pd.DataFrame({"Nachname": ["A", "B"], "Mail": ["bad", "b@example.com"], "note": [1, 2]})
    rename = {"Nachname": "LastName", "Mail": "Email", "elsewhere": "Phone"}
    job_id = (
        org.insert(frame.drop(columns="note"), "Contact", rename={"Nachname": "LastName", "Mail": "Email"}).jobs[0].id
    )
    with pytest.raises(sfbulk.UsageError, match=r"none of the columns of job .*: LastName, Email") as caught:
        org.results(job_id, frame)
    assert "rename=" in caught.value.hint
    joined = sfbulk.results(job_id, frame=frame, rename=rename)
    assert joined.failed["note"].tolist() == [1]
    assert joined.errors["values"].tolist() == [["bad"]]
    mapping = tmp_path / "contacts.sdl"
    mapping.write_text("Nachname=LastName\nMail=Email\n", encoding="utf-8")
    assert org.results(job_id, frame, rename=mapping).failed.equals(joined.failed)
    whole = joined.retry(joined.failed.assign(Mail="a@example.com"))  # with the columns that the job had, and no more
    assert whole.counts["successful"] == 2


def test_datetimes_without_a_zone_are_joined_by_timezone(org):
    at = pd.to_datetime(["2024-07-01 12:00", "2024-07-01 10:00"])
    frame = contacts(2, Last_Contacted__c=at).assign(LastName="Same")
    loaded = org.insert(frame, "Contact", timezone="Europe/Vienna")
    with pytest.raises(sfbulk.EncodeError, match="Last_Contacted__c"):
        org.results(loaded.jobs[0].id, frame)
    joined = sfbulk.results(loaded.jobs[0].id, frame=frame, timezone="Europe/Vienna")
    assert joined.successful["sf__Id"].tolist() == loaded.successful["sf__Id"].tolist()


def test_anything_that_can_be_loaded_can_be_joined(org):
    frame = contacts(3, Email=["a@example.com", "bad", None])
    job_id = org.insert(frame, "Contact").jobs[0].id
    assert org.results(job_id, frame=pl.from_pandas(frame)).failed.index.tolist() == [1]


def test_rows_that_only_a_column_outside_the_frame_tells_apart_are_not_guessed(org):
    job_id = foreign(org, "LastName,Email\nA,bad\nA,a@example.com\nB,b@example.com\n")
    frame = pd.DataFrame({"LastName": ["A", "A", "B"], "Mail": ["a@example.com", "bad", "b@example.com"]})
    with pytest.warns(UserWarning, match=r"2 answer.* end of 2 row"):
        result = org.results(job_id, frame)
    assert result.unknown.index.tolist() == [0, 1]
    assert result.successful.index.tolist() == [2]
    assert org.results(job_id, frame, rename={"Mail": "Email"}).failed.index.tolist() == [1]


def test_the_results_of_a_load_with_keys_of_its_own_are_joined_by_what_the_frame_has(org):
    frame = contacts(3, note=range(3))
    loaded = org.insert(frame, "Contact", columns=["LastName"], correlation_field="Contact_Key__c")
    joined = org.results(loaded.jobs[0].id, frame)
    assert joined.successful["sf__Id"].tolist() == loaded.successful["sf__Id"].tolist()
    assert joined.operation is Operation.UPSERT


def test_two_columns_for_one_field_are_refused(org):
    frame = contacts(2)
    job_id = org.insert(frame, "Contact").jobs[0].id
    with pytest.raises(sfbulk.UsageError, match="LastName and lastname of the frame stand for one field"):
        org.results(job_id, frame.assign(lastname="x"))


def test_cells_that_were_sent_on_purpose_are_joined(org):
    frame = contacts(2, Phone=["#N/A", None]).assign(LastName=["A", "A"])
    job_id = foreign(org, 'LastName,Phone\nA,#N/A\nA,""\n')
    with pytest.warns(UserWarning, match="2 answer"):  # cleared and left alone, they came back alike
        result = org.results(job_id, frame)
    assert result.counts["unknown"] == 2
    assert org.results(job_id, frame.assign(Phone="#N/A")).counts["successful"] == 2


def test_files_with_other_columns_are_put_together(org):
    job_id = foreign(org, "LastName,Nothing__c\nA,1\nB,2\n")  # fails as a whole: what was not read comes back raw
    result = sfbulk.results(job_id)
    assert result.jobs[0].state is JobState.FAILED
    assert result.unprocessed[["LastName", "Nothing__c"]].to_numpy().tolist() == [["A", "1"], ["B", "2"]]


def test_columns_of_the_files_in_any_order_are_put_together():
    with (
        LocalOrg(switches=Switches(alphabetical_results=True)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        result = org.results(foreign(org, "LastName,Email\nA,bad\nB,b@example.com\n"))
    assert result.failed["Email"].tolist() == ["bad"]
    assert result.successful["LastName"].tolist() == ["B"]


def test_results_alone_have_the_types_of_their_fields(org):
    job_id = foreign(org, "LastName,Children__c,Birthdate,Email\nA,05,2001-02-03,bad\nB,,2001-02-04,b@example.com\n")
    result = org.results(job_id)
    assert result.successful[["Children__c", "Birthdate"]].dtypes.astype(str).tolist() == [
        "Int64",
        "date32[day][pyarrow]",
    ]
    assert result.failed["Children__c"].tolist() == [5]
    assert result.successful["Children__c"].isna().tolist() == [True]


def test_a_column_of_which_one_row_failed_for_its_text_is_text_in_all_rows(org):
    job_id = foreign(org, "LastName,Children__c,Birthdate\nA,many,2001-02-03\nB,1,2001-02-03\nC,,soon\n")
    result = org.results(job_id)
    assert result.failed.sort_values("LastName")[["Children__c", "Birthdate"]].fillna("-").to_numpy().tolist() == [
        ["many", "2001-02-03"],
        ["-", "soon"],
    ]
    assert result.successful[["Children__c", "Birthdate"]].to_numpy().tolist() == [["1", "2001-02-03"]]


def test_what_is_written_into_rows_of_a_result_is_written_nowhere_else(org):
    frame = contacts(4, Children__c=range(4))
    result = org.insert(frame, "Contact")
    rows = result.successful
    rows.loc[:, "Children__c"] = 9
    rows.loc[:, "LastName"] = "Other"
    assert frame["Children__c"].tolist() == result.successful["Children__c"].tolist() == [0, 1, 2, 3]
    assert frame["LastName"].tolist() == result.successful["LastName"].tolist() == contacts(4)["LastName"].tolist()


def test_a_few_rows_of_a_result_do_not_keep_all_others_in_memory(org):
    frame = contacts(4, Children__c=[0, 1, 2, -(10**9)])
    result = org.insert(frame, "Contact", on_problem="send")
    assert len(result.failed) == 1
    assert not np.shares_memory(result.failed["Children__c"].to_numpy(), frame["Children__c"].to_numpy())


def test_results_of_a_job_that_runs_are_there_later():
    with (
        LocalOrg(pacing=ByHand()) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        frame = pd.DataFrame({"Name": ["A", "B"]})
        with pytest.raises(sfbulk.StillRunning):
            org.insert(frame, "Contact", rename={"Name": "LastName"}, wait_seconds=0)
        job_id = org.jobs(counts=False)["id"][0]
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.results(job_id, frame, rename={"Name": "LastName"})
        while org.job(job_id).state != "JobComplete":
            local.advance()
        result = caught.value.resume()
    assert result.successful["Name"].tolist() == ["A", "B"]


def test_a_query_has_no_such_results(org):
    org.query("SELECT Id FROM Contact", plan="locator")
    with pytest.raises(sfbulk.UsageError, match="is a query"):
        org.results(org.jobs(counts=False)["id"][0])


def test_files_that_do_not_hold_what_the_job_says_are_an_error_with_what_they_hold(local, org):
    frame = contacts(4)
    local.faults.on("GET", "successfulResults", fault=Faults.rows_missing(1), times=None)
    with pytest.raises(sfbulk.ReconcileError) as loaded:
        org.insert(frame, "Contact")
    with pytest.raises(sfbulk.ReconcileError, match="4 processed and 0 failed") as caught:
        org.results(loaded.value.result.jobs[0].id, frame)
    assert caught.value.result.counts["unknown"] == 1


def test_open_jobs_that_died_are_cleaned_up_by_their_load(org, monkeypatch):
    from sfbulk_pandas.jobs import sending

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sending.Sender, "_close", die)
    with pytest.raises(KeyboardInterrupt):
        org.insert(contacts(2), "Contact")
    load_id = org.loads()["load_id"][0]
    cleaned = sfbulk.clean_up()
    assert cleaned[["load_id", "state", "object", "aborted"]].to_dict("records") == [
        {"load_id": load_id, "state": "Aborted", "object": "Contact", "aborted": True}
    ]
    assert cleaned["id"].tolist() == org.jobs()["id"].tolist()
    assert sfbulk.clean_up()["aborted"].tolist() == [False]
