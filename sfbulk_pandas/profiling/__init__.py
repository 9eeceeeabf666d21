"""Profile rows while they pass: how full columns are, what they hold, how often; pure, and bounded in memory."""

from __future__ import annotations

from sfbulk_pandas.profiling.column import ColumnProfile, Lengths, is_spread
from sfbulk_pandas.profiling.counts import MOST_BYTES, MOST_VALUES, Frequencies
from sfbulk_pandas.profiling.hyperloglog import STANDARD_ERROR
from sfbulk_pandas.profiling.numbers import Histogram
from sfbulk_pandas.profiling.profiler import Profiler

__all__ = [
    "MOST_BYTES",
    "MOST_VALUES",
    "STANDARD_ERROR",
    "ColumnProfile",
    "Frequencies",
    "Histogram",
    "Lengths",
    "Profiler",
    "is_spread",
]
