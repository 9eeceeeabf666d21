"""What happens during a load or a query, as frozen values. Any callable may listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import pandas as pd

    from sfbulk_pandas.salesforce.job import JobInfo, Operation

    Listener: TypeAlias = Callable[["Event"], object]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. A listener gets these from the thread in which it happened, one at a time."""


@dataclass(frozen=True, slots=True)
class FrameChecked(Event):
    """A frame was checked against the describe, and can be sent.

    Attributes
    ----------
    report : DataFrame
        As :meth:`Org.check` returns it, without the plan.
    """

    report: pd.DataFrame


@dataclass(frozen=True, slots=True)
class LoadStarted(Event):
    """A load begins.

    Attributes
    ----------
    sobject : str
    operation : Operation
    rows : int
        Rows that will be sent, over all parts.
    """

    sobject: str
    operation: Operation
    rows: int


@dataclass(frozen=True, slots=True)
class PartUploaded(Event):
    """A part's CSV has arrived and its job is closed, so Salesforce works on it.

    Attributes
    ----------
    part : int
        From 1.
    job : JobInfo
    rows : int
    size_bytes : int
    """

    part: int
    job: JobInfo
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class JobPolled(Event):
    """A part's job was asked how it stands.

    Attributes
    ----------
    part : int
        From 1.
    job : JobInfo
        Its counters cover this part alone, and failures are among the processed.
    """

    part: int
    job: JobInfo


@dataclass(frozen=True, slots=True)
class PartFinished(Event):
    """A part's job has ended and its results are in.

    Attributes
    ----------
    part : int
        From 1.
    job : JobInfo
    successful, failed, unprocessed : int
        Rows of this part.
    """

    part: int
    job: JobInfo
    successful: int
    failed: int
    unprocessed: int


@dataclass(frozen=True, slots=True)
class RowsRetried(Event):
    """Rows that failed for a passing reason are sent again; their parts are numbered from 1 anew.

    Attributes
    ----------
    attempt : int
        2 for the first time.
    rows : int
    """

    attempt: int
    rows: int


@dataclass(frozen=True, slots=True)
class LoadFinished(Event):
    """The load is over.

    Attributes
    ----------
    successful, failed, unprocessed : int
        Rows over all parts.
    """

    successful: int
    failed: int
    unprocessed: int


@dataclass(frozen=True, slots=True)
class PlanChosen(Event):
    """A query begins.

    Attributes
    ----------
    sobject : str
    plan : str
        How its rows are fetched.
    reason : str
        Why so.
    """

    sobject: str
    plan: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueryStarted(Event):
    """A query job was created; some plans make several."""

    job: JobInfo


@dataclass(frozen=True, slots=True)
class QueryPolled(Event):
    """A query job was asked how it stands."""

    job: JobInfo


@dataclass(frozen=True, slots=True)
class PageRead(Event):
    """A result page was read.

    Attributes
    ----------
    page : int
        From 1.
    rows : int
        Of this page.
    rows_so_far : int
        Of this page and those before it.
    rows_expected : int or None
        Of the whole query, as its job says.
    size_bytes : int or None
        Of this page as it came over the wire, where that is known.
    """

    page: int
    rows: int
    rows_so_far: int
    rows_expected: int | None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class QueryFinished(Event):
    """The query is over; ``rows`` were received."""

    rows: int
