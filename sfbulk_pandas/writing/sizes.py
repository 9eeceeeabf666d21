"""Cut rows into pieces, so that the memory of what is made of them is bounded however long the rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Rows = slice | NDArray[np.integer[Any]]

_SAMPLES = 256  # cells of a piece by which the others are judged, where Arrow does not know their sizes
_PLACES = np.modf(np.arange(_SAMPLES) * (5**0.5 - 1) / 2)[0]  # from 0 to 1, all over, and in step with no rows
_TYPED_BYTES = 8  # of a number or a time
_ENTRY_BYTES = 40  # of a list: no value of a picklist is longer by much
_ROOM = 0.9  # so that a piece that was cut once seldom has to be cut again
_NUMBERS = "biufmM"  # numpy's kinds


def pieces(rows: range, max_rows: int, max_bytes: int, size: Callable[[range], int]) -> Iterator[range]:
    """Yield rows in pieces, one after the other.

    Parameters
    ----------
    rows : range
    max_rows : int
        How many rows a piece may have.
    max_bytes : int
        How large it may be; only a row that alone is larger is a piece nevertheless.
    size : callable
        Returns about how many bytes some rows are.
    """
    start, count = rows.start, max_rows
    while start < rows.stop:
        piece = range(start, min(start + count, rows.stop))
        while len(piece) > 1 and (found := size(piece)) > max_bytes:
            piece = piece[: max(1, int(_ROOM * max_bytes / found * len(piece)))]
        yield piece
        start, count = piece.stop, min(max_rows, 2 * len(piece))


class ColumnSize:
    """About how many bytes the cells of a column are as texts, without writing them.

    Parameters
    ----------
    series : pandas.Series
    """

    def __init__(self, series: pd.Series[Any]) -> None:
        array = series.array
        is_arrow = isinstance(array, pd.arrays.ArrowExtensionArray)
        self._chunks = array.__arrow_array__() if is_arrow else None
        self._cells = series.to_numpy() if series.dtype == object else array
        self._is_typed = _is_typed(series.dtype if self._chunks is None else self._chunks.type)

    def of(self, rows: Rows) -> int:
        """Return the bytes of some rows: of texts as Arrow counts them, or by the samples that stand for the others."""
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        if self._is_typed or not count:
            return _TYPED_BYTES * count
        if isinstance(rows, slice) and self._chunks is not None and _is_text(self._chunks.type):
            return int(self._chunks.slice(rows.start, count).nbytes)
        offsets = np.arange(count) if count <= _SAMPLES else (count * _PLACES).astype(np.int64)
        sample = self._sizes((rows.start + offsets if isinstance(rows, slice) else rows[offsets]).tolist())
        return count * (_TYPED_BYTES + sum(sample) // len(sample))

    def _sizes(self, positions: Sequence[int]) -> list[int]:
        if self._chunks is not None:
            return [_scalar_bytes(self._chunks[each]) for each in positions]
        return [_value_bytes(self._cells[each]) for each in positions]


def _is_typed(kind: Any) -> bool:
    if isinstance(kind, pa.DataType):
        return bool(pa.types.is_primitive(kind) or pa.types.is_decimal(kind))
    return kind.kind in _NUMBERS


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _scalar_bytes(scalar: pa.Scalar) -> int:
    if not scalar.is_valid:
        return 0
    if isinstance(scalar, pa.DictionaryScalar):
        return _scalar_bytes(scalar.value)
    if isinstance(scalar, pa.BinaryScalar):  # all kinds of text are kinds of it
        return int(scalar.as_buffer().size)
    return _ENTRY_BYTES * len(scalar) if isinstance(scalar, pa.ListScalar) else _TYPED_BYTES


def _value_bytes(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, np.ndarray):
        return _ENTRY_BYTES * value.size
    return _ENTRY_BYTES * len(value) if isinstance(value, list | tuple | set | frozenset) else 0
