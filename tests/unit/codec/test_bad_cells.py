"""Bad cells: collected, and put back where an int column may become one of doubles."""

import pyarrow as pa

from sfbulk_pandas.codec.bad_cells import BAD_CELLS, BadCells, with_doubles

TABLE = pa.table({"Id": ["a", "b", "c", "d"], "I": pa.array([1, None, 3, None], pa.int64())})


def cells(*rows):
    return pa.Table.from_pylist([dict(zip(BAD_CELLS.names, row, strict=True)) for row in rows], BAD_CELLS)


def test_cells_are_counted_and_come_in_the_order_of_the_rows():
    bad = BadCells()
    assert (bad.count, bad.table()) == (0, BAD_CELLS.empty_table())
    bad.add(cells((2, 0, "c", "I", "x")))
    bad.add(cells((1, 5, "b", "I", "y"), (1, 1, "a", "I", "z")))
    assert bad.count == 3
    assert bad.table().column("text").to_pylist() == ["z", "y", "x"]


def test_an_int_column_with_fractions_becomes_one_of_doubles():
    bad = cells((2, 1, "d", "I", "1.5E0"), (1, 1, "b", "I", "5.5"))
    table, left = with_doubles(TABLE, bad, {1: 0, 2: 2})
    assert table.schema == pa.schema([("Id", pa.string()), ("I", pa.float64())])
    assert table.column("I").to_pylist() == [1.0, 5.5, 3.0, 1.5]
    assert left.num_rows == 0


def test_a_column_with_words_stays_as_it_was():
    bad = cells((1, 1, "b", "I", "5.5"), (1, 3, "d", "I", "x"))
    assert with_doubles(TABLE, bad, {1: 0}) == (TABLE, bad)


def test_an_int_that_no_double_holds_keeps_its_column():
    table = TABLE.set_column(1, "I", pa.array([2**53 + 1, None, 3, None], pa.int64()))
    bad = cells((1, 1, "b", "I", "5.5"))
    assert with_doubles(table, bad, {1: 0}) == (table, bad)


def test_other_columns_and_their_bad_cells_are_left_alone():
    table = TABLE.append_column("B", pa.nulls(4, pa.bool_()))
    bad = cells((1, 1, "b", "I", "5.5"), (1, 2, "c", "B", "7.5"))
    changed, left = with_doubles(table, bad, {1: 0})
    assert changed.schema.types == [pa.string(), pa.float64(), pa.bool_()]
    assert left.to_pylist() == bad.slice(1).to_pylist()
    assert with_doubles(TABLE, BAD_CELLS.empty_table(), {}) == (TABLE, BAD_CELLS.empty_table())
