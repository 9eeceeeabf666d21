"""Rows in memory, as one Arrow table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from sfbulk_pandas.sinks.base import PageEnd, Place


class TableSink:
    """Keep every batch, and put them together in the order of the result, however they came.

    An int column in which some page holds a number with a fraction becomes double as a whole.
    """

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int], list[pa.RecordBatch]] = {}
        self._schema = pa.schema([])

    def open(self, schema: pa.Schema) -> None:
        """Get ready for rows of this schema."""
        self._schema = schema

    def write(self, batch: pa.RecordBatch, place: Place) -> None:
        """Keep a batch."""
        self._pages.setdefault((place.chain, place.page), []).append(batch)

    def end_page(self, end: PageEnd) -> None:
        """Do nothing: the rows are there already."""

    def close(self) -> pa.Table:
        """Return the table."""
        return self.partial()

    def partial(self) -> pa.Table:
        """Return what there is by now, in order."""
        batches = [batch for key in sorted(self._pages) for batch in self._pages[key]]
        tables = [self._schema.empty_table(), *(pa.Table.from_batches([batch]) for batch in batches)]
        return pa.concat_tables(tables, promote_options="permissive")

    def abort(self) -> None:
        """Let go of the rows."""
        self._pages.clear()
