"""What the check says of rows, in the report and as Salesforce's errors."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.errors import ApiError, PreflightFailed, UsageError
from sfbulk_pandas.preflight import LoadCall, blocks, check_frame
from sfbulk_pandas.preflight import repeats as repeats_module
from sfbulk_pandas.preflight.repeats import hash_values
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.row_error import split_row_errors
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), name, **options)


ACCOUNT = SObjectDescribe("Account", "Account", "001", (field("Id", "id", id_lookup=True), field("Key__c")))
CONTACT = SObjectDescribe(
    "Contact",
    "Contact",
    "003",
    (
        field("Id", "id", createable=False, updateable=False, id_lookup=True),
        field("LastName", length=10, nillable=False),
        field("Email", "email", length=80),
        field("Key__c", external_id=True, unique=True),
        field("Exact__c", external_id=True, case_sensitive=True),
        field("Number__c", "double", external_id=True, precision=18),
        field("Staff__c", "int", digits=3),
        field("Level__c", "picklist", restricted_picklist=True, picklist_values=("Gold", "Silver")),
        field("Tags__c", "multipicklist", restricted_picklist=True, picklist_values=("Red", "Green")),
        field("AccountId", "reference", reference_to=("Account",), relationship_name="Account"),
        field("WhatId", "reference", reference_to=("A", "B", "C", "D"), relationship_name="What"),
    ),
)


def check(frame, operation="insert", key=None, refused=(), **options):
    parents = {"Account": ACCOUNT}.__getitem__
    return check_frame(frame, CONTACT, LoadCall(Operation(operation), key, parents=parents, **options), refused)


def rows(frame, *args, severity="row", **options):
    report = check(frame, *args, **options).report
    held = report[report["severity"] == severity]
    return list(held[["index", "column", "check", "value", "suggestion"]].itertuples(index=False, name=None))


def frame(index=None, **columns):
    return pd.DataFrame({"LastName": "x"} | columns, index=index)


def test_a_clean_frame_has_an_empty_report():
    checked = check(frame(Email=["a@b.de", None], Staff__c=[1, 2]))
    assert checked.report.empty
    assert checked.report.columns.tolist() == ["index", "column", "check", "value", "suggestion", "severity"]
    assert set(checked.report.dtypes) == {np.dtype(object)}
    assert checked.blocked.tolist() == []
    assert checked.blocked.dtype == np.int64
    assert checked.errors.to_pylist() == []
    checked.raise_if_errors("Contact", "raise")


def test_every_problem_of_a_row_is_reported_with_the_frames_label():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    wrong = frame(index, LastName=["x", "y" * 11], Email=["a@b.de", "bad"], Staff__c=["1", "1000"], Level__c="Gild")
    checked = check(wrong)
    assert checked.blocked.tolist() == [0, 1]
    second = split_row_errors(checked.errors[1].as_py())
    assert [(each.code, each.fields) for each in second] == [
        ("STRING_TOO_LONG", ("LastName",)),
        ("INVALID_EMAIL_ADDRESS", ("Email",)),
        ("NUMBER_OUTSIDE_VALID_RANGE", ("Staff__c",)),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Level__c",)),
    ]
    assert second[0].message == "LastName: data value too large: yyyyyyyyyyy (max length=10)"
    held = checked.report
    assert held["index"].tolist() == [("b", 2), ("b", 2), ("b", 2), ("a", 1), ("b", 2)]
    assert held["column"].tolist() == ["LastName", "Email", "Staff__c", "Level__c", "Level__c"]
    assert held["value"].tolist() == ["y" * 11, "bad", "1000", "Gild", "Gild"]
    assert held["suggestion"].tolist()[-1] == "did you mean Gold?"


def test_the_column_of_a_wrong_type_is_counted_as_sent():
    [text] = check(frame(Staff__c=["2.5"])).errors.to_pylist()
    assert text == (
        "INVALID_FIELD:Failed to deserialize field at col 1. Due to, '2.5' is not a valid value "
        "for the type xsd:int:Staff__c --"
    )


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT])
def test_a_row_whose_label_is_missing_is_named_all_the_same(missing):
    index = pd.Index(["a", missing, missing], dtype=object)
    checked = check(frame(index, Email=["a@b.de", "bad", "bad"]))
    named = [f"{missing} (row 1, counted from 0)", f"{missing} (row 2, counted from 0)"]
    assert checked.report["index"].tolist() == named
    with pytest.raises(PreflightFailed, match=r"column 'Email', row '\w+ \(row 1, counted from 0\)', '\w+ \(row 2"):
        checked.raise_if_errors("Contact", "raise")
    assert rows(frame(pd.Index([missing, "a"], dtype=object), Key__c=["k", "k"]), "upsert", "Key__c") == [
        (
            "a",
            "Key__c",
            "the key comes twice",
            "k",
            f"row '{missing} (row 0, counted from 0)' has it too; keep one of them",
        )
    ]
    several = pd.MultiIndex.from_tuples([("a", None), (None, None)])
    assert check(frame(several, Email=["a@b.de", "bad"])).report["index"].map(type).tolist() == [tuple]


def test_picklist_advice():
    found = rows(frame(Tags__c=["Red;Grene", "Red", "zzz"]))
    assert [(row, advice) for row, _, _, _, advice in found] == [
        (0, "did you mean Green?"),
        (2, "use one of Red, Green"),
    ]


def test_long_values_are_shortened():
    [(_, _, _, value, _)] = rows(frame(LastName=["y" * 500]))
    assert value == "y" * 80 + "…"
    assert len(check(frame(LastName=["y" * 500])).errors[0].as_py()) < 400


def test_required_fields():
    absent = pd.DataFrame({"Email": ["a@b.de"]})
    assert rows(absent, severity="error")[0][1:3] == ("LastName", "a required field has no column")
    assert rows(absent.assign(Key__c="k"), "upsert", "Key__c", severity="error") == []
    assert rows(absent.assign(Key__c="k"), "upsert", "Key__c", severity="note")[0][1] == "LastName"
    blank = frame(LastName=["x", None, ""])
    assert [each[0] for each in rows(blank)] == [1, 2]
    keyed = blank.assign(Key__c=["a", "b", "c"])
    assert rows(keyed, "upsert", "Key__c") == []
    assert [each[0] for each in rows(keyed, "upsert", "Key__c", severity="note")] == [1, 2]
    ids = blank.assign(Id=["003000000000001AAA", None, "003000000000002AAA"])
    assert [each[0] for each in rows(ids, "upsert", "Id")] == [1]
    update = blank.assign(Id=["003000000000001AAA", "003000000000003", "003000000000002"])
    assert rows(update, "update") == []
    assert [each[0] for each in rows(update, "update", nulls="clear")] == [1]
    assert rows(update, "update", nulls={"Email": "clear"}) == []


def test_a_required_lookup_is_filled_by_any_of_its_columns():
    master = field("Master__c", "reference", nillable=False, reference_to=("Account",), relationship_name="Master__r")
    keyed = SObjectDescribe("Account", "Account", "001", (field("Key__c", external_id=True),))
    described = SObjectDescribe("Visit__c", "Visit__c", "a01", (field("Id", "id", id_lookup=True), master))
    table = pd.DataFrame(
        {"Master__c": ["001000000000001", None, None, "#N/A"], "Master__r.Key__c": [None, "k", "", None]}
    )
    options = {"describe": described, "parents": {"Account": keyed}.__getitem__}
    blank = "a required field is blank"
    assert looked(table, **options) == [(2, "Master__c", blank), (3, "Master__c", blank)]
    assert looked(table.iloc[:3, ::-1], **options) == [(2, "Master__r.Key__c", blank)]
    table["Id"] = [None, None, None, "a01000000000001"]
    assert looked(table, "upsert", "Id", **options) == [(2, "Master__c", blank), (3, "Master__c", blank)]


@dataclass
class Cells:
    column: Column
    positions: np.ndarray
    reason: str


def test_cells_that_cannot_travel():
    refused = [Cells(Column("Staff__c", "Staff__c"), np.array([1]), "no infinite numbers: none")]
    checked = check(frame(Staff__c=[1, float("inf"), 2], Email=["a@b.de", "bad", "bad"]), refused=refused)
    assert checked.grave().any()
    assert checked.blocked.tolist() == [1, 2]
    assert [each.code for each in split_row_errors(checked.errors[0].as_py())] == [
        "INVALID_FIELD",
        "INVALID_FIELD",
        "INVALID_EMAIL_ADDRESS",
    ]
    [line] = rows(frame(Staff__c=[1, float("inf")]), refused=refused, severity="error")
    assert line == (1, "Staff__c", "this cell cannot be sent", "inf", "no infinite numbers: none")
    with pytest.raises(PreflightFailed, match="infinite"):
        checked.raise_if_errors("Contact")
    checked.raise_if_errors("Contact", "skip")
    checked.raise_if_errors("Contact", "send")


def test_what_is_raised_depends_on_the_choice():
    rowwise = check(frame(Email=["bad", "a@b.de"]))
    for choice in (None, "skip", "send"):
        rowwise.raise_if_errors("Contact", choice)
    with pytest.raises(PreflightFailed, match=r"column 'Email', row 0: this is no email address \(bad\)"):
        rowwise.raise_if_errors("Contact", "raise")
    whole = check(frame(Nope=["x"]))
    for choice in (None, "raise", "skip", "send"):
        with pytest.raises(PreflightFailed, match="Nope"):
            whole.raise_if_errors("Contact", choice)


def test_ids_are_checked_against_the_object_where_that_is_known():
    good, other, bad = "001000000000001AAA", "003000000000001AAA", "001000000000001AAB"
    found = rows(frame(AccountId=[good, other, bad, good[:15].lower(), good[:17]]))
    assert [(row, what) for row, _, what, _, _ in found] == [
        (2, "this is no Salesforce Id"),
        (4, "this is no Salesforce Id"),
        (1, "this Id is of another object"),
    ]
    assert rows(frame(WhatId=[good, other])) == []


def test_repeated_keys_name_the_row_to_keep():
    keys = frame(list("abcdefg"), Key__c=["k", "K", None, "j", "k", "#N/A", "#N/A"])
    found = rows(keys, "upsert", "Key__c")
    assert [(row, what, advice) for row, _, what, _, advice in found if "blank" not in what] == [
        ("b", "the key comes twice", "row 'a' has it too; keep one of them"),
        ("e", "the key comes twice", "row 'a' has it too; keep one of them"),
    ]
    assert [each[2] for each in rows(keys)] == ["the value comes twice, and the field is unique"] * 2
    assert rows(frame(Exact__c=["k", "K"]), "upsert", "Exact__c") == []
    assert [each[0] for each in rows(frame(Number__c=[1.0, 2.0, 1.0]), "upsert", "Number__c")] == [2]
    ids = pd.DataFrame({"Id": ["003000000000001AAA", "003000000000001", "003000000000001aaa"]})
    assert [each[0] for each in rows(ids, "delete")] == [1, 2]


def test_a_row_that_cannot_go_up_takes_no_key_from_another():
    assert rows(frame(Key__c=["k", "k"], Email=["bad", "a@b.de"]), "upsert", "Key__c") == [
        (0, "Email", "this is no email address", "bad", "mend the address, or leave the cell empty")
    ]


def test_a_row_refused_for_its_key_leaves_its_unique_values_to_others():
    fields = (field("Code__c", unique=True), field("Number__c", unique=True), field("Key__c", external_id=True))
    described = SObjectDescribe("Account", "Account", "001", fields)
    table = pd.DataFrame({"Code__c": ["c1", "c2", "c2"], "Key__c": ["k1", "k1", "k3"], "Number__c": ["1", "2", "2"]})
    assert looked(table, "upsert", "Key__c", describe=described) == [(1, "Key__c", "the key comes twice")]
    table = pd.DataFrame({"Code__c": ["c1", "c1", "c3"], "Number__c": ["1", "2", "2"]})
    twice = "the value comes twice, and the field is unique"
    assert looked(table, describe=described) == [(1, "Code__c", twice)]


@pytest.mark.parametrize("bad", ["a@b.de\nc@d.de", "a@b", "a@b@c.de", "@b.de"])
def test_an_address_is_one_line_with_one_name_and_one_domain(bad):
    assert [each[0] for each in rows(frame(Email=["a@b.de", "", None, bad, " a@b.de "]))] == [3]


def test_notes():
    noted = pd.DataFrame({"lastname": [" x", "y\r\nz", None], "Staff__c": [1.0, None, 2.0], "Account.Key__c": "a"})
    keyed = SObjectDescribe("Account", "Account", "001", (field("Key__c", external_id=True),))
    call = LoadCall(Operation.UPSERT, "Id", parents={"Account": keyed}.__getitem__)
    report = check_frame(noted.assign(Id="003000000000001").iloc[:1], CONTACT, call).report
    assert set(report["severity"]) == {"note"}
    found = check_frame(noted.assign(Id=None), CONTACT, call).report.query("severity == 'note'")
    assert found[["column", "check", "value"]].to_dict("split")["data"] == [
        ["lastname", "the spelling of the header is repaired", "LastName"],
        ["Account.Key__c", "a lookup is given by a key of the parent", "Account.Key__c"],
        ["lastname", "blanks stand at the ends of texts", 1],
        ["lastname", "line breaks are written \\r\\n", 1],
        ["Staff__c", "whole numbers are held as floats", 2],
    ]


def noted(**columns):
    found = check(frame(**columns)).report.query("severity == 'note'")
    return found[["column", "check", "value"]].to_numpy().tolist()


def test_line_breaks_are_counted_by_cells_that_say_something():
    broken = ["a\r\nb\r\nc", "", None, "d", "\r\n", "e\rf"]
    assert [each for each in noted(Key__c=broken) if "line breaks" in each[1]] == [
        ["Key__c", "line breaks are written \\r\\n", 3]
    ]
    hidden = pa.LargeStringArray.from_buffers(
        2, pa.py_buffer(np.array([0, 4, 5])), pa.py_buffer(b"a\r\nbc"), pa.py_buffer(b"\x02")
    )
    assert hidden.to_pylist() == [None, "c"]
    assert noted(Key__c=pd.Series(pd.arrays.ArrowExtensionArray(hidden))) == []


def test_whole_numbers_alone_count_as_held_as_floats():
    assert noted(Staff__c=[1.0, 2.5, None, np.inf]) == [["Staff__c", "whole numbers are held as floats", 1]]


def test_blocks_and_a_mapper_change_nothing(monkeypatch):
    count = 50
    wrong = frame(Email=["bad", "a@b.de"] * (count // 2), Key__c=[f"k{n % 20}" for n in range(count)])
    whole = check(wrong, "upsert", "Key__c")
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 7)
    parts = check(wrong, "upsert", "Key__c")
    pd.testing.assert_frame_equal(whole.report, parts.report)
    assert whole.blocked.tolist() == parts.blocked.tolist()
    assert whole.errors.equals(parts.errors)


@pytest.mark.parametrize("long", ["x" * 9, "x" * 300, "é" * 40])
def test_a_key_comes_twice_however_long_the_keys_beside_it_are(monkeypatch, long):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 3)
    keys = ["twice", long, "c", "d", "e", "f", "g", "h", "TWICE"]
    assert [each[0] for each in rows(frame(Key__c=keys), "upsert", "Key__c")] == [8]


def test_rows_of_a_sliced_arrow_column_are_told_apart():
    keys = pd.Series([f"Key-{n:03d}" for n in range(40)], dtype=pd.ArrowDtype(pa.string()))
    keys[39] = "KEY-005"
    (found,) = rows(frame(Key__c=keys).iloc[1:], "upsert", "Key__c")
    assert (found[0], found[4]) == (39, "row 5 has it too; keep one of them")


@pytest.mark.parametrize("again", ["1", 1, 1.0])
def test_a_key_comes_twice_as_a_number_and_as_a_text(monkeypatch, again):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 2)
    keys = pd.Series([1, 2, "a", 3, again, "b", 2.0, 5.5], dtype=object)
    assert [each[0] for each in rows(frame(Key__c=keys), "upsert", "Key__c")] == [4, 6]


@given(st.lists(st.text(max_size=40), max_size=12))
def test_equal_texts_have_equal_hashes_in_any_block(texts):
    whole = hash_values(pa.array(texts, pa.large_string()))
    alone = [hash_values(pa.array([each], pa.large_string()))[0] for each in texts]
    assert whole.tolist() == alone
    assert len(set(alone)) == len(set(texts))


def test_many_rows_are_looked_at_in_several_passes(monkeypatch):
    keys = [f"k{n % 37}" for n in range(80)]
    whole = check(frame(Key__c=keys), "upsert", "Key__c")
    monkeypatch.setattr(repeats_module, "PASS_ROWS", 11)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 7)
    assert (
        check(frame(Key__c=keys), "upsert", "Key__c").blocked.tolist() == whole.blocked.tolist() == list(range(37, 80))
    )


@given(st.lists(st.text(max_size=20) | st.none(), max_size=20), st.integers(1, 20))
def test_repeats_agree_with_pandas(keys, block_rows):
    series = pd.Series(keys, dtype=object)
    named = series.notna() & (series != "") & (series != "#N/A")
    lower = pa.array(series, pa.large_string(), from_pandas=True)
    lower = pd.Series(pa.compute.utf8_lower(lower).to_pylist(), dtype=object)
    expected = series.index[named & lower.where(named, pd.Series(range(len(keys)), dtype=object)).duplicated()]
    call = LoadCall(Operation.INSERT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_ROWS", block_rows)
        checked = check_frame(pd.DataFrame({"LastName": "x", "Key__c": series}), CONTACT, call)
    assert checked.blocked.tolist() == expected.tolist()


@pytest.mark.parametrize("hashes", [0, 1])
def test_hashes_that_meet_by_chance_are_compared_in_full(monkeypatch, hashes):
    monkeypatch.setattr(repeats_module, "hash_values", lambda values: np.full(len(values), hashes, np.uint64))
    assert [each[0] for each in rows(frame(Key__c=["a", "b", "a", None, "c"]))] == [2]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_equal_texts_have_equal_hashes_wherever_they_stand(texts):
    array = pa.array(texts, pa.large_string())
    hashes = hash_values(array)
    assert len(set(hashes.tolist())) == len(set(texts))
    assert (
        hash_values(pa.concat_arrays([pa.array(["x" * 50], pa.large_string()), array]).slice(1)).tolist()
        == hashes.tolist()
    )


PERSON = SObjectDescribe(
    "Account",
    "Account",
    "001",
    (
        field("Id", "id", createable=False, updateable=False, id_lookup=True),
        field("Name", nillable=False),
        field("IsPersonAccount", "boolean", nillable=False, createable=False, updateable=False),
        field("OwnerId", "reference", nillable=False, defaulted_on_create=True, reference_to=("User",)),
        field("Site", createable=True, updateable=False),
        field("Since__c", "date"),
        field("Seen__c", "datetime"),
        field("Born__c", updateable=True, createable=False),
        field("ParentId", "reference", reference_to=("Account",), relationship_name="Parent"),
        field("WhoId", "reference", reference_to=("Contact", "Account"), relationship_name="Who"),
    ),
)


def looked(table, operation="insert", key=None, severity="row", describe=PERSON, **options):
    report = check_frame(table, describe, LoadCall(Operation(operation), key, **options)).report
    held = report[report["severity"] == severity]
    return list(held[["index", "column", "check"]].itertuples(index=False, name=None))


def test_days_outside_the_calendar():
    days = ["1700-01-01", "1699-12-31", "4000-12-31", "4001-01-01", "0024-01-05", "2023-02-30", None, "#N/A"]
    found = looked(pd.DataFrame({"Since__c": days}))
    assert [(row, what) for row, _, what in found] == [
        (5, "the value is not of the field's type"),
        *((row, "the year is out of range") for row in (1, 3, 4)),
    ]
    [text] = check_frame(pd.DataFrame({"Since__c": days[1:2]}), PERSON, LoadCall(Operation.INSERT)).errors.to_pylist()
    assert text == "FIELD_INTEGRITY_EXCEPTION:Since__c: invalid date: 1699-12-31:Since__c --"
    moments = np.array(["1600-01-01", "1699-12-31", "2024-01-01", "4001-01-01", "9999-12-31"], dtype="datetime64[s]")
    assert [row for row, _, _ in looked(pd.DataFrame({"Seen__c": moments}))] == [0, 4]
    assert [row for row, _, _ in looked(pd.DataFrame({"Since__c": moments}))] == [0, 1, 3, 4]
    assert looked(pd.DataFrame({"Since__c": ["2023-02-30Z"]})) == [
        (0, "Since__c", "the value is not of the field's type")
    ]


@pytest.mark.parametrize("zone", ["+25:00", "+99:99", "-14:01", "+15:00", "+12:60", "+1400x"])
def test_zones_end_at_fourteen_hours(zone):
    wrong = (1, "Seen__c", "the value is not of the field's type")
    for good in ("+14:00", "-1400", "+13:59", "-00:30", "Z"):
        table = pd.DataFrame({"Seen__c": [f"2024-01-01T00:00:00{each}" for each in (good, zone)]})
        assert looked(table) == [wrong]


def test_a_time_is_no_date():
    found = looked(pd.DataFrame({"Since__c": [dt.time(1), None], "Seen__c": [dt.time(2), None]}))
    assert found == [(0, name, "the value is not of the field's type") for name in ("Since__c", "Seen__c")]


def test_what_orgs_differ_in_is_noted_and_not_held_against_a_row():
    doubtful = frame(
        LastName=["x" * 10 + "  ", "x"],
        Email=["ä@b.de", " a@b.de\n"],
        Level__c=["gold", "Gold "],
        Tags__c=["red; Green", "Red; Green;"],
    )
    checked = check(doubtful)
    assert checked.blocked.tolist() == []
    assert rows(doubtful) == []
    noted = [(row, what, advice) for row, _, what, _, advice in rows(doubtful, severity="note") if row is not None]
    assert noted == [
        (
            0,
            "the address has letters beyond ASCII",
            "Salesforce takes it where the org allows international addresses",
        ),
        (0, "the picklist spells this value otherwise", "did you mean Gold?"),
        (0, "the picklist spells this value otherwise", "did you mean Red?"),
    ]
    checked.raise_if_errors("Contact", "raise")
    assert [row for row, *_ in rows(frame(LastName=["x" * 11 + "  ", "  " + "y" * 10], Email=["ä@b", " ab.de"]))] == [
        0,
        0,
        1,
    ]


def test_likeness_is_looked_for_a_few_hundred_times_only(monkeypatch):
    from sfbulk_pandas.preflight import texts

    compared = []
    real = texts.nearest
    monkeypatch.setattr(texts, "nearest", lambda *given: compared.append(given) or real(*given))
    monkeypatch.setattr(texts, "_COMPARISONS", 6)
    found = rows(frame(Level__c=["Golt", "Silber", "Goldd", "Silvers", "Golds"]))
    assert len(compared) == 3
    assert [advice for *_, advice in found] == [
        "did you mean Gold?",
        "did you mean Silver?",
        "did you mean Gold?",
        *["use one of Gold, Silver"] * 2,
    ]


def test_a_person_has_a_last_name_and_a_company_a_name():
    assert looked(pd.DataFrame({"Site": ["x"], "Name": [None]})) == []
    assert looked(pd.DataFrame({"Site": ["x"]}), severity="error") == []
    company = SObjectDescribe("Account", "Account", "001", tuple(f for f in PERSON.fields if f.name[:2] != "Is"))
    assert looked(pd.DataFrame({"Site": ["x"]}), severity="error", describe=company) == [
        (None, "Name", "a required field has no column")
    ]


def test_a_required_field_without_a_column_can_be_left_to_the_org():
    absent = check(pd.DataFrame({"Email": ["a@b.de"]}))
    for choice in (None, "raise", "skip"):
        with pytest.raises(PreflightFailed, match="LastName"):
            absent.raise_if_errors("Contact", choice)
    absent.raise_if_errors("Contact", "send")
    assert rows(pd.DataFrame({"Email": ["a@b.de"]}), own_field="LastName", severity="error") == []
    call = LoadCall(Operation.INSERT)
    assert check_frame(pd.DataFrame({"Email": ["bad"]}), CONTACT, call, cells=False).report.empty


def test_fields_that_cannot_be_emptied():
    owners = pd.DataFrame({"Id": ["001000000000001", "001000000000002"], "OwnerId": [None, ""]})
    assert looked(owners, "update") == []
    assert looked(owners, "update", nulls="clear") == [(0, "OwnerId", "a required field is blank")]
    assert looked(owners[["OwnerId"]].assign(Name="x"), nulls="clear") == [(0, "OwnerId", "a required field is blank")]
    marks = pd.DataFrame({"Id": ["001000000000001", "001000000000002"], "Name": ["#N/A", ""]})
    assert [row for row, _, what in looked(marks, "update") if "required" in what] == [0]


def test_columns_that_some_rows_alone_may_fill():
    notes = looked(pd.DataFrame({"Id": ["001000000000001"], "Site": "x", "Born__c": "y"}), "upsert", "Id", "note")
    assert [(column, what) for _, column, what in notes if "only" in what] == [
        ("Site", "only new records take this field"),
        ("Born__c", "only existing records take this field"),
    ]
    keyed = SObjectDescribe("Account", "Account", "001", (field("Key__c", external_id=True),))
    both = pd.DataFrame({"Parent.Key__c": ["k"], "ParentId": ["001000000000001"]})
    notes = looked(both, severity="note", parents={"Account": keyed}.__getitem__)
    assert (None, "ParentId", "'Parent.Key__c' sets the same lookup") in notes


def test_polymorphic_lookups_take_ids_of_each_of_their_objects():
    parents = {"Contact": CONTACT, "Account": ACCOUNT}
    ids = pd.DataFrame({"WhoId": ["003000000000001", "001000000000001", "00Q000000000001"]})
    assert looked(ids, parents=parents.__getitem__) == [(2, "WhoId", "this Id is of another object")]

    def hidden(sobject):
        raise (UsageError if sobject == "Account" else ApiError)("not for you")

    assert looked(ids, parents=hidden) == []
    assert looked(ids.rename(columns={"WhoId": "ParentId"}), parents=hidden) == []
    assert looked(pd.DataFrame({"OwnerId": ["003000000000001"]}), parents=hidden) == []
