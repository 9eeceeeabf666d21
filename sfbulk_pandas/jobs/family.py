"""A load and those that sent its rows again: a result that does not know what became of them sends nothing."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sfbulk_pandas.errors import AlreadyLoaded
from sfbulk_pandas.jobs.repeat import may_have_stored, when
from sfbulk_pandas.jobs.sending import NOT_CLOSED
from sfbulk_pandas.journal.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sfbulk_pandas.jobs.facts import LoadFacts
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.journal.records import LoadRecord, PartRecord


def begun_jobs(parts: Iterable[PartRecord]) -> frozenset[str]:
    """Return the jobs that may have processed rows."""
    return frozenset(part.job_id for part in parts if part.job_id and part.step not in NOT_CLOSED)


@dataclass(frozen=True, slots=True)
class Family:
    """The loads whose rows a result holds, as far as the result knows them.

    Attributes
    ----------
    load_id : str
        The load that the result is of; or a job, where the journal has no load of it.
    known : frozenset of str
        The jobs whose answers are in the result.
    manifests : mapping
        Those of the loads in the result, by load id.
    """

    load_id: str
    known: frozenset[str]
    manifests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, load_id: str, facts: LoadFacts) -> Self:
        """Return the family of a result."""
        manifest = facts.manifest
        own = [manifest, *manifest.get("retries", [])] if manifest else []
        return cls(load_id, facts.jobs, {each["load_id"]: each for each in own if "load_id" in each})

    def loads(self, journal: Journal) -> list[LoadRecord]:
        """Return the loads of the family that the journal knows, the newest first."""
        known = journal.loads()
        above = {each.load_id: each.retry_of for each in known}
        *_, first = lineage(self.load_id, above)
        return [each for each in known if first in lineage(each.load_id, above)]

    def later(self, journal: Journal) -> list[LoadRecord]:
        """Return the loads that may have stored rows of which the result knows nothing, the newest first."""
        loads = self.loads(journal)
        ids = [each.load_id for each in loads]
        # What came before the result's own load is no matter: the rows had not succeeded there.
        since = loads[: ids.index(self.load_id) + 1] if self.load_id in ids else loads
        unknown = (each for each in since if not begun_jobs(journal.parts(each.load_id)) <= self.known)
        return [each for each in unknown if may_have_stored(each)]

    @contextmanager
    def ended(self, journal: Journal, now: float) -> Iterator[None]:
        """End the loads of the family, so that nobody resumes them and sends their rows too.

        Nobody else can send rows of the result before the end of the context.

        Raises
        ------
        AlreadyLoaded
            Where one may have stored rows of which the result knows nothing.
        JournalBusy
            Where one is under way.
        """
        with ExitStack() as held:
            held.enter_context(journal.hold(self.load_id))
            unfinished = [each.load_id for each in self.loads(journal) if each.finished_at is None]
            for load_id in unfinished:
                if load_id != self.load_id:
                    held.enter_context(journal.hold(load_id))
            later = self.later(journal)
            if later:
                raise self._already_sent(later[0])
            for load_id in unfinished:
                journal.finish(load_id, now, dict(self.manifests.get(load_id, {})))
                journal.clear_spool(load_id)
            yield

    def _already_sent(self, later: LoadRecord) -> AlreadyLoaded:
        what = f"rows of load {self.load_id} were sent again by load {later.load_id}, which {when(later)}"
        if later.load_id == self.load_id:
            what = f"load {self.load_id} has gone on since this result was made"
        return AlreadyLoaded(
            what,
            hint="go on with the result of that, for this one does not know what came of it; "
            f"sfbulk.resume({later.load_id!r}, frame=...) reads it again",
            load_id=later.load_id,
            finished_at=later.finished_at,
        )
