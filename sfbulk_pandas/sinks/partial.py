"""The folder of an extract under way: locked by who works on it, and found again by the same call after its death."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from filelock import FileLock, Timeout

from sfbulk_pandas.errors import JournalBusy, JournalError, UsageError
from sfbulk_pandas.sinks.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_LOCK, _NOTES, _ROWS, _BAD, _OLD, _GROUPS = "lock", "checkpoint.jsonl", "rows", "bad", "old", "groups"
_OURS = frozenset({_LOCK, _NOTES, _ROWS, _BAD, _OLD, _GROUPS})
_RESTART = "restart=True throws away what is there and begins anew"


def partial_of(target: Path) -> Path:
    """Return the hidden folder in which a target grows."""
    return target.with_name(f".{target.name}.partial")


def is_under_way(target: Path) -> bool:
    """Whether an extract has left notes beside a target; once they are gone, what is there is whole."""
    return (partial_of(target) / _NOTES).exists()


class Partial:
    """What an extract has brought to disk so far, and its notes.

    Attributes
    ----------
    folder : Path
    checkpoint : Checkpoint
    is_removed : bool
        Whether there is no use for it any more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoint = Checkpoint(folder / _NOTES)
        self.is_removed = False

    @property
    def rows_folder(self) -> Path:
        """Where the files with rows are."""
        return self.folder / _ROWS

    @property
    def bad_folder(self) -> Path:
        """Where the files with bad cells are, one a step that met some, by the number of the step."""
        return self.folder / _BAD

    @property
    def old_folder(self) -> Path:
        """Where that goes which the rows replace."""
        return self.folder / _OLD

    @property
    def groups_folder(self) -> Path:
        """Where the folders of its groups of columns are, where it is put together of such."""
        return self.folder / _GROUPS

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a later run has something to go on from."""
        has_notes = self.checkpoint.steps or self.checkpoint.memory or self.checkpoint.closing
        return bool(has_notes) or any(self.groups_folder.glob("*"))

    def begin(self, head: Mapping[str, Any]) -> None:
        """Take up what is there, or begin; files that were not finished are removed.

        Raises
        ------
        UsageError
            Where what is there belongs to another query.
        JournalError
            Where files that it has noted are not there.
        """
        if self.checkpoint.head:
            self._check_same(head)
        else:
            self.checkpoint.begin({"extract_id": uuid4().hex, **head})
        self._check_there()
        if not self.checkpoint.closing:
            for folder in (self.rows_folder, self.bad_folder):
                folder.mkdir(exist_ok=True)
            self._remove_unfinished()

    def restart(self, *, keeps_groups: bool = False) -> None:
        """Throw everything away but the lock, and the groups of columns where that is asked for."""
        self.checkpoint.close()
        _clear(self.folder, {_LOCK, _GROUPS} if keeps_groups else {_LOCK})
        self.checkpoint = Checkpoint(self.folder / _NOTES)

    def remove(self) -> None:
        """Remove the folder; may be called twice, and does nothing then: it may be another process's by now."""
        if self.is_removed:
            return
        self.is_removed = True
        self.checkpoint.close()
        for folder in (self.rows_folder, self.bad_folder, self.old_folder):  # before the notes that tell of their end
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)  # on Windows the lock's file goes with the lock

    def _check_same(self, head: Mapping[str, Any]) -> None:
        held = self.checkpoint.head
        differs = next((name for name, value in head.items() if held.get(name) != value), None)
        if differs is not None:
            raise UsageError(
                f"{self.folder} holds part of another extract: its {differs} was {held.get(differs)!r}, "
                f"and is {head[differs]!r} now",
                hint=f"ask the same to go on with it; {_RESTART}",
            )

    def _check_there(self) -> None:
        if self.checkpoint.closing and not self.rows_folder.exists():
            return  # it was published
        missing = next((name for name in self.checkpoint.files if not (self.rows_folder / name).exists()), None)
        if missing is not None:
            raise JournalError(f"{self.rows_folder / missing} is not there, and was", hint=_RESTART)

    def _remove_unfinished(self) -> None:
        noted = {self.rows_folder / name for name in self.checkpoint.files}
        numbers = {f"{number:05}" for number, step in enumerate(self.checkpoint.steps) if step.bad_cells}
        for path in [each for each in self.rows_folder.rglob("*") if each.is_file()]:
            if path not in noted:
                path.unlink()
        for path in list(self.bad_folder.iterdir()):
            if path.stem not in numbers:
                path.unlink()


@contextmanager
def opened(folder: Path, *, restart: bool = False) -> Iterator[Partial]:
    """Open the folder of an extract, for this process alone.

    Parameters
    ----------
    folder : Path
        Made where it is not there, readable by this user alone.
    restart : bool
        Whether what is in it is thrown away.

    Raises
    ------
    UsageError
        Where it holds anything that no extract has left.
    JournalBusy
        Where this or another process is at it.
    JournalError
        Where it cannot be written.
    """
    if folder.exists():
        _refuse_strangers(folder)
    with locked(folder):
        _refuse_strangers(folder)
        if restart:
            _clear(folder, {_LOCK})
        partial = Partial(folder)
        try:
            yield partial
        finally:
            partial.checkpoint.close()
            if not partial.is_worth_keeping:
                partial.remove()
    if partial.is_removed:
        remove_left(folder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder and hold its lock, which the system lets go of when the process dies.

    Raises
    ------
    JournalBusy
        Where this or another process holds it.
    JournalError
        Where it cannot be held.
    """
    path = folder / _LOCK
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        while not _acquired(lock, path):
            lock.release()
    except Timeout:
        raise JournalBusy(
            f"another extract writes to {folder}, in this or another process", hint="wait for it, or end that process"
        ) from None
    except OSError as error:
        raise JournalError(f"{folder} cannot be written: {error}") from error
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: FileLock, path: Path) -> bool:
    """Acquire a lock; not where whoever had it has removed its folder meanwhile: then it locks nothing any more."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    before = path.stat().st_ino
    lock.acquire(timeout=0)
    return path.exists() and path.stat().st_ino == before


def remove_left(folder: Path) -> None:
    """Remove the folder with the lock's file, where that could not go while it was locked."""
    if os.name != "posix":  # elsewhere the name may belong to another process by now
        with suppress(OSError):
            (folder / _LOCK).unlink()  # fails where another process has opened it
            folder.rmdir()


def _refuse_strangers(folder: Path) -> None:
    strangers = {path.name for path in folder.iterdir()} - _OURS if folder.is_dir() else {"no files, being one"}
    if strangers:
        raise UsageError(
            f"{folder} is no folder of an extract: it holds {min(strangers)}", hint="name a folder of its own"
        )


def _clear(folder: Path, keeps: AbstractSet[str]) -> None:
    """Remove what is in a folder, the notes first: killed in between, they would tell of rows that are gone."""
    for name in sorted(_OURS - keeps, key=lambda name: name != _NOTES):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
