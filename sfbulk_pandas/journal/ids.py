"""Ids of loads: sorted by time, short enough to be typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # none that is taken for another when it is typed
_COUNT = 6  # loads of other machines, too, may begin in this second, and the keys of their rows go to the same org


def new_load_id(now: float, rng: random.Random) -> str:
    """Return an id such as ``20261124-153012-7f3a9k``.

    Parameters
    ----------
    now : float
        Seconds since the epoch.
    rng : random.Random
        Tells apart what begins in the same second.
    """
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{''.join(rng.choices(_LETTERS, k=_COUNT))}"
