"""Jobs of Bulk API 1.0: a frame for batches, which are what runs.

Source: Bulk API guide, "JobInfo", "BatchInfo", "Interpret Batch State".
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.jobs import JOB_PREFIX
from sfbulk_pandas.salesforce.ids import to_15
from sfbulk_pandas.salesforce.job import JobState, Operation

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.local_org.jobs import Job, Jobs
    from sfbulk_pandas.local_org.store import Store

_FILE = "v1.json"
NOT_PROCESSED = "not_processed"  # in a batch's extra: it was cut into chunks, which is how it ends well


class BatchState(StrEnum):
    """Where a batch stands, spelled as Salesforce spells it."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    NOT_PROCESSED = "NotProcessed"


class FrameState(StrEnum):
    """Where a job stands: whether it takes batches, not whether they are done."""

    OPEN = "Open"
    CLOSED = "Closed"
    ABORTED = "Aborted"


_STATES = {
    JobState.OPEN: BatchState.QUEUED,
    JobState.UPLOAD_COMPLETE: BatchState.QUEUED,
    JobState.IN_PROGRESS: BatchState.IN_PROGRESS,
    JobState.JOB_COMPLETE: BatchState.COMPLETED,
    JobState.FAILED: BatchState.FAILED,
    JobState.ABORTED: BatchState.NOT_PROCESSED,
}


def batch_state(batch: Job) -> BatchState:
    """Return a batch's state in this API's words."""
    return BatchState.NOT_PROCESSED if batch.extra.get(NOT_PROCESSED) else _STATES[batch.state]


@dataclass
class FrameJob:
    """A job of Bulk API 1.0.

    Attributes
    ----------
    id : str
        18 characters, prefix ``750``.
    folder : Path
    created, modified : float
        Seconds since the epoch.
    content_type : str
        ``CSV``, ``JSON`` or ``XML``: of batches and results.
    concurrency_mode : str
        ``Parallel`` or ``Serial``.
    chunking : dict or None
        How queries are cut: ``size``, ``parent``, ``start_row``; None where they are not.
    batches : list of str
        Ids, in their order.
    """

    id: str
    operation: Operation
    sobject: str
    folder: Path
    created: float
    modified: float
    created_by: str
    api_version: str
    content_type: str = "CSV"
    concurrency_mode: str = "Parallel"
    external_id_field_name: str | None = None
    assignment_rule_id: str | None = None
    chunking: dict[str, Any] | None = None
    state: FrameState = FrameState.OPEN
    batches: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock, repr=False, compare=False)

    @classmethod
    def load(cls, path: Path) -> FrameJob:
        """Read a job back from its file."""
        values = json.loads(path.read_text(encoding="utf-8"))
        values |= {"operation": Operation(values["operation"]), "state": FrameState(values["state"])}
        return cls(folder=path.parent, **values)


class FrameJobs:
    """Every job of Bulk API 1.0; those of an org with a file are there again after a restart.

    Parameters
    ----------
    store : Store
    jobs : Jobs
        Where the batches are.
    """

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self._lock = threading.RLock()
        found = map(FrameJob.load, sorted(store.folder.glob(f"{JOB_PREFIX}*/{_FILE}")))
        self._by_id = {to_15(each.id): each for each in found}

    def new(self, operation: Operation, sobject: str, now: float, **values: Any) -> FrameJob:
        """Make and keep a job; ``values`` are further attributes of :class:`FrameJob`."""
        job_id = self._store.new_ids(JOB_PREFIX, 1)[0].as_py()
        folder = self._store.folder / job_id
        folder.mkdir()
        job = FrameJob(job_id, operation, sobject, folder, created=now, modified=now, **values)
        with self._lock:
            self._by_id[to_15(job_id)] = job
        self.save(job)
        return job

    def save(self, job: FrameJob) -> None:
        """Write a job's record."""
        values = {each.name: getattr(job, each.name) for each in fields(job) if each.name not in {"folder", "lock"}}
        part = job.folder / "v1.part"
        part.write_text(json.dumps(values), encoding="utf-8")
        part.replace(job.folder / _FILE)

    def get(self, job_id: str) -> FrameJob | None:
        """Return a job by its id of 15 or 18 characters, or None."""
        return self._by_id.get(to_15(job_id))

    def all(self) -> list[FrameJob]:
        """Return every job, the newest first."""
        with self._lock:
            return sorted(self._by_id.values(), key=lambda job: job.id, reverse=True)

    def batches(self, job: FrameJob) -> list[Job]:
        """Return a job's batches, in their order."""
        with job.lock:
            return [batch for batch_id in job.batches if (batch := self._jobs.get(batch_id))]

    def batch(self, job: FrameJob, batch_id: str) -> Job | None:
        """Return one batch of a job, or None."""
        return next((each for each in self.batches(job) if to_15(each.id) == to_15(batch_id)), None)

    def add_batch(self, job: FrameJob, now: float, soql: str = "", upload: Path | None = None) -> Job:
        """Add a batch to a job: a query, or a file of rows, which is moved to the batch's folder.

        It waits in the queue; nothing has moved it yet.
        """
        with job.lock:
            batch = self._jobs.new(
                job.operation,
                job.sobject,
                now=now,
                created_by=job.created_by,
                api_version=job.api_version,
                external_id_field_name=job.external_id_field_name,
                assignment_rule_id=job.assignment_rule_id,
                parent=job.id,
                content_type=job.content_type,
                state=JobState.UPLOAD_COMPLETE,
                soql=soql,
            )
            if upload is not None:
                upload.replace(batch.upload)
                batch.uploaded = True
                self._jobs.save(batch)
            job.batches.append(batch.id)
            self.save(job)
        return batch
