"""What is known of a load under way, from its events alone."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.progress import events as on
from sfbulk_pandas.progress.widget.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_PARTS = 6
_UPLOADING = "Uploading"


@dataclass
class Part:
    """One part, as the panel shows it.

    Attributes
    ----------
    attempt, number : int
    job_id : str
    state : str
        The job's; or that it is going up.
    rows, size_bytes, sent_bytes, processed, failed : int
    """

    attempt: int
    number: int
    job_id: str
    rows: int
    size_bytes: int
    state: str = _UPLOADING
    sent_bytes: int = 0
    processed: int = 0
    failed: int = 0

    @property
    def sent_rows(self) -> int:
        """About how many rows have left: rows are taken to be of one length."""
        return self.rows * self.sent_bytes // self.size_bytes if self.size_bytes else self.rows


@dataclass
class Totals:
    """Sums over parts that have ended, or over all."""

    processed: int = 0
    failed: int = 0
    sent_bytes: int = 0

    def add(self, part: Part) -> None:
        """Add a part."""
        self.processed += part.processed
        self.failed += part.failed
        self.sent_bytes += part.sent_bytes


@dataclass
class LoadModel:
    """A load. Fed with events by one thread, which reads it too.

    Attributes
    ----------
    started, now : float
        When it began, and when the last event came: seconds that never go back.
    rows, held_back : int
        To be sent, and not to be.
    row_retries : int
        How often rows that fail for a passing reason are sent again by themselves.
    under_way : dict
        Parts that have not ended, by attempt and number.
    ended : deque
        The last parts that have.
    states : Counter
        How many parts have ended how.
    causes : dict of str to Cause
        Why rows failed, by code; what is sent again is not among them.
    ends : LoadFinished or None
    """

    started: float
    sobject: str = ""
    operation: str = ""
    rows: int = 0
    held_back: int = 0
    load_id: str = ""
    instance_url: str = ""
    row_retries: int = 0
    attempt: int = 1
    retried_rows: int = 0
    api_calls: int = 0
    under_way: dict[tuple[int, int], Part] = field(default_factory=dict)
    ended: deque[Part] = field(default_factory=lambda: deque(maxlen=SHOWN_PARTS))
    states: Counter[str] = field(default_factory=Counter)
    causes: dict[str, on.Cause] = field(default_factory=dict)
    ends: on.LoadFinished | None = None
    rate: Rate = field(default_factory=Rate)
    _done: Totals = field(default_factory=Totals)

    def __post_init__(self) -> None:
        self.now = self.started
        self._steps: dict[type[on.Event], Callable[[Any], None]] = {
            on.LoadStarted: self._started,
            on.PartStarted: self._part_started,
            on.PartSent: self._part_sent,
            on.PartUploaded: self._part_uploaded,
            on.JobPolled: self._job_polled,
            on.PartFinished: self._part_finished,
            on.RowsRetried: self._rows_retried,
            on.LoadFinished: self._finished,
        }

    def feed(self, event: on.Event, now: float) -> None:
        """Take in one event that came just then; of a kind it does not know, nothing."""
        step = self._steps.get(type(event))
        if step is not None:
            self.now = now
            self.api_calls = event.api_calls or self.api_calls
            step(event)
            self.rate.add(self.now, self.totals.processed)

    @property
    def totals(self) -> Totals:
        """Sums over all parts."""
        sums = Totals(self._done.processed, self._done.failed, self._done.sent_bytes)
        for part in self.under_way.values():
            sums.add(part)
        return sums

    @property
    def elapsed_seconds(self) -> float:
        """Since it began, until the last event."""
        return self.now - self.started

    @property
    def seconds_left(self) -> float | None:
        """How long it will take yet, where that is known; nobody knows it of rows that are sent again."""
        return self.rate.seconds_left(self.rows, self.now) if self.attempt == 1 else None

    @property
    def sends_again(self) -> bool:
        """Whether rows that have failed for a passing reason are still to be sent again by themselves."""
        return self.attempt <= self.row_retries

    @property
    def counts(self) -> dict[str, int]:
        """How many rows ended how, as far as Salesforce says by now; those that are held back stand for themselves."""
        held_back = {"held back": self.held_back} if self.held_back else {}
        if self.ends is not None:
            ends = {"successful": self.ends.successful, "failed": self.ends.failed}
            unknown = self.rows - sum(ends.values()) - self.ends.unprocessed
            ends |= {"unprocessed": self.ends.unprocessed} | ({"unknown": unknown} if unknown > 0 else {})
            return ends | held_back
        sums = self.totals
        waiting = max(self.rows - sums.processed, 0)
        return {"successful": sums.processed - sums.failed, "failed": sums.failed, "queued": waiting} | held_back

    def shown(self) -> list[Part]:
        """Return the parts to show: all, where they are few; else those under way, and the last that have ended."""
        live = sorted(self.under_way.values(), key=lambda part: (part.attempt, part.number))[:SHOWN_PARTS]
        room = SHOWN_PARTS - len(live)
        ended = list(self.ended)[-room:] if room else []
        return sorted([*ended, *live], key=lambda part: (part.attempt, part.number))

    def others(self) -> dict[str, int]:
        """Return how many parts are not shown, by state."""
        left = self.states + Counter(part.state for part in self.under_way.values())
        left.subtract(part.state for part in self.shown())
        return {state: count for state, count in left.items() if count > 0}

    def _started(self, event: on.LoadStarted) -> None:
        self.sobject, self.operation, self.rows = event.sobject, str(event.operation), event.rows
        self.load_id, self.instance_url = event.load_id, event.instance_url
        self.held_back, self.row_retries = event.held_back, event.row_retries

    def _part(self, event: on.PartUploaded | on.PartStarted | on.JobPolled | on.PartFinished, rows: int) -> Part:
        key = (self.attempt, event.part)
        if key not in self.under_way:
            self.under_way[key] = Part(self.attempt, event.part, event.job.id, rows, 0)
        part = self.under_way[key]
        part.job_id = event.job.id
        return part

    def _part_started(self, event: on.PartStarted) -> None:
        part = self._part(event, event.rows)
        part.size_bytes, part.sent_bytes, part.state = event.size_bytes, 0, _UPLOADING

    def _part_sent(self, event: on.PartSent) -> None:
        part = self.under_way.get((self.attempt, event.part))
        if part is not None:
            part.sent_bytes = event.sent_bytes

    def _part_uploaded(self, event: on.PartUploaded) -> None:
        part = self._part(event, event.rows)
        part.size_bytes = part.sent_bytes = event.size_bytes
        part.state = str(event.job.state)

    def _job_polled(self, event: on.JobPolled) -> None:
        part = self._part(event, 0)
        part.state = str(event.job.state)
        part.processed = event.job.number_records_processed or 0
        part.failed = event.job.number_records_failed or 0

    def _part_finished(self, event: on.PartFinished) -> None:
        part = self._part(event, event.successful + event.failed + event.unprocessed)
        part.processed, part.failed = event.successful + event.failed, event.failed
        part.state = str(event.job.state)
        del self.under_way[self.attempt, event.part]
        self._done.add(part)
        self.ended.append(part)
        self.states[part.state] += 1
        for cause in event.causes:
            known = self.causes.get(cause.code)
            count = cause.count + (known.count if known else 0)
            self.causes[cause.code] = on.Cause(cause.code, count, cause.advice, cause.is_passing)

    def _rows_retried(self, event: on.RowsRetried) -> None:
        self.attempt, self.retried_rows = event.attempt, event.rows
        self._done.processed = max(self._done.processed - event.rows, 0)
        self._done.failed = max(self._done.failed - event.rows, 0)
        self.causes = {code: cause for code, cause in self.causes.items() if not cause.is_passing}

    def _finished(self, event: on.LoadFinished) -> None:
        self.ends = event
