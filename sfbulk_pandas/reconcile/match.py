"""Pair rows of two tables: by a unique key, or by all their values as a multiset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.reconcile.certain import settle, split
from sfbulk_pandas.reconcile.codes import NONE, Groups, encode, equal, filtered, positions
from sfbulk_pandas.reconcile.stack import taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfbulk_pandas.reconcile.stack import Stack

    Ints = NDArray[np.int32]


def pair_by_key(stack: Stack) -> Ints:
    """Return the answer of each sent row whose key is unique on both sides, else -1.

    Parameters
    ----------
    stack : Stack
        Rows and answers.
    """
    if stack.key is None:
        return np.full(stack.sent_rows, NONE, np.int32)
    texts = stack.texts(stack.key, np.arange(stack.sent_rows + stack.answer_rows, dtype=np.int32))
    codes = encode(stack.canonical(stack.key, texts, loose=True))
    sent, answers = codes[: stack.sent_rows], codes[stack.sent_rows :]
    groups = int(codes.max(initial=0)) + 1
    unique = (np.bincount(sent, minlength=groups) == 1) & (np.bincount(answers, minlength=groups) == 1)
    unique[0] = False  # 0 stands for null
    answer_of = np.full(groups, NONE, np.int32)
    answer_of[answers] = np.arange(len(answers), dtype=np.int32)
    return np.where(unique[sent], answer_of[sent], NONE)


def pair_by_content(stack: Stack, paired: Ints) -> None:
    """Pair, in place, the rows that are alone on both sides with the answers that surely are theirs.

    Column by column the rows fall into smaller groups of what is loosely equal. A group of one row and one answer is
    a pair from then on, and its further columns are only compared: numbering millions of distinct texts is what
    costs. A group of more is settled at the end by what is strictly equal.

    Parameters
    ----------
    stack : Stack
        Rows and answers.
    paired : numpy.ndarray of int32
        The answer of each sent row, -1 for none yet.
    """
    is_free = np.ones(stack.answer_rows, dtype=bool)
    is_free[paired[paired != NONE]] = False
    held = np.empty(0, np.int32)
    active = np.concatenate((positions(paired == NONE), positions(is_free) + stack.sent_rows))
    groups = Groups(np.zeros(len(active), np.int32))
    if not stack.shared or not is_free.any():
        return
    varied = []
    for name in stack.shared:
        held = _part_unequal(stack, name, paired, held)
        texts = stack.texts(name, active)
        finer, differ = split(texts, groups, partial(stack.canonical, name, loose=True))
        if finer is not groups or finer.count == 1:
            more, is_open = _pair_lone(stack, paired, active, finer.codes)
            held = np.concatenate((held, more))
            active, groups = active[is_open], finer.chosen(is_open)
            differ = differ and bool(groups.unlike(filtered(texts, is_open)).any())
        if differ:
            varied.append(name)
    settle(stack, paired, active, groups, varied)


def _part_unequal(stack: Stack, name: str, paired: Ints, held: Ints) -> Ints:
    """Part the pairs that differ in one more column; return those that stay."""
    if not len(held):
        return held
    one = taken(stack.sent_texts(name), held)
    other = taken(stack.answer_texts(name), paired[held])
    same = pc.fill_null(pc.equal(one, other), fill_value=False)
    if pc.all(same).as_py():
        return held
    differs = pc.invert(same)  # as text; most often no more than a number in another notation
    texts = pa.concat_arrays([one.filter(differs), other.filter(differs)])
    values = stack.canonical(name, texts, loose=True)
    half = len(texts) // 2
    parted = positions(differs.to_numpy(zero_copy_only=False))[~equal(values.slice(0, half), values.slice(half))]
    paired[held[parted]] = NONE
    return np.delete(held, parted)


def _pair_lone(stack: Stack, paired: Ints, active: Ints, codes: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Pair the groups of one row and one answer.

    Returns the rows that were paired, and which rows are in groups that must be told apart further.
    """
    is_sent = active < stack.sent_rows
    groups = int(codes.max(initial=0)) + 1
    sent, answers = (np.bincount(codes[each], minlength=groups) for each in (is_sent, ~is_sent))
    lone = (sent == 1) & (answers == 1)
    answer_of = np.full(groups, NONE, np.int32)
    answer_of[codes[~is_sent]] = active[~is_sent] - stack.sent_rows
    chosen = is_sent & lone[codes]
    paired[active[chosen]] = answer_of[codes[chosen]]
    return active[chosen], np.asarray(((sent > 0) & (answers > 0) & ~lone)[codes])
