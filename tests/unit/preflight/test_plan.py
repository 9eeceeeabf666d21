import numpy as np
import pandas as pd

from sfbulk_pandas.codec.frame import text_table
from sfbulk_pandas.preflight import LoadPlan, blank_cells, blocks, plan_rows
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType


def lines(plan):
    rows = plan_rows(plan)
    assert list(rows.columns) == ["index", "column", "check", "value", "suggestion", "severity"]
    assert set(rows["severity"]) == {"plan"}
    return rows[["column", "check", "value", "suggestion"]].to_dict("split")["data"]


def test_jobs_batches_and_calls():
    jobs, batches, calls = lines(LoadPlan([20_000, 10_001], batches_left=15_000))
    assert jobs == [None, "jobs", 2, "30,001 rows go up"]
    assert batches == [None, "batches", 6, "the org has 15,000 batches left today"]
    assert calls[1:3] == ["API calls, at least", 12]
    assert "not asked" in calls[3]


def test_limits_that_do_not_suffice_are_named():
    _, batches, calls = lines(LoadPlan([20_000], batches_left=2, calls_left=5))
    assert batches[3] == "too many: the org has 2 batches left today, 1 fewer than this load needs"
    assert calls[3].startswith("too many: the org has 5 API calls left today, 1 fewer")


def test_missing_cells():
    found = lines(LoadPlan([1], {"b": 2, "c": 0}, {"a": 3, "b": 0}))[3:]
    assert found == [
        ["b", "cells that will be cleared", 2, "sent as #N/A"],
        ["a", "cells that will be left alone", 3, "sent empty"],
    ]


def blanks(frame, nulls="ignore", rows=None):
    id_field = FieldDescribe("Id", FieldType.ID)
    columns = [Column(label, str(label), id_field if label == "Id" else None) for label in frame]
    counts = blank_cells(frame, columns, EncodeOptions(nulls, allow_na_text=True), rows)
    return [{label: count for label, count in each.items() if count} for each in counts]


def test_empty_texts_leave_their_field_alone_whatever_missing_cells_do(monkeypatch):
    frame = pd.DataFrame(
        {"Id": [None, "x", "x", "x"], "t": ["", None, "#N/A", "a"], "n": [np.nan, 1, np.nan, 2], "full": "x"}
    )
    assert blanks(frame) == [{"t": 1}, {"Id": 1, "t": 2, "n": 2}]
    assert blanks(frame, "clear") == [{"t": 2, "n": 2}, {"Id": 1, "t": 1}]
    assert blanks(frame, {"n": "clear"}) == [{"t": 1, "n": 2}, {"Id": 1, "t": 2}]
    assert blanks(frame, "clear", np.array([3, 0])) == [{"n": 1}, {"Id": 1, "t": 1}]
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 3)
    assert blanks(frame, "clear") == [{"t": 2, "n": 2}, {"Id": 1, "t": 1}]
    assert blanks(frame, "clear", np.array([3, 0], np.int32)) == [{"n": 1}, {"Id": 1, "t": 1}]
    assert blanks(frame, "clear", np.array([3, 0, 2, 1])) == [{"t": 2, "n": 2}, {"Id": 1, "t": 1}]
    assert blanks(frame.iloc[:0]) == [{}, {}]


def test_a_lookup_that_is_given_by_the_parents_id_can_be_cleared():
    frame = pd.DataFrame({"Id": ["x", None], "Account.Id": [None, "x"]})
    columns = [Column(label, label, FieldDescribe("Id", FieldType.ID)) for label in frame]
    options = EncodeOptions("clear")
    cleared, left_alone = blank_cells(frame, columns, options)
    assert (cleared, left_alone) == ({"Id": 0, "Account.Id": 1}, {"Id": 1, "Account.Id": 0})
    assert text_table(frame, columns, options).to_pylist() == [
        {"Id": "x", "Account.Id": "#N/A"},
        {"Id": None, "Account.Id": "x"},
    ]


def test_an_empty_list_is_a_missing_cell():
    frame = pd.DataFrame({"tags": [[], ["English"], None]})
    assert blanks(frame, "clear") == [{"tags": 2}, {}]
    assert blanks(frame) == [{}, {"tags": 2}]


def test_the_cells_of_a_column_that_goes_into_two_fields_count_twice():
    frame = pd.DataFrame({"n": ["", None, None, "x"]})
    columns = [Column("n", "FirstName"), Column("n", "Description")]
    assert blank_cells(frame, columns, EncodeOptions("clear")) == ({"n": 4}, {"n": 2})
