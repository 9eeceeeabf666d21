r"""Turn a frame into a table of texts: every cell as it travels.

Decisions that a caller may want to know:

- None, NaN (also inside Arrow-backed columns), NaT, pd.NA and an empty list are missing; the null policy decides
  what is sent for them. An empty string is an empty cell under both policies.
- ``\r\n`` and a lone ``\r`` inside a value become ``\n``: a carriage return fails the whole job of an LF file.
- Whole floats lose their ``.0`` everywhere. A number with a fraction is written as it is, also for an int field.
- Datetimes go out in UTC with milliseconds; finer digits are cut. In a date field a datetime that is midnight
  on its own clock becomes that date; any other is written as it is. In a datetime field a date is midnight in
  ``timezone=``.
- Numbers 1 and 0 become ``true`` and ``false`` in a checkbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.rows import position_of
from sfbulk_pandas.codec.rules import Refusal, record_refusals
from sfbulk_pandas.codec.source import Source
from sfbulk_pandas.errors import EncodeError, UsageError
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.codec.mapper import Mapper
    from sfbulk_pandas.codec.rows import Rows

__all__ = ["Column", "EncodeOptions", "FrameTexts", "label_at", "text_table"]

_SHOWN_CHARS = 80


def text_table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    options: EncodeOptions | None = None,
    *,
    start: int = 0,
    rows: Rows | None = None,
    mapper: Mapper = map,
) -> pa.Table:
    """Write a frame as a table of texts, whole columns at a time.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns; its index is not sent.
    columns : sequence of Column
        What to send, in the order of the CSV.
    options : EncodeOptions, optional
        Null policy, time zone, and whether ``#N/A`` may be text.
    start : int
        Position of the frame's first row in the whole load, for error messages.
    rows : slice or numpy.ndarray of int64, optional
        Which of the frame's rows to write, by position and in which order; without it, all.
    mapper : callable
        Writes columns, in any number of threads, and yields them in order.

    Returns
    -------
    pyarrow.Table
        One ``large_string`` column for each of ``columns``, named by its header; row i is the frame's row i, or
        the i-th of ``rows``; null where the cell travels empty because its value is missing.

    Raises
    ------
    EncodeError
        Where a cell has no form that Salesforce reads; names column, index label and position.
    UsageError
        Where ``timezone`` is no known zone, or ``nulls`` names a column that the frame lacks.
    """
    texts = FrameTexts(frame, columns, options, first_position=start)
    return texts.table(slice(0, len(frame)) if rows is None else rows, mapper)


class FrameTexts:
    """A frame and how it travels, read as tables of texts; any number of threads may read at once.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of Column
        What to send, in the order of the CSV.
    options : EncodeOptions, optional
        How cells are written.
    first_position : int
        Position of the frame's first row in the whole load, for error messages.

    Raises
    ------
    UsageError
        Where ``timezone`` is no known zone, or ``nulls`` names a column that the frame lacks.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Sequence[Column],
        options: EncodeOptions | None = None,
        *,
        first_position: int = 0,
    ) -> None:
        options = options or EncodeOptions()
        _check_options(frame, options)
        self.index = frame.index
        self.sources = [Source(frame[column.label], column, options) for column in columns]
        self._headers = [column.header for column in columns]
        self._first_position = first_position

    def table(self, rows: Rows, mapper: Mapper = map) -> pa.Table:
        """Write some rows.

        Raises
        ------
        EncodeError
            For the first cell of the first column, or row, that cannot travel, with its place.
        """
        arrays = []
        written = mapper(lambda source: source.written(rows), self.sources)
        for number, (text, refusals) in enumerate(written):
            if refusals:
                self._raise_first(refusals, number, rows)
            arrays.append(text)
        table = pa.table(arrays, names=self._headers)
        for refusal in record_refusals(table):
            self._raise_first([refusal], self.widest(table, int(refusal.offsets[0])), rows)
        return table

    def written(self, rows: Rows) -> pa.Table:
        """Write some rows; a cell that cannot travel is null."""
        return pa.table([source.written(rows)[0] for source in self.sources], names=self._headers)

    def size(self, rows: Rows) -> int:
        """Return about how many bytes some rows are as texts, without writing them."""
        return sum(source.size(rows) for source in self.sources)

    def widest(self, table: pa.Table, offset: int) -> int:
        """Return the number of the column with the longest text in a row."""
        sizes = [pc.binary_length(column[offset]).as_py() or 0 for column in table.columns]
        return sizes.index(max(sizes))

    def place(self, position: int) -> tuple[Any, int]:
        """Return the label and the position in the load of a row, by its position in the frame."""
        return label_at(self.index, position), self._first_position + position

    def error(self, text: str, number: int, position: int) -> EncodeError:
        """Return an error that carries the place of a cell: the number of its column, and its row in the frame."""
        row, in_load = self.place(position)
        return EncodeError(text, column=self.sources[number].column.label, row=row, position=in_load)

    def _raise_first(self, refusals: Sequence[Refusal], number: int, rows: Rows) -> None:
        first = min(refusals, key=lambda each: int(each.offsets[0]))
        position = position_of(rows, int(first.offsets[0]))
        source, (row, in_load) = self.sources[number], self.place(position)
        place = f"column {source.column.label!r}, row {row!r} (position {in_load})"
        raise self.error(f"{place}: {first.reason} (it holds {_shown(source.value(position))})", number, position)


def _shown(value: Any) -> str:
    try:
        text = ascii(value) if isinstance(value, str) and not _is_unicode(value) else repr(value)
    except ValueError:  # of an int with thousands of digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_options(frame: pd.DataFrame, options: EncodeOptions) -> None:
    zone = options.timezone
    if zone is not None and not (isinstance(zone, str) and zone):  # pandas would take a number for seconds
        raise UsageError(f"timezone={zone!r} is no name of a time zone", hint="write it as 'Europe/Berlin'")
    try:
        pd.Timestamp(0).tz_localize(zone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"{options.timezone!r} is no known time zone", hint="write it as Europe/Berlin") from error
    unknown = [] if isinstance(options.nulls, str) else [each for each in options.nulls if each not in frame.columns]
    if unknown:
        raise UsageError(f"nulls= names {unknown[0]!r}, and the frame has no such column")


def label_at(index: pd.Index[Any], position: int) -> Any:
    """Return a row's label as a plain Python value, or a tuple of such, which a message can show."""
    return _plain(index[position])


def _plain(label: Any) -> Any:
    if isinstance(label, tuple):
        return tuple(map(_plain, label))
    return label.item() if isinstance(label, np.generic) else label
