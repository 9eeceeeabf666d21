"""Settle groups of rows that look alike: only what is certain is paired."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.reconcile.codes import NONE, Groups, deal, encode, filtered, is_uniform, positions, refine
from sfbulk_pandas.reconcile.stack import SF_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfbulk_pandas.reconcile.stack import Stack

    Ints = NDArray[np.int32]


def settle(stack: Stack, paired: Ints, active: Ints, groups: Groups, varied: list[str]) -> None:
    """Pair, in place, what is certain in groups of rows and answers that are loosely equal.

    Where a group's answers are strictly its rows, each finds its own. Where its rows are strictly identical they are
    interchangeable, and the answers are dealt out in order; not so if there are more answers than rows that do not
    all say the same, for which of them are surplus is not known. Nor are answers dealt that differ in a column the rows
    lack. Everything else stays alone.

    Parameters
    ----------
    stack : Stack
        Rows and answers.
    paired : numpy.ndarray of int32
        The answer of each sent row, -1 for none.
    active : numpy.ndarray of int32
        Positions in the stack, ascending.
    groups : Groups
        Their groups.
    varied : list of str
        The columns whose cells differ as text within a group; the others cannot differ strictly.
    """
    if not len(active):
        return
    codes, count = groups.codes, int(np.count_nonzero(active < stack.sent_rows))
    strict = _strict(stack, active, groups, varied)
    whole = _whole(stack, active[:count], strict[:count], varied)
    surplus = _surplus(stack, active[count:] - stack.sent_rows)
    loosely = _dealt_loosely(stack, active, codes, whole) & is_uniform(codes[count:], surplus, groups.count)
    stricts = int(strict.max()) + 1
    alike = is_uniform(strict[:count], whole, stricts) & is_uniform(strict[count:], surplus, stricts)
    strictly = _same_both_sides(codes, strict, count)[codes] & alike[strict]
    chosen = strictly | loosely[codes]
    # a group is dealt strictly wherever it can be: so the two kinds of numbers never meet in one group
    keys = np.where(strictly, strict, codes + stricts)
    sent, answers = positions(chosen[:count]), positions(chosen[count:]) + count
    found = deal(keys[sent], keys[answers])
    paired[active[sent[found != NONE]]] = active[answers[found[found != NONE]]] - stack.sent_rows


def split(texts: pa.Array, groups: Groups, form: Callable[[pa.Array], pa.Array]) -> tuple[Groups, bool]:
    """Split groups by one more column.

    Only groups whose texts differ are looked at as values, and only those whose values differ are numbered anew:
    numbers are what costs.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
        The column's cells.
    groups : Groups
    form : callable
        Returns texts in the form in which they compare.

    Returns
    -------
    groups : Groups
        The same where no group was split.
    differ : bool
        Whether any two texts of a group differed.
    """
    rows = groups.whole(groups.unlike(texts))
    if not rows.any():
        return groups, False
    values = form(filtered(texts, rows))
    part = groups.chosen(rows)
    again = part.whole(part.unlike(values))
    if not again.any():
        return groups, True
    rows[rows] = again
    return groups.split(rows, encode(filtered(values, again))), True


def _strict(stack: Stack, active: Ints, groups: Groups, varied: list[str]) -> Ints:
    """Give numbers to the rows of each group by what was sent and came back, forgiving nothing."""
    for name in varied:
        groups, _ = split(stack.texts_as_sent(name, active), groups, partial(stack.canonical, name, loose=False))
    return groups.codes


def _whole(stack: Stack, rows: Ints, strict: Ints, varied: list[str]) -> Ints:
    """Give numbers to the sent rows by all that was sent: digits that no double has, columns that did not come back."""
    groups = Groups(strict)
    for name in (*varied, *stack.lacking):
        groups, _ = split(stack.texts(name, rows), groups, partial(stack.exact, name))
    return groups.codes


def _same_both_sides(codes: Ints, strict: Ints, count: int) -> NDArray[np.bool_]:
    """Tell of each group whether its answers are strictly its rows, each as often."""
    sent, answers = (np.bincount(each, minlength=int(strict.max()) + 1) for each in (strict[:count], strict[count:]))
    same = np.ones(int(codes.max()) + 1, dtype=bool)
    same[codes[(sent != answers)[strict]]] = False
    return same


def _dealt_loosely(stack: Stack, active: Ints, codes: Ints, whole: Ints) -> NDArray[np.bool_]:
    """Tell of each group whether its rows are interchangeable and its answers are theirs."""
    count, groups = len(whole), int(codes.max()) + 1
    sent, answers = (np.bincount(each, minlength=groups) for each in (codes[:count], codes[count:]))
    enough = answers <= sent
    if not enough.all():
        enough |= is_uniform(codes[count:], _said(stack, active[count:] - stack.sent_rows), groups)
    return np.asarray(is_uniform(codes[:count], whole, groups) & enough)


def _surplus(stack: Stack, answers: Ints) -> Ints:
    """Give numbers to answers by what they hold in columns that are not among those sent."""
    held = np.zeros(len(answers), np.int32)
    for name in stack.surplus:
        held = refine(held, encode(stack.answer_texts(name).take(pa.array(answers))))
    return held


def _said(stack: Stack, answers: Ints) -> Ints:
    """Give numbers to answers by what they say: their file, Id and error."""
    said = stack.files()[answers].astype(np.int32)
    for name in SF_COLUMNS:
        said = refine(said, encode(stack.answer_texts(name).take(pa.array(answers))))
    return said
