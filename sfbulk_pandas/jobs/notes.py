"""The journal's page of one attempt: what is about to be done, and what was done."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.journal.records import PartRecord, Step

if TYPE_CHECKING:
    from sfbulk_pandas.codec.encode import Part
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class Notes:
    """Write down the steps of one attempt of one load; from any thread, until they are let go of."""

    journal: Journal
    load_id: str
    attempt: int
    clock: Clock
    _let_go: threading.Event = field(default_factory=threading.Event, init=False)
    _writing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def let_go(self) -> None:
        """Write nothing any more: a thread that outlives the attempt must not tell of a load that others go on with.

        A write that is under way has come to its end when this returns.
        """
        self._let_go.set()
        with self._writing:
            pass

    def open(self, part: Part) -> PartRecord:
        """Write down that a job for a part is about to be created.

        Raises
        ------
        CancelledError
            Where they were let go of.
        """
        record = PartRecord(
            load_id=self.load_id,
            attempt=self.attempt,
            number=part.number,
            start=part.start,
            stop=part.stop,
            digest=part.digest,
            size_bytes=len(part.body),
            step=Step.CREATING,
            at=self.clock.now(),
        )
        self._write(record)
        return record

    def step(self, record: PartRecord, step: Step, **facts: Any) -> PartRecord:
        """Write down a part's next step, and return its record as it now stands.

        Raises
        ------
        CancelledError
            Where they were let go of.
        """
        newer = replace(record, step=step, at=self.clock.now(), **facts)
        self._write(newer)
        return newer

    def others_create(self, org_id: str) -> bool:
        """Whether another load of the org, in any process, may be creating a job just now."""
        return any(
            part.step is Step.CREATING
            for load in self.journal.loads()
            if load.load_id != self.load_id and load.org_id == org_id and load.finished_at is None
            if self.journal.is_held(load.load_id)
            for part in self.journal.parts(load.load_id)
        )

    def _write(self, record: PartRecord) -> None:
        with self._writing:
            if self._let_go.is_set():
                raise CancelledError
            self.journal.record(record)


@dataclass
class KnownJobs:
    """Ids of jobs that are accounted for, as they stand in the journal when it is first asked.

    A list of jobs is read before: whatever in it was made by a load of this journal is then either known by its id,
    or its load still stands at ``CREATING``.

    Attributes
    ----------
    notes : Notes
    org_id : str
    others_create : bool
        Whether another load may be creating a job, which could be taken for one of ours; known once it was asked.
    """

    notes: Notes
    org_id: str
    others_create: bool = False
    _ids: dict[str, str] | None = field(default=None, init=False)

    def __contains__(self, job_id: object) -> bool:
        if self._ids is None:
            self.others_create = self.notes.others_create(self.org_id)  # first: what is created by then has an id
            self._ids = self.notes.journal.jobs()
        return job_id in self._ids
