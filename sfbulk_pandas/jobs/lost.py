"""Creates whose answer was lost: the jobs that they may have left are looked for, and aborted where they are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.jobs.notes import KnownJobs
from sfbulk_pandas.jobs.orphans import abort_orphans
from sfbulk_pandas.journal.records import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.jobs.identity import Identity
    from sfbulk_pandas.jobs.notes import Notes
    from sfbulk_pandas.journal.records import PartRecord
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.ingest import IngestJob

_CREATE_SECONDS = 600  # how long after its first note a create may still have arrived


def settle_creates(
    session: Session, job: IngestJob, notes: Notes, who: Identity, records: Sequence[PartRecord]
) -> tuple[JobInfo, ...]:
    """Settle what became of creates in an earlier process; who calls this holds the load, and creates nothing.

    Returns
    -------
    tuple of JobInfo
        As :func:`settle_lost`.
    """
    lost = [record.at for record in records if record.step is Step.CREATING]
    return settle_lost(session, job, notes, who, (min(lost), max(lost) + _CREATE_SECONDS), len(lost)) if lost else ()


def settle_lost(
    session: Session, job: IngestJob, notes: Notes, who: Identity, span: tuple[float, float], lost: int
) -> tuple[JobInfo, ...]:
    """Abort the Open jobs that creates of a load have left whose answers were lost; they hold no rows.

    Parameters
    ----------
    session : Session
    job : IngestJob
        What was to be created.
    notes : Notes
        Of the load.
    who : Identity
        Who has created them, and where.
    span : tuple of float
        When the creates were sent and given up, seconds since the epoch.
    lost : int
        How many answers were lost.

    Returns
    -------
    tuple of JobInfo
        What was found, as it stands now: Aborted jobs, or Open ones that may be another's.
    """
    known = KnownJobs(notes, who.org_id)
    return abort_orphans(session, job, span, who.user_id, known, lost=lost, is_sure=lambda: not known.others_create)
