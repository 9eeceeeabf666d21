"""How many parts may be in memory at a time."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP_SECONDS = 0.1


class Places:
    """Places for what takes about as much memory as a part; for any thread.

    A part takes one from before it is encoded until its rows have left, and one in which its answers are paired with
    its rows. The latter goes first: what has ended is accounted for before another part is encoded.

    Parameters
    ----------
    count : int
        How many there are.

    Attributes
    ----------
    alone : threading.Lock
        Held while a part is encoded or accounted for: that is done to one at a time.
    """

    def __init__(self, count: int) -> None:
        self.alone = threading.Lock()
        self._free = count
        self._is_wanted = False
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, go_on: Callable[[], None]) -> Iterator[None]:
        """Take a place for a part to be sent, and give it back.

        Parameters
        ----------
        go_on : callable
            Called now and then while there is none; what it raises ends the wait.
        """
        with self._changed:
            while not self._free or self._is_wanted:
                self._changed.wait(_STEP_SECONDS)
                go_on()
            self._free -= 1
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def taken_first(self) -> Iterator[bool]:
        """Take a place for accounting if there is one, and give it back; else no part takes one until this has."""
        with self._changed:
            has_place = self._free > 0
            self._is_wanted = not has_place
            self._free -= has_place
        try:
            yield has_place
        finally:
            if has_place:
                self._give_back()

    def _give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
