"""Read a block of one column as an Arrow array: text as text, typed values as they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.problems import TEXT, Problem, decoded, error_texts
from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.writing.arrays import array_text, has_writer, is_text, long_floats
from sfbulk_pandas.writing.cells import write_cells
from sfbulk_pandas.writing.held import cells_of, pandas_array, plain_array
from sfbulk_pandas.writing.texts import is_unicode, lengths_bytes

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

    Mask = NDArray[np.bool_]


_ZONE = "UTC"  # of naive moments: in every zone they are written at the same length


@dataclass(frozen=True, slots=True)
class Subject:
    """One column that is looked at.

    Attributes
    ----------
    place : int
        Its number among the columns that travel, from 0.
    column : Column
    field : FieldDescribe
        The field that is set: behind a relationship header the lookup, not the parent's key.
    """

    place: int
    column: Column
    field: FieldDescribe

    @property
    def label(self) -> Hashable:
        """The frame's label."""
        return self.column.label

    @property
    def cell_field(self) -> FieldDescribe:
        """The field whose type the cells have."""
        return self.column.field or self.field

    @property
    def is_path(self) -> bool:
        """Whether the cells are keys of parents."""
        return "." in self.column.header


@dataclass(frozen=True)
class Values:
    """A block of values, and which of them say something.

    Attributes
    ----------
    values : pyarrow.Array
        Text (large_string) or a typed array.
    """

    values: pa.Array

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return bool(pa.types.is_large_string(self.values.type))

    @cached_property
    def given(self) -> Mask:
        """Where a cell says something: neither missing nor empty, nor the mark that clears a field."""
        given: Mask = ~(self.missing | self.empty | self.marks)
        return given

    @cached_property
    def missing(self) -> Mask:
        """Where there is no value at all."""
        missing = to_mask(self.values.is_null()) if self.values.null_count else np.zeros(len(self.values), bool)
        if pa.types.is_floating(self.values.type):
            missing = missing | np.isnan(self.values.to_numpy(zero_copy_only=False))
        return missing

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """The bytes of each text; what a missing one has is not said."""
        return lengths_bytes(self.values)

    @cached_property
    def empty(self) -> Mask:
        """Where a text is there and empty."""
        if not self.is_text:
            return np.zeros(len(self.values), bool)
        empty: Mask = (self.lengths == 0) & ~self.missing
        return empty

    @cached_property
    def marks(self) -> Mask:
        """Where a text is the mark that clears a field."""
        marks = np.zeros(len(self.values), bool)
        if self.is_text:
            at = np.flatnonzero((self.lengths == len(NULL_MARK)) & ~self.missing)
            if len(at):
                marks[at] = to_mask(pc.equal(self.values.take(pa.array(at)), NULL_MARK))
        return marks


@dataclass(frozen=True)
class Cells(Values):
    """A block of one column.

    Attributes
    ----------
    subject : Subject
    start : int
        The frame's row with which the block begins.
    """

    subject: Subject
    start: int

    def problem(
        self, bad: Mask, check: str, suggestion: str | Sequence[str], error: tuple[str, str] | None
    ) -> list[Problem]:
        """Return the problem of some cells; none where there are none.

        Parameters
        ----------
        bad : array of bool
            The cells; one that says nothing is passed over.
        check : str
        suggestion : str or sequence of str
        error : tuple of str, or None
            What stands before and after the value in Salesforce's text; None where the row may well be taken,
            and the problem is a note.
        """
        offsets = np.flatnonzero(bad & self.given if bad.any() else bad)
        if not len(offsets):
            return []
        values = self.values.take(pa.array(offsets))
        errors = (
            None if error is None else error_texts(error[0], as_text(values, self.subject.cell_field.type), error[1])
        )
        severity = "note" if error is None else "row"
        at = (offsets + self.start).astype(np.int64)
        return [Problem(self.subject.place, self.subject.label, check, at, values, suggestion, errors, severity)]


def to_mask(values: pa.Array) -> Mask:
    """Return an Arrow boolean array as numpy's, null as False."""
    mask: Mask = np.asarray(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False))
    return mask


def as_text(values: pa.Array, kind: FieldType | None = None) -> pa.Array:
    """Write typed values as they travel: for messages, and for fields of text.

    Parameters
    ----------
    values : pyarrow.Array
        What :func:`read_block` returns.
    kind : FieldType or None
        The type of the field that receives them; None: one of text.
    """
    return values if pa.types.is_large_string(values.type) else array_text(values, kind, _ZONE)


def read_block(series: pd.Series[Any], kind: FieldType | None) -> pa.Array:
    """Return the values of a block: texts as large_string, a mixed column as the texts that travel of its cells.

    Parameters
    ----------
    series : pandas.Series
        The rows of the block.
    kind : FieldType or None
        The type of the field that receives them; None: not known.

    Returns
    -------
    pyarrow.Array
        Null also where a mixed column has a cell that cannot travel.
    """
    array = plain_array(pandas_array(series))
    if array is None or not has_writer(array.type):
        return write_cells(series if array is None else cells_of(array), kind, _ZONE)[0]
    if is_text(array.type) or pa.types.is_null(array.type):
        return _readable(array.cast(TEXT))
    return long_floats(array) if pa.types.is_float16(array.type) else array


def _readable(texts: pa.Array) -> pa.Array:
    """Return texts that Arrow's functions take: what is no UTF-8 is refused elsewhere, and has a sign here."""
    return texts if is_unicode(texts) else pa.array(decoded(texts), TEXT)
