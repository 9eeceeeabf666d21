"""Ids as numbers, so that millions of them are held in 8 bytes each and looked up a column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import DataError
from sfbulk_pandas.salesforce.ids import ALPHABET

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BASE = len(ALPHABET)
_CHARS = 15  # the three behind these only check their case
_HEAD = 6  # object and instance: an org has a handful of them
_BAD = 255
_DIGITS = np.full(256, _BAD, np.uint8)
_DIGITS[[ord(char) for char in ALPHABET]] = np.arange(_BASE, dtype=np.uint8)
_HEAD_POWERS = _BASE ** np.arange(_HEAD - 1, -1, -1, dtype=np.uint64)
_TAIL_POWERS = _BASE ** np.arange(_CHARS - _HEAD - 1, -1, -1, dtype=np.uint64)
_TAIL = _BASE ** (_CHARS - _HEAD)  # 1.4e16: the tails of 1,362 heads fit into 64 bits
_MOST_HEADS = 2**64 // _TAIL


class IdKeys:
    """Turn Ids into numbers, the same for the same Id as long as this lives."""

    def __init__(self) -> None:
        self._heads: dict[int, int] = {}

    def of(self, ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
        """Return a number for each Id; Ids of 15 and of 18 characters are the same.

        Raises
        ------
        DataError
            For what is no Id.
        """
        digits = _digits(ids)
        heads = digits[:, :_HEAD].astype(np.uint64) @ _HEAD_POWERS
        tails = digits[:, _HEAD:].astype(np.uint64) @ _TAIL_POWERS
        return self._codes(heads) * np.uint64(_TAIL) + tails

    def _codes(self, heads: NDArray[np.uint64]) -> NDArray[np.uint64]:
        if not len(heads):
            return heads
        if (heads == heads[0]).all():
            return np.full(len(heads), self._code(int(heads[0])), np.uint64)
        distinct, inverse = np.unique(heads, return_inverse=True)
        return np.array([self._code(int(head)) for head in distinct], np.uint64)[inverse]

    def _code(self, head: int) -> int:
        if head not in self._heads and len(self._heads) == _MOST_HEADS:
            raise DataError(f"the Ids begin in more than {_MOST_HEADS:,} ways: they are of more than one object")
        return self._heads.setdefault(head, len(self._heads))


def _digits(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint8]:
    """Return the digits of Ids, a row each."""
    column = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    is_id = (lengths == _CHARS) | (lengths == _CHARS + 3)
    if not is_id.all():
        raise DataError(f"{column[int(np.argmin(is_id))].as_py()!r} is no Id")
    fixed = pc.binary_slice(column.cast(pa.binary()), 0, _CHARS).cast(pa.binary(_CHARS))
    data = np.frombuffer(fixed.buffers()[1] or b"", np.uint8)
    digits = _DIGITS[data.reshape(-1, _CHARS)[fixed.offset : fixed.offset + len(fixed)]]
    wrong = (digits == _BAD).any(axis=1)
    if wrong.any():
        raise DataError(f"{column[int(np.argmax(wrong))].as_py()!r} is no Id")
    return digits


def found(keys: NDArray[np.uint64], among: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return which keys are among sorted ones, and where these are there."""
    if not len(among):
        return np.zeros(len(keys), bool), np.zeros(0, np.intp)
    at = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    is_there = among[at] == keys
    return is_there, at[is_there]
