"""Positions come back as they were packed, and ascending ones take little room."""

import random
import re
import zlib

import numpy as np
import pytest

from sfbulk_pandas.codec.rows import short
from sfbulk_pandas.journal import positions as module
from sfbulk_pandas.journal.ids import new_load_id
from sfbulk_pandas.journal.positions import pack_positions, unpack_positions


@pytest.mark.parametrize("block_rows", [1, 2, 262_144])
@pytest.mark.parametrize("positions", [[], [0], [5, 3, 9], [2**40, 0], [2**31 - 1, 0, 2**31 - 1]])
def test_there_and_back(positions, block_rows, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", block_rows)
    back = unpack_positions(pack_positions(short(np.array(positions, np.int64))))
    assert back.tolist() == positions
    assert back.dtype == np.int64


def test_damaged_ones_are_a_value_error():
    packed = pack_positions(np.arange(9))
    for damaged in (b"", packed[:-5], b"x" + packed, zlib.compress(b"abc")):
        with pytest.raises(ValueError, match=r"damaged|buffer size"):
            unpack_positions(damaged)


def test_a_million_ascending_ones_take_a_few_kilobytes():
    assert len(pack_positions(np.arange(1_000_000))) < 50_000


def test_ids_of_loads_sort_by_time():
    rng = random.Random(1)
    ids = [new_load_id(now, rng) for now in (0.0, 1.0, 1_795_500_000.0)]
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-hjkmnp-tv-z]{6}", each) for each in ids)


def test_ids_of_loads_that_begin_in_one_second_differ():
    rng = random.Random(1)
    assert len({new_load_id(0.0, rng) for _ in range(2_000)}) == 2_000
