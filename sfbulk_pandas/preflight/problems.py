"""Problems as arrays: what is wrong with the rows of a block, and how it is gathered into a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.findings import Finding

COLUMNS = ("index", "column", "check", "value", "suggestion", "severity")
TEXT = pa.large_string()
SHOWN_CHARS = 80
ERROR_CHARS = 255  # of a value inside an sf__Error
CANNOT_TRAVEL = "this cell cannot be sent"
_RANKS = {"error": 0, "row": 1, "note": 2, "plan": 3}


@dataclass(frozen=True, slots=True)
class Problem:
    """Some cells of one column that have the same problem.

    Attributes
    ----------
    place : int
        The column's number, by which a report is sorted.
    positions : numpy.ndarray of int64
        The rows, counted from the start of the frame.
    cells : pyarrow.Array
        What the report shows of each cell.
    suggestion : str or sequence of str
        What to do: one text for all, or one a row.
    errors : pyarrow.LargeStringArray or None
        The ``sf__Error`` of each row, where Salesforce will refuse it.
    """

    place: int
    column: Hashable
    check: str
    positions: NDArray[np.int64]
    cells: pa.Array
    suggestion: str | Sequence[str]
    errors: pa.Array | None = None
    severity: str = "row"


def shortened(texts: pa.Array, characters: int = SHOWN_CHARS) -> pa.Array:
    """Cut long texts, and mark where."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= characters:
        return texts
    mark, nothing = pa.scalar("…", texts.type), pa.scalar("", texts.type)
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, characters), mark, nothing)
    return pc.if_else(pc.greater(pc.utf8_length(texts), characters), cut, texts)


def error_texts(before: str, values: pa.Array, after: str) -> pa.Array:
    """Write an ``sf__Error`` around each value."""
    shown = pc.fill_null(shortened(values.cast(TEXT), ERROR_CHARS), "")
    return pc.binary_join_element_wise(pa.scalar(before, TEXT), shown, pa.scalar(after, TEXT), pa.scalar("", TEXT))


def report_frame(findings: Sequence[Finding], problems: Sequence[Problem], index: pd.Index) -> pd.DataFrame:
    """Return everything found as a frame of objects, errors first, then by column and row.

    Parameters
    ----------
    findings : sequence of Finding
        Of whole columns or the call.
    problems : sequence of Problem
        Of rows.
    index : pandas.Index
        The frame's.
    """
    heads = [[getattr(each, name) for each in findings] for name in COLUMNS]
    ordered = sorted(problems, key=lambda each: each.place)
    bodies = [_stacked(getter(each, index) for each in ordered) for getter in _GETTERS]
    data = {
        name: np.concatenate([_objects(head), body]) for name, head, body in zip(COLUMNS, heads, bodies, strict=True)
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in data.items()})
    ranks = frame["severity"].map(_RANKS).to_numpy(dtype=np.int64)
    return frame.iloc[np.argsort(ranks, kind="stable")].reset_index(drop=True)


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    held = np.empty(len(values), object)
    for at, value in enumerate(values):
        held[at] = value
    return held


def _repeated(value: Any, count: int) -> NDArray[np.object_]:
    held = np.empty(count, object)
    held[:] = [value] * count
    return held


def _stacked(arrays: Iterable[NDArray[np.object_]]) -> NDArray[np.object_]:
    return np.concatenate([np.empty(0, object), *arrays])


def row_labels(positions: NDArray[np.int64], index: pd.Index) -> NDArray[np.object_]:
    """Return the labels of rows; one that is missing as a text with the row's number, for no label means no row."""
    labels = index.take(positions)
    held = _objects(labels.tolist())
    if not isinstance(labels, pd.MultiIndex):
        for at in np.flatnonzero(labels.isna()):
            held[at] = f"{held[at]} (row {positions[at]}, counted from 0)"
    return held


def _values(problem: Problem, _index: pd.Index) -> NDArray[np.object_]:
    values = problem.cells
    text = pa.types.is_large_string(values.type)
    return _objects(plain_values(shortened(values) if text else values))


def plain_values(values: pa.Array) -> list[Any]:
    """Return values as Python's, or about so where Python has none: a date may be infinite, a text no UTF-8."""
    try:
        return list(values.to_pylist())
    except UnicodeDecodeError:
        return decoded(values)
    except (OverflowError, ValueError):
        return list(values.cast(TEXT).to_pylist())


def text_of(value: Any) -> str:
    """Return what Python writes for a value; it writes no whole number of thousands of digits."""
    try:
        return str(value)
    except ValueError:
        return f"a value of type {type(value).__name__}"


def decoded(texts: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Return texts of which some are no UTF-8, with a sign where they are not."""
    cells = texts.cast(pa.large_binary()).to_pylist()
    return [None if each is None else each.decode(errors="replace") for each in cells]


def _suggestions(problem: Problem, _index: pd.Index) -> NDArray[np.object_]:
    if isinstance(problem.suggestion, str):
        return _repeated(problem.suggestion, len(problem.positions))
    return _objects(problem.suggestion)


_GETTERS = (
    lambda each, index: row_labels(each.positions, index),
    lambda each, _index: _repeated(each.column, len(each.positions)),
    lambda each, _index: _repeated(each.check, len(each.positions)),
    _values,
    _suggestions,
    lambda each, _index: _repeated(each.severity, len(each.positions)),
)


def blocked_rows(problems: Iterable[Problem]) -> tuple[NDArray[np.int64], pa.Array]:
    """Return the rows that cannot go up, in the frame's order, and the ``sf__Error`` of each.

    A row with several problems has their texts one after the other.
    """
    held = sorted((each for each in problems if each.errors is not None), key=lambda each: each.place)
    if not held:
        return np.empty(0, np.int64), pa.array([], TEXT)
    positions = np.concatenate([each.positions for each in held])
    texts = pa.chunked_array([each.errors for each in held], TEXT)
    order = np.argsort(positions, kind="stable")
    rows, begins = np.unique(positions[order], return_index=True)
    offsets = pa.array(np.append(begins, len(order)), pa.int64())
    sorted_texts = pa.concat_arrays(texts.take(pa.array(order)).chunks)
    return rows, pc.binary_join(pa.LargeListArray.from_arrays(offsets, sorted_texts), pa.scalar("", TEXT))
