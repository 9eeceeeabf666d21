"""Values that may come once only: the key of a load, and unique fields.

A row costs 8 bytes, its hash, and of so many rows that this would be much, the hashes are looked at in several passes.
Rows whose hashes meet are compared in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.blanks import is_key
from sfbulk_pandas.preflight.blocks import blocks_of
from sfbulk_pandas.preflight.cells import Values, as_text, read_block
from sfbulk_pandas.preflight.numbers import plain_numbers
from sfbulk_pandas.preflight.problems import Problem, error_texts, row_labels
from sfbulk_pandas.preflight.record_ids import SHORT
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.writing.texts import lowered, stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.preflight.cells import Subject

    Mapper = Callable[[Callable[[slice], Any], Iterable[slice]], Iterable[Any]]

REPEATED_KEY = "the key comes twice"
REPEATED_VALUE = "the value comes twice, and the field is unique"
PASS_ROWS = 12_000_000  # whose hashes are held at a time: 96 MB
_STRIP_ROWS = 32_768  # whose hashes are mixed at a time: all that it takes stays in the processor's cache
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_WORD = 8
_OWN = np.array([(1 << 8 * count) - 1 for count in range(_WORD + 1)], np.uint64)  # keeps so many bytes of a word


def repeat_problems(
    frame: pd.DataFrame,
    subjects: Sequence[Subject],
    call: LoadCall,
    blocked: NDArray[np.int64],
    mapper: Mapper = map,
) -> list[Problem]:
    """Name rows with a key or a unique value that an earlier row has; rows that cannot go up do not count.

    Keys come first: a row that is refused for its key leaves its unique values to others, and so on with each column.

    Parameters
    ----------
    frame : pandas.DataFrame
    subjects : sequence of Subject
        The columns that travel.
    call : LoadCall
    blocked : numpy.ndarray of int64
        Rows that cannot go up for other reasons, ascending.
    mapper : callable
        Maps over blocks of rows, in order; may do several at once.
    """
    problems = []
    for subject in sorted(subjects, key=lambda each: not is_key(each, call)):
        key = is_key(subject, call)
        if key or (subject.field.unique and not subject.is_path and not call.operation.is_delete):
            later, first = _repeated(frame[subject.label], subject, blocked, mapper)
            if len(later):
                problems.append(_problem(frame, subject, (later, first), _error(subject, call, is_the_key=key)))
                blocked = np.union1d(blocked, later)
    return problems


def _error(subject: Subject, call: LoadCall, *, is_the_key: bool) -> tuple[str, str] | str:
    name = subject.field.name
    if not is_the_key:
        text = f"DUPLICATE_VALUE:duplicate value found: {name} duplicates value on record with id: <unknown>"
        return f"{text}:{name} --"
    if call.operation.is_delete:
        return "ENTITY_IS_DELETED:entity is deleted:--"
    what = "id" if call.operation is Operation.UPDATE or name == "Id" else "external id"
    return f"DUPLICATE_VALUE:Duplicate {what} specified: ", f":{name} --"


def _problem(
    frame: pd.DataFrame,
    subject: Subject,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    error: tuple[str, str] | str,
) -> Problem:
    later, first = rows
    values = as_text(read_block(frame[subject.label].iloc[later], subject.cell_field.type))
    if isinstance(error, str):
        errors, check = pa.repeat(pa.scalar(error, pa.large_string()), len(later)), REPEATED_KEY
    else:
        errors, check = error_texts(error[0], values, error[1]), REPEATED_KEY
    check = REPEATED_VALUE if isinstance(error, str) and error.startswith("DUPLICATE") else check
    suggestions = [f"row {label!r} has it too; keep one of them" for label in row_labels(first, frame.index)]
    return Problem(subject.place, subject.label, check, later, values, suggestions, errors)


def _repeated(
    series: pd.Series[Any], subject: Subject, blocked: NDArray[np.int64], mapper: Mapper
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows whose value an earlier row has, and that row."""
    hashes = _Hashes(series, subject, blocked, mapper)
    candidates = hashes.meeting()
    if not len(candidates):
        return candidates, candidates
    values = comparable(read_block(series.iloc[candidates], subject.cell_field.type), subject)
    codes = values.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, begins, which = np.unique(codes, return_index=True, return_inverse=True)
    first = candidates[begins[which.reshape(-1)]]
    late = first != candidates
    return candidates[late], first[late]


