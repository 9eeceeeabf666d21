"""The threads that encode and parse."""

from __future__ import annotations

import os

from sfbulk_pandas.transport.pool import Threads

_MOST = 4  # more are not faster: memory and network are the limit by then


def core_threads() -> Threads:
    """Return a pool of threads for what takes the processor, one for each core."""
    return Threads(min(_MOST, os.cpu_count() or 1))
