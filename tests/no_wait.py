"""A clock for what waits, in tests that do not."""

from __future__ import annotations


class NoWait:
    """Only count: the time that has passed is what was slept."""

    def __init__(self):
        self.passed, self.slept = 0.0, []

    def now(self):
        return 1_700_000_000 + self.passed

    def monotonic(self):
        return self.passed

    def sleep(self, seconds):
        self.passed += max(seconds, 0)
        self.slept.append(seconds)
