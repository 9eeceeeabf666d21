"""Histograms hold every number in a bin that it belongs to, whatever came first."""

import math

import numpy as np
import pytest

from sfbulk_pandas.profiling.numbers import BINS, Numbers

RNG = np.random.default_rng(3)
SAMPLES = {
    "normal": RNG.normal(size=2_000) * 1e5,
    "lognormal": RNG.lognormal(8, 2, 2_000),
    "zero": np.array([0.0]),
    "one value": np.array([5.0] * 3),
    "the largest there are": np.array([1.7e308, -1.7e308, 3]),
    "the smallest there are": np.array([5e-324, 0]),
    "large and alone": np.array([1e300]),
    "close neighbours": np.array([2.0**53, 2.0**53 + 2]),
    "negative": np.array([-3.5, -7]),
    "whole": RNG.integers(-5, 10, 200).astype(float),
}


def spread(parts, *, is_whole=False):
    numbers = Numbers(is_whole=is_whole)
    for part in parts:
        numbers.add(np.asarray(part, np.float64))
    return numbers


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("is_whole", [False, True])
def test_each_number_is_in_the_bin_that_it_belongs_to(name, is_whole):
    values = SAMPLES[name]
    found = spread([values], is_whole=is_whole).histogram()
    edges = found.edges()
    assert 1 <= len(found.counts) <= BINS
    assert len(edges) == len(found.counts) + 1
    assert found.counts.tolist() == np.histogram(values, np.append(edges[:-1], math.inf))[0].tolist()
    assert found.counts[0] > 0
    assert found.counts[-1] > 0
    assert not is_whole or found.power >= 0


@pytest.mark.parametrize("name", SAMPLES)
def test_bins_do_not_depend_on_what_came_first(name):
    values = SAMPLES[name]
    whole = spread([values]).histogram()
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(values)
        again = spread(np.array_split(shuffled, min(len(values), 40))).histogram()
        assert (again.first_bin, again.power) == (whole.first_bin, whole.power)
        assert again.counts.tolist() == whole.counts.tolist()


def test_bins_are_as_narrow_as_their_number_allows():
    found = spread([np.linspace(0, 1, 10_000)]).histogram()
    assert BINS / 2 <= len(found.counts) <= BINS


def test_the_mean_is_that_of_all():
    parts = [[1e16, 1.0], [-1e16], [3.0, 5.0]]
    assert spread(parts).mean == pytest.approx(np.mean(np.concatenate(parts)), abs=1)
    assert spread([[1, 2], [3]]).mean == 2


def test_what_is_no_finite_number_is_left_out():
    numbers = spread([[math.nan, 1.0, math.inf, -math.inf], [math.nan]])
    assert numbers.mean == 1
    assert numbers.histogram().counts.sum() == 1


def test_no_numbers_have_no_mean_and_no_bins():
    assert spread([[], [math.nan]]).mean is None
    assert spread([]).histogram() is None
