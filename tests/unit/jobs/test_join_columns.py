"""Columns of the same records side by side: exactly, and nothing that is not the same everywhere."""

import datetime as dt

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.errors import IncompleteResult
from sfbulk_pandas.jobs.wide.join import bad_cells_among, join_columns

AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
MOMENT = pa.timestamp("ms", "UTC")


def group(column, values, stamps=None, kind=None):
    """Return rows: their Ids to their values, and the time of the last change of some."""
    ids = list(values)
    moments = [(stamps or {}).get(each, AT) for each in ids]
    arrays = [pa.array(ids, pa.string()), pa.array(moments, MOMENT), pa.array(list(values.values()), kind)]
    return pa.table(arrays, ["Id", "SystemModstamp", column])


def schema_of(**types):
    return pa.schema(list(types.items()))


A_AND_B = schema_of(A=pa.int64(), B=pa.string())


def joined(*tables, schema=A_AND_B):
    result = join_columns(tables, schema)
    assert result.table.schema.equals(schema)
    assert len(result.ids) == result.table.num_rows
    return result.table.to_pylist(), result.ids.to_pylist(), sorted(result.differing.to_pylist())


def test_rows_are_joined_in_any_order_of_theirs():
    left, right = group("A", {"x": 1, "y": 2, "z": None}, kind=pa.int64()), group("B", {"z": "Z", "x": None, "y": "Y"})
    assert joined(left, right) == (
        [{"A": 1, "B": None}, {"A": 2, "B": "Y"}, {"A": None, "B": "Z"}],
        ["x", "y", "z"],
        [],
    )


def test_ids_differ_by_case_alone():
    left, right = group("A", {"xa": 1, "xA": 2}), group("B", {"xA": "big", "xa": "small"})
    assert joined(left, right)[0] == [{"A": 1, "B": "small"}, {"A": 2, "B": "big"}]


def test_records_that_a_group_lacks_are_told_and_left_out():
    tables = group("A", {"x": 1, "y": 2}), group("B", {"y": "Y", "z": "Z"})
    assert joined(*tables) == ([{"A": 2, "B": "Y"}], ["y"], ["x", "z"])
    third = group("C", {"x": 1.5, "z": 2.5})
    assert joined(*tables, third, schema=schema_of(A=pa.int64(), C=pa.float64())) == ([], [], ["x", "y", "z"])


def test_no_row_is_of_two_states_of_a_record():
    left = group("A", {"x": 1, "y": 2, "z": 3}, {"x": None, "y": None})
    right = group("B", {"x": "X", "y": "Y", "z": "Z"}, {"x": None, "z": LATER})
    assert joined(left, right) == ([{"A": 1, "B": "X"}], ["x"], ["y", "z"])


def test_objects_without_a_time_of_change_are_joined_by_id_alone():
    left, right = (
        each.drop_columns(["SystemModstamp"]) for each in (group("A", {"x": 1, "y": 2}), group("B", {"y": "Y"}))
    )
    assert joined(left, right) == ([{"A": 2, "B": "Y"}], ["y"], ["x"])


def test_keys_that_the_query_selects_are_among_the_columns():
    schema = schema_of(B=pa.string(), Id=pa.string(), SystemModstamp=MOMENT, A=pa.int64())
    rows = joined(group("A", {"x": 1}), group("B", {"x": "X"}), schema=schema)[0]
    assert rows == [{"B": "X", "Id": "x", "SystemModstamp": AT, "A": 1}]


def test_tables_in_pieces_with_categories_and_lists():
    parts = [pa.array(["Hot"]).dictionary_encode(), pa.array([None, "Cold"]).dictionary_encode()]
    left = pa.table([pa.chunked_array([["x"], ["y", "z"]]), pa.chunked_array(parts)], ["Id", "A"]).unify_dictionaries()
    right = pa.table([["z", "y", "x"], pa.array([["a", "b"], None, []])], ["Id", "B"])
    schema = schema_of(A=parts[0].type, B=pa.list_(pa.string()))
    rows = joined(left, right, schema=schema)[0]
    assert rows == [{"A": "Hot", "B": []}, {"A": None, "B": None}, {"A": "Cold", "B": ["a", "b"]}]


def test_no_rows():
    empty = group("A", {}, kind=pa.int64()), group("B", {}, kind=pa.string())
    assert joined(*empty) == ([], [], [])
    assert joined(group("A", {"x": 1}), empty[1]) == ([], [], ["x"])


@pytest.mark.parametrize("place", [0, 1])
def test_an_id_that_comes_twice_is_an_error(place):
    tables = [group("A", {"x": 1}), group("B", {"x": "X"})]
    tables[place] = pa.concat_tables([tables[place], tables[place]])
    with pytest.raises(IncompleteResult, match=r"1 Id\(s\) came more than once in a result, such as x"):
        join_columns(tables, A_AND_B)


IDS = st.lists(st.sampled_from([f"{letter}{n}" for letter in "aAbB" for n in range(8)]), unique=True)


@given(IDS, IDS, IDS)
def test_it_is_the_join_that_anybody_would_write(first, second, third):
    groups = [
        group(name, {each: f"{name}{each}" for each in ids}, kind=pa.string())
        for name, ids in zip("ABC", (first, second, third), strict=True)
    ]
    rows, ids, differing = joined(*groups, schema=schema_of(C=pa.string(), A=pa.string(), B=pa.string()))
    both = [each for each in first if each in second and each in third]
    assert ids == both
    assert rows == [{"C": f"C{each}", "A": f"A{each}", "B": f"B{each}"} for each in both]
    assert differing == sorted({*first, *second, *third} - set(both))


def test_bad_cells_are_found_under_the_places_of_their_rows():
    cells = [[None] * 3, [7, 8, 9], ["y", "gone", "x"], ["A"] * 3, ["one", "two", "three"]]
    names = ["page", *BAD_CELLS.names[1:]]
    bad = pa.table([pa.array(cells[0], pa.string()), *cells[1:]], names)
    found = bad_cells_among(pa.array(["x", "y"]), bad, 5)
    assert found.schema.equals(BAD_CELLS)
    assert found.to_pylist() == [
        {"page": 5, "row": 1, "Id": "y", "column": "A", "text": "one"},
        {"page": 5, "row": 0, "Id": "x", "column": "A", "text": "three"},
    ]
    assert bad_cells_among(pa.array(["other"]), bad, 5) is None
