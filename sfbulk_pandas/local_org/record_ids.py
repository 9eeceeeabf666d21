"""Record Ids, whole columns at a time: make them, check them, lengthen them.

The rules are those of :mod:`sfbulk_pandas.salesforce.ids`, on byte matrices of one row an Id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.ids import ALPHABET

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX, SHORT, LONG = 6, 15, 18  # characters: of object and instance, of an Id, of one with check letters
USER_ID = "005000000000001AAA"  # of every local org's one user
_DIGITS = np.frombuffer(ALPHABET.encode(), np.uint8)
_VALUES = np.zeros(256, np.int64)
_VALUES[_DIGITS] = np.arange(len(ALPHABET))
_CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", np.uint8)
_WEIGHTS = np.array([1, 2, 4, 8, 16], np.uint8)
_FORM = "^[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?$"


def number_ids(prefix: str, first: int, count: int) -> pa.StringArray:
    """Build 18-character Ids of a prefix (up to six characters) and running numbers, base 62.

    Parameters
    ----------
    prefix : str
    first : int
        The first number.
    count : int

    Returns
    -------
    pyarrow.StringArray
        ``count`` Ids, in ascending order.
    """
    matrix = np.empty((count, LONG), np.uint8)
    matrix[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    numbers = np.arange(first, first + count, dtype=np.int64)
    for place in range(SHORT - 1, len(prefix) - 1, -1):
        numbers, digits = np.divmod(numbers, len(ALPHABET))
        matrix[:, place] = _DIGITS[digits]
    matrix[:, SHORT:] = _check_letters(matrix[:, :SHORT])
    return _from_matrix(matrix)


def id_numbers(ids: pa.StringArray) -> NDArray[np.int64]:
    """Return the running numbers of Ids: their characters 7 to 15, base 62.

    Parameters
    ----------
    ids : pyarrow.StringArray
        15 or 18 characters each, no nulls.
    """
    digits = _bytes_of(pc.utf8_slice_codeunits(ids, PREFIX, SHORT), SHORT - PREFIX)
    numbers = np.zeros(len(ids), np.int64)
    for place in range(SHORT - PREFIX):
        numbers = numbers * len(ALPHABET) + _VALUES[digits[:, place]]
    return numbers


def _check_letters(matrix: NDArray[np.uint8]) -> NDArray[np.uint8]:
    upper = ((matrix >= ord("A")) & (matrix <= ord("Z"))).astype(np.uint8)
    letters: NDArray[np.uint8] = _CHECK[upper.reshape(-1, 3, 5) @ _WEIGHTS]
    return letters


def _from_matrix(matrix: NDArray[np.uint8]) -> pa.StringArray:
    rows, width = matrix.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    data = np.ascontiguousarray(matrix).reshape(-1)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))


def normal_ids(texts: pa.StringArray) -> pa.StringArray:
    """Return the 18-character form of every Id, null where a text is none.

    Parameters
    ----------
    texts : pyarrow.StringArray
        15 or 18 characters each; check letters must fit, in any case.

    Returns
    -------
    pyarrow.StringArray
        As long as the input.
    """
    valid = pc.fill_null(pc.match_substring_regex(texts, _FORM), fill_value=False)
    good = texts.filter(valid)
    if not len(good):
        return pa.nulls(len(texts), pa.string())
    short = _bytes_of(pc.utf8_slice_codeunits(good, 0, SHORT), SHORT)
    built = np.concatenate([short, _check_letters(short)], axis=1)
    fits = pc.or_(
        pc.equal(pc.utf8_length(good), SHORT),
        pc.equal(pc.utf8_upper(pc.utf8_slice_codeunits(good, SHORT)), _from_matrix(built[:, SHORT:])),
    )
    ids = pc.if_else(fits, _from_matrix(built), pa.scalar(None, pa.string()))
    return pc.replace_with_mask(pa.nulls(len(texts), pa.string()), valid, ids)


def _bytes_of(texts: pa.StringArray, width: int) -> NDArray[np.uint8]:
    texts = pa.concat_arrays([texts])  # a copy without offset, so that the data buffer begins with the first Id
    start = np.frombuffer(texts.buffers()[1], np.int32, 1)[0]
    data = np.frombuffer(texts.buffers()[2], np.uint8, len(texts) * width, offset=int(start))
    return data.reshape(-1, width)
