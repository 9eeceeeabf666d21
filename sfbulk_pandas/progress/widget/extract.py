"""What is known of a query under way, from its events alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.progress import events as on
from sfbulk_pandas.progress.widget.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_JOBS = 6


@dataclass
class ExtractModel:
    """A query. Fed with events by one thread, which reads it too.

    Attributes
    ----------
    started, now : float
        When it began, and when the last event came: seconds that never go back.
    memory : callable
        Returns how many bytes this process holds; None where the system does not tell.
    jobs : dict of str to str
        The states of those that are under way, by their ids.
    states : Counter
        How many jobs have ended how.
    rows, rows_expected, pages, received_bytes
        Of the group of columns that is fetched just now.
    ends : int or None
        Rows of the whole, once they are there.
    """

    started: float
    memory: Callable[[], int | None]
    sobject: str = ""
    plan: str = ""
    reason: str = ""
    group: int = 1
    groups: int = 1
    instance_url: str = ""
    api_calls: int = 0
    jobs: dict[str, str] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    rows_expected: int | None = None
    pages: int = 0
    received_bytes: int = 0
    memory_bytes: int | None = None
    ends: int | None = None
    rate: Rate = field(default_factory=Rate)
    byte_rate: Rate = field(default_factory=Rate)
    _received_before: int = 0
    _ended: set[str] = field(default_factory=set)
    _page_bytes: int = 0

    def __post_init__(self) -> None:
        self.now = self.started
        self._steps: dict[type[on.Event], Callable[[Any], None]] = {
            on.PlanChosen: self._plan_chosen,
            on.QueryStarted: self._job,
            on.QueryPolled: self._job,
            on.RowsRead: self._rows_read,
            on.PageRead: self._page_read,
            on.QueryFinished: self._finished,
        }

    def feed(self, event: on.Event, now: float) -> None:
        """Take in one event that came just then; of a kind it does not know, nothing."""
        step = self._steps.get(type(event))
        if step is not None:
            self.now = now
            self.api_calls = event.api_calls or self.api_calls
            step(event)
            self.rate.add(self.now, self.rows)
            self.byte_rate.add(self.now, self.received_bytes)

    def look(self) -> None:
        """Look at how much memory is held."""
        self.memory_bytes = self.memory()

    @property
    def elapsed_seconds(self) -> float:
        """Since it began, until the last event."""
        return self.now - self.started

    @property
    def seconds_left(self) -> float | None:
        """How long it will take yet, where that is known; nobody knows it of groups that are not begun."""
        return self.rate.seconds_left(self.rows_expected, self.now) if self.group == self.groups else None

    def _plan_chosen(self, event: on.PlanChosen) -> None:
        self.sobject, self.plan, self.reason = event.sobject, event.plan, event.reason
        self.instance_url = event.instance_url
        if event.group != self.group:
            self._received_before = self.received_bytes
            self.rows, self.rows_expected, self._page_bytes = 0, None, 0
            self.rate = Rate()
        self.group, self.groups = event.group, event.groups

    def _job(self, event: on.QueryStarted | on.QueryPolled) -> None:
        job = event.job
        if not job.state.is_terminal:
            self.jobs[job.id] = str(job.state)
        elif job.id not in self._ended:
            self.jobs.pop(job.id, None)
            self._ended.add(job.id)
            self.states[str(job.state)] += 1

    def _rows_read(self, event: on.RowsRead) -> None:
        self.rows, self.rows_expected = event.rows_so_far, event.rows_expected
        self._received(event.received_bytes)

    def _page_read(self, event: on.PageRead) -> None:
        self.pages += 1
        self._page_bytes += event.size_bytes or 0
        self.rows, self.rows_expected = max(self.rows, event.rows_so_far), event.rows_expected
        self._received(self._page_bytes)

    def _received(self, of_group: int) -> None:
        self.received_bytes = max(self.received_bytes, self._received_before + of_group)

    def _finished(self, event: on.QueryFinished) -> None:
        self.ends = event.rows
