"""The org's jobs, and where their files stand."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.ids import to_15
from sfbulk_pandas.salesforce.job import ColumnDelimiter, JobState, LineEnding, Operation

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.local_org.store import Store

JOB_PREFIX, BATCH_PREFIX = "750", "751"
_NOT_KEPT = frozenset({"folder", "lock"})


@dataclass
class Job:
    """One bulk job, ingest or query; or one batch of a Bulk API 1.0 job, which the engine moves in the same way.

    Attributes
    ----------
    id : str
        18 characters, prefix ``750``; of a batch ``751``.
    folder : Path
        Its files: the upload and the results.
    created, modified : float
        Seconds since the epoch.
    uploaded : bool
        Whether a file has come.
    processed, failed : int
        Rows so far; failures are processed too.
    total_ms, active_ms : int
        Processing times in milliseconds; the total stays 0 until the end.
    soql : str
        The query of a query job; empty for ingest.
    extra : dict
        JSON values that a runner keeps with the job.
    parent : str
        Id of the Bulk API 1.0 job that a batch belongs to; empty for a job of Bulk API 2.0.
    content_type : str
        ``CSV``, and for a batch also ``JSON`` and ``XML``.
    """

    id: str
    operation: Operation
    sobject: str
    folder: Path
    created: float
    modified: float
    created_by: str
    api_version: str
    state: JobState = JobState.OPEN
    external_id_field_name: str | None = None
    assignment_rule_id: str | None = None
    line_ending: LineEnding = LineEnding.LF
    column_delimiter: ColumnDelimiter = ColumnDelimiter.COMMA
    uploaded: bool = False
    processed: int = 0
    failed: int = 0
    error_message: str | None = None
    total_ms: int = 0
    active_ms: int = 0
    soql: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    content_type: str = "CSV"
    lock: Any = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """``"query"`` or ``"ingest"``; of a batch ``"query_v1"`` or ``"ingest_v1"``."""
        kind = "query" if self.operation.is_query else "ingest"
        return f"{kind}_v1" if self.parent else kind

    @property
    def upload(self) -> Path:
        """The uploaded CSV."""
        return self.folder / "upload.csv"

    @classmethod
    def load(cls, folder: Path) -> Job:
        """Read a job back from its folder."""
        values = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        enums = {"operation": Operation, "state": JobState, "line_ending": LineEnding}
        for name, kind in {**enums, "column_delimiter": ColumnDelimiter}.items():
            values[name] = kind(values[name])
        return cls(folder=folder, **values)


class Jobs:
    """Every job of the org, and every batch; those of an org with a file are there again after a restart.

    Parameters
    ----------
    store : Store
        Gives the ids, and the folder under which each job has its own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._deleted: list[Job] = []
        folders = sorted(store.folder.glob("75[01]*/job.json"))
        self._by_id = {to_15(each.parent.name): Job.load(each.parent) for each in folders}

    def new(self, operation: Operation, sobject: str, **values: Any) -> Job:
        """Make and keep a job.

        Parameters
        ----------
        operation : Operation
        sobject : str
        **values
            Further attributes of :class:`Job`: ``now`` (seconds since the epoch), ``created_by`` and ``api_version``
            must be among them; with ``parent`` it is a batch.

        Returns
        -------
        Job
            With an id, and a folder that exists.
        """
        job_id = self._store.new_ids(BATCH_PREFIX if values.get("parent") else JOB_PREFIX, 1)[0].as_py()
        folder = self._store.folder / job_id
        folder.mkdir()
        now = values.pop("now")
        return self.add(Job(job_id, operation, sobject, folder, created=now, modified=now, **values))

    def add(self, job: Job) -> Job:
        """Keep a job."""
        with self._lock:
            self._by_id[to_15(job.id)] = job
        self.save(job)
        return job

    def save(self, job: Job) -> None:
        """Write a job's record, so that it is there after a restart."""
        values = {each.name: getattr(job, each.name) for each in fields(job) if each.name not in _NOT_KEPT}
        part = job.folder / "job.part"
        part.write_text(json.dumps(values), encoding="utf-8")
        part.replace(job.folder / "job.json")  # a record that is cut short would keep the org from opening

    def get(self, job_id: str, kind: str | None = None) -> Job | None:
        """Return a job by its id of 15 or 18 characters, or None; with a kind, only one of that kind."""
        job = self._by_id.get(to_15(job_id))
        return job if job and kind in {None, job.kind} else None

    def all(self) -> list[Job]:
        """Return every job and every batch, the newest first of each."""
        with self._lock:
            return sorted(self._by_id.values(), key=lambda job: job.id, reverse=True)

    def ever(self) -> list[Job]:
        """Return every job and batch, those deleted in this run among them: what they have used stays used."""
        with self._lock:
            return [*self._by_id.values(), *self._deleted]

    def delete(self, job: Job) -> None:
        """Forget a job, and its files."""
        with self._lock:
            if self._by_id.pop(to_15(job.id), None):
                self._deleted.append(job)
        (job.folder / "job.json").unlink(missing_ok=True)  # first: killed in between, what is left is no job
        shutil.rmtree(job.folder, ignore_errors=True)
