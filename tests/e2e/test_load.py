"""Frames go up and every row is accounted for, on the frame's own index."""

import datetime as dt
import pickle
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import sfbulk_pandas as sfbulk

EXTRA = ["sf__Id", "sf__Created", "sf__Error", "error_code", "error_message", "error_fields", "sf__Attempts"]


def people(count=6, **columns):
    frame = pd.DataFrame(
        {"Contact_Key__c": [f"K{n}" for n in range(count)], "LastName": [f"N{n}" for n in range(count)]}
    )
    return frame.assign(**columns)


def stored(local, sobject, *names):
    table = local.records(sobject)
    return table.select(list(names)).to_pandas()


def test_upsert_tells_which_rows_failed_and_why(org):
    mails = ["a@example.com", "bad", "c@example.com", "worse", "e@example.com", None]
    index = pd.Index(list("uvwxyz"), name="row")
    frame = people(Email=mails, Note=range(6)).set_index(index)
    result = org.upsert(
        frame, "Contact", external_id_field="Contact_Key__c", columns=["Contact_Key__c", "LastName", "Email"]
    )
    assert result.counts == {"rows": 6, "successful": 4, "failed": 2, "unprocessed": 0}
    assert result.failed.index.tolist() == ["v", "x"]
    assert result.failed.columns.tolist() == [*frame.columns, *EXTRA]
    assert result.failed["Note"].tolist() == [1, 3]
    assert result.failed["error_code"].tolist() == ["INVALID_EMAIL_ADDRESS"] * 2
    assert result.failed["error_fields"].tolist() == ["Email"] * 2
    assert result.successful["sf__Id"].str.len().eq(18).all()
    assert result.successful["sf__Created"].tolist() == [True] * 4
    assert result.successful[frame.columns].dtypes.tolist() == frame.dtypes.tolist()
    assert result.errors.to_dict("records") == [
        {
            "code": "INVALID_EMAIL_ADDRESS",
            "fields": "Email",
            "count": 2,
            "example": "Email: invalid email address: bad",
            "values": ["bad", "worse"],
            "rows": ["v", "x"],
            "advice": "this is no mail address: mend it, or leave the cell empty",
            "retry_helps": False,
        }
    ]
    assert frame.columns.tolist() == ["Contact_Key__c", "LastName", "Email", "Note"]


def test_retry_sends_only_what_has_not_succeeded(local, org):
    frame = people(Email=["a@example.com", "bad", "c@example.com", "worse", "e@example.com", None])
    result = org.upsert(frame, "Contact", external_id_field="Contact_Key__c")
    before = len(local.exchanges)
    with pytest.warns(UserWarning, match="1 row"):
        again = result.retry(pd.concat([result.failed, result.successful.iloc[:1]]).replace({"bad": "b@example.com"}))
    assert again.counts == {"rows": 6, "successful": 5, "failed": 1, "unprocessed": 0}
    assert again.failed.index.tolist() == [3]
    assert len(again.jobs) == 2
    assert sum(each.method == "PUT" for each in list(local.exchanges)[before:]) == 1
    assert local.records("Contact").num_rows == 5
    whole = again.retry(again.failed.assign(Email="d@example.com"))
    assert whole.failed.empty
    assert whole.successful.index.tolist() == frame.index.tolist()
    assert whole.successful["Email"].tolist()[3] == "d@example.com"
    assert whole.retry() is whole


def test_retry_of_an_insert_makes_one_record_a_row(local, org):
    frame = people(Email=["a@example.com", "bad"] * 3)
    result = org.insert(frame, "Contact")
    whole = result.retry(result.failed.assign(Email=None))
    assert whole.counts["successful"] == 6
    assert sorted(stored(local, "Contact", "Contact_Key__c")["Contact_Key__c"]) == frame["Contact_Key__c"].tolist()


