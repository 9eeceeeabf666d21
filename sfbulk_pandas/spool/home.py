"""Where spools lie: in one folder a process, locked while it lives, so that others can tell what a killed one left.

A lock for the process and not for each spool: a notebook may keep more results than a process may have files open.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import time
import weakref
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "sfbulk-"
_LOCK = "lock"
_YOUNG_SECONDS = 60  # a folder that was just made may not be locked yet
_homes: dict[tuple[int, str], _Home] = {}
_making = threading.Lock()


def new_folder() -> Path:
    """Make a folder that nobody else may read, and remove what processes have left that were killed.

    Raises
    ------
    OSError
        Where there is no temporary folder to write in.
    """
    parent = tempfile.gettempdir()
    with _making:
        home = _homes.get((os.getpid(), parent))
        if home is None or not home.folder.exists():  # what tidies temporary folders up may have taken it
            home = _homes[os.getpid(), parent] = _Home(parent)
        folder = Path(tempfile.mkdtemp(dir=home.folder))  # 0700
    sweep(Path(parent))
    return folder


def remove(folder: Path, pid: int) -> None:
    """Remove a folder, but not in a child of the process that made it."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders of this user's processes that live no more; rows do not lie about for ever."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if _may_be_left(folder):
            _remove_unless_held(folder)


class _Home:
    """The folder of this process; goes with it."""

    def __init__(self, parent: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))  # 0700
        lock = FileLock(self.folder / _LOCK, mode=0o600, thread_local=False)
        lock.acquire(timeout=0)
        weakref.finalize(self, _end, self.folder, lock, os.getpid())


def _end(folder: Path, lock: FileLock, pid: int) -> None:
    if os.getpid() == pid:
        lock.release()  # first: on Windows a file that is open stays
        shutil.rmtree(folder, ignore_errors=True)


def _may_be_left(folder: Path) -> bool:
    """Whether a folder is this user's, and old enough to be locked by a process that lives."""
    try:
        its, lock = folder.lstat(), (folder / _LOCK).lstat()
    except OSError:  # gone, or never locked: then it holds no rows
        return False
    is_mine = not hasattr(os, "getuid") or its.st_uid == os.getuid()
    return is_mine and stat.S_ISDIR(its.st_mode) and time.time() - lock.st_mtime > _YOUNG_SECONDS


def _remove_unless_held(folder: Path) -> None:
    try:
        with FileLock(folder / _LOCK, mode=0o600, thread_local=False).acquire(timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
    except (Timeout, OSError):  # its process lives, or another one removes it just now
        return
    shutil.rmtree(folder, ignore_errors=True)  # on Windows the lock's file goes only now
