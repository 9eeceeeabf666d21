"""Numbers for values: equal values get equal numbers. Exact: nothing is hashed away."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]  # rows and codes: a job has fewer than 2**31, and 64 bits are twice the memory

NONE = -1
_SPREAD = 8  # how much larger codes may be than the number of rows for a table to pay


def encode(column: pa.Array) -> Ints:
    """Give a number to each distinct value of a column from 1; null is 0."""
    indices = pc.fill_null(pc.add(pc.dictionary_encode(column).indices, pa.scalar(1, pa.int32())), 0)
    pa.default_memory_pool().release_unused()  # of the hash table: Arrow would hold it for a second, on top of the rest
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int32)


def positions(rows: NDArray[np.bool_]) -> Ints:
    """Return where rows stand that are marked."""
    return np.flatnonzero(rows).astype(np.int32)


def refine(codes: Ints, more: Ints) -> Ints:
    """Give a number from 0 to each distinct pair of two codes.

    Both stay below the number of rows, so the product fits 64 bits.
    """
    if not codes.any():
        return more
    return dense(codes.astype(np.int64) * (int(more.max(initial=0)) + 1) + more)


def dense(codes: NDArray[np.int32 | np.int64]) -> Ints:
    """Give new numbers to codes, from 0 and without gaps."""
    top = int(codes.max(initial=0))
    if top > _SPREAD * len(codes):
        return np.asarray(pd.factorize(codes)[0], np.int32)
    used = np.zeros(top + 1, dtype=bool)  # a table instead of a hash: a tenth of the time
    used[codes] = True
    numbers = np.cumsum(used, dtype=np.int32)
    numbers -= 1
    return np.asarray(numbers[codes])


class Groups:
    """Rows by group.

    Parameters
    ----------
    codes : numpy.ndarray of int32
        The group of each row, numbered from 0; there may be gaps.
    """

    def __init__(self, codes: Ints) -> None:
        self.codes = codes
        self.count = int(codes.max(initial=0)) + 1

    @cached_property
    def _firsts(self) -> pa.Array:
        """The first row of the group of each row."""
        first = np.zeros(self.count, np.int32)
        first[self.codes[::-1]] = np.arange(len(self.codes), dtype=np.int32)[::-1]
        return pa.array(first[self.codes])

    def unlike(self, column: pa.Array) -> NDArray[np.bool_]:
        """Tell of each row whether its value is another than that of the first row of its group."""
        if self.count == 1 and len(column):
            return ~_equals(column, column[0])
        return ~equal(column, column.take(self._firsts))

    def whole(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return all rows of the groups of some rows."""
        touched = np.zeros(self.count, dtype=bool)
        touched[self.codes[rows]] = True
        return touched[self.codes]

    def chosen(self, rows: NDArray[np.bool_]) -> Groups:
        """Return some rows by group."""
        return self if rows.all() else Groups(self.codes[rows])

    def split(self, rows: NDArray[np.bool_], more: Ints) -> Groups:
        """Return the groups of all rows after some whole groups of them were split by further codes."""
        parts = refine(self.codes[rows], more)
        if rows.all():
            return Groups(parts)
        codes = self.codes.copy()
        codes[rows] = parts + self.count
        return Groups(dense(codes))


def filtered(column: pa.Array, rows: NDArray[np.bool_]) -> pa.Array:
    """Return some rows of a column; without a copy where they are all."""
    return column if rows.all() else column.filter(pa.array(rows))


def equal(one: pa.Array, other: pa.Array) -> NDArray[np.bool_]:
    """Compare two columns row by row; null equals null."""
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    same = pc.or_(pc.fill_null(pc.equal(one, other), fill_value=False), both_null)
    return np.asarray(same.to_numpy(zero_copy_only=False))


def _equals(column: pa.Array, value: pa.Scalar) -> NDArray[np.bool_]:
    same = pc.fill_null(pc.equal(column, value), fill_value=False) if value.is_valid else pc.is_null(column)
    return np.asarray(same.to_numpy(zero_copy_only=False))


def is_uniform(groups: Ints, codes: Ints, count: int) -> NDArray[np.bool_]:
    """Tell of each of so many groups whether its rows all have the same code."""
    some = np.zeros(count, np.int32)
    some[groups] = codes  # of one row of the group, whichever
    uniform = np.ones(count, dtype=bool)
    uniform[groups[some[groups] != codes]] = False
    return uniform


def deal(sent: Ints, answers: Ints) -> Ints:
    """Return the answer of each sent row, -1 for none: those with the same code meet in order."""
    groups = int(max(sent.max(initial=0), answers.max(initial=0))) + 1
    sent_order, answer_order = np.argsort(sent, kind="stable"), np.argsort(answers, kind="stable")
    sent_first, answer_first = (_firsts(each, groups) for each in (sent, answers))
    group = sent[sent_order]
    at = answer_first[group] + np.arange(len(sent)) - sent_first[group]
    found = at < answer_first[group + 1]
    paired = np.full(len(sent), NONE, np.int32)
    paired[sent_order[found]] = answer_order[at[found]]
    return paired


def _firsts(codes: Ints, groups: int) -> Ints:
    """Return where each group begins in the sorted codes, and the end."""
    return np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=groups))))
