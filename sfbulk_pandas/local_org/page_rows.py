"""How many rows a page has where the server makes it smaller than asked for."""

from __future__ import annotations

import zlib


def varied(rows: int, place: str) -> int:
    """Return from half to all of a page's rows: one number for a place, so that pages can be read again.

    Parameters
    ----------
    rows : int
        At least 1.
    place : str
        Names the page.

    Examples
    --------
    >>> varied(1_000, "here") == varied(1_000, "here"), varied(1, "there")
    (True, 1)
    """
    half = -(-rows // 2)
    return half + zlib.crc32(place.encode()) % (rows - half + 1)