def test_insert_pairs_rows_by_content_when_results_are_shuffled_and_rewritten(local, org):
    rows = 500
    frame = pd.DataFrame(
        {
            "Name": [f"Acme {n % 50}" for n in range(rows)],  # ten of each, told apart by the other columns
            "AnnualRevenue": [912260031.0 + n for n in range(rows)],
            "NumberOfEmployees": pd.array([n if n % 3 else None for n in range(rows)], dtype="Int64"),
            "Tier__c": ["Gold" if n % 4 else "Platinum" for n in range(rows)],
        },
        index=pd.Index(np.arange(rows) * 7 % rows),
    )
    result = org.insert(frame, "Account")
    assert (result.failed["Tier__c"] == "Platinum").all()
    assert len(result.failed) == rows // 4
    records = stored(local, "Account", "Id", "AnnualRevenue").set_index("Id")["AnnualRevenue"]
    matched = records.loc[result.successful["sf__Id"]].to_numpy()
    assert (matched == result.successful["AnnualRevenue"].to_numpy()).all()


def test_identical_rows_half_of_which_fail_are_dealt_out(org):
    frame = pd.DataFrame({"Account_Key__c": ["X"] * 4, "Name": ["Same"] * 4})
    result = org.insert(frame, "Account")
    assert result.counts == {"rows": 4, "successful": 1, "failed": 3, "unprocessed": 0}
    assert set(result.failed["error_code"]) == {"DUPLICATE_VALUE"}


def test_update_and_delete_by_id_with_columns_that_are_not_sent(local, org):
    made = org.insert(people(3), "Contact").successful
    mine = pd.DataFrame({"Id": made["sf__Id"].str[:15], "LastName": ["A", "B", "C"], "Mine": [1.5, 2.5, 3.5]})
    changed = org.update(mine, "Contact", columns=["Id", "LastName"])
    assert changed.counts["successful"] == 3
    assert changed.successful["Mine"].tolist() == [1.5, 2.5, 3.5]
    assert changed.successful["sf__Created"].tolist() == [False] * 3
    assert set(stored(local, "Contact", "LastName")["LastName"]) == {"A", "B", "C"}
    gone = org.delete(mine.iloc[:2], "Contact")
    assert gone.counts["successful"] == 2
    assert gone.successful["Mine"].tolist() == [1.5, 2.5]
    assert len(org.query("SELECT Id FROM Contact")) == 1


def test_a_hard_delete_leaves_nothing_in_the_bin_and_gives_all_columns_back(org):
    made = org.insert(people(3), "Contact").successful
    mine = pd.DataFrame(
        {"Mine": [1.5, np.nan, 3.5], "Id": made["sf__Id"].tolist(), "Day": pd.date_range("2024-02-28", periods=3)},
        index=["x", "y", "z"],
    )
    org.delete(mine.loc[["z"]], "Contact")
    forever = org.hard_delete(mine.loc[["x", "y"]], "Contact")
    assert forever.counts == {"rows": 2, "successful": 2, "failed": 0, "unprocessed": 0}
    pd.testing.assert_frame_equal(forever.successful[mine.columns], mine.loc[["x", "y"]])
    assert org.query("SELECT Id FROM Contact").empty
    assert org.query("SELECT Id FROM Contact", query_all=True)["Id"].tolist() == [mine["Id"]["z"]]


@pytest.mark.parametrize(
    ("nulls", "kept"),
    [("ignore", ["p1", "p2"]), ("clear", [None, None]), ({"Phone": "clear"}, [None, None])],
)
def test_a_missing_cell_does_what_the_policy_says(local, org, nulls, kept):
    org.insert(people(2, Phone=["p1", "p2"], Title=["t1", "t2"]), "Contact")
    frame = people(2, Phone=[None, np.nan])
    result = org.upsert(frame, "Contact", external_id_field="Contact_Key__c", nulls=nulls)
    assert result.counts["successful"] == 2
    records = sorted(local.records("Contact").to_pylist(), key=lambda record: record["Contact_Key__c"])
    assert [record["Phone"] for record in records] == kept
    assert [record["Title"] for record in records] == ["t1", "t2"]


