"""Take a column of ``sf__Error`` texts apart: whole columns at a time, for the messages often quote the value."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.row_error import split_row_errors, summarise_row_errors

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

TEXT = pa.large_string()
# One error with its fields, as nearly every text is: all others are read one by one.
_ONE = (
    r"(?s)^(?P<code>[A-Z][A-Z0-9_]*) *:(?P<message>[^:].*[^ ]|[^ :])"
    r":(?P<fields>(?:[A-Za-z][\w.]*(?: [A-Za-z][\w.]*)*)?) ?--$"
)
_CODE = re.compile(r"([A-Z][A-Z0-9_]*) *:")
_END = "--"
_FEW = 4  # how often a text must come back on average for a look-up to pay


@dataclass(frozen=True, slots=True)
class RowErrors:
    """The errors of rows, one after the other.

    Attributes
    ----------
    rows : numpy.ndarray of int64
        Which text each is of.
    code, message, fields : pyarrow.LargeStringArray
        Several fields are separated by a comma and a blank.
    """

    rows: NDArray[int64]
    code: pa.Array
    message: pa.Array
    fields: pa.Array


def split_errors(errors: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return code, message and fields of each text; null where there was no error.

    Parameters
    ----------
    errors : pyarrow.Array or ChunkedArray
        n texts of ``sf__Error``.

    Returns
    -------
    tuple of three pyarrow.LargeStringArray
        Each of length n; several fields are separated by a comma and a blank.
    """
    texts = _flat(errors)
    if texts.null_count == len(texts):  # as in all rows that were successful
        return texts, texts, texts
    coded = texts.dictionary_encode()
    if len(coded.dictionary) * _FEW > len(texts):
        return _split(texts)
    code, message, fields = (each.take(coded.indices) for each in _split(coded.dictionary))
    return code, message, fields


def _split(texts: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    code, message, fields, is_one = _read_plain(texts)
    other = pc.and_(pc.invert(is_one), pc.is_valid(texts))
    parts = [summarise_row_errors(text) for text in pc.filter(texts, other).to_pylist()]
    rest = (pa.array([each[which] for each in parts], TEXT) for which in range(3))
    plain = (code, message, fields)
    found = [pc.replace_with_mask(column, other, more) for column, more in zip(plain, rest, strict=True)]
    return found[0], found[1], found[2]


def count_codes(errors: pa.Array | pa.ChunkedArray) -> list[tuple[str, int]]:
    """Count the texts by the code at their beginning: cheap enough to be done while a load runs.

    Parameters
    ----------
    errors : pyarrow.Array or ChunkedArray
        Texts of ``sf__Error``; nulls are left out.

    Returns
    -------
    list of (str, int)
        The most frequent first, then by name; an empty code where a text begins with none.

    Examples
    --------
    >>> count_codes(pa.array(["A_B:one:F --", None, "C:two:--", "A_B:three:--"]))
    [('A_B', 2), ('C', 1)]
    """
    counted = pc.value_counts(errors)
    counts: Counter[str] = Counter()
    # A text is looked at once, however many rows have it: most fail alike.
    for text, rows in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
        if text is not None:
            found = _CODE.match(text)
            counts[found[1] if found else ""] += rows
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def each_error(errors: pa.Array | pa.ChunkedArray) -> RowErrors:
    """Return every error of every text: a row with several is there several times.

    Parameters
    ----------
    errors : pyarrow.Array or ChunkedArray
        Texts of ``sf__Error``; null and empty ones have no error.

    Returns
    -------
    RowErrors
        In the order of the texts, and of the errors in each.
    """
    texts = _flat(errors)
    code, message, fields, is_one = _read_plain(texts)
    plain = np.flatnonzero(is_one.to_numpy(zero_copy_only=False))
    others = np.flatnonzero(pc.and_(pc.invert(is_one), pc.is_valid(texts)).to_numpy(zero_copy_only=False))
    split = [split_row_errors(text) for text in texts.take(pa.array(others)).to_pylist()]
    flat = list(chain.from_iterable(split))
    more = ([each.code for each in flat], [each.message for each in flat], [", ".join(each.fields) for each in flat])
    picked = pa.array(plain)
    columns = [
        pa.concat_arrays([column.take(picked), pa.array(rest, TEXT)])
        for column, rest in zip((code, message, fields), more, strict=True)
    ]
    rows = np.concatenate([plain, np.repeat(others, [len(each) for each in split])]).astype(np.int64)
    order = np.argsort(rows, kind="stable")
    return RowErrors(rows[order], *(column.take(pa.array(order)) for column in columns))


def _read_plain(texts: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Read the texts that hold one error of the usual form; null in the others, which the mask leaves out."""
    single = pc.equal(pc.count_substring(texts, _END), 1)
    found = pc.extract_regex(pc.if_else(single, texts, pa.scalar(None, TEXT)), _ONE)
    code, message, fields = (pc.cast(pc.struct_field(found, name), TEXT) for name in ("code", "message", "fields"))
    return code, pc.utf8_trim_whitespace(message), _listed(fields), pc.is_valid(code)


def _listed(fields: pa.Array) -> pa.Array:
    """Write each field of a text once, with commas; the same few texts come again and again."""
    coded = fields.dictionary_encode()
    lists = [", ".join(dict.fromkeys(text.split(" "))) for text in coded.dictionary.to_pylist()]
    return pa.array(lists, TEXT).take(coded.indices)


def _flat(errors: pa.Array | pa.ChunkedArray) -> pa.Array:
    texts = pc.cast(errors, TEXT)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
