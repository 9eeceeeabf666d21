"""Rows of Arrow columns in layouts that Arrow itself cannot join or take from."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec.rows import short, take_chunked
from sfbulk_pandas.preflight.cells import read_block
from sfbulk_pandas.salesforce.sobject import FieldType

WORDS = ["a", None, "more than twelve bytes", "b", "", "é" * 9]
VIEWS = pa.array(WORDS, pa.string_view())
NUMBERS = pa.array([0, None, 2, 3, 4, 5], pa.int8())


def of_200_words(first):
    words = pa.array([f"w{n}" for n in range(first, first + 100)])
    return pa.DictionaryArray.from_arrays(pa.array(range(100), pa.int8()), words)


LAYOUTS = {
    "views": [VIEWS, VIEWS.slice(2), VIEWS.slice(1, 3)],
    "one chunk of views": [VIEWS.slice(1)],
    "bytes views": [VIEWS.cast(pa.binary_view()), VIEWS.cast(pa.binary_view()).slice(3)],
    "categories of views": [pa.DictionaryArray.from_arrays(NUMBERS, pa.array([*"abcdef"], pa.string_view()))] * 2,
    "more categories than one chunk may have": [of_200_words(0), of_200_words(100)],
    "an empty chunk among others": [pa.array(range(20)).slice(*each) for each in ((5, 7), (12, 0), (12, 8))],
    "nothing": [VIEWS.slice(0, 0)],
    "no categories": [of_200_words(0).slice(0, 0)],
}


@pytest.mark.parametrize("chunks", LAYOUTS.values(), ids=LAYOUTS)
def test_rows_of_any_layout_are_read_in_any_order(chunks):
    column = pa.chunked_array(chunks)
    values = [each for chunk in chunks for each in chunk.to_pylist()]
    count = len(values)
    assert take_chunked(column, slice(0, count)).to_pylist() == values
    assert take_chunked(column, slice(count // 3, count // 2)).to_pylist() == values[count // 3 : count // 2]
    for order in (np.arange(count)[::-1], np.random.default_rng(7).permutation(count)[: count // 2], np.array([], int)):
        assert take_chunked(column, order).to_pylist() == [values[each] for each in order]


def test_an_ordinary_chunk_is_not_copied():
    column = pa.chunked_array([pa.array(["a", "b", "c"])])
    assert take_chunked(column, slice(1, 3)).buffers()[2].address == column.chunk(0).buffers()[2].address


def test_a_check_reads_such_layouts_too():
    words = [f"w{n}" for n in range(200)]
    column = pa.chunked_array([of_200_words(0), of_200_words(100)])
    series = pd.Series(pd.arrays.ArrowExtensionArray(column))
    assert read_block(series, FieldType.STRING).to_pylist() == words
    joined = pa.chunked_array([VIEWS, VIEWS.slice(0, 0)])
    views = pa.DictionaryArray.from_arrays(NUMBERS, pa.array([*"abcdef"], pa.string_view()))
    for held in (joined, pa.chunked_array([views])):
        assert (
            read_block(pd.Series(pd.arrays.ArrowExtensionArray(held)), FieldType.STRING).to_pylist() == held.to_pylist()
        )


def test_positions_take_32_bits_where_they_fit():
    assert short(np.array([3, 2**31 - 1, 0])).dtype == np.int32
    assert short(np.array([2**31, 0])).tolist() == [2**31, 0]
    assert short(np.array([], np.int64)).tolist() == []
