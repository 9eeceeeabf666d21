"""The spool: a temporary folder whose files are memory-mapped."""

from __future__ import annotations

import itertools
import os
import weakref
from typing import TYPE_CHECKING, Any, Self

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.errors import DataError, UsageError
from sfbulk_pandas.spool.blocks import even_batches
from sfbulk_pandas.spool.home import new_folder, remove
from sfbulk_pandas.spool.plain import plain_schema
from sfbulk_pandas.spool.sources import BATCH_ROWS, reader_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MORE_ROOM = "the environment variable TMPDIR may name a folder with more room"


class Spool:
    """Keep rows in a temporary folder that nobody else may read, and point into them.

    A memory map costs no memory of its own: what is looked at is read from disk, and may be forgotten again.
    Frames and tables outlive the spool, except on Windows, where a mapped file cannot be removed: close it
    after them. It is closed at the latest when nothing refers to it, or when Python ends; killed, Python leaves
    its folder (``sfbulk-...``) in the system's temporary folder, which the environment variable TMPDIR names, and
    the next spool that is made there removes it. Where that is kept in memory, as /tmp sometimes is, the rows are too.

    Safe from several threads.

    Raises
    ------
    DataError
        Where there is no temporary folder to write in.
    """

    def __init__(self) -> None:
        try:
            self.folder = new_folder()
        except OSError as error:
            raise DataError(f"there is no temporary folder to write in: {error}", hint=_MORE_ROOM) from error
        self._numbers = itertools.count()
        self._remove = weakref.finalize(self, remove, self.folder, os.getpid())

    def frame_of(self, data: Any) -> pd.DataFrame:
        """Write a source of rows to disk, and return it as a frame that points into the file.

        Parameters
        ----------
        data : object
            See :func:`reader_of`. Read once, batch by batch.

        Returns
        -------
        pandas.DataFrame
            Every column an ``ArrowDtype`` that points into the memory map; a RangeIndex. Dictionaries are decoded.

        Raises
        ------
        UsageError
            Where it holds no rows that can be read, or a column that fits no cell; nothing is written.
        DataError
            Where the rows break off before their end, or the disk is full; the file is removed.
        """
        reader = reader_of(data)
        schema = plain_schema(reader.schema)
        table = self.written(schema, even_batches(_to_the_end(reader), schema))
        pa.default_memory_pool().release_unused()  # what the source was decoded in
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def mapped(self, table: pa.Table) -> pa.Table:
        """Write a table to disk, and return the same table with its columns in the memory map.

        Parameters
        ----------
        table : pyarrow.Table

        Returns
        -------
        pyarrow.Table
            Equal to the other, in chunks of at most 65,536 rows.

        Raises
        ------
        DataError
            Where the disk is full.
        """
        return self.written(table.schema, table.to_batches(max_chunksize=BATCH_ROWS))

    def kept(self, table: pa.Table) -> pa.Table:
        """Write a table to disk as :meth:`mapped` does; where that cannot be done, return it as it is, in memory.

        For what must not be lost, such as what became of rows that were sent.
        """
        try:
            return self.mapped(table)
        except DataError:
            return table

    def close(self) -> None:
        """Remove the folder with its files. May be called twice; nothing can be written any more."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def written(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        """Write batches to disk as they come, and return them as a table in the memory map.

        Parameters
        ----------
        schema : pyarrow.Schema
        batches : iterable of pyarrow.RecordBatch
            Each of that schema.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        DataError
            Where the disk is full, or too many files are open; the file is removed.
        """
        if not self._remove.alive:
            raise UsageError("this spool is closed, and its folder is gone")
        path = self.folder / f"{next(self._numbers)}.arrow"
        try:
            return _written(path, schema, batches)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _written(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pa.Table:
    try:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except OSError as error:
        raise DataError(f"the rows could not be written to {path.parent}: {error}", hint=_MORE_ROOM) from error


def _to_the_end(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    rows = 0
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except Exception as error:
            raise DataError(
                f"the rows broke off after {rows:,} of them: {error}", hint="nothing was sent; read the source again"
            ) from error
        rows += batch.num_rows
        yield batch
