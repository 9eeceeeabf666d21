"""Rows in memory, as one Arrow table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.bad_cells import BadCells, placed, with_doubles
from sfbulk_pandas.sinks.base import page_key

if TYPE_CHECKING:
    from sfbulk_pandas.sinks.base import PageEnd, Place


class TableSink:
    """Keep every batch, and put them together in the order of the result, however they came.

    An int column in which some row holds a number with a fraction becomes double as a whole.
    """

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int], list[pa.RecordBatch]] = {}
        self._schema = pa.schema([])
        self._bad = BadCells()

    def open(self, schema: pa.Schema) -> None:
        """Get ready for rows of this schema."""
        self._schema = schema

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None = None) -> None:
        """Keep a batch, and its bad cells."""
        self._pages.setdefault((place.chain, place.page), []).append(batch)
        if bad_cells is not None:
            self._bad.add(bad_cells)

    def end_page(self, end: PageEnd) -> None:
        """Do nothing: the rows are there already."""

    def close(self) -> tuple[pa.Table, pa.Table]:
        """Return the table, and its bad cells, under their rows in it."""
        starts = {}
        row = 0
        for (chain, page), batches in sorted(self._pages.items()):
            starts[page_key(chain, page)] = row
            row += sum(batch.num_rows for batch in batches)
        table, bad = with_doubles(self.partial(), self._bad.table(), starts)
        return table, placed(bad, starts)

    def partial(self) -> pa.Table:
        """Return what there is by now, in order."""
        batches = [batch for key in sorted(self._pages) for batch in self._pages[key]]
        return pa.Table.from_batches(batches, self._schema)

    def abort(self) -> None:
        """Let go of the rows."""
        self._pages.clear()
