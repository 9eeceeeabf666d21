"""The model of the triage: causes, what is still refused, edits, fixes, and the code that does it all again."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from sfbulk_pandas.errors import JobFailed, UsageError
from sfbulk_pandas.triage import Triage
from sfbulk_pandas.triage.sheet import row_order, sheet, whys

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file
from failed_rows import failed
from loaded import FakeResult

ADDRESS = "INVALID_EMAIL_ADDRESS:no address:Email --"
DATE = "INVALID_FIELD:'{}' is not a valid value for the type xsd:date:Birthdate --"
LOCK = "UNABLE_TO_LOCK_ROW:busy:--"


def triage_of(frame, said, **options):
    return Triage(FakeResult(failed(frame, said=said, **options)))


@pytest.fixture
def triage():
    frame = pd.DataFrame(
        {
            "Email": ["a@b.example", "no", "a@b.example", "no", "a@b.example"],
            "Birthdate": ["7.11.1867", "1867-11-07", "some day", "1867-11-07", "1867-11-07"],
            "LastName": ["Curie", "Noether", "Hopper", "Meitner", "Lovelace"],
        },
        index=list("abcde"),
    )
    return triage_of(frame, [DATE, ADDRESS, DATE, LOCK, None])


def cause(triage, name):
    return next(each for each in triage.causes if each.name == name)


def test_causes_are_told_with_their_rows_and_what_helps(triage):
    told = [(each.name, each.rows.tolist(), each.passes) for each in triage.causes]
    assert told == [
        ("INVALID_FIELD Birthdate", [0, 2], False),
        ("INVALID_EMAIL_ADDRESS Email", [1], False),
        ("UNABLE_TO_LOCK_ROW", [3], True),
        ("not processed", [4], True),
    ]
    assert "send these rows again" in cause(triage, "UNABLE_TO_LOCK_ROW").advice
    assert "nothing is wrong" in cause(triage, "not processed").advice


def test_rows_are_refused_by_what_the_check_finds_or_the_answer_says(triage):
    assert triage.refused.tolist() == [True, True, True, True, False]  # the locked row has no address either


def test_a_cause_is_about_the_columns_it_names_and_those_refused_in_its_rows(triage):
    assert triage.concerned(cause(triage, "INVALID_FIELD Birthdate")) == ["Birthdate"]
    assert triage.concerned(cause(triage, "UNABLE_TO_LOCK_ROW")) == ["Email"]
    assert triage.named(cause(triage, "UNABLE_TO_LOCK_ROW")) == []


def test_a_fix_is_applied_and_written_down(triage):
    date = triage.fixes(cause(triage, "INVALID_FIELD Birthdate"))[0]
    triage.use(date.fix)
    assert triage.fixed["Birthdate"].tolist()[0] == "1867-11-07"
    assert triage.refused.tolist() == [False, True, True, True, False]
    assert triage.code == f"fixed = result.outstanding  # failed and unprocessed\n\n{date.fix.code}"


def test_a_cell_is_edited_and_written_down(triage):
    triage.edit(1, "Email", "emmy@b.example")
    assert triage.fixed.loc["b", "Email"] == "emmy@b.example"
    assert triage.code.endswith('fixed.loc["b", "Email"] = "emmy@b.example"')
    assert triage.refused.tolist()[1] is False


def test_a_row_that_was_changed_elsewhere_may_be_taken(triage):
    """Whether a row whose cause names no field is mended, nobody can tell: where nothing has changed, it is not."""
    triage = triage_of(pd.DataFrame({"LastName": ["Curie"]}), ["DUPLICATES_DETECTED:known:--"])
    assert triage.refused.tolist() == [True]
    triage.edit(0, "LastName", "Sklodowska")
    assert triage.refused.tolist() == [False]


def test_rows_that_are_left_out_are_gone_and_their_cause_with_them(triage):
    triage.edit(1, "Email", "emmy@b.example")
    out = triage.fixes(cause(triage, "INVALID_FIELD Birthdate"))[-1]
    assert (out.fix.fix, out.rows) == ("leave out", 2)
    triage.use(out.fix)
    assert triage.fixed.index.tolist() == ["b", "d", "e"]
    assert next(each.name for each in triage.causes) == "INVALID_EMAIL_ADDRESS Email"
    assert cause(triage, "UNABLE_TO_LOCK_ROW").rows.tolist() == [1]
    assert triage.refused.tolist() == [False, True, False]
    triage.edit(1, "Email", "lise@b.example")
    assert triage.fixed.loc["d", "Email"] == "lise@b.example"


def test_each_step_can_be_taken_back(triage):
    before, code = triage.fixed.copy(), triage.code
    triage.edit(1, "Email", "emmy@b.example")
    triage.use(*(each.fix for each in triage.certain()))
    assert triage.steps == 2
    triage.undo()
    assert triage.refused.tolist() == [True, False, True, True, False]
    triage.undo()
    triage.undo()  # there is nothing left
    pd.testing.assert_frame_equal(triage.fixed, before)
    assert (triage.code, triage.steps, triage.refused.sum()) == (code, 0, 4)


def test_the_code_does_it_all_again(triage):
    result = triage.result
    triage.use(*(each.fix for each in triage.certain()))
    triage.edit(2, "Birthdate", "")
    triage.use(triage.fixes(cause(triage, "INVALID_EMAIL_ADDRESS Email"))[-1].fix)
    space = {"result": result, "pd": pd}
    exec(triage.code, space)
    pd.testing.assert_frame_equal(space["fixed"], triage.fixed)


def test_a_retry_goes_on_with_what_is_still_open(triage):
    triage.edit(1, "Email", "emmy@b.example")
    sent = triage.fixed
    left = failed(pd.DataFrame({"LastName": ["Hopper"]}, index=["c"]), said=["DUPLICATE_VALUE:again:--"])
    triage.result.next = FakeResult(left)
    triage.retry()
    assert triage.result.frame is left.frame
    assert triage.fixed.index.tolist() == ["c"]
    assert [each.name for each in triage.causes] == ["DUPLICATE_VALUE"]
    assert triage.code.endswith("result = result.retry(fixed)\n\nfixed = result.failed")
    assert triage.steps == 0
    pd.testing.assert_frame_equal(FakeResult.sent[-1], sent)


def test_a_retry_that_broke_off_goes_on_with_its_result(triage):
    left = failed(pd.DataFrame({"LastName": ["Hopper"]}), said=["DUPLICATE_VALUE:again:--"])
    error = JobFailed("job failed")
    error.result = FakeResult(left)
    triage.result.next = error
    with pytest.raises(JobFailed):
        triage.retry()
    assert len(triage.fixed) == 1
    assert "result.retry(fixed)" in triage.code


def test_a_retry_that_sent_nothing_leaves_everything_as_it_is(triage):
    triage.edit(1, "Email", "emmy@b.example")
    code = triage.code
    triage.result.next = UsageError("no org")
    with pytest.raises(UsageError):
        triage.retry()
    assert (triage.code, triage.steps) == (code, 1)


def test_where_nothing_is_known_of_what_was_sent_rows_are_still_edited(triage):
    triage.result.terms = None
    again = Triage(triage.result)
    assert (again.labels, again.certain()) == ([], [])
    assert [each.fix.fix for each in again.fixes(again.causes[0])] == ["leave out"]
    assert again.refused.tolist() == [True, True, True, False, False]


def test_a_sheet_shows_texts_and_why_rows_are_refused(triage):
    held = cause(triage, "INVALID_FIELD Birthdate")
    shown = sheet(triage, held, row_order(triage, held))
    assert shown.frame.columns.tolist() == ["row", "why", "Birthdate", "Email", "LastName"]
    assert shown.frame["row"].tolist() == ["a", "c"]
    assert shown.frame["why"].str.startswith("✗ Birthdate: the value is not of the field's type").all()
    assert not shown.is_part
    triage.edit(0, "Birthdate", "1867-11-07")
    assert whys(triage, held, shown.rows)[0] == "✓ mended"
    assert row_order(triage, held).tolist() == [2, 0]
    assert row_order(triage, held, refused_only=True).tolist() == [2]


def test_a_sheet_says_of_rows_that_need_nothing_that_they_are_sent_as_they_are(triage):
    held = cause(triage, "not processed")
    assert whys(triage, held, held.rows) == ["↻ as it is"]


def test_a_row_that_no_column_explains_shows_the_answer():
    triage = triage_of(pd.DataFrame({"LastName": ["Curie"]}), ["DUPLICATES_DETECTED:you know her:--"])
    (held,) = triage.causes
    assert whys(triage, held, held.rows) == ["✗ you know her"]


def test_a_sheet_shows_so_many_rows_at_a_time_and_edits_elsewhere_are_kept():
    rows = 2_500
    triage = triage_of(pd.DataFrame({"Birthdate": ["some day"] * rows, "LastName": "x"}), [DATE] * rows)
    (held,) = triage.causes
    order = row_order(triage, held)
    first, last = sheet(triage, held, order), sheet(triage, held, order, start=2_000)
    assert (len(first.rows), first.is_part, len(last.rows), last.total) == (1_000, True, 500, rows)
    triage.edit(int(last.rows[0]), "Birthdate", "1990-01-01")
    assert sheet(triage, held, order).frame["Birthdate"].eq("some day").all()
    assert triage.fixed["Birthdate"].iloc[2_000] == "1990-01-01"


def test_long_texts_make_a_sheet_shorter_but_never_empty():
    frame = pd.DataFrame({"Description": ["x" * 900_000] * 5, "LastName": "x"})
    triage = triage_of(frame, ["STRING_TOO_LONG:long:Description --"] * 5)
    (held,) = triage.causes
    assert len(sheet(triage, held, row_order(triage, held)).rows) == 2


def test_columns_of_one_name_are_told_apart():
    frame = pd.DataFrame([["1", "2", "3"]], columns=pd.Index([1, "1", "why"], dtype=object))
    rename = {1: "FirstName", "1": "LastName", "why": "Email"}
    triage = triage_of(frame, ["X_Y:z:--"], rename=rename)
    (held,) = triage.causes
    shown = sheet(triage, held, row_order(triage, held))
    assert shown.frame.columns.tolist() == ["row", "why", "why'", "1", "1'"]
    assert list(shown.columns.values()) == ["why", 1, "1"]


@pytest.mark.parametrize(
    ("values", "dtype", "text", "expected", "code"),
    [
        ([1, 2], "int64", "7", 7, "= 7"),
        ([1, 2], "int64", "", pd.NA, 'astype("Int64")'),
        ([1, 2], "int64", "many", "many", 'astype("object")'),
        ([1, 2], "Int8", "300", "300", 'astype("object")'),
        ([1, 2], "int64[pyarrow]", "7", 7, "= 7"),
        ([1.5, 2.5], "float64", "7", 7.0, "= 7.0"),
        ([True, False], "bool", "no", False, "= False"),
        ([True, False], "boolean", "maybe", "maybe", 'astype("object")'),
        (["a", "b"], "category", "b", "b", '= "b"'),
        (["a", "b"], "category", "c", "c", 'astype("object")'),
        (["a", "b"], "string", 'it\'s "c"', 'it\'s "c"', "fixed.loc[0"),
        (["a", "b"], "object", "", None, "= None"),
        (["2024-01-01", "2024-01-02"], "datetime64[ns]", "2024-02-03", pd.Timestamp("2024-02-03"), "pd.Timestamp"),
        (["2024-01-01", "2024-01-02"], "datetime64[ns]", "soon", "soon", 'astype("object")'),
    ],
)
def test_an_edit_keeps_the_type_where_it_can(values, dtype, text, expected, code):
    frame = pd.DataFrame({"Description": pd.Series(values).astype(dtype), "LastName": "x"})
    triage = triage_of(frame, ["X_Y:z:--", "X_Y:z:--"])
    triage.edit(0, "Description", text)
    held = triage.fixed["Description"].iloc[0]
    assert (pd.isna(held) and pd.isna(expected)) or held == expected
    assert code in triage.code
    assert str(triage.fixed["Description"].dtype) in {dtype, "object", "Int64", "str"}
    assert triage.fixed["Description"].iloc[1] == frame["Description"].iloc[1]


@pytest.mark.parametrize(
    ("index", "place"),
    [
        (["a", "a"], "fixed.iloc[1, 0]"),
        (pd.date_range("2024-01-01", periods=2), "fixed.iloc[1, 0]"),
        (pd.MultiIndex.from_tuples([("x", 1), ("x", 2)]), "fixed.iloc[1, 0]"),
        (["a", "it's"], 'fixed.loc["it\'s", "LastName"]'),
        ([10, 20], 'fixed.loc[20, "LastName"]'),
    ],
)
def test_an_edit_names_its_cell_so_that_it_is_found_again(index, place):
    triage = triage_of(pd.DataFrame({"LastName": ["Curie", "Hopper"]}, index=index), ["X_Y:z:--"] * 2)
    triage.edit(1, "LastName", "Lovelace")
    assert triage.fixed["LastName"].tolist() == ["Curie", "Lovelace"]
    assert place in triage.code