class _Hashes:
    """The hashes of a column, a block at a time; made anew each time they are asked for."""

    def __init__(self, series: pd.Series[Any], subject: Subject, blocked: NDArray[np.int64], mapper: Mapper) -> None:
        self._series, self._subject, self._blocked, self._mapper = series, subject, blocked, mapper

    def meeting(self) -> NDArray[np.int64]:
        """Return the rows, ascending, whose hash another row has too."""
        passes = -(-len(self._series) // PASS_ROWS)
        met = [self._met(number, passes) for number in range(passes)]
        twice = np.concatenate([*met, np.empty(0, np.uint64)])
        if not len(twice):
            return np.empty(0, np.int64)
        return np.concatenate([rows[np.isin(hashes, twice)] for rows, hashes in self._blocks()])

    def _met(self, number: int, passes: int) -> NDArray[np.uint64]:
        """Return the hashes that come twice, among those of one pass."""
        room = np.empty(len(self._series), np.uint64)  # memory is taken as it is written to
        held = 0
        for _, block in self._blocks():
            hashes = block if passes == 1 else block[block % np.uint64(passes) == number]
            room[held : held + len(hashes)] = hashes
            held += len(hashes)
        ordered = room[:held]
        ordered.sort()
        met: NDArray[np.uint64] = ordered[1:][ordered[1:] == ordered[:-1]]
        return met

    def _blocks(self) -> Iterable[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        return self._mapper(self._block, blocks_of([self._series]))

    def _block(self, rows: slice) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return the rows of a block that count, and their hashes."""
        values = read_block(self._series.iloc[rows], self._subject.cell_field.type)
        if self._series.dtype == object:  # one block may hold numbers alone, and another one texts
            values = as_text(values, self._subject.cell_field.type)
        block = comparable(values, self._subject)
        counts: NDArray[np.bool_] = np.array(pc.is_valid(block).to_numpy(zero_copy_only=False))
        first, last = np.searchsorted(self._blocked, [rows.start, rows.stop])
        counts[self._blocked[first:last] - rows.start] = False
        hashes = hash_values(block)
        return rows.start + np.flatnonzero(counts), hashes if counts.all() else hashes[counts]


def comparable(values: pa.Array, subject: Subject) -> pa.Array:
    """Return values that are equal where Salesforce takes them for the same; null where there is none.

    Ids are compared as 15 characters, texts without regard to case unless the field minds it, and those of a field of
    numbers by the numbers that they are, to the last digit.
    """
    kind = subject.cell_field.type
    if pa.types.is_floating(values.type):
        numbers = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values).cast(pa.float64())
        return pc.add(numbers, 0.0)  # minus zero is zero
    if pa.types.is_integer(values.type) and not kind.is_id:
        return values
    texts = as_text(values, kind)
    said = Values(texts)
    blank = said.empty | said.marks
    if kind.is_id:
        texts = pc.utf8_slice_codeunits(texts, 0, SHORT)
    elif kind.is_number:
        texts = plain_numbers(texts)
    elif not subject.cell_field.case_sensitive:
        texts = lowered(texts)
    return pc.if_else(pa.array(blank), pa.scalar(None, texts.type), texts) if blank.any() else texts


def hash_values(values: pa.Array) -> NDArray[np.uint64]:
    """Return a number of 64 bits for each value, the same for equal values."""
    if pa.types.is_large_string(values.type):
        return _hash_texts(values)
    numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
    if numbers.dtype.kind == "f":
        numbers = numbers + 0.0  # minus zero is zero
    bits: NDArray[np.uint64] = numbers.astype(f"{numbers.dtype.kind}8", copy=False).view(np.uint64)
    return bits


def _hash_texts(texts: pa.Array) -> NDArray[np.uint64]:
    offsets, data = stretch(texts)
    begins, lengths = offsets[:-1], np.diff(offsets)
    hashes = lengths.astype(np.uint64) * _MIX
    words = _words(data)
    for at in range(0, len(hashes), _STRIP_ROWS):
        strip = slice(at, at + _STRIP_ROWS)
        _mix_words(hashes[strip], words, begins[strip], lengths[strip])
    return hashes


def _mix_words(
    hashes: NDArray[np.uint64], words: NDArray[np.uint64], at: NDArray[np.int64], left: NDArray[np.int64]
) -> None:
    """Mix the words of each text into its hash: as many as it has itself, however long the texts beside it are.

    Parameters
    ----------
    hashes : numpy.ndarray of uint64
        Of each text; changed.
    words : numpy.ndarray of uint64
        The 8 bytes that begin with each byte of all texts.
    at, left : numpy.ndarray of int64
        The byte with which each text goes on, and how many of its bytes are not mixed in.
    """
    while (longer := left > 0).any():
        if 2 * np.count_nonzero(longer) < len(left):
            rows = np.flatnonzero(longer)
            own = hashes[rows]
            _mix_words(own, words, at[rows], left[rows])
            hashes[rows] = own
            return
        word = words[np.minimum(at, len(words) - 1)] & _OWN[np.clip(left, 0, _WORD)]
        mixed = (hashes ^ word) * _MIX
        np.copyto(hashes, mixed ^ (mixed >> _SHIFT), where=longer)
        at, left = at + _WORD, left - _WORD


def _words(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the 8 bytes that begin with each byte, as a number; beyond the end are zeros."""
    room = np.concatenate([data, np.zeros(_WORD, np.uint8)])
    return np.ndarray((len(data),), "<u8", room, strides=(1,))
