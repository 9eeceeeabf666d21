"""What a copy knows of itself, and what a run that is under way has set out to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sfbulk_pandas.errors import JournalError, UsageError
from sfbulk_pandas.sinks.disk import durable, sync_folder
from sfbulk_pandas.sinks.folder import DETAILS_FILE

if TYPE_CHECKING:
    from pathlib import Path

STATE_KEY = "sync"
WINDOW_FILE = "window.json"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Window:
    """What a run fetches: all that has changed since a moment; everything, where there is none.

    Attributes
    ----------
    sobject : str
    org_id : str
    columns : tuple of str
    until : datetime
        By Salesforce's clock, before anything was fetched: the next run begins there, or a while before.
    run : int
        How many runs the copy has seen, this one among them.
    since : datetime or None
    sweep : bool
        Whether all Ids are fetched as well.
    takes_all : bool
        Whether the columns are all that there were when the copy was begun.
    """

    sobject: str
    org_id: str
    columns: tuple[str, ...]
    until: datetime
    run: int
    since: datetime | None = None
    sweep: bool = False
    takes_all: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it fetches everything."""
        return self.since is None

    def next(self, until: datetime, overlap: timedelta, *, sweep: bool) -> Window:
        """Return what the run after this one fetches."""
        return replace(self, until=until, since=self.until - overlap, run=self.run + 1, sweep=sweep)

    def may_stand_for(self, other: Window) -> bool:
        """Whether it goes on from the same state of the copy, and fetches no less."""
        if self.run != other.run:  # it was published, or the copy is another by now
            return False
        return self.since is None or (other.since is not None and self.since <= other.since)

    def asks_the_same(self, other: Window) -> bool:
        """Whether both are of the same records and columns, and swept alike where there is something to sweep."""
        is_same = (self.sobject, self.org_id, self.columns) == (other.sobject, other.org_id, other.columns)
        return is_same and (self.is_full or self.sweep == other.sweep)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        since = None if self.since is None else self.since.isoformat()
        return asdict(self) | {"columns": list(self.columns), "until": self.until.isoformat(), "since": since}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`as_dict` has returned."""
        since = data["since"]
        return cls(
            **data
            | {
                "columns": tuple(data["columns"]),
                "until": datetime.fromisoformat(data["until"]),
                "since": None if since is None else datetime.fromisoformat(since),
            }
        )

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what a run that did not end had set out to do.

        Raises
        ------
        JournalError
            Where its notes cannot be read.
        """
        path = folder / WINDOW_FILE
        try:
            return cls.from_dict(json.loads(path.read_bytes())) if path.exists() else None
        except _UNREADABLE as error:
            raise JournalError(f"{path} cannot be read: {error}", hint="restart=True begins the run anew") from error

    def write(self, folder: Path) -> None:
        """Write it down, and return when it is on disk."""
        with durable(folder / f"{WINDOW_FILE}.new") as file:
            file.write(json.dumps(self.as_dict()).encode())
        (folder / f"{WINDOW_FILE}.new").replace(folder / WINDOW_FILE)
        sync_folder(folder)


def read_copy(target: Path) -> tuple[Window, dict[str, Any]] | None:
    """Return what the last run has fetched and the details of the folder; None where there is no copy yet.

    Raises
    ------
    UsageError
        Where the folder holds anything else.
    """
    path = target / DETAILS_FILE
    if not (any(target.iterdir()) if target.is_dir() else target.exists()):
        return None
    try:
        details = json.loads(path.read_bytes())
        held = {name: int(rows) for name, rows in details["files"].items()}
        details |= {"files": held, "rows": int(details["rows"]), "schema": dict(details["schema"])}
        return Window.from_dict(details[STATE_KEY]), details
    except _UNREADABLE:
        raise UsageError(
            f"{target} is there already, and no copy that sync has made", hint="name another folder"
        ) from None
