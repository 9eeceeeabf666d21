"""Counts are exact up to a bound; beyond it they are within the error that they tell."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.profiling.counts import MOST_BYTES, MOST_VALUES, ValueCounts

BLOCK = 32_768


def counted(values, kind=None, **limits):
    array = pa.array(values, kind)
    counts = ValueCounts(array.type, **limits)
    for at in range(0, len(array), BLOCK):
        counts.add(array.slice(at, BLOCK))
    return counts


def check_guarantee(values, known):
    true = Counter(values)
    held = dict(zip(known.ranked.to_pylist(), known.counts.tolist(), strict=True))
    for value, count in held.items():
        assert count <= true[value] <= count + known.error
    unseen = [count for value, count in true.items() if value not in held]
    assert not held or max(unseen, default=0) <= max(min(held.values()) + known.error, known.error * 2)


def test_few_values_are_counted_exactly_the_most_frequent_first_equals_in_their_order():
    known = counted(["b", "a", "c", "a", "b", "z", "a"]).frequencies()
    assert (known.is_exact, known.distinct, known.error) == (True, 4, 0)
    assert known.ranked.to_pylist() == ["a", "b", "c", "z"]
    assert known.counts.tolist() == [3, 2, 1, 1]


def test_as_many_as_there_is_room_for_are_exact_and_one_more_is_not():
    numbers = list(range(MOST_VALUES))
    known = counted(numbers * 2).frequencies()
    assert (known.is_exact, known.distinct) == (True, MOST_VALUES)
    assert set(known.counts.tolist()) == {2}
    beyond = counted([*numbers * 2, -1]).frequencies()
    assert not beyond.is_exact
    assert beyond.distinct == pytest.approx(MOST_VALUES + 1, rel=0.03)


def test_long_texts_are_not_held_without_end():
    texts = [f"{number:05d}" + "x" * 1_000 for number in range(3_000)]
    counts = counted([*texts, *texts[:1] * 500])
    known = counts.frequencies()
    assert not known.is_exact
    assert counts._held.nbytes < 1.1 * MOST_BYTES
    assert known.distinct == pytest.approx(3_000, rel=0.03)
    assert known.ranked.to_pylist() == texts[:1]
    check_guarantee([*texts, *texts[:1] * 500], known)


def test_of_a_key_no_value_stands_out_and_their_number_is_at_most_that_of_the_rows():
    known = counted([f"003{number:015d}" for number in range(100_000)]).frequencies()
    assert len(known.ranked) == 0
    assert 97_000 < known.distinct <= 100_000
    assert known.error < 100_000 / 1_000


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
@pytest.mark.parametrize("skew", [1.1, 1.5])
def test_frequent_values_among_many_are_found_with_counts_within_the_error(kind, skew):
    rng = np.random.default_rng(int(skew * 10))
    numbers = (rng.zipf(skew, 250_000) % 90_000).tolist()
    values = [f"name {number}" for number in numbers] if pa.types.is_string(kind) else numbers
    known = counted(values, kind).frequencies()
    assert known.error < len(values) / 4_000
    check_guarantee(values, known)
    true = Counter(values)
    frequent = {value for value, count in true.items() if count > 2 * known.error}
    assert frequent <= set(known.ranked.to_pylist())
    if not known.is_exact:
        assert known.distinct == pytest.approx(len(true), rel=0.03)


def test_what_becomes_frequent_late_is_found_all_the_same():
    values = [*range(150_000), *[5] * 3_000, *range(200_000, 260_000)]
    known = counted(values).frequencies()
    assert known.ranked.to_pylist() == [5]
    check_guarantee(values, known)


def test_memory_stays_where_it_is_however_many_values_come():
    counts = ValueCounts(pa.int64())
    sizes = []
    for block in range(12):
        counts.add(pa.array(np.arange(BLOCK) + block * BLOCK))
        sizes.append(counts._held.nbytes + sum(each.nbytes for each in counts._pending))
    assert max(sizes) < 16 * (MOST_VALUES + 2 * BLOCK)
    assert sizes[-1] <= sizes[1] + 16 * 4_096


@pytest.mark.parametrize("kind", [pa.bool_(), pa.date32(), pa.time32("ms"), pa.timestamp("ms", "UTC"), pa.float64()])
def test_values_of_any_kind_are_counted(kind):
    values = pa.array([1, 0, 1], pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    known = counted(values).frequencies()
    assert known.ranked.to_pylist() == values.slice(0, 2).to_pylist()
    assert known.counts.tolist() == [2, 1]
    assert len(counted(values, most_values=1).frequencies().ranked) <= 1
