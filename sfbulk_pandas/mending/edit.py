"""A cell that somebody edits by hand, as a fix like any other: pandas code that sets it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfbulk_pandas.mending.code import headed, label_code, literal
from sfbulk_pandas.mending.fix import EDIT, Fix

if TYPE_CHECKING:
    from collections.abc import Hashable

_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def edit(frame: pd.DataFrame, row: int, label: Hashable, text: str | None) -> Fix:
    """Return the fix that sets one cell.

    Parameters
    ----------
    frame : DataFrame
    row : int
        Its position.
    label : Hashable
        The column; it stands once in the frame.
    text : str or None
        What the cell is to hold; nothing where it is empty. A column of another type takes it as a value of its own
        where it is one, and else becomes a column of objects.
    """
    name, series = label_code(label, frame.columns), frame[label]
    value, dtype = _value(series, text)
    lines = [] if dtype is None else [f'fixed[{name}] = fixed[{name}].astype("{dtype}")']
    lines.append(f"{_place(frame, row, label)} = {value}")
    what = "left blank by hand" if value == "None" else "edited by hand"
    return Fix(label, str(label), EDIT, what, certain=True, code=headed(name, what, "\n".join(lines)))


def _place(frame: pd.DataFrame, row: int, label: Hashable) -> str:
    """Write a cell's place: by its labels where they are plain and stand once, else by its position."""
    where: Any = frame.index[row]
    where = where.item() if isinstance(where, np.integer | np.str_) else where
    if isinstance(label, str) and frame.columns.nlevels == 1 and frame.index.is_unique and _is_plain(where):
        return f"fixed.loc[{literal(where)}, {literal(label)}]"
    return f"fixed.iloc[{row}, {frame.columns.get_loc(label)}]"


def _is_plain(where: Any) -> bool:
    if not isinstance(where, str | int | tuple):
        return False
    try:
        return bool(ast.literal_eval(repr(where)) == where)
    except (ValueError, SyntaxError):
        return False


def _value(series: pd.Series[Any], text: str | None) -> tuple[str, str | None]:
    """Return a cell's value as code, and the dtype that the column has to take first, None where its own will do."""
    held = series.dtype
    if not text:
        return "None", {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(held.kind) if _is_numpy(held) else None
    if isinstance(held, pd.CategoricalDtype):
        return literal(text), None if text in held.categories else "object"
    if held == np.dtype(object) or isinstance(held, pd.StringDtype) or pd.api.types.is_string_dtype(held):
        return literal(text), None
    own = _typed(text, held)
    return (literal(text), "object") if own is None else (own, None)


def _is_numpy(held: Any) -> bool:
    return isinstance(held, np.dtype)


def _typed(text: str, held: Any) -> str | None:
    """Write a text as a value of a dtype; None where it is none."""
    if pd.api.types.is_bool_dtype(held):
        lower = text.strip().lower()
        return "True" if lower in _TRUE else "False" if lower in _FALSE else None
    try:
        if pd.api.types.is_datetime64_dtype(held):
            return f'pd.Timestamp("{pd.Timestamp(text).isoformat()}")'
        number = pd.to_numeric(text)
        if pd.api.types.is_integer_dtype(held):
            return repr(int(number)) if int(number) == number and _fits(number, held) else None
        if pd.api.types.is_float_dtype(held):
            return repr(float(number))
    except (ValueError, TypeError, OverflowError):
        return None
    return None


def _fits(number: Any, held: Any) -> bool:
    try:
        return bool(pd.array([int(number)], dtype=held)[0] == number)
    except (OverflowError, ValueError, TypeError):
        return False
