"""What goes up: the rows of a load in the order in which they are sent, encoded a part at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sfbulk_pandas.codec.encode import Part, PartLimits, PartRange, encode_parts, encode_range, row_ends
from sfbulk_pandas.codec.frame import FrameTexts, label_at
from sfbulk_pandas.codec.rows import RowOrder, position_of, rows_of
from sfbulk_pandas.codec.slices import Release, slices_of
from sfbulk_pandas.writing.texts import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy import int64
    from numpy.typing import NDArray

    from sfbulk_pandas.codec.mapper import Mapper
    from sfbulk_pandas.codec.rows import Positions
    from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
    from sfbulk_pandas.spool import Spool


@dataclass(frozen=True, slots=True)
class Cargo:
    """Rows that can go up as they are; nothing in it talks to Salesforce.

    Attributes
    ----------
    frame : DataFrame
        With every column that travels.
    columns : sequence of Column
        The columns that travel, with the headers they travel under.
    encoding : EncodeOptions
    order : RowOrder or None
        Which rows are sent, in which order; None for all, in the frame's own.
    mapper : callable
        Like ``map``: how slices are encoded.
    """

    frame: pd.DataFrame
    columns: Sequence[Column]
    encoding: EncodeOptions
    order: RowOrder | None
    mapper: Mapper

    def __len__(self) -> int:
        return len(self.frame) if self.order is None else len(self.order.positions)

    @property
    def headers(self) -> tuple[str, ...]:
        """The CSV's header."""
        return tuple(column.header for column in self.columns)

    def parts(self, start: int, stop: int, number: int, limits: PartLimits) -> Iterator[Part]:
        """Encode the rows from ``start`` to ``stop`` of the order as parts, numbered from ``number``."""
        parts = encode_parts(
            self.frame, self.columns, self.encoding, limits, order=self._between(start, stop), mapper=self.mapper
        )

        def of_order(part: Part) -> Part:
            return replace(part, number=part.number + number - 1, start=part.start + start, stop=part.stop + start)

        return map(of_order, parts)  # which holds no part, as a loop's variable would

    def part(self, number: int, start: int, stop: int) -> Part:
        """Encode exactly the rows from ``start`` to ``stop`` of the order as one part."""
        rows = PartRange(number, start, stop)
        return encode_range(self.frame, self.columns, self.encoding, rows, order=self.order, mapper=self.mapper)

    def ends(self, stop: int) -> NDArray[int64]:
        """Return how many bytes the CSV has after its header and after each of the first rows of the order."""
        return row_ends(self.frame, self.columns, self.encoding, stop, order=self.order, mapper=self.mapper)

    def texts(self, start: int, stop: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Return the texts that rows travel as, to compare with what comes back: a few rows at a time, as asked for."""
        texts = FrameTexts(self.frame, self.columns, self.encoding)
        release = Release()

        def written(rows: range) -> list[pa.RecordBatch]:
            table = texts.table(rows_of(self.order, rows.start, rows.stop))
            release.note(table.nbytes)
            batches: list[pa.RecordBatch] = table.to_batches()
            return batches

        schema = pa.schema([(header, TEXT) for header in self.headers])
        return schema, chain.from_iterable(self.mapper(written, slices_of(texts, self.order, range(start, stop))))

    def chosen(self, positions: Positions) -> Cargo:
        """Return the cargo of these rows alone."""
        return replace(self, order=RowOrder(positions, None))

    def ordered(self, positions: Positions | None, spool: Spool) -> Cargo:
        """Return the cargo that goes up in this order, the frame's own for None; itself, where that is its order."""
        if positions is None:
            return replace(self, order=None)
        is_mine = self.order is not None and np.array_equal(self.order.positions, positions)
        return self if is_mine else replace(self, order=on_disk(RowOrder(positions), spool))

    def place(self, at: int) -> str:
        """Say which row of the frame goes up at a place of the order: label and position."""
        position = position_of(rows_of(self.order, at, at + 1), 0)
        return f"row {label_at(self.frame.index, position)!r} (position {position})"

    def _between(self, start: int, stop: int) -> RowOrder | None:
        if (start, stop) == (0, len(self)):
            return self.order
        if self.order is None:
            return RowOrder(np.arange(start, stop))
        starts = self.order.starts
        return RowOrder(self.order.positions[start:stop], None if starts is None else starts[start:stop])


def on_disk(order: RowOrder, spool: Spool) -> RowOrder:
    """Return the order in a memory map: it is as long as the frame, however long that is.

    Raises
    ------
    DataError
        Where the disk is full.
    """

    def mapped(values: NDArray[Any]) -> NDArray[Any]:
        batch = pa.record_batch({"": values})  # one, so that it lies in one piece
        held: NDArray[Any] = spool.written(batch.schema, [batch]).column(0).chunk(0).to_numpy()
        return held

    starts = None if order.starts is None else mapped(order.starts.view(np.uint8)).view(bool)
    return RowOrder(mapped(order.positions), starts)
