"""A profile says what pandas says of the same rows, however they come."""

import datetime as dt
import math
from collections import Counter
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

from sfbulk_pandas.profiling import Profiler
from sfbulk_pandas.profiling.blocks import Blocks
from sfbulk_pandas.profiling.counts import ValueCounts

YEARS = (dt.datetime(1700, 1, 1), dt.datetime(4000, 12, 31))  # noqa: DTZ001 - as hypothesis wants its bounds
TEXTS = st.one_of(st.sampled_from(["", "a", "A", " a", "Web", "é", "\n", "x" * 300]), st.text(max_size=20))
KINDS = {
    "texts": (pa.string(), TEXTS),
    "booleans": (pa.bool_(), st.booleans()),
    "ints": (pa.int64(), st.one_of(st.integers(-3, 3), st.integers(-(2**62), 2**62))),
    "doubles": (
        pa.float64(),
        st.one_of(st.sampled_from([0.0, -0.0, 1.5]), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    ),
    "days": (pa.date32(), st.dates(dt.date(1700, 1, 1), dt.date(4000, 12, 31))),
    "moments": (
        pa.timestamp("ms", "UTC"),
        st.datetimes(*YEARS, timezones=st.just(dt.UTC)).map(
            lambda moment: moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
        ),
    ),
    "times": (pa.time32("ms"), st.times().map(lambda time: time.replace(microsecond=0))),
    "decimals": (pa.decimal128(18, 2), st.decimals(-(10**12), 10**12, places=2)),
    "lists": (pa.list_(pa.string()), st.lists(st.sampled_from(["A", "B", "C"]), max_size=3)),
    "categories": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["Web", "Other", "Partner"])),
}


@st.composite
def columns(draw):
    kind, values = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    cells = draw(st.lists(st.one_of(values, values, st.none()), max_size=60))
    array = pa.array(cells, kind) if not pa.types.is_dictionary(kind) else pa.array(cells).cast(pa.string()).cast(kind)
    return array, draw(st.lists(st.integers(0, len(cells)), max_size=6)), draw(st.randoms(use_true_random=False))


def profile_of(array, cuts):
    schema = pa.schema([pa.field("column", array.type)])
    profiler = Profiler(schema)
    edges = [0, *sorted(cuts), len(array)]
    for start, stop in pairwise(edges):
        profiler.add(pa.record_batch([array.slice(start, stop - start)], schema=schema))
    (found,) = profiler.finish()
    assert profiler.rows == len(array)
    return found


def plain(array):
    """Return the values as they are counted: lists as text, no negative zero."""
    values = [value for value in array.to_pylist() if value is not None]
    return [
        ";".join(value)
        if isinstance(value, list)
        else value + 0.0
        if value == 0 and isinstance(value, float)
        else value
        for value in values
    ]


def said(found):
    known = found.frequencies
    spread = (
        None
        if found.histogram is None
        else (found.histogram.first_bin, found.histogram.power, found.histogram.counts.tolist())
    )
    counts = (known.distinct, known.is_exact, known.ranked.to_pylist(), known.counts.tolist(), known.error)
    return found.rows, found.filled, counts, found.least, found.most, found.mean, spread, found.lengths


def without_mean(found):
    """Return the same with the mean as the last: its digits depend on the order of the sum."""
    parts = said(found)
    return *parts[:5], *parts[6:], parts[5]


@given(columns())
def test_a_profile_says_what_pandas_says(column):
    array, cuts, _ = column
    found, values = profile_of(array, cuts), plain(array)
    series = pd.Series(values, dtype="object")
    assert (found.rows, found.filled) == (len(array), int(series.count()))
    known = found.frequencies
    assert known.is_exact
    assert known.distinct == series.nunique()
    # Not value_counts: pandas 2 guesses a type for its index from some objects, and warns that it does.
    assert dict(zip(known.ranked.to_pylist(), known.counts.tolist(), strict=True)) == Counter(values)
    assert known.counts.tolist() == sorted(known.counts.tolist(), reverse=True)
    if found.lengths is not None:
        lengths = series.str.len()
        assert (found.lengths.least, found.lengths.most) == (lengths.min(), lengths.max())
        assert found.lengths.mean == pytest.approx(lengths.mean())
    if found.histogram is not None:
        assert (found.least, found.most) == (min(values), max(values))
        assert found.histogram.counts.sum() == len(values)
    if values and isinstance(values[0], int | float) and not isinstance(values[0], bool):
        scale = max(map(abs, values)) or 1
        assert found.mean == pytest.approx(math.fsum(values) / len(values), abs=1e-12 * scale)
    if values and isinstance(values[0], dt.datetime):
        ticks = pd.Series(values, dtype="datetime64[ms, UTC]").astype("int64")
        assert found.mean == pytest.approx(ticks.mean(), abs=1)


