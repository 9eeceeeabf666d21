"""Rows as a stream of record batches, that anything which speaks Arrow can consume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfbulk_pandas.codec.bad_cells import BadCells

_AGAIN = "run the query again; a table, or Parquet files, can be read as often as you like"


class BatchStream:
    """The rows of a query on their way: a ``pyarrow.RecordBatchReader`` that can be stopped at any time.

    Read once, in one thread. Anything that consumes ``__arrow_c_stream__`` takes it as it is: ``pl.DataFrame(stream)``,
    ``duckdb.from_arrow(stream)``, ``pa.RecordBatchReader.from_stream(stream)``. Close it, or use it as a context, to
    stop early: connections are closed and threads end; it may be closed twice. Whoever asks for rows of a stream that
    was stopped, by that or by an error, is told so, and so is who would consume one anew that was read: neither is
    an empty result.

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
        self._is_read = self._is_stopped = False

    @property
    def bad_cells(self) -> pa.Table:
        """The cells met so far whose text is no value of their field's type, by Id; they are null in the rows."""
        return self._bad.table().drop_columns(["page"])

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        return self.read_next_batch()

    def read_next_batch(self) -> pa.RecordBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            At the end.
        UsageError
            Where it was stopped before its end.
        """
        if self._is_stopped:
            raise UsageError("the stream was stopped before its end: more rows do not come", hint=_AGAIN)
        try:
            return next(self._batches)
        except StopIteration:
            self._is_read = True
            raise
        except BaseException:
            self._is_stopped = True
            raise

    def read_all(self) -> pa.Table:
        """Return all rows that have not been read yet.

        Raises
        ------
        UsageError
            Where it was stopped before its end.
        """
        return pa.Table.from_batches(self, self.schema)

    def close(self) -> None:
        """Stop."""
        self._batches.close()
        self._is_stopped = not self._is_read

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the rows over as an Arrow C stream.

        Raises
        ------
        UsageError
            Where it was read to its end already, or stopped.
        """
        if self._is_read or self._is_stopped:
            raise UsageError("the stream was read or stopped already: it has no rows any more", hint=_AGAIN)
        return pa.RecordBatchReader.from_batches(self.schema, self).__arrow_c_stream__(requested_schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BatchStream of {', '.join(self.schema.names)}>"
