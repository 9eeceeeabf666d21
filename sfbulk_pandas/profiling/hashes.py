"""A number of 64 bits for each value, as good as a random one, and the same for the same value everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xxhash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # the constants of SplitMix64 and of MurmurHash3's mixer
_FIRST = np.uint64(0xFF51AFD7ED558CCD)
_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_WORD_BYTES = 8
_LONG_BYTES = 256  # a longer text is hashed by itself: a block of bounded size holds few of them
_MASKS = np.array([256**count - 1 for count in range(_WORD_BYTES + 1)], np.uint64)  # by how many bytes are in a word
_SLICE_ROWS = 8_192  # arrays of a step stay small enough for the cache, and for an allocator that keeps them


def hashes(values: pa.Array) -> Hashes:
    """Hash values, none of which may be missing.

    Parameters
    ----------
    values : pyarrow.Array
        Texts, or numbers, truth values, days and moments of up to 128 bits.

    Returns
    -------
    numpy.ndarray of uint64
        One for each value.
    """
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return _text_hashes(values)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_decimal(values.type):
        return _decimal_hashes(values)
    bits = values.type.bit_width
    words = np.frombuffer(values.buffers()[1], f"<u{bits // 8}")[values.offset : values.offset + len(values)]
    return _finished(words.astype(np.uint64) * _GOLDEN)


def _decimal_hashes(values: pa.Array) -> Hashes:
    words = np.frombuffer(values.buffers()[1], "<u8").reshape(-1, values.type.bit_width // 64)
    own = words[values.offset : values.offset + len(values)]
    return _finished(np.sum(own * _FACTORS[: own.shape[1]], axis=1, dtype=np.uint64))


def _text_hashes(texts: pa.Array) -> Hashes:
    starts, sizes, data = _spans(texts)
    is_long = sizes > _LONG_BYTES
    if is_long.any():
        found = np.empty(len(texts), np.uint64)
        for at in np.flatnonzero(is_long):
            found[at] = xxhash.xxh3_64_intdigest(data[starts[at] : starts[at] + sizes[at]].tobytes())
        short = np.flatnonzero(~is_long)
        found[short] = _in_slices(starts[short], sizes[short], data)
        return found
    return _in_slices(starts, sizes, data)


def _in_slices(starts: NDArray[np.int64], sizes: NDArray[np.int64], data: NDArray[np.uint8]) -> Hashes:
    found = np.empty(len(starts), np.uint64)
    for at in range(0, len(starts), _SLICE_ROWS):
        part = slice(at, at + _SLICE_ROWS)
        found[part] = _short_hashes(starts[part], sizes[part], data)
    return found


def text_starts(texts: pa.Array) -> NDArray[Any]:
    """Return where each text begins in the bytes of all, and where the last ends: integers of 32 or 64 bits."""
    kind = np.dtype(np.int64 if pa.types.is_large_string(texts.type) else np.int32)
    if not len(texts):
        return np.zeros(1, kind)  # Arrow may leave out the buffer
    return np.frombuffer(texts.buffers()[1], kind, len(texts) + 1, texts.offset * kind.itemsize)


def _spans(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each text begins, its bytes, and the bytes of all, padded to whole words and two more."""
    starts = text_starts(texts).astype(np.int64)
    first, last = int(starts[0]), int(starts[-1])
    padded = np.zeros((last - first) // _WORD_BYTES * _WORD_BYTES + 3 * _WORD_BYTES, np.uint8)
    if last > first:
        padded[: last - first] = np.frombuffer(texts.buffers()[2], np.uint8, last - first, first)
    return starts[:-1] - first, np.diff(starts), padded


def _short_hashes(starts: NDArray[np.int64], sizes: NDArray[np.int64], data: NDArray[np.uint8]) -> Hashes:
    """Hash texts a word of 8 bytes at a time, all of them at once; those that end drop out.

    A hash is the sum of the words, each times a factor of its place: Lemire and Kaser, "Strongly universal string
    hashing is fast" (2014).
    """
    words = data.view("<u8")
    place = starts >> 3
    right = (starts & 7).view(np.uint64) << np.uint64(3)  # texts begin anywhere in a word
    left = np.uint64(64) - right  # numpy makes 0 of what is shifted by all of its bits
    state = sizes.view(np.uint64) * _GOLDEN
    whole = int(sizes.min()) // _WORD_BYTES  # as many words all of them have
    low = words.take(place)
    for at in range(whole):
        place += 1
        high = words.take(place)
        state += ((low >> right) | (high << left)) * _FACTORS[at]
        low = high
    rest = sizes - whole * _WORD_BYTES
    alive: slice | NDArray[np.int64] = slice(None)
    for factor in _FACTORS[whole:]:
        more = np.flatnonzero(rest > 0)
        if not len(more):
            break
        if len(more) < len(rest):
            alive = more if isinstance(alive, slice) else alive[more]
            place, right, left, low, rest = place[more], right[more], left[more], low[more], rest[more]
        place += 1
        high = words.take(place)
        state[alive] += (((low >> right) | (high << left)) & _MASKS.take(rest, mode="clip")) * factor
        low, rest = high, rest - _WORD_BYTES
    return _finished(state)


def _finished(state: Hashes) -> Hashes:
    state ^= state >> np.uint64(33)
    state *= _FIRST
    state ^= state >> np.uint64(29)
    state *= _SECOND
    state ^= state >> np.uint64(32)
    return state


def _factors(count: int) -> Hashes:
    """Return odd numbers that have nothing to do with each other: SplitMix64's first ones."""
    state = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    odd: Hashes = (state ^ (state >> np.uint64(31))) | np.uint64(1)
    return odd


_FACTORS = _factors(_LONG_BYTES // _WORD_BYTES)
