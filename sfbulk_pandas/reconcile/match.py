"""Pair rows of two tables: by a unique key, or by all their values as a multiset. Exact: nothing is hashed away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NONE = -1


def pair_by_key(keys: pa.Array, sent_rows: int) -> Ints:
    """Return the answer of each sent row whose key is unique on both sides, else -1.

    Parameters
    ----------
    keys : pyarrow.Array
        Canonical keys, those of the sent rows first, then those of the answers.
    sent_rows : int
        How many of them were sent.
    """
    codes = encode(keys)
    sent, answers = codes[:sent_rows], codes[sent_rows:]
    groups = int(codes.max(initial=0)) + 1
    unique = (np.bincount(sent, minlength=groups) == 1) & (np.bincount(answers, minlength=groups) == 1)
    unique[0] = False  # 0 stands for null
    answer_of = np.full(groups, NONE, np.int64)
    answer_of[answers] = np.arange(len(answers))
    return np.where(unique[sent], answer_of[sent], NONE)


def pair_by_content(columns: Iterable[pa.Array], sent_rows: int, rows: int) -> Ints:
    """Return the answer of each sent row with the same values, else -1; equal rows are dealt out in order.

    Column by column the rows fall into smaller groups. A group of one row and one answer is a pair from then on,
    and its further columns are only compared: numbering millions of distinct texts is what costs.

    Parameters
    ----------
    columns : iterable of pyarrow.Array
        Canonical values, those of the sent rows first, then those of the answers.
    sent_rows, rows : int
        How many were sent; how many there are in all.
    """
    paired = np.full(sent_rows, NONE, np.int64)
    active, codes = np.arange(rows), np.zeros(rows, np.int64)
    for column in columns:
        _part_unequal(paired, column)
        codes = _refine(codes, encode(column if len(active) == rows else column.take(pa.array(active))))
        is_open = _pair_lone(paired, active, codes)
        active, codes = active[is_open], codes[is_open]
    is_sent = active < sent_rows
    found = _deal(codes[is_sent], codes[~is_sent])
    paired[active[is_sent][found != NONE]] = active[~is_sent][found[found != NONE]] - sent_rows
    return paired


def _part_unequal(paired: Ints, column: pa.Array) -> None:
    """Part the pairs that differ in one more column."""
    held = np.flatnonzero(paired != NONE)
    one, other = column.take(pa.array(held)), column.take(pa.array(paired[held] + len(paired)))
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    equal = pc.or_(pc.fill_null(pc.equal(one, other), fill_value=False), both_null)
    paired[held[~equal.to_numpy(zero_copy_only=False)]] = NONE


def _pair_lone(paired: Ints, active: Ints, codes: Ints) -> NDArray[np.bool_]:
    """Pair the groups of one row and one answer; return which rows are in groups that must be told apart further."""
    is_sent = active < len(paired)
    groups = int(codes.max(initial=0)) + 1
    sent, answers = (np.bincount(codes[each], minlength=groups) for each in (is_sent, ~is_sent))
    lone = (sent == 1) & (answers == 1)
    answer_of = np.full(groups, NONE, np.int64)
    answer_of[codes[~is_sent]] = active[~is_sent] - len(paired)
    chosen = is_sent & lone[codes]
    paired[active[chosen]] = answer_of[codes[chosen]]
    return np.asarray(((sent > 0) & (answers > 0) & ~lone)[codes])


def group(columns: Iterable[pa.Array], rows: int) -> Ints:
    """Give rows with the same values the same number, from 0."""
    codes = np.zeros(rows, np.int64)
    for column in columns:
        codes = _refine(codes, encode(column))
    return codes


def encode(column: pa.Array) -> Ints:
    """Give a number to each distinct value of a column from 1; null is 0."""
    indices = pc.fill_null(pc.add(pc.dictionary_encode(column).indices, 1), 0)
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int64)


def _refine(codes: Ints, more: Ints) -> Ints:
    """Give a number to each distinct pair of two codes.

    Both stay below the number of rows, so the product fits 64 bits.
    """
    if not codes.any():
        return more
    return np.asarray(pd.factorize(codes * (int(more.max(initial=0)) + 1) + more)[0], np.int64)


def _deal(sent: Ints, answers: Ints) -> Ints:
    groups = int(max(sent.max(initial=0), answers.max(initial=0))) + 1
    sent_order, answer_order = np.argsort(sent, kind="stable"), np.argsort(answers, kind="stable")
    sent_first, answer_first = (_firsts(each, groups) for each in (sent, answers))
    group = sent[sent_order]
    at = answer_first[group] + np.arange(len(sent)) - sent_first[group]
    found = at < answer_first[group + 1]
    paired = np.full(len(sent), NONE, np.int64)
    paired[sent_order[found]] = answer_order[at[found]]
    return paired


def _firsts(codes: Ints, groups: int) -> Ints:
    """Return where each group begins in the sorted codes, and the end."""
    return np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=groups))))
