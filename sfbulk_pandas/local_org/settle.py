"""After a kill: bring jobs' records and result files to what the database holds of their rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.progress import forget, noted
from sfbulk_pandas.local_org.results import FAILED, SUCCESSFUL, UNPROCESSED, write_unprocessed

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.jobs import Job, Jobs
    from sfbulk_pandas.local_org.progress import Progress
    from sfbulk_pandas.local_org.store import Store


def settle(store: Store, jobs: Jobs) -> None:
    """Let the jobs that a kill has interrupted say what the database does; to be called before anybody asks them.

    Parameters
    ----------
    store : Store
    jobs : Jobs
    """
    progress = noted(store)
    for job in jobs.all():
        if job.id in progress:
            _cut(job, progress[job.id])
            jobs.save(job)
        elif job.kind == "ingest" and not job.processed and not (job.folder / UNPROCESSED).exists():
            for name in (SUCCESSFUL, FAILED):  # begun, and no row of it counts; they are made anew when asked for
                (job.folder / name).unlink(missing_ok=True)
    for job_id in progress:
        forget(store, job_id)


def _cut(job: Job, progress: Progress) -> None:
    job.processed, job.failed = progress.processed, progress.failed
    for name, size in progress.sizes.items():
        os.truncate(job.folder / name, size)
    if job.kind == "ingest":
        write_unprocessed(job)
