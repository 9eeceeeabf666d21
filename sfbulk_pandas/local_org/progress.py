"""How far ingest jobs have come: written with their rows, in one transaction, so that no kill parts the two.

A job's record and its result files lie beside the database, where a kill may leave them behind it, or ahead of it. What
is noted here says which of their rows count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.local_org.store import Cursor, Store


@dataclass(frozen=True)
class Progress:
    """How far one job has come.

    Attributes
    ----------
    processed, failed : int
        Rows, failures among the processed.
    sizes : mapping of str to int
        Bytes of each result file, by its name.
    """

    processed: int
    failed: int
    sizes: Mapping[str, int]


def note(cursor: Cursor, job_id: str, progress: Progress) -> None:
    """Note how far a job has come, within the caller's transaction."""
    cursor.execute('DELETE FROM "local_org$progress" WHERE job = ?', [job_id])
    values = [job_id, progress.processed, progress.failed, json.dumps(dict(progress.sizes))]
    cursor.execute('INSERT INTO "local_org$progress" VALUES (?, ?, ?, ?)', values)


def forget(store: Store, job_id: str) -> None:
    """Forget a job whose record and files are whole."""
    with store.write_lock, store.cursor() as cursor:
        cursor.execute('DELETE FROM "local_org$progress" WHERE job = ?', [job_id])


def noted(store: Store) -> dict[str, Progress]:
    """Return the jobs that were under way when the org ended, by their id."""
    with store.cursor() as cursor:
        rows = cursor.execute('SELECT job, processed, failed, sizes FROM "local_org$progress"').fetchall()
    return {job: Progress(processed, failed, json.loads(sizes)) for job, processed, failed, sizes in rows}
