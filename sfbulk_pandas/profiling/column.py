"""What one column holds, from one pass over its values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.profiling.counts import ValueCounts
from sfbulk_pandas.profiling.numbers import Numbers

if TYPE_CHECKING:
    from sfbulk_pandas.profiling.counts import Frequencies
    from sfbulk_pandas.profiling.numbers import Histogram

_SEPARATOR = ";"  # between the entries of a multi-select picklist, as Salesforce writes them
_TICKS = {32: pa.int32(), 64: pa.int64()}  # of days and moments, by their width


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long texts are, in characters.

    Attributes
    ----------
    least, most : int
    mean : float
    """

    least: int
    most: int
    mean: float


@dataclass(frozen=True, slots=True, eq=False)
class ColumnProfile:
    """What a column holds.

    Attributes
    ----------
    name : str
    kind : pyarrow.DataType
        Of the values that were counted: lists are taken as texts, dictionaries as what they hold.
    rows, filled : int
        All rows, and those with a value.
    frequencies : Frequencies
        Different values, and the most frequent of them.
    least, most, mean : object or None
        Of numbers, days and moments: Python values; the mean is a float, for days and moments in their ticks.
    histogram : Histogram or None
        Of the same, in floats; days and moments in their ticks.
    lengths : Lengths or None
        Of texts.
    """

    name: str
    kind: pa.DataType
    rows: int
    filled: int
    frequencies: Frequencies
    least: Any
    most: Any
    mean: float | None
    histogram: Histogram | None
    lengths: Lengths | None


class Column:
    """Take the values of a column, a block at a time.

    Parameters
    ----------
    name : str
    kind : pyarrow.DataType
        Any that :func:`sfbulk_pandas.codec.schema.arrow_type` gives.
    """

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self._name = name
        self._kind = _counted_as(kind)
        self._rows = self._filled = 0
        self._counts = ValueCounts(self._kind)
        self._numbers = Numbers(is_whole=not _is_fraction(self._kind)) if is_spread(self._kind) else None
        self._edges: list[pa.Scalar] = []
        self._shortest, self._longest, self._characters = math.inf, 0, 0

    def add(self, values: pa.Array) -> None:
        """Take some values; the same blocks give the same profile."""
        self._rows += len(values)
        held = _as_counted(values.drop_null(), self._kind)
        if not len(held):
            return
        self._filled += len(held)
        self._counts.add(held)
        if self._numbers is not None:
            self._edges = _edges([*self._edges, *_edges(held, self._kind)], self._kind)
            self._numbers.add(_floats(held))
        elif _is_text(self._kind):
            self._add_lengths(held)

    def profile(self) -> ColumnProfile:
        """Return what the column holds, by now."""
        numbers = self._numbers
        least, most = (each.as_py() for each in self._edges) if self._edges else (None, None)
        is_measured = _is_text(self._kind) and self._filled
        return ColumnProfile(
            name=self._name,
            kind=self._kind,
            rows=self._rows,
            filled=self._filled,
            frequencies=self._counts.frequencies(),
            least=least,
            most=most,
            mean=None if numbers is None else numbers.mean,
            histogram=None if numbers is None else numbers.histogram(),
            lengths=Lengths(int(self._shortest), self._longest, self._characters / self._filled)
            if is_measured
            else None,
        )

    def _add_lengths(self, texts: pa.Array) -> None:
        lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
        self._shortest = min(self._shortest, int(lengths.min()))
        self._longest = max(self._longest, int(lengths.max()))
        self._characters += int(lengths.sum(dtype=np.int64))


def _edges(values: pa.Array | list[pa.Scalar], kind: pa.DataType) -> list[pa.Scalar]:
    """Return the least and the largest of some values."""
    found = pc.min_max(values if isinstance(values, pa.Array) else pa.array(values, kind))
    return [found["min"], found["max"]]


def _counted_as(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _counted_as(kind.value_type)
    return pa.string() if pa.types.is_list(kind) or pa.types.is_null(kind) else kind


def _as_counted(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if pa.types.is_list(values.type):
        return pc.binary_join(values, _SEPARATOR)
    if pa.types.is_floating(values.type):
        return pc.add(values, pa.scalar(0.0, values.type))  # -0.0 is 0.0
    return values.cast(kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_fraction(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_spread(kind: pa.DataType) -> bool:
    """Whether values of a type are numbers, days, moments or times, which have a least, a largest and a mean."""
    return _is_fraction(kind) or bool(pa.types.is_integer(kind) or pa.types.is_temporal(kind))


def _floats(values: pa.Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    if pa.types.is_temporal(values.type):
        values = values.cast(_TICKS[values.type.bit_width])
    found: np.ndarray[Any, np.dtype[np.float64]] = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found
