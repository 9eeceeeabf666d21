"""How fast jobs go: at once, with polls, with the clock, or by hand.

A step is ``rows_per_step`` rows of one job, or what is left of its batch of 10,000.
Rows per step are whole chunks of 200, for a chunk is Salesforce's smallest unit of work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sfbulk_pandas.salesforce.limits import BATCH_ROWS, CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Life:
    """What a pacing may know of a job that runs.

    Attributes
    ----------
    submitted : float
        When it was submitted, in seconds since the epoch.
    polls : int
        How often its state was asked for since.
    steps : int
        Steps done.
    """

    submitted: float
    polls: int = 0
    steps: int = 0


class Pacing(Protocol):
    """Say how many steps a job may take now."""

    @property
    def rows_per_step(self) -> int:
        """Rows of one step, whole chunks of 200."""

    def steps_due(self, life: Life, clock: Callable[[], float]) -> int | None:
        """Return the steps to take now; None for all that are left."""


def _check_rows(rows: int) -> None:
    if rows <= 0 or rows % CHUNK_ROWS:
        raise ValueError(f"rows_per_step must be a multiple of {CHUNK_ROWS}, not {rows}")


@dataclass(frozen=True)
class Immediate:
    """Run a job to its end within the request that closes it.

    Steps are large, for nobody sees them.
    """

    rows_per_step: int = 200_000

    def __post_init__(self) -> None:
        _check_rows(self.rows_per_step)

    def steps_due(self, life: Life, clock: Callable[[], float]) -> None:
        """Return None: all at once."""


@dataclass(frozen=True)
class AfterPolls:
    """Take a step at every n-th poll.

    Attributes
    ----------
    polls : int
        At least 1.
    """

    polls: int = 1
    rows_per_step: int = BATCH_ROWS

    def __post_init__(self) -> None:
        _check_rows(self.rows_per_step)
        if self.polls < 1:
            raise ValueError(f"polls must be at least 1, not {self.polls}")

    def steps_due(self, life: Life, clock: Callable[[], float]) -> int:  # noqa: ARG002 - the port's signature
        """Return the steps that the polls so far allow."""
        return life.polls // self.polls - life.steps


@dataclass(frozen=True)
class AfterSeconds:
    """Take a step each time so many seconds have passed; seen at the next poll.

    Attributes
    ----------
    seconds : float
        Above 0.
    """

    seconds: float = 1.0
    rows_per_step: int = BATCH_ROWS

    def __post_init__(self) -> None:
        _check_rows(self.rows_per_step)
        if self.seconds <= 0:
            raise ValueError(f"seconds must be above 0, not {self.seconds}")

    def steps_due(self, life: Life, clock: Callable[[], float]) -> int:
        """Return the steps that the time since submission allows."""
        return int((clock() - life.submitted) / self.seconds) - life.steps


@dataclass(frozen=True)
class ByHand:
    """Take steps only when ``advance`` is called."""

    rows_per_step: int = BATCH_ROWS

    def __post_init__(self) -> None:
        _check_rows(self.rows_per_step)

    def steps_due(self, life: Life, clock: Callable[[], float]) -> int:  # noqa: ARG002 - the port's signature
        """Return 0: a poll moves nothing."""
        return 0
