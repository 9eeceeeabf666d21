"""Cut a stream of rows into blocks of its own, so that what is found never depends on how the rows came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.profiling.hashes import text_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK_ROWS = 32_768
BLOCK_BYTES = 8_000_000
_CELL_BYTES = 8


class Blocks:
    """Hand rows on in blocks that depend on the rows and their order alone.

    A block ends where the next row would be one too many, or would make it too large; a row that is larger than a
    block is one by itself. Each row is handed on once.

    Parameters
    ----------
    schema : pyarrow.Schema
    rows, size_bytes : int
        The most of a block.
    """

    def __init__(self, schema: pa.Schema, rows: int = BLOCK_ROWS, size_bytes: int = BLOCK_BYTES) -> None:
        self._schema = schema
        self._most_rows = rows
        self._most_bytes = size_bytes
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[pa.Table]:
        """Take some rows; yield the blocks that are complete by now, each column of which is one chunk."""
        ends = _ends(batch)
        at = before = 0
        while at < batch.num_rows:
            fit = int(ends.searchsorted(before + self._most_bytes - self._bytes, side="right"))
            to = min(at + self._most_rows - self._rows, fit)
            if to <= at and self._rows:
                yield self._taken()
                continue
            to = max(to, at + 1)
            self._hold(batch.slice(at, to - at), int(ends[to - 1]) - before)
            at, before = to, int(ends[to - 1])

    def finish(self) -> Iterator[pa.Table]:
        """Yield the last block, where there is one."""
        if self._rows:
            yield self._taken()

    def _hold(self, rows: pa.RecordBatch, size_bytes: int) -> None:
        self._held.append(rows)
        self._rows += rows.num_rows
        self._bytes += size_bytes

    def _taken(self) -> pa.Table:
        held, self._held, self._rows, self._bytes = self._held, [], 0, 0
        return pa.Table.from_batches(held, self._schema).combine_chunks()


def _ends(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Return how much the rows up to each count for: what their texts hold, and a little for each cell.

    A missing text holds nothing; where texts begin in their buffer says it all.
    """
    ends: NDArray[np.int64] = np.arange(1, batch.num_rows + 1, dtype=np.int64)
    ends *= _CELL_BYTES * batch.num_columns
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            starts = text_starts(column)
            ends += starts[1:]
            ends -= starts[0]
    return ends
