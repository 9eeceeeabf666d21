"""Where there is neither a notebook nor a terminal: lines of the log, a few a load or query.

What happens to each job stands there in any case; see :mod:`sfbulk_pandas.jobs`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sfbulk_pandas.progress.events import (
    FrameChecked,
    LoadFinished,
    LoadStarted,
    PartFinished,
    PlanChosen,
    QueryFinished,
    RowsRetried,
)
from sfbulk_pandas.progress.report import findings_text, has_findings

if TYPE_CHECKING:
    from sfbulk_pandas.progress.events import Event

log = logging.getLogger("sfbulk_pandas")


def log_findings(event: Event) -> None:
    """Warn in the log of rows that Salesforce will refuse. Where nobody set up logging, Python writes it to stderr."""
    if isinstance(event, FrameChecked) and has_findings(event.report):
        log.warning("%s", findings_text(event.report).rstrip())


def log_progress(event: Event) -> None:
    """Write how a load or query goes, at level info, and what its check has found, as a warning."""
    log_findings(event)
    said = _said(event)
    if said:
        log.info("%s", said)


def _said(event: Event) -> str:
    match event:
        case LoadStarted():
            held_back = f", {event.held_back:,} more are held back" if event.held_back else ""
            said = f"{event.operation} {event.sobject}: load {event.load_id} of {event.rows:,} rows begins{held_back}"
        case PartFinished():
            why = ", ".join(f"{cause.count:,} {cause.code}" for cause in event.causes)
            said = f"part {event.part}, job {event.job.id}: {_ends(event)}{f' ({why})' if why else ''}"
        case RowsRetried():
            # Not that they are sent: of a load that has ended, they are only read again.
            said = f"attempt {event.attempt}: {event.rows:,} rows that failed in passing"
        case LoadFinished():
            more = {"unknown": event.unknown, "held back": event.held_back}
            rest = "".join(f", {count:,} {word}" for word, count in more.items() if count)
            said = f"the load is over: {_ends(event)}{rest}; {event.api_calls:,} API calls"
        case PlanChosen():
            said = f"query {event.sobject} by {event.plan}: {event.reason}"
        case QueryFinished():
            said = f"the query is over: {event.rows:,} rows; {event.api_calls:,} API calls"
        case _:
            said = ""
    return said


def _ends(event: PartFinished | LoadFinished) -> str:
    return f"{event.successful:,} successful, {event.failed:,} failed, {event.unprocessed:,} unprocessed"
