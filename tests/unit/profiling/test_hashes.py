"""Hashes depend on the value alone, and differ where values do."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.profiling.hashes import hashes
from sfbulk_pandas.profiling.hyperloglog import STANDARD_ERROR, HyperLogLog

TEXTS = ["", "\0", "\0\0", "a", "b", "ab", "a" * 7, "a" * 8, "a" * 9, "é", "a" * 255, "a" * 256, "a" * 257, "b" * 5_000]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_each_text_has_a_hash_of_its_own_wherever_it_stands(kind):
    alone = [int(hashes(pa.array([text], kind))[0]) for text in TEXTS]
    assert len(set(alone)) == len(TEXTS)
    assert hashes(pa.array(TEXTS, kind)).tolist() == alone
    assert hashes(pa.array(["x", *TEXTS, "y"], kind).slice(1, len(TEXTS))).tolist() == alone
    many = pa.array(TEXTS * 1_000, kind)
    assert hashes(many).tolist() == alone * 1_000


def test_both_kinds_of_text_hash_alike():
    assert hashes(pa.array(TEXTS)).tolist() == hashes(pa.array(TEXTS, pa.large_string())).tolist()


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, -1, 2**40]),
        pa.array([0.5, 1.5, -2.0]),
        pa.array([True, False]),
        pa.array([1, 2], pa.int32()).cast(pa.date32()),
        pa.array([1, 2], pa.int32()).cast(pa.time32("ms")),
        pa.array([datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
        pa.array([Decimal("1.00"), Decimal("1.01"), Decimal("-1.00"), Decimal(2**70)], pa.decimal128(38, 2)),
    ],
    ids=lambda values: str(values.type),
)
def test_other_values_too(values):
    whole = hashes(values)
    assert len(set(whole.tolist())) == len(values)
    assert hashes(values.slice(1)).tolist() == whole[1:].tolist()


@pytest.mark.parametrize("text", ["{:d}", "C-{:08d}", "003{:012d}AAA", "user{:d}@example.org"])
def test_hashes_of_texts_that_differ_little_are_spread_evenly(text):
    found = hashes(pa.array([text.format(number) for number in range(65_536)]))
    for bits in (found & np.uint64(255), found >> np.uint64(56)):
        counts = np.bincount(bits.astype(np.int64), minlength=256)
        assert ((counts - 256) ** 2 / 256).sum() < 350  # chi squared of 255 degrees: above it once in 16,000


@pytest.mark.parametrize("distinct", [0, 1, 100, 12_000, 40_000, 80_000, 300_000])
def test_different_values_are_estimated_within_the_error_that_is_told(distinct):
    errors = []
    for run in range(8):
        sketch = HyperLogLog()
        values = pa.array(np.arange(distinct) * 7 + run * 10_000_000)
        sketch.add(hashes(values))
        sketch.add(hashes(values.slice(distinct // 3)))  # again: nothing new
        errors.append(sketch.estimate() / max(distinct, 1) - (distinct > 0))
    assert np.sqrt(np.mean(np.square(errors))) < 1.8 * STANDARD_ERROR
    assert max(map(abs, errors)) < 4 * STANDARD_ERROR


def test_the_order_in_which_values_come_changes_no_estimate():
    found = hashes(pa.array(np.arange(50_000)))
    forward, backward = HyperLogLog(), HyperLogLog()
    forward.add(found)
    for part in np.array_split(found[::-1], 7):
        backward.add(part)
    assert forward.estimate() == backward.estimate()
