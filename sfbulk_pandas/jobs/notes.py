"""The journal's page of one attempt: what is about to be done, and what was done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.journal.records import PartRecord, Step

if TYPE_CHECKING:
    from sfbulk_pandas.codec.encode import Part
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class Notes:
    """Write down the steps of one attempt of one load; from any thread."""

    journal: Journal
    load_id: str
    attempt: int
    clock: Clock

    def open(self, part: Part) -> PartRecord:
        """Write down that a job for a part is about to be created."""
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
        self.journal.record(record)
        return record

    def step(self, record: PartRecord, step: Step, **facts: Any) -> PartRecord:
        """Write down a part's next step, and return its record as it now stands."""
        newer = replace(record, step=step, at=self.clock.now(), **facts)
        self.journal.record(newer)
        return newer

    def others_create(self, since: float) -> bool:
        """Whether another process may be creating a job just now, which could be taken for one of ours."""
        return any(
            part.step is Step.CREATING and part.at >= since
            for load in self.journal.loads()
            if load.load_id != self.load_id and load.finished_at is None and self.journal.is_held(load.load_id)
            for part in self.journal.parts(load.load_id)
        )
