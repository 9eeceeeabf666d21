"""How often each value comes: exact for few different values, within a known error for many.

Up to ``MOST_VALUES`` different values (and ``MOST_BYTES`` of text) every one is counted. Beyond, only those are that
may be frequent. Two things are then given up, and both are told as ``error``:

- where more values are held than there is room for, the count of the largest that must go is taken from all, as in
  Misra and Gries, "Finding repeated elements" (1982), in the form that merges: Agarwal et al., "Mergeable summaries"
  (2012);
- a value is not looked at while all values together whose hash ends alike have come ``threshold`` times at most.

So a value has come ``count`` times at least and ``count + error`` times at most, and one that is not held has come
``error`` times at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.profiling.hashes import hashes
from sfbulk_pandas.profiling.hyperloglog import HyperLogLog

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VALUES = 10_000
MOST_BYTES = 1_000_000
_PENDING_VALUES = 4_096  # so many wait before they are put together with what is held
_BUCKETS = 1 << 15
_SHARE_UNSEEN = 1 / 4_096  # up to this share of all a value may stay unseen: eight times an even bucket
_COUNT, _VALUE = "count", "value"


@dataclass(frozen=True, slots=True, eq=False)
class Frequencies:
    """What is known of how often values came.

    Attributes
    ----------
    distinct : int
        How many different ones there are; an estimate of ``HyperLogLog`` where ``is_exact`` is false.
    ranked : pyarrow.Array
        The values, the most frequent first, those that come equally often in their own order; where it is not exact,
        only those that are certain to be more frequent than any that is not held.
    counts : numpy.ndarray of int64
        How often each of them came, at least.
    error : int
        How much more often they may have come; 0 where exact.
    is_exact : bool
        Whether ``distinct`` is exact, and so are the counts.
    """

    distinct: int
    ranked: pa.Array
    counts: NDArray[np.int64]
    error: int
    is_exact: bool


class ValueCounts:
    """Count values of one type, in memory that is bounded.

    What comes out depends on the values, their order and how they are cut into blocks; where it is exact, on the
    values alone.

    Parameters
    ----------
    kind : pyarrow.DataType
    most_values, most_bytes : int
        Different values that are counted exactly, and the bytes of their text.
    """

    def __init__(self, kind: pa.DataType, most_values: int = MOST_VALUES, most_bytes: int = MOST_BYTES) -> None:
        self._most_values = most_values
        self._most_bytes = most_bytes
        self._held = pa.table({_VALUE: pa.array([], kind), _COUNT: pa.array([], pa.int64())})
        self._pending: list[pa.Table] = []
        self._waiting = 0
        self._taken_off = 0
        self._sieve: _Sieve | None = None

    def add(self, values: pa.Array) -> None:
        """Count some values, none of them missing."""
        if self._sieve is not None:
            values = self._sieve.sifted(values)
        if not len(values):
            return
        counted = pc.value_counts(values)
        self._pending.append(pa.table({_VALUE: counted.field("values"), _COUNT: counted.field("counts")}))
        self._waiting += len(counted)
        if self._waiting > max(_PENDING_VALUES, self._held.num_rows):
            self._settle()

    def frequencies(self) -> Frequencies:
        """Return what is known by now."""
        self._settle()
        held = self._held.sort_by([(_COUNT, "descending"), (_VALUE, "ascending")]).combine_chunks()
        counts = held.column(_COUNT).to_numpy()
        if self._sieve is None:
            return Frequencies(held.num_rows, _one(held.column(_VALUE)), counts, error=0, is_exact=True)
        error = self._taken_off + self._sieve.unseen
        certain = int((counts > error).sum())
        values = _one(held.column(_VALUE)).slice(0, certain)
        distinct = min(self._sieve.distinct.estimate(), self._sieve.total)
        return Frequencies(distinct, values, counts[:certain], error=error, is_exact=False)

    def _settle(self) -> None:
        if not self._pending:
            return
        rows = pa.concat_tables([self._held, *self._pending])
        self._pending, self._waiting = [], 0
        grouped = rows.group_by(_VALUE, use_threads=False).aggregate([(_COUNT, "sum")])
        self._held = pa.table({_VALUE: grouped.column(_VALUE), _COUNT: grouped.column(f"{_COUNT}_sum")})
        if self._held.num_rows > self._most_values or _text_bytes(self._held.column(_VALUE)).sum() > self._most_bytes:
            if self._sieve is None:
                self._sieve = _Sieve(self._held)
            self._make_room()

    def _make_room(self) -> None:
        """Hold the most frequent alone, and take from each what the first of the others has."""
        held = self._held.sort_by([(_COUNT, "descending"), (_VALUE, "ascending")])
        counts = held.column(_COUNT).to_numpy()
        within = int(np.cumsum(_text_bytes(held.column(_VALUE))).searchsorted(self._most_bytes, side="right"))
        most = min(self._most_values, within)
        off = int(counts[most]) if most < len(counts) else 0
        kept = int((counts[:most] > off).sum())
        left = pa.array(counts[:kept] - off)
        self._held = pa.table({_VALUE: held.column(_VALUE).slice(0, kept), _COUNT: left})
        self._taken_off += off


class _Sieve:
    """Let through what may be frequent, by how often values came whose hashes end alike; count the different ones."""

    def __init__(self, held: pa.Table) -> None:
        self.distinct = HyperLogLog()
        self.unseen = 0
        found = hashes(_one(held.column(_VALUE)))
        self.distinct.add(found)
        weights = held.column(_COUNT).to_numpy()
        self._counts = np.zeros(_BUCKETS, np.int64)
        np.add.at(self._counts, _buckets(found), weights)
        self.total = int(weights.sum())

    def sifted(self, values: pa.Array) -> pa.Array:
        """Count values, and return those that may be frequent; ``unseen`` is how often any other can have come."""
        if not len(values):
            return values
        found = hashes(values)
        self.distinct.add(found)
        bucket = _buckets(found)
        self._counts += np.bincount(bucket, minlength=_BUCKETS)
        self.total += len(values)
        seen = self._counts.take(bucket)
        is_frequent = seen > int(self.total * _SHARE_UNSEEN)
        if not is_frequent.any():
            self.unseen = max(self.unseen, int(seen.max()))
            return values.slice(0, 0)
        self.unseen = max(self.unseen, int(seen.max(initial=0, where=~is_frequent)))
        return values.filter(pa.array(is_frequent))


def _buckets(found: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (found & np.uint64(_BUCKETS - 1)).view(np.int64)


def _text_bytes(values: pa.ChunkedArray) -> NDArray[np.int64]:
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return np.zeros(len(values), np.int64)
    sizes: NDArray[np.int64] = pc.binary_length(values).to_numpy().astype(np.int64)
    return sizes


def _one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, whichever way this version of Arrow joins chunks."""
    joined = column.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks or [pa.array([], column.type)])
