"""Cut a frame into the blocks of rows that are looked at together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.writing.sizes import ColumnSize, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

BLOCK_ROWS = 131_072
BLOCK_BYTES = 32_000_000  # where rows are long, a block has fewer


def blocks_of(columns: Sequence[pd.Series[Any]]) -> Iterator[slice]:
    """Yield all rows of some columns of one frame, in blocks that are one row at least."""
    if not columns:
        return iter(())
    sizes = [ColumnSize(each) for each in columns]

    def size(rows: range) -> int:
        return sum(each.of(slice(rows.start, rows.stop)) for each in sizes)

    blocks = pieces(range(len(columns[0])), BLOCK_ROWS, BLOCK_BYTES, size)
    return (slice(each.start, each.stop) for each in blocks)
