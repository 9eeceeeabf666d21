"""Give the rows of a page their types, leave out those that were delivered before, and keep what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.codec.typed import typed_cells
from sfbulk_pandas.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.codec.schema import OnBadValue


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read one page.

    Attributes
    ----------
    page : int
        A number of its own, for the bad cells.
    name : str
        What people call it, for errors.
    skip_rows : int
        Rows that were delivered before the page broke off, and are left out now, with their bad cells.
    on_bad_value : {"keep", "raise"}
    """

    page: int = 1
    name: str = "the page"
    skip_rows: int = 0
    on_bad_value: OnBadValue = "keep"


class RowTyper:
    """Type the batches of one page, in their order.

    Parameters
    ----------
    schema : pyarrow.Schema
        What every batch becomes.
    bad_cells : BadCells
        Takes the cells whose text is no value of their type, when their batch is handed out.
    options : ReadOptions

    Attributes
    ----------
    rows : int
        The rows that went through so far, skipped ones among them.
    by_hand : set of int
        The columns that a parser should leave as text: it has met a value that it refused.
    """

    def __init__(self, schema: pa.Schema, bad_cells: BadCells, options: ReadOptions) -> None:
        self.rows = 0
        self.by_hand: set[int] = set()
        self._schema = schema
        self._bad_cells = bad_cells
        self._options = options
        self._id = next((place for place, name in enumerate(schema.names) if name.lower() == "id"), None)

    def handed_out(self, parsed: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Yield a batch in its types; nothing, where all of its rows were delivered before.

        Raises
        ------
        DecodeError
            For a bad value with ``on_bad_value="raise"``.
        """
        first, count = self.rows, parsed.num_rows
        skipped = min(max(self._options.skip_rows - first, 0), count)
        self.rows += skipped
        if skipped < count:
            batch = self._typed(parsed.slice(skipped), first + skipped)
            self.rows = first + count
            yield batch

    def _typed(self, parsed: pa.RecordBatch, first: int) -> pa.RecordBatch:
        if parsed.schema.equals(self._schema):
            return parsed
        columns, bad = [], []
        for place, (column, field) in enumerate(zip(parsed.columns, self._schema, strict=True)):
            if column.type == field.type:
                columns.append(column)
                continue
            typed = typed_cells(column, field.type)
            columns.append(typed.array)
            if not typed.is_plain:
                self.by_hand.add(place)
            if typed.bad.size:
                bad.append(self._cells(parsed, place, typed.bad, first))
        for cells in bad:
            self._keep(cells)
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _cells(self, parsed: pa.RecordBatch, place: int, rows: NDArray[np.int64], first: int) -> pa.Table:
        count = len(rows)
        texts = parsed.column(place).take(pa.array(rows))
        ids = pa.nulls(count, pa.string()) if self._id is None else parsed.column(self._id).take(pa.array(rows))
        page, name = np.full(count, self._options.page), pa.array([self._schema.names[place]] * count, pa.string())
        return pa.table([pa.array(page), pa.array(rows + first), ids, name, texts], schema=BAD_CELLS)

    def _keep(self, cells: pa.Table) -> None:
        if self._options.on_bad_value == "keep":
            self._bad_cells.add(cells)
            return
        cell = cells.slice(0, 1).to_pylist()[0]
        kind = self._schema.field(cell["column"]).type
        raise DecodeError(
            f"{self._options.name}, row {cell['row']} from 0: column {cell['column']!r} holds {cell['text']!r}, "
            f"which is no {kind}",
            hint='on_bad_value="keep" leaves such cells empty and keeps their texts beside the rows',
            **cell | {"page": self._options.name},
        )
