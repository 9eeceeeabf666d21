"""How much memory this process holds, without a package for it."""

from __future__ import annotations

import os
from pathlib import Path

_STATM = Path("/proc/self/statm")  # Linux: pages, those in memory second


def memory_bytes() -> int | None:
    """Return how many bytes this process holds in memory; None where the system does not tell cheaply."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