def test_every_kind_of_value_arrives(local, org):
    frame = pd.DataFrame(
        {
            "Account_Key__c": pd.array(["T1"], dtype="string[pyarrow]"),
            "Name": pd.Categorical(['Ünïcode, "quoted"\nand broken']),
            "NumberOfEmployees": [250.0],
            "AnnualRevenue": [Decimal("1234567890.00")],
            "Score__c": [0.1],
            "Active__c": [True],
            "Customer_Since__c": [dt.date(2020, 2, 29)],
            "Last_Review__c": [pd.Timestamp("2024-03-10 12:00", tz="Europe/Vienna")],
            "Regions__c": [["EMEA", "APAC"]],
            "BillingPostalCode": ["01067"],
        }
    )
    assert org.insert(frame, "Account").counts["successful"] == 1
    record = local.records("Account").to_pylist()[0]
    assert record["Name"] == 'Ünïcode, "quoted"\nand broken'
    assert record["NumberOfEmployees"] == 250
    assert record["AnnualRevenue"] == 1234567890
    assert record["Score__c"] == 0.1
    assert record["Active__c"] is True
    assert record["Customer_Since__c"] == dt.date(2020, 2, 29)
    assert record["Last_Review__c"].isoformat().startswith("2024-03-10T11:00:00")
    assert record["Regions__c"] == "EMEA;APAC"
    assert record["BillingPostalCode"] == "01067"


def test_naive_datetimes_need_their_zone(local, org):
    frame = pd.DataFrame({"Name": ["A"], "Last_Review__c": [pd.Timestamp("2024-07-01 12:00")]})
    with pytest.raises(sfbulk.PreflightFailed, match="Last_Review__c"):
        org.insert(frame, "Account")
    assert local.records("Account").num_rows == 0
    org.insert(frame, "Account", timezone="Europe/Vienna")
    assert local.records("Account").to_pylist()[0]["Last_Review__c"].hour == 10


def test_lookups_by_the_parents_key(local, org):
    org.insert(pd.DataFrame({"Account_Key__c": ["A1"], "Name": ["Parent"]}), "Account")
    frame = people(2).assign(**{"Account.Account_Key__c": ["A1", "nobody"]})
    result = org.insert(frame, "Contact")
    assert result.failed["error_code"].tolist() == ["INVALID_FIELD"]
    assert result.failed.index.tolist() == [1]
    (parent,) = local.records("Account").select(["Id"]).to_pylist()
    assert stored(local, "Contact", "AccountId")["AccountId"].tolist() == [parent["Id"]]


def test_a_large_frame_goes_up_in_parts(local, org):
    frame = people(1000)
    events = []
    result = org.upsert(frame, "Contact", external_id_field="Contact_Key__c", part_rows=300, progress=events.append)
    assert len(result.jobs) == 4
    assert result.counts["successful"] == 1000
    assert result.successful["Contact_Key__c"].tolist() == frame["Contact_Key__c"].tolist()
    uploaded = [event for event in events if type(event).__name__ == "PartUploaded"]
    assert {event.part: event.rows for event in uploaded} == {1: 300, 2: 300, 3: 300, 4: 100}  # in any order
    by_bytes = org.upsert(frame, "Contact", external_id_field="Contact_Key__c", part_bytes=4000)
    assert len(by_bytes.jobs) > 2
    assert by_bytes.successful["sf__Created"].tolist() == [False] * 1000
    assert local.records("Contact").num_rows == 1000


