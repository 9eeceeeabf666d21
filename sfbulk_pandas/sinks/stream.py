"""Rows as a stream of record batches, that anything which speaks Arrow can consume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfbulk_pandas.codec.bad_cells import BadCells


class BatchStream:
    """The rows of a query on their way: a ``pyarrow.RecordBatchReader`` that can be stopped at any time.

    Read once, in one thread. Anything that consumes ``__arrow_c_stream__`` takes it as it is: ``pl.DataFrame(stream)``,
    ``duckdb.from_arrow(stream)``, ``pa.RecordBatchReader.from_stream(stream)``. Close it, or use it as a context, to
    stop early: connections are closed and threads end; it may be closed twice.

    Parameters
    ----------
    schema : pyarrow.Schema
    batches : generator of pyarrow.RecordBatch
        Each of that schema.
    bad_cells : BadCells
        Filled meanwhile.
    """

    def __init__(self, schema: pa.Schema, batches: Generator[pa.RecordBatch, None, None], bad_cells: BadCells) -> None:
        self.schema = schema
        self._batches = batches
        self._bad = bad_cells

    @property
    def bad_cells(self) -> pa.Table:
        """The cells met so far whose text is no value of their field's type, by Id; they are null in the rows."""
        return self._bad.table().drop_columns(["page"])

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        return next(self._batches)

    def read_next_batch(self) -> pa.RecordBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            At the end.
        """
        return next(self._batches)

    def read_all(self) -> pa.Table:
        """Return all rows that have not been read yet."""
        return pa.Table.from_batches(self._batches, self.schema)

    def close(self) -> None:
        """Stop."""
        self._batches.close()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the rows over as an Arrow C stream."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches).__arrow_c_stream__(requested_schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BatchStream of {', '.join(self.schema.names)}>"
