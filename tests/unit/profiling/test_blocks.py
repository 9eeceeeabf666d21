"""Blocks depend on the rows alone, and never grow beyond their bounds."""

import pyarrow as pa
import pytest

from sfbulk_pandas.profiling.blocks import Blocks

SCHEMA = pa.schema([("text", pa.string()), ("number", pa.int64())])


def blocks_of(texts, *, every, rows=10, size_bytes=1_000):
    batch = pa.record_batch([pa.array(texts, pa.string()), pa.array(range(len(texts)))], schema=SCHEMA)
    blocks = Blocks(SCHEMA, rows, size_bytes)
    found = [each for at in range(0, len(texts), every) for each in blocks.add(batch.slice(at, every))]
    return [*found, *blocks.finish()]


@pytest.mark.parametrize("every", [1, 3, 7, 10, 100])
def test_rows_come_in_the_same_blocks_however_they_are_handed_in(every):
    texts = ["x" * (at * 37 % 200) if at % 5 else None for at in range(60)]
    found = blocks_of(texts, every=every)
    assert [each.num_rows for each in found] == [each.num_rows for each in blocks_of(texts, every=60)]
    assert pa.concat_tables(found).column("text").to_pylist() == texts
    for block in found:
        assert block.num_rows <= 10
        assert sum(len(text or "") + 16 for text in block.column("text").to_pylist()) <= 1_000
        assert all(column.num_chunks == 1 for column in block.columns)


def test_a_row_that_is_larger_than_a_block_is_one_by_itself():
    found = blocks_of(["a", "b" * 5_000, "c", "d"], every=2)
    assert [each.column("text").to_pylist() for each in found] == [["a"], ["b" * 5_000], ["c", "d"]]


def test_no_rows_make_no_block():
    assert blocks_of([], every=1) == []
