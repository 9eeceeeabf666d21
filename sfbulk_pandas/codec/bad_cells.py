"""The cells whose text is no value of their field's type: kept beside the rows, where they are null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

BAD_CELLS = pa.schema(
    [
        ("page", pa.int64()),
        ("row", pa.int64()),
        ("Id", pa.string()),
        ("column", pa.string()),
        ("text", pa.string()),
    ]
)


class BadCells:
    """Collect bad cells, from any thread.

    They are few as a rule: all of them are held, about 100 bytes each.
    """

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(each.num_rows for each in self._tables)

    def add(self, cells: pa.Table) -> None:
        """Take some more, of the schema ``BAD_CELLS``."""
        self._tables.append(cells)

    def taken(self) -> pa.Table | None:
        """Return those that came since the last time, and hold them no longer; None where there are none."""
        if not self._tables:
            return None
        held, self._tables = self.table(), []
        return held

    def forget_before(self, row: int) -> None:
        """Forget those of the rows before one, counted within their page from 0."""
        self._tables = [each.filter(pc.greater_equal(each.column("row"), row)) for each in self._tables]

    def table(self) -> pa.Table:
        """Return all of them: page, row within the page from 0, Id where the page has one, column, text."""
        return pa.concat_tables([BAD_CELLS.empty_table(), *self._tables]).sort_by(
            [("page", "ascending"), ("row", "ascending")]
        )


class BadColumns(BadCells):
    """Keep the names of the columns alone in which there are bad cells.

    Attributes
    ----------
    names : set of str
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def add(self, cells: pa.Table) -> None:
        """Take the columns of some more cells, and forget the cells."""
        self.names.update(pc.unique(cells.column("column")).to_pylist())


def with_doubles(table: pa.Table, bad: pa.Table, starts: Mapping[int, int]) -> tuple[pa.Table, pa.Table]:
    """Turn int columns into doubles where all of their bad cells are numbers, such as 5.5, and put those in.

    For tables in memory alone: a stream has given its schema away before it meets such a value.

    Parameters
    ----------
    table : pyarrow.Table
    bad : pyarrow.Table
        As ``BadCells.table()`` gives it.
    starts : mapping of int to int
        The row of the table that each page begins with.

    Returns
    -------
    pyarrow.Table, pyarrow.Table
        The rows, and the cells that are still bad. A column with an int that no double holds stays as it was.
    """
    for number, field in enumerate(table.schema):
        own = pc.equal(bad.column("column"), field.name)
        if pa.types.is_integer(field.type) and pc.any(own).as_py():
            doubles = _doubles(table.column(number), bad.filter(own), starts)
            if doubles is not None:
                table = table.set_column(number, field.name, doubles)
                bad = bad.filter(pc.invert(own))
    return table, bad


def placed(bad: pa.Table, starts: Mapping[int, int]) -> pa.Table:
    """Return bad cells with the row of the whole table that each is in, instead of that of its page."""
    return bad.set_column(1, BAD_CELLS.field("row"), pa.array(_rows_of(bad, starts)))


def _rows_of(bad: pa.Table, starts: Mapping[int, int]) -> NDArray[np.int64]:
    first: NDArray[np.int64] = np.array([starts[page] for page in bad.column("page").to_pylist()], np.int64)
    within: NDArray[np.int64] = bad.column("row").to_numpy()
    return first + within


def _doubles(column: pa.ChunkedArray, bad: pa.Table, starts: Mapping[int, int]) -> pa.Array | None:
    try:
        values = pc.cast(bad.column("text"), pa.float64())
        doubles = pc.cast(column, pa.float64()).combine_chunks()
    except pa.ArrowInvalid:
        return None
    rows = _rows_of(bad, starts)
    order = np.argsort(rows)
    mask = np.zeros(len(doubles), bool)
    mask[rows] = True
    return pc.replace_with_mask(doubles, pa.array(mask), values.combine_chunks().take(pa.array(order)))
