"""Ids as numbers."""

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import DataError
from sfbulk_pandas.jobs.sync.id_keys import IdKeys, found
from sfbulk_pandas.ranges import id_at, id_number
from sfbulk_pandas.salesforce.ids import to_18


def some_ids(count):
    numbers = np.random.default_rng(1).integers(0, 62**9, count)
    heads = [id_number(f"{head}000000000") for head in ("0035g0", "0035G0", "003Dn0")]
    return [id_at(heads[n % 3] + int(number)) for n, number in enumerate(numbers)]


def test_the_same_id_has_the_same_number_in_15_and_18_characters_and_in_any_order():
    ids = some_ids(500)
    keys = IdKeys()
    numbers = keys.of(pa.array(ids))
    assert len(set(numbers.tolist())) == len(set(ids)) == 500
    long = [to_18(each) for each in reversed(ids)]
    assert keys.of(pa.chunked_array([long[:200], long[200:]])).tolist() == numbers.tolist()[::-1]
    mixed = [each if n % 2 else to_18(each) for n, each in enumerate(ids)]
    assert keys.of(pa.array(mixed)).tolist() == numbers.tolist()


def test_a_slice_is_read_where_it_lies():
    ids = pa.array(some_ids(20))
    keys = IdKeys()
    assert keys.of(ids.slice(7, 5)).tolist() == keys.of(ids).tolist()[7:12]
    assert keys.of(pa.array([], pa.string())).tolist() == []


@pytest.mark.parametrize("text", ["", "003", "0035g00000abcd-AAA", "0035g00000abcdeAA", "é35g00000abcdeAAA"])
def test_what_is_no_id_is_told_of(text):
    with pytest.raises(DataError, match="is no Id"):
        IdKeys().of(pa.array(["0035g00000abcdeAAA", text]))
    with pytest.raises(DataError, match="None is no Id"):
        IdKeys().of(pa.array(["0035g00000abcdeAAA", None]))


def test_ids_that_begin_in_too_many_ways_are_of_no_one_object():
    heads = [f"{n:06d}" for n in range(1_363)]
    with pytest.raises(DataError, match="more than 1,362 ways"):
        IdKeys().of(pa.array([f"{head}000000000" for head in heads]))
    numbers = IdKeys().of(pa.array([f"{head}zzzzzzzzz" for head in heads[:1_362]]))
    assert len(set(numbers.tolist())) == 1_362


def test_keys_are_found_where_they_are():
    is_there, at = found(np.array([5, 1, 9, 3], np.uint64), np.array([1, 3, 5], np.uint64))
    assert is_there.tolist() == [True, True, False, True]
    assert at.tolist() == [2, 0, 1]
    is_there, at = found(np.array([5], np.uint64), np.array([], np.uint64))
    assert (is_there.tolist(), at.tolist()) == ([False], [])
