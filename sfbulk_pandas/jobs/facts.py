"""What is known of a load besides the end of each row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.jobs.outcome import RowStatus
from sfbulk_pandas.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from sfbulk_pandas.jobs.attempt import Attempt
    from sfbulk_pandas.jobs.outcome import Outcome
    from sfbulk_pandas.mending import Terms

ATTEMPT_COLUMNS = ("load_id", "attempt", "kind", "rows", "successful", "failed", "unprocessed", "unknown", "jobs")

_UNMATCHED = ("job", "file", "sf__Id", "sf__Created", "sf__Error")


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What belongs to a load's result as a whole.

    Attributes
    ----------
    load_id : str
    manifest : dict
        Plain JSON values.
    attempts : tuple of dict
        One for each time that rows were sent; keys as ``ATTEMPT_COLUMNS``.
    jobs : frozenset of str
        Those that may have processed rows, whose answers are in the result.
    unmatched : DataFrame
        Answers that belong to no row for certain.
    report : DataFrame
        What the check found before anything was sent.
    labels : mapping of field name in lower case to column label
    terms : Terms or None
        By which rows that failed are judged; None where nothing is known of what was sent.
    spool : object
        Keeps the files that rows lie in for as long as the result is there.
    """

    load_id: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[dict[str, Any], ...] = ()
    jobs: frozenset[str] = frozenset()
    unmatched: pd.DataFrame = field(default_factory=pd.DataFrame)
    report: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: Mapping[str, Hashable] = field(default_factory=dict)
    terms: Terms | None = None
    spool: object = None

    @property
    def keep(self) -> Callable[[pa.Table], pa.Table]:
        """Puts texts where the load's own lie: on disk where there is room, unless unpickled or made of several."""
        return self.spool.kept if isinstance(self.spool, Spool) else lambda table: table

    def followed_by(self, newer: LoadFacts) -> LoadFacts:
        """Return the facts of a load and of the load that retried some of its rows."""
        manifest = dict(self.manifest) | {"retries": [*self.manifest.get("retries", []), newer.manifest]}
        return replace(
            self,
            manifest=manifest,
            attempts=self.attempts + newer.attempts,
            jobs=self.jobs | newer.jobs,
            unmatched=pd.concat([self.unmatched, newer.unmatched], ignore_index=True),
            labels=dict(self.labels) | dict(newer.labels),
            terms=newer.terms if self.terms is None else self.terms.joined(newer.terms),
            spool=(self.spool, newer.spool),
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "spool"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in ({"spool": None, "terms": None} | state).items():
            object.__setattr__(self, name, value)


def history_row(load_id: str, number: int, kind: str, attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    """Return one line of the history of attempts."""
    jobs = tuple(run.job.id for run in attempt.runs if run.job is not None)
    return history_line(load_id, number, kind, outcome, jobs)


def history_line(load_id: str, number: int, kind: str, outcome: Outcome, jobs: tuple[str, ...]) -> dict[str, Any]:
    """Return one line of the history, of rows that went up in these jobs."""
    ends = {status.name.lower(): outcome.count(status) for status in RowStatus}
    return {"load_id": load_id, "attempt": number, "kind": kind, "rows": len(outcome), **ends, "jobs": jobs}


def unmatched_frame(tables: Sequence[pa.Table]) -> pd.DataFrame:
    """Return the answers that belong to no row for certain, of all jobs, as a frame of texts."""
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=_text_dtype()) for name in _UNMATCHED})
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas(types_mapper=_text_dtype)
    return frame


def _text_dtype(_kind: pa.DataType | None = None) -> Any:
    return pd.StringDtype("pyarrow")
