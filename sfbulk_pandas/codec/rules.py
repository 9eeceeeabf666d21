"""What cannot travel, and why: the one place that the encoder and the check before it both ask.

The encoder raises the first refusal, the check collects them all. Typed columns are asked without being written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.limits import MAX_FIELD_CHARS, MAX_RECORD_CHARS, NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.arrays import is_float
from sfbulk_pandas.writing.cells import INFINITE, NAIVE, clock_changed, write_cells
from sfbulk_pandas.writing.moments import in_range, out_of_range, placed
from sfbulk_pandas.writing.texts import is_unicode, lengths_bytes, stretch, unix_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import EncodeOptions

NA_TEXT = (
    f"the cell holds the text {NULL_MARK}, which makes Salesforce clear the field; change it, or say allow_na_text=True"
)
LONG_CELL = f"the cell has more than {MAX_FIELD_CHARS:,} characters, which is what Salesforce takes in a field"
LONG_RECORD = f"the row has more than {MAX_RECORD_CHARS:,} characters, which is what Salesforce takes in a record"

NO_UTF8 = "the text is no valid UTF-8, and Salesforce takes no other encoding; decode it by its own"
NO_YEAR = "the year is not one of 1 to 9999"
NO_TIME = "the time is not of a day, which begins at 00:00 and ends before 24:00"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Some cells of one column that cannot travel, all for the same reason.

    Attributes
    ----------
    offsets : numpy.ndarray of int64
        Their rows, counted from the start of the column that was looked at.
    """

    offsets: NDArray[np.int64]
    reason: str


def _under(mask: pa.Array | NDArray[np.bool_], reason: str) -> Iterator[Refusal]:
    held = np.asarray(pc.fill_null(mask, fill_value=False) if isinstance(mask, pa.Array) else mask)
    yield from _at(np.flatnonzero(held), reason)


def _at(offsets: NDArray[np.intp], reason: str) -> Iterator[Refusal]:
    if offsets.size:
        yield Refusal(offsets.astype(np.int64), reason)


def array_refusals(array: pa.Array, kind: FieldType | None, timezone: str | None) -> Iterator[Refusal]:
    """Find the values of a typed column that cannot travel; most types hold none."""
    if is_float(array.type) or pa.types.is_float16(array.type):
        yield from number_refusals(array.to_numpy(zero_copy_only=False))
    elif pa.types.is_date(array.type) or pa.types.is_timestamp(array.type) or pa.types.is_time(array.type):
        yield from _moment_refusals(array, kind, timezone)


def number_refusals(numbers: NDArray[np.floating]) -> Iterator[Refusal]:
    """Find the numbers that cannot travel."""
    yield from _under(np.isinf(numbers), INFINITE)


def _moment_refusals(array: pa.Array, kind: FieldType | None, timezone: str | None) -> Iterator[Refusal]:
    outside = out_of_range(array)
    if outside is not None:
        yield from _under(outside, NO_TIME if pa.types.is_time(array.type) else NO_YEAR)
        array = in_range(array)
    if pa.types.is_date(array.type) and kind is FieldType.DATETIME:
        yield from _naive_refusals(pc.cast(array, pa.timestamp("ms")), timezone)
    elif pa.types.is_timestamp(array.type) and array.type.tz is None and kind is not FieldType.DATE:
        yield from _naive_refusals(array, timezone)


def _naive_refusals(naive: pa.Array, timezone: str | None) -> Iterator[Refusal]:
    if naive.null_count == len(naive):
        return
    lost = pc.and_(naive.is_valid(), placed(naive, timezone).is_null())
    yield from _under(lost, NAIVE if timezone is None else clock_changed(timezone))


def text_refusals(text: pa.Array, lengths: NDArray[np.int64], options: EncodeOptions) -> Iterator[Refusal]:
    """Find the texts that would clear a field, are no UTF-8, or are too long; ``lengths`` are their bytes."""
    yield from unicode_refusals(text)
    yield from mark_refusals(text, lengths, options)
    if lengths.max(initial=0) > MAX_FIELD_CHARS:
        yield from _under(pc.greater(pc.utf8_length(text), MAX_FIELD_CHARS), LONG_CELL)


def unicode_refusals(text: pa.Array) -> Iterator[Refusal]:
    """Find the texts that are no UTF-8: one of them would fail a whole job."""
    if not is_unicode(text):
        yield from _under(np.array([not _decodes(each) for each in text.cast(pa.large_binary()).to_pylist()]), NO_UTF8)


def _decodes(data: bytes | None) -> bool:
    try:
        return data is None or data.decode() is not None
    except UnicodeDecodeError:
        return False


def mark_refusals(text: pa.Array, lengths: NDArray[np.int64], options: EncodeOptions) -> Iterator[Refusal]:
    """Find the texts that would clear a field; ``lengths`` are their bytes."""
    if options.allow_na_text:
        return
    at = np.flatnonzero(lengths == len(NULL_MARK))
    if at.size:
        places, data = stretch(text)
        at = at[data[places[at]] == ord(NULL_MARK[0])]
    if at.size:
        is_mark = pc.fill_null(pc.equal(text.take(pa.array(at)), NULL_MARK), fill_value=False)
        yield from _at(at[np.asarray(is_mark)], NA_TEXT)


def record_refusals(table: pa.Table) -> Iterator[Refusal]:
    """Find the rows that have too many characters in all."""
    columns = [column.chunk(0) for column in table.columns if column.num_chunks]
    if sum(int(lengths_bytes(each).max(initial=0)) for each in columns) > MAX_RECORD_CHARS:
        yield from _under(sum(_characters(each) for each in columns) > MAX_RECORD_CHARS, LONG_RECORD)


def _characters(text: pa.Array) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = pc.fill_null(pc.utf8_length(text), 0).to_numpy()
    return counts


def cells_text(
    values: Iterable[Any], kind: FieldType | None, timezone: str | None
) -> tuple[pa.Array, tuple[Refusal, ...]]:
    """Write a column of mixed values cell by cell; a cell that cannot travel is null, and refused.

    Parameters
    ----------
    values : iterable
        The cells.
    kind : FieldType or None
        The type of the field that receives them.
    timezone : str or None
        The zone of naive datetimes.

    Returns
    -------
    pyarrow.LargeStringArray, tuple of Refusal
    """
    texts, refused = write_cells(values, kind, timezone)
    refusals = tuple(Refusal(np.array(offsets, np.int64), reason) for reason, offsets in refused.items())
    return unix_lines(texts), refusals
