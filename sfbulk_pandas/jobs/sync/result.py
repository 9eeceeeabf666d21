"""What a run of an incremental copy has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.display.blocks import card, facts
from sfbulk_pandas.display.cells import visible
from sfbulk_pandas.display.html import join, tag
from sfbulk_pandas.sinks.folder import folder_facts

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.dataset as ds

    from sfbulk_pandas.jobs.sync.merge import Tally
    from sfbulk_pandas.sinks.folder import ParquetFolder


@dataclass(frozen=True, slots=True, repr=False)
class SyncResult:
    """An incremental copy after a run; whatever takes a path takes it.

    Attributes
    ----------
    folder : ParquetFolder
        The copy. Rows of deleted records stay in it, with ``IsDeleted`` true.
    tally : Tally
        How many rows were added, updated, deleted, and what a sweep has found.
    since : datetime or None
        From when on changes were fetched; None where everything was.
    until : datetime
        When the run began, by Salesforce's clock: the next one begins a while before.
    """

    folder: ParquetFolder
    tally: Tally
    since: datetime | None
    until: datetime

    @property
    def path(self) -> Path:
        """Where the copy is."""
        return self.folder.path

    @property
    def rows(self) -> int:
        """How many rows the copy has, those of deleted records among them."""
        return self.folder.rows

    @property
    def bad_cells(self) -> pa.Table:
        """The cells that are no value of their field's type, and null in the files."""
        return self.folder.bad_cells

    def dataset(self) -> ds.Dataset:
        """Return the rows as a dataset, from which parts can be read."""
        return self.folder.dataset()

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        tally = self.tally
        counts = [f"{tally.added:,} added", f"{tally.updated:,} updated", f"{tally.deleted:,} deleted"]
        found = {"hard deleted": tally.hard_deleted, "restored": tally.restored, "missing": tally.missing}
        counts += [f"{count:,} {name}" for name, count in found.items() if count]
        return visible(f"<{self.rows:,} rows in {self.path}: {self._fetched()}, {', '.join(counts)}>")

    def _repr_html_(self) -> str:
        tally = self.tally
        done = {"added": tally.added, "updated": tally.updated, "deleted": tally.deleted}
        found = {"hard deleted": tally.hard_deleted, "restored": tally.restored, "missing": tally.missing}
        counts = done | {name: count for name, count in found.items() if count}
        lines = {"fetched": self._fetched()} | counts | folder_facts(self.folder)
        title = join("Copy ", tag("span", f"{self.rows:,} rows", class_="sf-size"))
        return str(card(title, facts(lines), note="The next run fetches what has changed since this one."))

    def _fetched(self) -> str:
        return "everything" if self.since is None else f"changes since {self.since:%Y-%m-%d %H:%M:%S}Z"
