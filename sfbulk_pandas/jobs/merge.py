"""Find mended rows in the frame they came from, and put them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy import intp

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOAT_EXACT = 2**53  # beyond it, floats skip whole numbers


def match_rows(
    index: pd.Index[Any], outstanding: NDArray[intp], mended: pd.Index[Any]
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
    _check_known(index, mended)
    waiting = index.take(outstanding)
    chosen = np.flatnonzero(mended.isin(waiting))
    labels = mended.take(chosen)
    _check_clear(waiting, labels)
    place = _numbered(waiting).get_indexer(_numbered(labels))
    return outstanding[place], chosen


def _numbered(labels: pd.Index[Any]) -> pd.MultiIndex:
    codes, _ = pd.factorize(labels.to_flat_index())
    return _with_occurrence(labels, codes)


def _with_occurrence(labels: pd.Index[Any], codes: NDArray[intp]) -> pd.MultiIndex:
    occurrence = pd.Series(codes).groupby(codes).cumcount()
    return pd.MultiIndex.from_arrays([labels.to_flat_index(), occurrence.to_numpy()])


def _check_known(index: pd.Index[Any], mended: pd.Index[Any]) -> None:
    strange = mended[~mended.isin(index)]
    if len(strange):
        raise UsageError(
            f"{len(strange)} row(s) have index labels that the load does not have, such as {strange[0]!r}",
            hint="mend the frame that result.failed gives, and keep its index",
        )


def _check_clear(waiting: pd.Index[Any], labels: pd.Index[Any]) -> None:
    given = labels.to_flat_index().value_counts()
    open_rows = waiting.to_flat_index().value_counts().reindex(given.index)
    unclear = given[(open_rows > 1) & (given != open_rows) | (given > open_rows)]
    if len(unclear):
        label = unclear.index[0]
        raise UsageError(
            f"{given[label]} row(s) labelled {label!r} were given, and {open_rows[label]} with that label are "
            "outstanding: it is not clear which row is which",
            hint="give all outstanding rows of a repeated label, or load with a unique index (df.reset_index())",
        )


def replaced_rows(frame: pd.DataFrame, positions: NDArray[intp], mended: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the rows at these positions replaced, index and column order kept.

    Columns that only the mended rows have are added, missing elsewhere; a column whose dtype
    the mending changed takes the common dtype of both.
    """
    source = np.arange(len(frame))
    source[positions] = len(frame) + np.arange(len(mended))
    held, given = _numbered(frame.columns), _numbered(mended.columns)  # labels may repeat among columns not sent
    places = given.get_indexer(held).tolist()
    columns = [
        _replaced(frame.iloc[:, at], mended.iloc[:, place], source) if place >= 0 else _renumbered(frame.iloc[:, at])
        for at, place in enumerate(places)
    ]
    added = [at for at, place in enumerate(held.get_indexer(given).tolist()) if place < 0]
    columns += [_added(mended.iloc[:, at], source) for at in added]
    result = pd.concat(columns, axis=1) if columns else frame.copy()
    result.index = frame.index
    result.columns = frame.columns.append(mended.columns[added]) if added else frame.columns
    return result


def _renumbered(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(column.array)


def _replaced(older: pd.Series[Any], newer: pd.Series[Any], source: NDArray[intp]) -> pd.Series[Any]:
    both: pd.Series[Any] = pd.concat([older, newer], ignore_index=True)
    if both.dtype.kind == "f" and (_is_beyond_floats(older) or _is_beyond_floats(newer)):
        both = pd.concat([older.astype(object), newer.astype(object)], ignore_index=True)
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
