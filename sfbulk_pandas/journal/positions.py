"""Row positions as a few bytes: their differences, packed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAST = 1
_BLOCK_ROWS = 262_144  # packed at a time: of a large load they take as much memory as its rows in the order itself


def pack_positions(positions: NDArray[np.integer[Any]]) -> bytearray:
    """Return positions as bytes; ascending ones take hardly any.

    Examples
    --------
    >>> unpack_positions(pack_positions(np.array([3, 4, 1])))
    array([3, 4, 1])
    """
    packer, packed, before = zlib.compressobj(_FAST), bytearray(), 0
    for at in range(0, len(positions), _BLOCK_ROWS):
        block = positions[at : at + _BLOCK_ROWS].astype("<i8")
        packed += packer.compress(np.diff(block, prepend=before).tobytes())
        before = block[-1]
    packed += packer.flush()
    return packed


def unpack_positions(packed: bytes | bytearray) -> NDArray[np.int64]:
    """Return the positions that were packed.

    Raises
    ------
    ValueError
        Where these bytes are damaged.
    """
    try:
        steps = zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(f"positions of rows are damaged: {error}") from error
    return np.cumsum(np.frombuffer(steps, "<i8"), dtype=np.int64)