@given(columns())
def test_how_the_rows_are_cut_into_batches_changes_nothing(column):
    array, cuts, _ = column
    assert said(profile_of(array, cuts)) == said(profile_of(array, []))


@given(columns())
def test_the_order_of_the_rows_changes_nothing_that_is_exact(column):
    array, cuts, random = column
    places = list(range(len(array)))
    random.shuffle(places)
    whole, other = profile_of(array, cuts), profile_of(array.take(pa.array(places, pa.int64())), cuts)
    (*exact, mean), (*exact_too, other_mean) = without_mean(whole), without_mean(other)
    assert exact == exact_too
    assert other_mean == (None if mean is None else pytest.approx(mean, rel=1e-9, abs=1e6))


@given(
    st.lists(st.one_of(st.integers(0, 5), st.integers(0, 60)), max_size=200),
    st.integers(1, 8),
    st.integers(1, 50),
    st.sampled_from([pa.int64(), pa.string()]),
    st.integers(1, 200),
)
@settings(max_examples=200)
def test_counts_are_within_their_error_however_few_are_held(numbers, most_values, every, kind, most_bytes):
    values = [str(number) for number in numbers] if pa.types.is_string(kind) else numbers
    counts, array = ValueCounts(kind, most_values, most_bytes), pa.array(values, kind)
    for at in range(0, len(values), every):
        counts.add(array.slice(at, every))
        counts._settle()  # as if each batch were as large as those that are not put off
    known, true = counts.frequencies(), Counter(values)
    held = dict(zip(known.ranked.to_pylist(), known.counts.tolist(), strict=True))
    assert all(count <= true[value] <= count + known.error for value, count in held.items())
    assert max((count for value, count in true.items() if value not in held), default=0) <= 2 * known.error
    assert known.is_exact == (known.error == 0)
    assert not known.is_exact or held == true
    few = len(true) <= most_values and (kind == pa.int64() or sum(map(len, true)) <= most_bytes)
    assert known.is_exact == few


@given(st.lists(st.integers(0, 90), max_size=80), st.lists(st.integers(0, 80), max_size=8))
def test_blocks_depend_on_the_rows_alone(sizes, cuts):
    schema = pa.schema([("text", pa.string())])
    array = pa.array(["x" * size if size % 7 else None for size in sizes], pa.string())

    def blocks(edges):
        found, held = Blocks(schema, rows=9, size_bytes=200), []
        for start, stop in pairwise(edges):
            held += found.add(pa.record_batch([array.slice(start, stop - start)], schema=schema))
        return [block.column("text").to_pylist() for block in [*held, *found.finish()]]

    edges = [0, *sorted(min(cut, len(sizes)) for cut in cuts), len(sizes)]
    whole = blocks([0, len(sizes)])
    assert blocks(edges) == whole
    assert [cell for block in whole for cell in block] == array.to_pylist()
    assert all(0 < len(block) <= 9 for block in whole)


def test_many_rows_give_the_same_profile_in_batches_of_any_size():
    rng = np.random.default_rng(5)
    rows = 120_000
    table = pa.table(
        {
            "name": [f"name {number}" for number in rng.zipf(1.2, rows) % 40_000],
            "amount": rng.lognormal(8, 2, rows),
            "note": [("x" * int(size)) or None for size in rng.integers(0, 300, rows)],
        }
    )

    def profile(every):
        profiler = Profiler(table.schema)
        for batch in table.to_batches(max_chunksize=every):
            profiler.add(batch)
        return [said(each) for each in profiler.finish()]

    assert profile(7_001) == profile(rows)
