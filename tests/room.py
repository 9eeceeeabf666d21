"""How much memory a stretch of a test has taken at most, as the system counts it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Room:
    megabytes: float = 0.0


@contextmanager
def room_taken():
    """Say afterwards how many MB more than before the process has held at most; 0 where the system does not tell."""
    room = Room()
    if not (_STATUS.exists() and _RESET.exists()):
        yield room
        return
    _RESET.write_text("5", encoding="ascii")  # the peak begins anew at what is held now
    before = _megabytes("VmRSS")
    try:
        yield room
    finally:
        room.megabytes = _megabytes("VmHWM") - before


def _megabytes(name):
    return int(re.search(rf"^{name}:\s*(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)[1]) / 1024
