"""Rows are cut into pieces that bound memory: none is lost, and none is large, however long rows are and wherever."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.writing.sizes import ColumnSize, pieces

ROWS = 1_000
BROKEN = pa.array([b"\xff" * 50] * ROWS).cast(pa.large_binary()).view(pa.large_string())
TEXTS = ["a text of 25 characters.."] * ROWS


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 70), st.integers(1, 200), st.integers(0, 9))
def test_pieces_are_all_rows_and_none_is_large(lengths, max_rows, max_bytes, start):
    rows = range(start, start + len(lengths))

    def size(piece):
        return sum(lengths[piece.start - start : piece.stop - start])

    cut = list(pieces(rows, max_rows, max_bytes, size))
    assert [row for piece in cut for row in piece] == list(rows)
    assert all(0 < len(piece) <= max_rows for piece in cut)
    assert all(len(piece) == 1 or size(piece) <= max_bytes for piece in cut)


def test_rows_are_not_cut_finer_than_they_must_be_and_are_seldom_measured():
    lengths = np.repeat([10, 10_000, 10], [50_000, 500, 50_000])
    asked = []

    def size(piece):
        asked.append(len(piece))
        return int(lengths[piece.start : piece.stop].sum())

    cut = list(pieces(range(len(lengths)), 65_536, 1_000_000, size))
    assert len(cut) < 30
    assert len(asked) < 2 * len(cut)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series(TEXTS, dtype="string[pyarrow]"), 33),  # with where it begins, as Arrow holds it
        (pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string())), 31),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array(TEXTS, pa.string_view()))), 33),
        (pd.Series(TEXTS, dtype=object), 33),
        (pd.Series(TEXTS, dtype="category"), 33),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array(TEXTS).dictionary_encode())), 33),
        (pd.Series(pd.arrays.ArrowExtensionArray(BROKEN)), 58),
        (pd.Series([["A", "B"]] * ROWS), 88),
        (pd.Series([np.array(["A", "B", "C"])] * ROWS), 128),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array([["A", "B"]] * ROWS))), 88),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array([{"a": 1}] * ROWS))), 16),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array([None] * ROWS, pa.list_(pa.string())))), 8),
        (pd.Series([Decimal("1.5")] * ROWS), 8),
        (pd.Series([None] * ROWS, dtype=object), 8),
        (pd.Series(range(ROWS)), 8),
        (pd.Series(range(ROWS), dtype="Int64"), 8),
        (pd.Series(pd.date_range("2020", periods=ROWS, tz="UTC")), 8),
        (pd.Series(pd.period_range("2020", periods=ROWS)), 8),
        (pd.Series(pd.arrays.ArrowExtensionArray(pa.array([Decimal("1.5")] * ROWS))), 8),
    ],
    ids=lambda each: f"{each.dtype}" if isinstance(each, pd.Series) else f"{each}",
)
def test_the_size_of_rows_is_known_without_writing_them(values, expected):
    size = ColumnSize(values)
    assert size.of(slice(100, 500)) == pytest.approx(400 * expected, rel=0.1)
    apart = np.random.default_rng(1).permutation(ROWS)[:300]
    assert size.of(apart) == pytest.approx(300 * expected, rel=0.1)
    assert size.of(slice(7, 7)) == size.of(apart[:0]) == 0


def test_texts_in_many_chunks_are_judged_where_they_are():
    column = pa.chunked_array([pa.array(["x" * 1_000] * 50), pa.array(["y"] * 50)])
    size = ColumnSize(pd.Series(pd.arrays.ArrowExtensionArray(column)))
    assert size.of(np.arange(40)) > 40_000
    assert size.of(np.arange(60, 100)) < 1_000


@pytest.mark.parametrize("dtype", [object, "category"])
@pytest.mark.parametrize("share", [2, 3, 4, 7, 16, 32])
def test_long_texts_are_noticed_however_regularly_they_come(dtype, share):
    rows = np.arange(65_536)
    for first in range(0, share, max(1, share // 4)):
        texts = np.where(rows % share == first, "x" * 10_000, "y").astype(object)
        found = ColumnSize(pd.Series(texts).astype(dtype)).of(slice(0, len(rows)))
        assert found == pytest.approx(len(rows) / share * 10_000, rel=0.5)
