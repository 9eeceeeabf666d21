"""About how many different values there are, in 16 kB, whatever their number.

Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation
algorithm" (2007); Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), section 4, whose
estimator needs no correction of its bias anywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 14
_REGISTERS = 1 << _BITS
_REST_BITS = 64 - _BITS  # and a float holds that many exactly
_REST = np.uint64((1 << _REST_BITS) - 1)
STANDARD_ERROR = 1.04 / math.sqrt(_REGISTERS)
"""Of the estimate, as a share of it: 0.8%. Two thirds of all estimates are as near as that, 19 of 20 within twice."""


class HyperLogLog:
    """Count different values by their hashes; the same ones in any order, any number of times, give the same."""

    def __init__(self) -> None:
        self._ranks = np.zeros(_REGISTERS, np.uint8)

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """Take the hashes of some values."""
        rest = hashes & _REST
        least = int(self._ranks.min())
        if least:  # what ranks no higher changes nothing: most values, after a while
            higher = np.flatnonzero(rest < np.uint64(1 << (_REST_BITS - least)))
            hashes, rest = hashes[higher], rest[higher]
        _, exponent = np.frexp(rest.astype(np.float64))  # of 0 it is 0
        register = (hashes >> np.uint64(_REST_BITS)).view(np.int64)
        np.maximum.at(self._ranks, register, (_REST_BITS + 1 - exponent).astype(np.uint8))

    def estimate(self) -> int:
        """Return about how many different values there were."""
        counts = np.bincount(self._ranks, minlength=_REST_BITS + 2) / _REGISTERS
        total = _tau(1 - counts[_REST_BITS + 1])
        for count in counts[_REST_BITS:0:-1]:
            total = 0.5 * (total + count)
        total += _sigma(counts[0])
        return 0 if math.isinf(total) else round(_REGISTERS / (2 * math.log(2) * total))


def _sigma(share: float) -> float:
    if share == 1:
        return math.inf
    total, factor, before = share, 1.0, math.nan
    while total != before:
        share *= share
        before = total
        total += share * factor
        factor *= 2
    return total


def _tau(share: float) -> float:
    if share in {0, 1}:
        return 0.0
    total, factor, before = 1 - share, 1.0, math.nan
    while total != before:
        share = math.sqrt(share)
        before = total
        factor /= 2
        total -= (1 - share) ** 2 * factor
    return total / 3
