"""Mended rows find their places by index label, also where labels repeat, and dtypes stay."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs import outcome
from sfbulk_pandas.jobs.merge import match_rows, replaced_rows
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus


def matched(labels, outstanding, mended):
    positions, chosen = match_rows(pd.Index(labels), np.array(outstanding), pd.Index(mended))
    return positions.tolist(), chosen.tolist()


def test_labels_are_found_in_any_order():
    assert matched(list("abcd"), [1, 3], ["d", "b"]) == ([3, 1], [0, 1])


def test_rows_that_have_succeeded_are_left_out():
    assert matched(list("abcd"), [1, 3], ["a", "b"]) == ([1], [1])


def test_repeated_labels_are_matched_in_order_when_all_are_given():
    assert matched(list("aab"), [0, 1], ["a", "a"]) == ([0, 1], [0, 1])


def test_tuple_labels_of_a_multi_index():
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 2)])
    positions, _ = match_rows(index, np.array([0, 1]), index[1:])
    assert positions.tolist() == [1]


@pytest.mark.parametrize(
    ("labels", "outstanding", "mended", "said"),
    [
        (list("ab"), [0], ["z"], "does not have"),
        (list("aab"), [0, 1], ["a"], "not clear"),
        (list("aab"), [0], ["a", "a"], "not clear"),
    ],
)
def test_what_is_not_clear_is_refused(labels, outstanding, mended, said):
    with pytest.raises(UsageError, match=said):
        matched(labels, outstanding, mended)


MISSING = {
    "float": np.array([0.0, np.nan, np.nan]),
    "object": np.array(["x", None, None], object),
    "str": pd.array(["x", None, None], "str"),
    "datetime": pd.to_datetime(["2024-01-01", None, None]),
    "Int64": pd.array([2**53 + 1, None, None], "Int64"),
    "Float64": pd.array([0.5, None, None], "Float64"),
    "boolean": pd.array([True, None, None], "boolean"),
    "category": pd.Categorical(["x", None, None]),
    "Arrow": pd.array(["x", None, None], "string[pyarrow]"),
}


@pytest.mark.parametrize("labels", MISSING.values(), ids=MISSING)
def test_missing_labels_are_labels_like_others(labels):
    index = pd.Index(labels)
    assert [each.tolist() for each in match_rows(index, np.array([0, 1, 2]), index)] == [[0, 1, 2]] * 2
    assert [each.tolist() for each in match_rows(index, np.array([2]), index[[1]])] == [[2], [0]]
    assert match_rows(index, np.array([0]), index[1:])[0].tolist() == []
    for outstanding, given in (([1, 2], [1]), ([2], [1, 2])):
        with pytest.raises(UsageError, match="not clear"):
            match_rows(index, np.array(outstanding), index[given])


def test_a_category_that_is_not_given_says_nothing():
    index = pd.CategoricalIndex(["p", "q", "p"])
    assert match_rows(index, np.arange(3), index[[1]])[0].tolist() == [1]


def test_labels_are_compared_by_value_whatever_their_types():
    big = 2**53
    index = pd.Index([big, big + 1, 7])
    assert match_rows(index, np.arange(3), pd.Index([7.0]))[0].tolist() == [2]
    assert match_rows(index, np.arange(3), pd.Index(pd.array([big + 1, None], "Int64"))[:1])[0].tolist() == [1]
    with pytest.raises(UsageError, match="does not have"):
        match_rows(index, np.arange(3), pd.Index(["7"]))


@pytest.mark.parametrize(
    ("index", "label"),
    [
        (pd.Index([2, 2, 3]), "2"),
        (pd.Index([2.5, 2.5, 3]), "2.5"),
        (pd.MultiIndex.from_arrays([[2, 2, 3], ["a", "a", "b"]]), "(2, 'a')"),
    ],
)
def test_messages_show_plain_labels_and_how_to_get_others(index, label):
    with pytest.raises(UsageError) as caught:
        match_rows(index, np.arange(3), index[:1])
    assert f"labelled {label} were" in str(caught.value)
    assert "df.reset_index(drop=True)" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        match_rows(index[2:], np.arange(1), index[:1])
    assert f"such as {label}\n" in str(caught.value)


def test_replacing_keeps_index_order_and_dtypes():
    frame = pd.DataFrame({"i": [1, 2, 3], "s": ["a", "b", "c"], "c": pd.Categorical(["x", "y", "x"])}, index=[7, 7, 9])
    mended = frame.iloc[[1]].assign(i=20)
    result = replaced_rows(frame, np.array([1]), mended)
    assert result["i"].tolist() == [1, 20, 3]
    assert result.index.tolist() == [7, 7, 9]
    assert result.dtypes.tolist() == frame.dtypes.tolist()


def test_columns_that_only_the_mended_rows_have_are_added():
    frame = pd.DataFrame({"a": ["x", "y"]})
    result = replaced_rows(frame, np.array([0]), frame.iloc[[0]].assign(b="new"))
    assert result["b"].iloc[0] == "new"
    assert pd.isna(result["b"].iloc[1])


def test_newer_outcomes_take_their_places():
    older = Outcome.of(3, RowStatus.FAILED)
    newer = Outcome.of(1, RowStatus.SUCCESSFUL)
    placed = older.placed(np.array([2]), newer)
    assert placed.status.tolist() == [2, 2, 1]
    assert placed.positions(RowStatus.FAILED).tolist() == [0, 1]
    assert len(placed.sf_id) == 3
    assert placed.sends.tolist() == [0, 0, 0]
    again = Outcome.of(3, RowStatus.UNKNOWN).placed(np.array([2, 0]), Outcome.of(2, RowStatus.UNKNOWN))
    assert again.sends.tolist() == [2, 1, 2]


def test_texts_are_put_in_their_places_a_block_at_a_time(monkeypatch):
    monkeypatch.setattr(outcome, "_BLOCK_ROWS", 2)
    kept = []
    older = Outcome.refused(5, np.arange(5), pa.array(list("abcde")))
    placed = older.placed(
        np.array([4, 1]),
        Outcome.refused(2, np.arange(2), pa.array(["E", "B"])),
        lambda block: kept.append(block) or block,
    )
    assert placed.sf_error.to_pylist() == ["a", "B", "c", "d", "E"]
    assert [len(block) for block in kept] == [2, 2, 1]


def test_a_label_that_two_columns_share_keeps_both_in_their_places():
    frame = pd.DataFrame([[1, "a", 2], [3, "b", 4]], columns=["note", "LastName", "note"])
    mended = frame.iloc[[1]].copy()
    mended["LastName"] = "mended"
    result = replaced_rows(frame, np.array([1]), mended)
    assert result.columns.tolist() == ["note", "LastName", "note"]
    assert result.to_numpy().tolist() == [[1, "a", 2], [3, "mended", 4]]
    without = replaced_rows(frame, np.array([1]), mended[["LastName"]])
    assert without.to_numpy().tolist() == [[1, "a", 2], [3, "mended", 4]]


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_beyond_floats_are_not_rounded(sign):
    big = sign * (2**53 + 1)
    frame = pd.DataFrame({"n": [big, 2]})
    emptied = replaced_rows(frame, np.array([1]), pd.DataFrame({"n": [np.nan]}, index=[1]))
    assert emptied["n"].iloc[0] == big
    assert pd.isna(emptied["n"].iloc[1])
    filled = replaced_rows(pd.DataFrame({"n": [np.nan, 0.5]}), np.array([0]), pd.DataFrame({"n": [big]}))
    assert filled["n"].tolist() == [big, 0.5]
    whole = replaced_rows(frame, np.array([1]), pd.DataFrame({"n": [big + sign]}))
    assert whole["n"].tolist() == [big, big + sign]
    assert whole["n"].dtype == "int64"
    added = replaced_rows(frame[[]], np.array([1]), pd.DataFrame({"n": [big]}, index=[1]))
    assert added["n"].iloc[1] == big


@pytest.mark.parametrize("kind", ["int64[pyarrow]", "Int64", "int64"])
def test_whole_numbers_beyond_floats_stay_where_mending_brings_floats_of_another_kind(kind):
    frame = pd.DataFrame({"n": pd.Series([2**53 + 1, 2], dtype=kind)})
    mended = replaced_rows(frame, np.array([1]), pd.DataFrame({"n": [0.5]}, index=[1]))
    assert mended["n"].tolist() == [2**53 + 1, 0.5]
    floats = pd.DataFrame({"n": pd.Series([1.5, None], dtype="double[pyarrow]")})
    filled = replaced_rows(floats, np.array([1]), frame[:1].set_axis([1]))
    assert filled["n"].tolist() == [1.5, 2**53 + 1]


def test_a_column_that_mending_did_not_change_is_not_copied():
    texts = pd.Series(["a", "b", "c"], dtype="string[pyarrow]")
    frame = pd.DataFrame({"text": texts, "number": [1.0, np.nan, 3.0], "object": [1, "x", None]}, index=[7, 8, 9])
    before = pa.total_allocated_bytes()
    result = replaced_rows(frame, np.array([2, 1]), frame.iloc[[2, 1]].assign(number=[5.0, np.nan]))
    assert pa.total_allocated_bytes() == before
    assert result["number"].tolist()[::2] == [1.0, 5.0]
    pd.testing.assert_frame_equal(result.drop(columns="number"), frame.drop(columns="number"))


@pytest.mark.parametrize(("held", "given"), [(1, True), (True, 1), (1, 1.0), (None, np.nan)])
def test_objects_that_are_equal_but_not_the_same_are_changed(held, given):
    frame = pd.DataFrame({"a": pd.Series(["x", held], dtype=object)})
    mended = pd.DataFrame({"a": pd.Series([given], dtype=object, index=[1])})
    result = replaced_rows(frame, np.array([1]), mended)
    assert result["a"].iloc[1] is given


def test_a_column_that_mending_did_not_change_keeps_its_dtype_and_its_missing_values():
    frame = pd.DataFrame({"a": pd.Series(["x", None, "y"], dtype=object), "b": [1.0, 2.0, 3.0]})
    result = replaced_rows(frame, np.array([1]), frame.iloc[[1]].assign(b=5.0))
    assert result["a"].dtype == object
    assert result["a"].iloc[1] is None


def test_neither_frame_changes_with_the_other():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": pd.Series(["x", "y", "z"], dtype=object), "c": [1.0, 2.0, 3.0]})
    before, index = frame.copy(), np.array([1])
    result = replaced_rows(frame, index, frame.iloc[index].assign(c=5.0))
    result.loc[0, ["a", "b"]] = [7, "changed"]
    pd.testing.assert_frame_equal(frame, before)
    after = result.copy()
    frame.loc[2, ["a", "b"]] = [8, "changed"]
    pd.testing.assert_frame_equal(result, after)


@pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="pandas 2 copies what it puts side by side")
def test_nor_are_numbers_and_objects_copied():
    frame = pd.DataFrame({"a": np.arange(3.0), "b": [1, 2, 3], "c": pd.Series([1, None, "x"], dtype=object)})
    result = replaced_rows(frame, np.array([1]), frame.iloc[[1]].assign(b=5))
    assert np.shares_memory(result["a"], frame["a"])
    assert np.shares_memory(result["c"], frame["c"])


def test_attrs_that_cannot_be_compared_are_kept():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.attrs["scores"] = np.arange(3)
    result = replaced_rows(frame, np.array([1]), frame.iloc[[1]].assign(b="z"))
    assert result["b"].tolist() == ["x", "z"]
    np.testing.assert_array_equal(result.attrs["scores"], np.arange(3))
