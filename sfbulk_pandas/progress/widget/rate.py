"""How fast it goes, and how long it will take yet, where that can be told honestly."""

from __future__ import annotations

from collections import deque

_WINDOW_SECONDS = 30.0  # older samples say nothing of how it goes now
_STEP_SECONDS = 0.5  # samples closer to each other are one
_LEAST_SECONDS = 5.0
_LEAST_SHARE = 0.05
_LEAST_STEPS = 3  # a counter that has moved once has no speed yet
_STALE_SECONDS = 60.0  # a counter that has not moved for so long has none any more


class Rate:
    """Speed of something that grows, over the last half minute.

    Examples
    --------
    >>> rate = Rate()
    >>> for second in range(10):
    ...     rate.add(second, second * 100)
    >>> rate.per_second, rate.seconds_left(1_000, now=9)
    (100.0, 1.0)
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._first: float | None = None
        self._steps = 0

    def add(self, now: float, amount: int) -> None:
        """Take note of an amount; one that is not larger than the last adds nothing."""
        samples = self._samples
        if self._first is None:
            self._first = now
        elif amount <= samples[-1][1]:
            return
        else:
            self._steps += 1
        if len(samples) > 1 and now - samples[-2][0] < _STEP_SECONDS:
            samples.pop()
        samples.append((now, amount))
        while len(samples) > 2 and now - samples[1][0] > _WINDOW_SECONDS:  # noqa: PLR2004 - a pair has a speed
            samples.popleft()

    @property
    def per_second(self) -> float | None:
        """The speed; None where nothing has moved yet."""
        if len(self._samples) < 2:  # noqa: PLR2004 - the same
            return None
        (start, less), (end, more) = self._samples[0], self._samples[-1]
        return (more - less) / (end - start) if end > start else None

    def seconds_left(self, total: int | None, now: float) -> float | None:
        """Return how long it will take yet; None where that would be a guess.

        A guess it is within the first seconds, the first twentieth and the first three steps, and where nothing has
        moved for a minute.
        """
        speed = self.per_second
        if total is None or not speed or self._first is None:
            return None
        last, amount = self._samples[-1]
        is_early = now - self._first < _LEAST_SECONDS or self._steps < _LEAST_STEPS or amount < _LEAST_SHARE * total
        if is_early or amount >= total or now - last > _STALE_SECONDS:
            return None
        return (total - amount) / speed
