"""A clock whose sleep ends when a call is stopped, so that no thread waits on for nobody."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.transport.clock import Clock

_STEP_SECONDS = 0.1


def sleep_in_steps(clock: Clock, seconds: float, go_on: Callable[[], None]) -> None:
    """Wait so many seconds, unless what is called before and meanwhile raises."""
    go_on()
    while seconds > 0:
        clock.sleep(min(seconds, _STEP_SECONDS))
        seconds -= _STEP_SECONDS
        go_on()


class StoppableClock:
    """Wait in small steps, until the time has come or it is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()

    def now(self) -> float:
        """Return the seconds since the epoch, UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds.

        Raises
        ------
        CancelledError
            Where it is stopped before or meanwhile.
        """
        sleep_in_steps(self._clock, seconds, self.go_on)

    def go_on(self) -> None:
        """Raise CancelledError where it is stopped."""
        if self._stopped.is_set():
            raise CancelledError

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()
