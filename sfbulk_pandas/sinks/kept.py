"""Pages kept on disk while a result is put together elsewhere, so that a later run need not fetch them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.sinks.base import page_key
from sfbulk_pandas.sinks.buffer import DiskBuffer, read_bad_cells
from sfbulk_pandas.sinks.disk import durable, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.sinks.base import PageEnd, Place
    from sfbulk_pandas.sinks.checkpoint import Segment
    from sfbulk_pandas.sinks.partial import Partial


class KeptPages:
    """Keep rows as they come, as Arrow files, and give those of an earlier run once more; memory stays bounded.

    Written in one thread; read from any.

    Parameters
    ----------
    partial : Partial
    schema : pyarrow.Schema
        Of the rows.
    """

    def __init__(self, partial: Partial, schema: pa.Schema) -> None:
        self._partial = partial
        self._schema = schema
        self._buffer = DiskBuffer(partial, self._write_files)
        self._places: dict[str, list[tuple[str, int, int]]] = {}
        for step in partial.checkpoint.steps:
            self._index(step.files, step.segments)
        self._bad = read_bad_cells(partial)

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None = None) -> None:
        """Keep rows of a page that were not kept before."""
        self._buffer.write(batch, place, bad_cells)

    def end_page(self, end: PageEnd) -> None:
        """Take note that a page is whole."""
        self._buffer.end_page(end)

    def kept(self, place: Place) -> Iterator[tuple[pa.RecordBatch, pa.Table | None]]:
        """Yield the rows of a page that an earlier run has kept, each batch with its bad cells."""
        bad = self._bad_of(place)
        row = 0
        for name, first, rows in self._places.get(place.path, ()):
            for batch in self._batches(name, first, rows):
                stop = row + batch.num_rows
                rows_of = bad.column("row")
                own = bad.filter(pc.and_(pc.greater_equal(rows_of, row), pc.less(rows_of, stop)))
                yield batch, own if own.num_rows else None
                row = stop

    def leave(self) -> None:
        """Keep what has come so far."""
        self._buffer.leave()

    def _index(self, files: Mapping[str, int], segments: tuple[Segment, ...]) -> None:
        row = 0
        for segment in segments:
            (name,) = files
            self._places.setdefault(segment.path, []).append((name, row, segment.rows))
            row += segment.rows

    def _batches(self, name: str, first: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the batches between two rows of a file; a batch never holds rows of two pages."""
        with pa.memory_map(str(self._partial.rows_folder / name)) as file:
            row = 0
            for batch in pa.ipc.open_stream(file):
                if first <= row < first + rows:
                    yield batch
                row += batch.num_rows

    def _bad_of(self, place: Place) -> pa.Table:
        own = self._bad.filter(pc.equal(self._bad.column("page"), place.path))
        number = pa.array([page_key(place.chain, place.page)] * own.num_rows, pa.int64())
        return pa.table([number, *own.columns[1:]], schema=BAD_CELLS)

    def _write_files(self, number: int, batches: list[pa.RecordBatch]) -> dict[str, int]:
        name = f"{number:05}.arrow"
        folder = self._partial.rows_folder
        # a stream, not a file: the dictionaries of categories may differ from batch to batch
        with durable(folder / name) as file, pa.ipc.new_stream(file, self._schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        sync_folder(folder)
        return {name: sum(batch.num_rows for batch in batches)}
