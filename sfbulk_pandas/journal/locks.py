"""Who works on a load: a lock that the system lets go of when its process dies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from sfbulk_pandas.errors import JournalBusy, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

ELSEWHERE = "see that the folder can be written to, or name another journal: connect(..., journal=path)"
_GLANCE_SECONDS = 0.5  # how long a lock may be held by somebody who only looks whether it is; that takes no time

_POLL_SECONDS = 0.01
_OPENING = "opening"  # no load has this id


class Locks:
    """Locks of loads, files in one folder; a file says nothing, only its lock does. From any thread or process.

    Parameters
    ----------
    folder : Path
        Made when it is needed, with the one that it is in, both for the user alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, load_id: str) -> Iterator[None]:
        """Hold the lock of a load.

        Raises
        ------
        JournalBusy
            Where it is held, by this process or another.
        JournalError
            Where it cannot be held.
        """
        with self._held(load_id, _GLANCE_SECONDS):
            yield

    def opening(self, seconds: float) -> AbstractContextManager[object]:
        """Hold the lock of the journal's own file while it is opened; wait so many seconds for others that open it.

        Raises
        ------
        OSError
            Where it cannot be held.
        """
        self._make_folder()
        return self._lock(_OPENING).acquire(timeout=seconds, poll_interval=_POLL_SECONDS)

    def is_held(self, load_id: str) -> bool:
        """Whether somebody works on a load."""
        if not self._path(load_id).exists():
            return False
        try:
            with self._held(load_id, 0):
                return False
        except JournalBusy:
            return True

    def remove(self, load_id: str) -> None:
        """Remove the file of a load that nobody works on any more."""
        self._path(load_id).unlink(missing_ok=True)

    @contextmanager
    def _held(self, load_id: str, seconds: float) -> Iterator[None]:
        lock = self._lock(load_id)
        try:
            self._make_folder()
            lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS)
        except Timeout:
            raise JournalBusy(
                f"load {load_id} is under way, in this or another process",
                hint="wait for it, or end that process",
                load_id=load_id,
            ) from None
        except OSError as error:
            message = f"load {load_id} cannot be locked in {self._folder}: {error}"
            raise JournalError(message, hint=ELSEWHERE) from error
        try:
            yield
        finally:
            lock.release()

    def _make_folder(self) -> None:
        """Make it, and the journal's own; what lies above them has the usual mode."""
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def _path(self, load_id: str) -> Path:
        return self._folder / f"{load_id}.lock"

    def _lock(self, load_id: str) -> FileLock:
        return FileLock(self._path(load_id), mode=0o600, thread_local=False)
