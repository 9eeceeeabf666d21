"""Find mended rows in the frame they came from, and put them back."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy import intp

from sfbulk_pandas.codec.frame import label_at
from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOAT_EXACT = 2**53  # beyond it, floats skip whole numbers
_ARE_ONE = np.frompyfunc(operator.is_, 2, 1)


def match_rows(
    index: pd.Index[Any], outstanding: NDArray[intp], mended: pd.Index[Any], *, is_own: bool = True
) -> tuple[NDArray[intp], NDArray[intp]]:
    """Match mended rows to the outstanding rows of a load, by index label.

    Rows that share a label are matched in order, where all outstanding ones of that label are given.

    Parameters
    ----------
    index : Index
        Of the whole load.
    outstanding : array of int
        Positions in it that may be sent again, ascending.
    mended : Index
        Labels of the mended rows.
    is_own : bool
        Whether the mended rows surely are outstanding ones, and not others that share their labels.

    Returns
    -------
    positions : array of int
        The position in the load of each row to send.
    chosen : array of int
        The position in ``mended`` of the same row; rows that have succeeded are left out.

    Raises
    ------
    UsageError
        For a label the load does not have, or one so repeated that it is not clear which row is meant.
    """
    held, given = _codes(index, mended)
    _check_known(held, given, mended)
    waiting = held[outstanding]
    chosen = np.flatnonzero(np.isin(given, waiting))
    labels = given[chosen]
    _check_clear(waiting if is_own else held, labels, mended.take(chosen))
    place = _numbered(waiting).get_indexer(_numbered(labels))
    return outstanding[place], chosen


def _codes(held: pd.Index[Any], given: pd.Index[Any]) -> tuple[NDArray[intp], NDArray[intp]]:
    """Give each label a number, the same on both sides; all missing ones count as one label."""
    if held.dtype != given.dtype:  # their common dtype may be float, which does not tell all whole numbers apart
        held, given = held.astype(object), given.astype(object)
    codes, _ = pd.factorize(held.to_flat_index().append(given.to_flat_index()))
    return codes[: len(held)], codes[len(held) :]


def _numbered(codes: NDArray[intp]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([codes, pd.Series(codes).groupby(codes).cumcount()])


def _check_known(held: NDArray[intp], given: NDArray[intp], mended: pd.Index[Any]) -> None:
    strange = mended[~np.isin(given, held)]
    if len(strange):
        raise UsageError(
            f"{len(strange)} row(s) have index labels that the load does not have, such as {label_at(strange, 0)!r}",
            hint="mend the frame that result.failed gives, and keep its index",
        )


def _check_clear(meant: NDArray[intp], labels: NDArray[intp], mended: pd.Index[Any]) -> None:
    given, there = _counts(labels, of=labels), _counts(meant, of=labels)
    unclear = np.flatnonzero((there > 1) & (given != there) | (given > there))
    if len(unclear):
        at = unclear[0]
        raise UsageError(
            f"{given[at]} row(s) labelled {label_at(mended, at)!r} were given, and {there[at]} with that label may be "
            "meant: it is not clear which row is which",
            hint="give all outstanding rows of a repeated label, with the sf__ columns that result.failed gives them, "
            "or load with a unique index (df.reset_index(drop=True))",
        )


def _counts(codes: NDArray[intp], *, of: NDArray[intp]) -> NDArray[intp]:
    """Return how often each of some codes comes; a missing label has the code -1."""
    return np.bincount(codes + 1, minlength=int(of.max(initial=-1)) + 2)[of + 1]


def replaced_rows(frame: pd.DataFrame, positions: NDArray[intp], mended: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the rows at these positions replaced, index and column order kept.

    Columns that only the mended rows have are added, missing elsewhere; a column whose dtype
    the mending changed takes the common dtype of both. A column that was not changed is not copied.
    """
    attrs, frame, mended = frame.attrs, _without_attrs(frame), _without_attrs(mended)
    source = np.arange(len(frame))
    source[positions] = len(frame) + np.arange(len(mended))
    held, given = map(_numbered, _codes(frame.columns, mended.columns))  # labels may repeat among columns not sent
    places = given.get_indexer(held).tolist()
    columns = [
        _mended(frame.iloc[:, at], mended.iloc[:, place], positions, source)
        if place >= 0
        else _renumbered(frame.iloc[:, at])
        for at, place in enumerate(places)
    ]
    added = [at for at, place in enumerate(held.get_indexer(given).tolist()) if place < 0]
    columns += [_added(mended.iloc[:, at], source) for at in added]
    result = pd.concat(columns, axis=1) if columns else frame.copy()
    result.index = frame.index
    result.columns = frame.columns.append(mended.columns[added]) if added else frame.columns
    result.attrs = attrs
    return result


def _without_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without its attrs: where columns are put together pandas compares them, and arrays raise then."""
    bare = frame.copy(deep=False)
    bare.attrs = {}
    return bare


def _renumbered(column: pd.Series[Any]) -> pd.Series[Any]:
    renumbered = column.copy(deep=False)  # of a column made of its array, pandas 3 would guess the dtype
    renumbered.index = pd.RangeIndex(len(column))
    return renumbered


def _mended(
    older: pd.Series[Any], newer: pd.Series[Any], positions: NDArray[intp], source: NDArray[intp]
) -> pd.Series[Any]:
    is_changed = not _is_same(older.iloc[positions], newer)
    return _replaced(older, newer, source) if is_changed else _renumbered(older)


def _is_same(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    """Whether two columns hold the same values: among objects, as True equals 1, the very same."""
    if one.dtype == other.dtype == object:
        return bool(_ARE_ONE(one.to_numpy(), other.to_numpy()).all())
    return one.reset_index(drop=True).equals(other.reset_index(drop=True))


def _replaced(older: pd.Series[Any], newer: pd.Series[Any], source: NDArray[intp]) -> pd.Series[Any]:
    joined = [older, newer]
    common = pd.concat([each.iloc[:0] for each in joined]).dtype
    if common.kind == "f" and any(map(_is_beyond_floats, joined)):  # Arrow would refuse them
        joined = [each.astype(object) for each in joined]
    both: pd.Series[Any] = pd.concat(joined, ignore_index=True)
    return both.take(source).reset_index(drop=True)


def _is_beyond_floats(column: pd.Series[Any]) -> bool:
    """Whether a column holds whole numbers that a float would round."""
    return column.dtype.kind in "iu" and bool(((column > _FLOAT_EXACT) | (column < -_FLOAT_EXACT)).any())


def _added(newer: pd.Series[Any], source: NDArray[intp]) -> pd.Series[Any]:
    if newer.dtype.kind in "iu":
        newer = newer.convert_dtypes()  # a numpy int becomes a float where rows lack it
    rows = len(source)
    missing = newer.iloc[:0].reset_index(drop=True).reindex(range(rows))
    return pd.concat([missing, newer], ignore_index=True).take(source).reset_index(drop=True)
