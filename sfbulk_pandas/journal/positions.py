"""Row positions as a few bytes: their differences, packed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAST = 1


def pack_positions(positions: NDArray[np.int64]) -> bytes:
    """Return positions as bytes; ascending ones take hardly any.

    Examples
    --------
    >>> unpack_positions(pack_positions(np.array([3, 4, 1])))
    array([3, 4, 1])
    """
    steps = np.diff(np.asarray(positions, "<i8"), prepend=np.zeros(1, "<i8"))
    return zlib.compress(steps.tobytes(), _FAST)


def unpack_positions(packed: bytes) -> NDArray[np.int64]:
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
    return np.cumsum(np.frombuffer(steps, "<i8")).astype(np.int64)
