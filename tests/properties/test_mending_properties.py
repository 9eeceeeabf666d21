"""The code of a fix does exactly what apply does, whatever the column's dtype, its label and the index."""

import io
import pickle
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfbulk_pandas.mending import find_fixes
from sfbulk_pandas.mending.refusals import look, mask_of

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file
from failed_rows import failed

CELLS = {
    "Email": ["a@b.example", " a@b.example", "a@ b.example", "a,b@c.example", "nobody", "n/a", "ä@b.example", ""],
    "Birthdate": ["1867-11-07", "07.11.1867", "November 7, 1867", "31.02.1990", "unknown", "1990-1-2", " 1990-01-02"],
    "LeadSource": ["Web", "web", "Webb", " Web\u00a0", "Trade Show", "Fair"],
    "HasOptedOutOfEmail": ["true", "Yes", "no", "perhaps", "1"],
    "Phone": ["1", "2" * 41, " " + "3" * 40, "4\r\n" * 14],
    "AccountId": ["001000000000001AAA", "nobody", " 001000000000001AAA"],
}
NUMBERS = ["12", "1,234", "1,234,567", "$ 12.50", "1.234.567,89", "n/a", "some", "12 345"]
DTYPES = ["object", "str", "string", "string[python]", "string[pyarrow]", "category", "large", "dictionary", "mixed"]
LABELS = ["plain", 'a "quoted" one', "it's", "line\nbreak", 7, ("a", "b"), pd.Timestamp("2024-01-01"), "back\\slash"]
INDEXES = ["range", "repeated", "multi", "dates", "repeated multi"]


def column_of(cells, dtype):
    if dtype == "mixed":
        return pd.Series([*cells[:-1], 5] if len(cells) > 1 else cells, dtype=object)
    if dtype == "large":
        return pd.Series(cells, dtype=pd.ArrowDtype(pa.large_string()))
    if dtype == "dictionary":
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(cells).dictionary_encode()))
    return pd.Series(cells, dtype=dtype)


def index_of(kind, rows):
    pairs = [("x", number // 2) for number in range(rows)]
    return {
        "range": pd.RangeIndex(rows),
        "repeated": pd.Index(["a"] * rows),
        "multi": pd.MultiIndex.from_tuples([("x", number) for number in range(rows)], names=["k", None]),
        "dates": pd.date_range("2024-01-01", periods=rows),
        "repeated multi": pd.MultiIndex.from_tuples(pairs),
    }[kind]


def run(code, frame):
    space = {"pd": pd, "fixed": frame}
    exec(code, space)
    return space["fixed"]


def agrees(rows):
    """Run each fix on a frame of the user's own, in a round of its own; return what is left."""
    found, frame = find_fixes(rows), rows.frame
    for tried in found:
        applied = tried.fix.run(frame)
        by_hand = run(tried.fix.code, frame.copy())
        pd.testing.assert_frame_equal(by_hand, applied)
        if tried.fix.column is None:
            continue
        others = [name for name in frame.columns if name != tried.fix.column]
        pd.testing.assert_frame_equal(applied[others], frame[others])
        assert mask_of(look(applied, tried.fix.column, rows.terms), len(frame)).sum() == tried.after
        frame = applied
    return found


@settings(max_examples=60)
@given(data=st.data())
def test_the_code_gives_what_apply_gives(data):
    field = data.draw(st.sampled_from(list(CELLS)))
    cells = data.draw(st.lists(st.sampled_from([*CELLS[field], None]), min_size=1, max_size=12))
    dtype, label = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from(LABELS))
    frame = pd.DataFrame({"LastName": ["x"] * len(cells)})
    frame.insert(0, "cells", column_of(cells, dtype))
    frame.columns = pd.Index([label, "LastName"], dtype=object, tupleize_cols=False)
    frame.index = index_of(data.draw(st.sampled_from(INDEXES)), len(cells))
    nulls = data.draw(st.sampled_from(["ignore", "clear"]))
    agrees(failed(frame, rename={label: field}, nulls=nulls))


@settings(max_examples=20)
@given(cells=st.lists(st.sampled_from([*NUMBERS, None]), min_size=1, max_size=8), dtype=st.sampled_from(DTYPES))
def test_the_code_gives_what_apply_gives_for_numbers(cells, dtype):
    frame = pd.DataFrame({"AnnualRevenue": column_of(cells, dtype), "Name": "x"})
    agrees(failed(frame, sobject="Account"))


@settings(max_examples=30)
@given(text=st.text(max_size=60), field=st.sampled_from(list(CELLS)), more=st.lists(st.text(max_size=9), max_size=40))
def test_any_text_at_all_is_written_as_code(text, field, more):
    cells = [each.encode(errors="ignore").decode() for each in (text, *more)]
    agrees(failed(pd.DataFrame({field: cells, "LastName": "x"})))


@pytest.mark.parametrize("dtype", ["int64", "int16", "uint32", "float64", "Int64", "bool", "int64[pyarrow]"])
def test_columns_of_numbers_keep_their_dtype_or_become_nullable(dtype):
    values = [1, 0, 1] if dtype == "bool" else [1, 30_000, 7]
    frame = pd.DataFrame({"NumberOfEmployees": pd.Series(values, dtype=dtype), "Name": "x"})
    said = ["FIELD_INTEGRITY_EXCEPTION:no:NumberOfEmployees --", None, None]
    found = agrees(failed(frame, sobject="Account", said=said)) if dtype != "bool" else []
    for tried in found:
        held = tried.fix.run(failed(frame, sobject="Account", said=said).frame)["NumberOfEmployees"]
        assert held.isna().tolist() == [True, False, False]
        assert held.tolist()[1:] == values[1:]
    assert dtype == "bool" or [tried.fix.fix for tried in found] == ["drop named cell"]


def test_the_terms_survive_a_pickle_and_judge_alike():
    rows = failed(pd.DataFrame({"Email": ["no"], "Account.Account_Key__c": ["A-1"], "LastName": "x"}))
    again = pickle.load(io.BytesIO(pickle.dumps(rows)))
    assert [each.fix for each in find_fixes(again)] == [each.fix for each in find_fixes(rows)]
    assert len(pickle.dumps(rows.terms)) < 20_000
