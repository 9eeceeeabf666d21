"""The least, largest and mean of numbers, and how they are spread, from one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 48
_FLOAT_BITS = 53
_NARROWEST = -1_000  # bins of 2**-1000: no number needs narrower ones


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How many numbers lie in each of up to ``BINS`` bins of one width, side by side.

    Attributes
    ----------
    first_bin, power : int
        The bins are ``2**power`` wide and begin at multiples of that, the first one at ``first_bin`` of them; each
        holds its lower edge.
    counts : numpy.ndarray of int64
        The first and the last are above zero.
    """

    first_bin: int
    power: int
    counts: NDArray[np.int64]

    def edges(self) -> NDArray[np.float64]:
        """Return where bins begin, and where the last ends: one more than there are bins; infinite beyond any float."""
        with np.errstate(over="ignore"):
            bins = self.first_bin + np.arange(len(self.counts) + 1, dtype=np.float64)
            found: NDArray[np.float64] = np.ldexp(bins, self.power)
        return found


class Numbers:
    """Take numbers in any order: the bins are those of all of them, whatever came first.

    Bins are as wide as the range of what came so far asks for, and begin at multiples of their width: where the range
    grows they are doubled, two and two become one, and no count is lost or guessed.

    Parameters
    ----------
    is_whole : bool
        Whether no bin may be narrower than 1.
    """

    def __init__(self, *, is_whole: bool) -> None:
        self._narrowest = 0 if is_whole else _NARROWEST
        self._low, self._high = math.inf, -math.inf
        self._count = 0
        self._sums: list[float] = []
        self._power = self._narrowest
        self._first_bin = 0
        self._bins = np.zeros(0, np.int64)

    def add(self, values: NDArray[np.float64]) -> None:
        """Take some numbers; those that are not finite are left out."""
        finite = np.isfinite(values)
        if not finite.all():
            values = values[finite]
        if not len(values):
            return
        self._count += len(values)
        self._sums.append(float(values.sum()))
        self._low, self._high = min(self._low, float(values.min())), max(self._high, float(values.max()))
        self._widen()
        bins = np.floor(np.ldexp(values, -self._power)).astype(np.int64) - self._first_bin
        self._bins += np.bincount(bins, minlength=len(self._bins))

    @property
    def mean(self) -> float | None:
        """The mean; None where there were no numbers."""
        return math.fsum(self._sums) / self._count if self._count else None

    def histogram(self) -> Histogram | None:
        """Return how the numbers are spread; None where there were none."""
        if not self._count:
            return None
        return Histogram(self._first_bin, self._power, self._bins.copy())

    def _widen(self) -> None:
        """Give the bins the least width at which they hold the range, and put what they have into them."""
        power = self._least_power()
        first, last = (_bin_of(edge, power) for edge in (self._low, self._high))
        widened = np.zeros(last - first + 1, np.int64)
        held = np.flatnonzero(self._bins)
        if len(held):
            steps = power - self._power
            places = (held + self._first_bin) >> min(steps, 63)
            np.add.at(widened, places - first, self._bins[held])
        self._power, self._first_bin, self._bins = power, first, widened

    def _least_power(self) -> int:
        largest = max(abs(self._low), abs(self._high))
        exact = math.frexp(largest)[1] - _FLOAT_BITS if largest else self._narrowest  # narrower: between two floats
        span = self._high / 2 - self._low / 2  # halves: the whole may be beyond any float
        wide = math.frexp(span / BINS)[1] if span else self._narrowest
        power = max(exact, wide, self._narrowest)
        while _bin_of(self._high, power) - _bin_of(self._low, power) >= BINS:
            power += 1
        return power


def _bin_of(value: float, power: int) -> int:
    return math.floor(math.ldexp(value, -power))
