"""Rows in, a profile of each column out; memory stays bounded whatever the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.profiling.blocks import Blocks
from sfbulk_pandas.profiling.column import Column

if TYPE_CHECKING:
    import pyarrow as pa

    from sfbulk_pandas.profiling.column import ColumnProfile


class Profiler:
    """Look at rows on their way.

    What comes out depends on the rows and their order, never on the batches they came in; where values are few enough
    to be counted exactly, not on the order either. A column holds up to 2 MB, and all of them together a block of 8 MB,
    or one row.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the rows.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self._blocks = Blocks(schema)
        self._columns = [Column(field.name, field.type) for field in schema]

    def add(self, batch: pa.RecordBatch) -> None:
        """Take some rows."""
        self.rows += batch.num_rows
        for block in self._blocks.add(batch):
            self._look(block)

    def finish(self) -> tuple[ColumnProfile, ...]:
        """Return a profile a column, in the order of the schema; no rows may follow."""
        for block in self._blocks.finish():
            self._look(block)
        return tuple(column.profile() for column in self._columns)

    def _look(self, block: pa.Table) -> None:
        for column, values in zip(self._columns, block.columns, strict=True):
            column.add(values.chunk(0))
