"""What happens during a load or a query, as frozen values. Any callable may listen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.progress.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import pandas as pd

    from sfbulk_pandas.salesforce.job import JobInfo, Operation

    Listener: TypeAlias = Callable[["Event"], object]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. A listener gets these from the thread in which it happened, one at a time.

    Attributes
    ----------
    api_calls : int
        Requests of the session since the call began. What else the same session did meanwhile is counted too.
    """

    api_calls: int = field(default=0, kw_only=True, repr=False, compare=False)


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
    held_back : int
        Further rows of the frame, which are not sent: the check has refused them, and they stand as failed.
    load_id : str
        By which :func:`resume` finds it.
    instance_url : str
        The org's address.
    control : Control
        Ends the load early.
    row_retries : int
        How often rows that fail for a passing reason are sent again by themselves.
    """

    sobject: str
    operation: Operation
    rows: int
    load_id: str = field(default="", compare=False)
    instance_url: str = field(default="", compare=False)
    control: Control = field(default_factory=Control, repr=False, compare=False)
    held_back: int = field(default=0, kw_only=True)
    row_retries: int = field(default=0, kw_only=True, compare=False)


@dataclass(frozen=True, slots=True)
class PartStarted(Event):
    """A part's job was created; its CSV goes up next.

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
class PartSent(Event):
    """So much of a part's CSV has left; a few times a second while it goes up.

    Attributes
    ----------
    part : int
        From 1.
    sent_bytes : int
        Of this part; where the upload is repeated, it begins anew.
    """

    part: int
    sent_bytes: int


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
class Cause:
    """Why rows of a part failed.

    Attributes
    ----------
    code : str
        Salesforce's status code.
    count : int
        Rows.
    advice : str
        What it means and what usually mends it.
    is_passing : bool
        Whether it passes by itself, so that the same rows may be sent again.
    """

    code: str
    count: int
    advice: str
    is_passing: bool


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
    causes : tuple of Cause
        Why rows failed, the most frequent first. Of a row with several errors, the first one counts.
    """

    part: int
    job: JobInfo
    successful: int
    failed: int
    unprocessed: int
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsRetried(Event):
    """Rows that failed for a passing reason are sent again; their parts are numbered from 1 anew.

    A load that has ended sends nothing: there, the results of the parts that were sent then are read again.

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
    successful, failed, unprocessed, unknown : int
        Rows over all parts, which add up to those of :class:`LoadStarted`.
    held_back : int
        Further rows of the frame, which were not sent and stand as failed.
    """

    successful: int
    failed: int
    unprocessed: int
    unknown: int = 0
    held_back: int = 0


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
    group, groups : int
        A query that is too long for one is fetched in several groups of columns: which one this is, from 1, and how
        many there are.
    instance_url : str
        The org's address.
    control : Control
        Ends the query early.
    """

    sobject: str
    plan: str
    reason: str
    group: int = field(default=1, compare=False)
    groups: int = field(default=1, compare=False)
    instance_url: str = field(default="", compare=False)
    control: Control = field(default_factory=Control, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class QueryStarted(Event):
    """A query job was created; some plans make several."""

    job: JobInfo


@dataclass(frozen=True, slots=True)
class QueryPolled(Event):
    """A query job was asked how it stands."""

    job: JobInfo


@dataclass(frozen=True, slots=True)
class RowsRead(Event):
    """Rows have come, also of pages that are not whole yet; a few times a second while pages are read.

    Attributes
    ----------
    rows_so_far : int
    received_bytes : int
        As they came over the wire.
    rows_expected : int or None
        Of the whole query, as its job says.
    """

    rows_so_far: int
    received_bytes: int
    rows_expected: int | None


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
