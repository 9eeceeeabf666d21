"""Record batches of a size that is good to work with, whatever size they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.spool.plain import plain_batch
from sfbulk_pandas.spool.sources import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GATHERED_BYTES = 4 * 2**20  # small batches are put together up to here; what is larger needs no company


def even_batches(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Cut large batches and put small ones together, in their order; each is made plain on the way.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
    schema : pyarrow.Schema
        What they become; see :func:`plain_schema`.

    Yields
    ------
    pyarrow.RecordBatch
        Of 1 to 65,536 rows.
    """
    gathered: list[pa.RecordBatch] = []
    rows = size_bytes = 0  # not counted anew for each: there may be very many small ones
    for piece in _pieces(batches, schema):
        if gathered and (rows + piece.num_rows > BATCH_ROWS or size_bytes + piece.nbytes > _GATHERED_BYTES):
            yield _together(gathered)
            gathered, rows, size_bytes = [], 0, 0
        gathered.append(piece)
        rows += piece.num_rows
        size_bytes += piece.nbytes
    if gathered:
        yield _together(gathered)


def _pieces(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield plain_batch(batch.slice(start, BATCH_ROWS), schema)


def _together(gathered: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(gathered) == 1:
        return gathered[0]
    (whole,) = pa.Table.from_batches(gathered).combine_chunks().to_batches()
    return whole