@pytest.mark.parametrize(
    ("frame", "call", "said"),
    [
        (people(), {"sobject": "Contct"}, "Contact"),
        (people(Emial=None), {}, "Email"),
        (people().iloc[:0], {}, "no rows"),
        (people().drop(columns="Contact_Key__c"), {}, "Contact_Key__c"),
        (people(Id="x").rename(columns={"Id": 5}), {}, "5"),
        (people(Email="a@example.com").rename(columns={"Email": "LastName"}), {}, "LastName"),
        (people(), {"external_id_field": "LastName"}, "LastName"),
        (people(LastName="#N/A"), {}, "#N/A"),
        (people(), {"null": "clear"}, "nulls"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(local, org, frame, call, said):
    call = {"sobject": "Contact", "external_id_field": "Contact_Key__c"} | call
    with pytest.raises((sfbulk.UsageError, sfbulk.DataError)) as caught:
        org.upsert(frame, **call)
    assert said in str(caught.value)
    assert not [each for each in local.exchanges if "/jobs/" in each.path]


def test_a_bad_cell_in_the_last_part_stops_the_first(local, org):
    frame = people(10, Children__c=[1.0] * 9 + [float("inf")])
    with pytest.raises(sfbulk.PreflightFailed, match="Children__c") as caught:
        org.insert(frame, "Contact", part_rows=2)
    assert caught.value.report.query("severity == 'error'")["index"].tolist() == [9]
    assert not [each for each in local.exchanges if "/jobs/" in each.path]


def test_results_and_errors_survive_pickling(org):
    result = org.insert(people(2, Email=["bad", "a@example.com"]), "Contact")
    copy = pickle.loads(pickle.dumps(result))
    assert copy.failed.equals(result.failed)
    with pytest.raises(sfbulk.UsageError, match="unpickled"):
        copy.retry()


def test_the_frame_of_the_result_is_the_frame_that_was_sent(org):
    frame = people(2)
    result = org.insert(frame, "Contact")
    frame["LastName"] = "changed later"
    assert result.successful["LastName"].tolist() == ["N0", "N1"]


def test_a_multi_index_comes_back(org):
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"])
    frame = people(3, Email=["bad", None, "bad"]).set_index(index)
    result = org.insert(frame, "Contact")
    assert result.failed.index.equals(index[[0, 2]])
    assert result.errors["rows"].tolist() == [[("a", 1), ("b", 1)]]
    whole = result.retry(result.failed.assign(Email=None))
    assert whole.successful.index.equals(index)


INDEXES = {
    "repeated": pd.Index([7, 7, 7, 3, 3, 7]),
    "texts": pd.Index(list("zyxxyz"), dtype="string", name="key"),
    "dates": pd.DatetimeIndex(["2024-01-01", "2024-01-01", *["2023-05-05"] * 4], tz="Europe/Vienna", name="day"),
    "missing": pd.Index([1.5, np.nan, np.nan, 2.5, None, 1.5]),
    "categories": pd.CategoricalIndex(list("aabbcc"), name="group"),
    "two levels": pd.MultiIndex.from_arrays([list("aabbcc"), pd.to_datetime(["2024-01-01"] * 6)], names=["x", "day"]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
@pytest.mark.parametrize("sort_by_parent", [True, False])
def test_any_index_and_any_dtype_come_back(org, index, sort_by_parent):
    parents = org.insert(pd.DataFrame({"Name": ["P", "Q"]}), "Account").successful["sf__Id"].tolist()
    frame = people(
        Email=["bad", "a@example.com"] * 3,
        AccountId=pd.Categorical(parents[::-1] * 3),
        Children__c=pd.array([1, None, 3, 4, 5, 6], dtype="Int8"),
        Birthdate=pd.array([dt.date(2000, 1, 1)] * 6, dtype="date32[pyarrow]"),
        note=pd.array(["x", None, "x", "y", "z", "z"], dtype="string[pyarrow]"),
        price=[Decimal("1.50")] * 6,
        seen=pd.date_range("2024-01-01", periods=6, tz="Asia/Tokyo"),
        tags=[["a"], [], None, ["b", "c"], "text", 1],
    ).set_index(index)
    before = frame.copy(deep=True)
    sent = list(frame.columns[:6])
    result = org.insert(frame, "Contact", columns=sent, part_rows=2, sort_by_parent=sort_by_parent)
    assert result.counts == {"rows": 6, "successful": 3, "failed": 3, "unprocessed": 0}
    for rows, places in ((result.failed, [0, 2, 4]), (result.successful, [1, 3, 5])):
        pd.testing.assert_frame_equal(rows[frame.columns], before.iloc[places])
    pd.testing.assert_frame_equal(frame, before)
    whole = result.retry(result.failed.assign(Email="b@example.com"))
    pd.testing.assert_frame_equal(
        whole.successful[frame.columns], before.assign(Email=["b@example.com", "a@example.com"] * 3)
    )


INFINITE = [
    "infinity'::date",
    "-infinity'::date",
    "24:00:00'::time",
    "infinity'::timestamptz",
    "-infinity'::timestamptz",
]


@pytest.mark.parametrize("field", ["Description", "Birthdate"])
@pytest.mark.parametrize("value", [*INFINITE, "infinity'::timestamp", "-infinity'::timestamp"])
def test_moments_without_end_are_refused_before_anything_is_sent(local, org, value, field):
    source = f"SELECT 'B' AS LastName, '{value} AS {field} UNION ALL SELECT 'C', NULL"
    for timezone in (None, "Europe/Berlin"):
        with pytest.raises(sfbulk.PreflightFailed, match=f"column '{field}', row 0: this cell cannot be sent"):
            org.insert(duckdb.sql(source), "Contact", timezone=timezone)
    result = org.insert(duckdb.sql(source), "Contact", on_problem="skip", timezone="Europe/Berlin")
    assert result.counts == {"rows": 2, "successful": 1, "failed": 1, "unprocessed": 0}
    assert local.records("Contact")["LastName"].to_pylist() == ["C"]


def test_columns_of_views_are_checked_sent_and_given_back(org):
    held = pd.ArrowDtype(pa.string_view())
    sent = {
        "LastName": pd.array(list("abcde"), dtype=held),
        "Contact_Key__c": pd.array(["a", "b", "b", "c", "d"], dtype=held),
        "FirstName": pd.array(["f", None, "f", "#N/A", "f"], dtype=held),
        "Status__c": pd.array(["Active", "Active", "Active", "Active", "Nope"], dtype=held),
    }
    packed = pd.array([b"1", None, b"3", b"4", b"5"], dtype=pd.ArrowDtype(pa.binary_view()))
    frame = pd.DataFrame(sent | {"packed": packed})
    result = org.insert(frame, "Contact", columns=list(sent), on_problem="skip")
    assert result.successful["Contact_Key__c"].tolist() == ["a", "b"]
    assert result.failed.index.tolist() == [2, 3, 4]
    assert result.failed["packed"].tolist() == [b"3", b"4", b"5"]
    again = result.retry(result.failed.assign(Contact_Key__c=list("xyz"), FirstName="f", Status__c="Active"))
    assert again.counts == {"rows": 5, "successful": 5, "failed": 0, "unprocessed": 0}
    assert frame.dtypes["FirstName"] == held


@pytest.mark.parametrize(
    "held", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_texts_that_are_no_utf8_are_refused_with_their_place(local, org, held):
    cells = pa.array(["Zo\u00eb".encode(), b"M\xfcller", b"A", None, b"\xc3"])
    if pa.types.is_dictionary(held):
        texts = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None, 4], pa.int8()), latin(cells, pa.string()))
    else:
        texts = latin(cells, held)
    frame = pd.DataFrame({"LastName": list("abcde"), "Description": pd.Series(texts, dtype=pd.ArrowDtype(held))})
    with pytest.raises(sfbulk.PreflightFailed, match="no valid UTF-8") as caught:
        org.insert(frame, "Contact")
    assert caught.value.report["index"].to_list() == [1, 4]
    assert caught.value.report["value"].to_list() == ["M\ufffdller", "\ufffd"]
    result = org.insert(frame, "Contact", on_problem="skip")
    assert result.counts == {"rows": 5, "successful": 3, "failed": 2, "unprocessed": 0}
    assert sorted(local.records("Contact")["LastName"].to_pylist()) == ["a", "c", "d"]


def latin(cells, held):
    """Return bytes as texts that they need not be."""
    offsets = pa.large_binary() if pa.types.is_large_string(held) else pa.binary()
    texts = pa.Array.from_buffers(
        pa.large_string() if pa.types.is_large_string(held) else pa.string(), len(cells), cells.cast(offsets).buffers()
    )
    return texts.cast(held)


@pytest.mark.parametrize(("field", "stored"), [("Description", 2), ("Children__c", 1)])
def test_numbers_of_any_length_are_sent_as_they_are_and_an_array_of_one_value_is_that_value(local, org, field, stored):
    frame = pd.DataFrame({"LastName": ["a", "b"], field: pd.Series([10**5000, np.array(5)], dtype=object)})
    assert org.insert(frame, "Contact").counts["successful"] == stored
    texts = {"1" + "0" * 5000, "5"} if stored == 2 else {"5"}
    assert {str(each) for each in local.records("Contact")[field].to_pylist()} == texts
