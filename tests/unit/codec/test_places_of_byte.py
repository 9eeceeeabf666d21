"""A byte is found and counted a stretch at a time, across the cuts."""

import tracemalloc
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.writing import texts
from sfbulk_pandas.writing.texts import count_byte, places_of_byte


@given(st.lists(st.sampled_from(b'a"\n'), max_size=40), st.integers(1, 9))
def test_a_byte_is_found_wherever_it_stands(found, stretch):
    data = np.array(found, np.uint8)
    with patch.object(texts, "_CACHED_BYTES", stretch):
        places = places_of_byte(data, ord('"'))
        assert count_byte(data, ord('"')) == len(places)
    assert places.tolist() == [at for at, byte in enumerate(found) if byte == ord('"')]
    assert places.dtype == np.int64


def test_a_long_stretch_is_not_compared_at_once():
    data = np.zeros(32 << 20, np.uint8)
    data[-1] = 1
    tracemalloc.start()
    try:
        assert places_of_byte(data, 1).tolist() == [len(data) - 1]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
