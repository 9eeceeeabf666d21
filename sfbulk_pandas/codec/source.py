"""One column of a frame, read a slice at a time: as Arrow holds it, or cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.rows import take_chunked
from sfbulk_pandas.codec.rules import (
    Refusal,
    array_refusals,
    cells_text,
    mark_refusals,
    number_refusals,
    text_refusals,
    unicode_refusals,
)
from sfbulk_pandas.salesforce.limits import MAX_FIELD_CHARS, NULL_MARK
from sfbulk_pandas.writing.arrays import array_text, has_writer, is_text
from sfbulk_pandas.writing.held import cells_of, pandas_array, plain_array
from sfbulk_pandas.writing.sizes import ColumnSize
from sfbulk_pandas.writing.texts import TEXT, lengths_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfbulk_pandas.codec.rows import Rows
    from sfbulk_pandas.salesforce.columns import Column, EncodeOptions

_WHOLE = (
    pd.BooleanDtype,
    *(pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype),
    *(pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype),
    pd.DatetimeTZDtype,
)
TYPED_BYTES = 90  # no number, date or time is longer: a decimal of 76 digits with its sign, point and zeros


@dataclass(frozen=True, slots=True)
class Look:
    """What some rows of a column hold that cannot travel; and the longest cell, in bytes."""

    refusals: list[Refusal]
    longest: int


class Source:
    """A column of the frame and how it travels.

    Parameters
    ----------
    series : pandas.Series
        The frame's column, whole; only what is asked for is copied.
    column : Column
        Where it goes.
    options : EncodeOptions
        How its cells are written.
    """

    def __init__(self, series: pd.Series[Any], column: Column, options: EncodeOptions) -> None:
        self.column = column
        self._series = series
        self._options = options
        self._kind = column.field.type if column.field else None
        self._clear = options.clears(column)
        is_arrow = isinstance(series.array, pd.arrays.ArrowExtensionArray)
        self._chunks = _takeable(series.array.__arrow_array__()) if is_arrow else None
        self._always_travels = _always_travels(series.dtype)
        self._size = ColumnSize(series)

    def written(self, rows: Rows) -> tuple[pa.Array, list[Refusal]]:
        """Write some rows as text, by the null policy, and tell which cells cannot travel."""
        text, refusals = self._written(self._array(rows), rows)
        return pc.fill_null(text, NULL_MARK) if self._clear else text, refusals

    def look(self, rows: Rows) -> Look:
        """Find what cannot travel in some rows; typed columns are not written for it."""
        if self._always_travels:
            return Look([], TYPED_BYTES)
        if isinstance(self._series.dtype, np.dtype) and self._series.dtype.kind == "f":  # Arrow would copy them
            return Look(list(number_refusals(self._series.iloc[rows].to_numpy())), TYPED_BYTES)
        array = self._array(rows)
        if array is not None and has_writer(array.type) and not is_text(array.type):
            return Look(list(array_refusals(array, self._kind, self._options.timezone)), TYPED_BYTES)
        if array is not None and is_text(array.type):
            text = pc.cast(array, TEXT)
            lengths = lengths_bytes(text)
            longest = int(lengths.max(initial=0))
            if longest <= MAX_FIELD_CHARS:  # a longer one may fit with fewer line ends
                refusals = [*unicode_refusals(text), *mark_refusals(text, lengths, self._options)]
                return _look_of(refusals, longest)
        text, refusals = self._written(array, rows)
        return _look_of(refusals, int(lengths_bytes(text).max(initial=0)))

    def _written(self, array: pa.Array | None, rows: Rows) -> tuple[pa.Array, list[Refusal]]:
        timezone = self._options.timezone
        if array is None or not has_writer(array.type):
            cells = self._series.iloc[rows] if array is None else cells_of(array)
            text, refused = cells_text(cells, self._kind, timezone)
            return text, [*refused, *text_refusals(text, lengths_bytes(text), self._options)]
        text = array_text(array, self._kind, timezone)
        if is_text(array.type):
            return text, list(text_refusals(text, lengths_bytes(text), self._options))
        return text, list(array_refusals(array, self._kind, timezone))

    def value(self, position: int) -> Any:
        """Return one cell as the frame holds it, or the text that Arrow has for one that Python has no value for."""
        try:
            return self._series.iloc[position]
        except (OverflowError, ValueError):
            array = self._array(slice(position, position + 1))
            if array is None:
                raise
            if is_text(array.type):
                return bytes(array[0].as_buffer()).decode(errors="replace")
            return f"<value out of range: {array[0].value}>"

    def size(self, rows: Rows) -> int:
        """Return about how many bytes some rows are as texts, without writing them."""
        return self._size.of(rows)

    def _array(self, rows: Rows) -> pa.Array | None:
        """Return rows as Arrow holds them, or None where they must be looked at one by one."""
        held = pandas_array(self._series.iloc[rows]) if self._chunks is None else take_chunked(self._chunks, rows)
        return plain_array(held)


def _takeable(chunks: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of which Arrow can take rows: of views of texts it cannot."""
    return chunks.cast(TEXT) if pa.types.is_string_view(chunks.type) else chunks


def _look_of(refusals: Iterable[Refusal], longest: int) -> Look:
    return Look(list(refusals), max(longest, len(NULL_MARK)))


def _always_travels(dtype: Any) -> bool:
    """Whether every value of a dtype can travel: then rows need not even be handed to Arrow to be looked at."""
    return dtype.kind in "biu" if isinstance(dtype, np.dtype) else isinstance(dtype, _WHOLE)
