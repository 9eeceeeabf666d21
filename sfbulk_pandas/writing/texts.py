"""Small steps on Arrow columns of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

TEXT = pa.large_string()  # 64-bit offsets: a column of a large frame may pass 2 GB
_FEW = 4  # how often a value must come back on average for a look-up to pay
_CACHED_BYTES = 1 << 20  # a stretch that stays in the processor's cache together with its comparison


def by_distinct(array: pa.Array, write: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Write each distinct value once where they are few, and look the texts up; else write them all."""
    coded = array.dictionary_encode()
    if len(coded.dictionary) * _FEW > len(array):
        return write(array)
    return write(coded.dictionary).take(coded.indices)


def stretch(text: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each cell of a ``large_string`` array begins and the last one ends, and the bytes this counts in."""
    _, places, data = text.buffers()
    offsets = np.frombuffer(places, np.int64, len(text) + 1, 8 * text.offset) if len(text) else np.zeros(1, np.int64)
    first, size = int(offsets[0]), int(offsets[-1] - offsets[0])
    return offsets - first if first else offsets, np.frombuffer(data, np.uint8, size, first) if size else _NOTHING


_NOTHING = np.zeros(0, np.uint8)


def lengths_bytes(text: pa.Array) -> NDArray[np.int64]:
    """Return the bytes of each cell of a ``large_string`` array; of a missing one, whatever lies beneath it."""
    lengths: NDArray[np.int64] = np.diff(stretch(text)[0])
    return lengths


def count_byte(data: NDArray[np.uint8], byte: int) -> int:
    """Count a byte."""
    return sum(int(np.count_nonzero(is_byte)) for _, is_byte in _compared(data, byte))


def places_of_byte(data: NDArray[np.uint8], byte: int) -> NDArray[np.int64]:
    """Return where a byte stands, in order."""
    return np.concatenate([_NOWHERE, *(at + np.flatnonzero(is_byte) for at, is_byte in _compared(data, byte))])


def _compared(data: NDArray[np.uint8], byte: int) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield where a cache-sized stretch begins, and which of its bytes are this one."""
    return ((at, data[at : at + _CACHED_BYTES] == byte) for at in range(0, data.size, _CACHED_BYTES))


_NOWHERE = np.zeros(0, np.int64)


def is_unicode(text: pa.Array) -> bool:
    """Whether all texts are UTF-8, which Arrow takes on trust from those who give it buffers.

    Asked of one text that holds them all, and of where they begin: text by text it would take several times as long.
    """
    offsets, data = stretch(text)
    if not data.size or data.max() < _BEYOND_ASCII:
        return True
    begins = offsets[: np.searchsorted(offsets, data.size)]  # of empty texts after the last letter, none begins
    if data.view(np.int8).take(begins).min() < _LEADING:  # in the midst of a letter
        return False
    whole = pa.array([0, data.size], pa.int64()).buffers()[1]
    try:
        pa.Array.from_buffers(TEXT, 1, [None, whole, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def unix_lines(text: pa.Array) -> pa.Array:
    r"""Turn ``\r\n`` and a lone ``\r`` into ``\n``."""
    data = stretch(text)[1]
    if not data.size or data.min() > _RETURN or not count_byte(data, _RETURN):
        return text
    return pc.replace_substring(pc.replace_substring(text, "\r\n", "\n"), "\r", "\n")


def lowered(text: pa.Array) -> pa.Array:
    """Return texts in small letters: of those that have ASCII's alone, in a third of the time.

    Arrow's ``ascii_lower`` gives wrong texts where the first of them does not begin at the first byte (pyarrow 26).
    """
    offsets, data = stretch(text)
    if data.max(initial=0) >= _BEYOND_ASCII:
        return pc.utf8_lower(text)
    low = pa.Array.from_buffers(TEXT, len(text), [None, pa.py_buffer(offsets), pa.py_buffer(data.tobytes().lower())])
    return pc.if_else(text.is_valid(), low, pa.scalar(None, TEXT)) if text.null_count else low


_RETURN = ord("\r")
_BEYOND_ASCII = 0x80
_LEADING = -0x40  # as a signed number, a byte that goes on with a letter is smaller
