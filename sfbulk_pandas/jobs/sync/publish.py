"""Put a copy's next state in the place of the last, as a whole; a kill in between is mended by the next run."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.jobs.sync.state import WINDOW_FILE, read_copy
from sfbulk_pandas.sinks.disk import durable, sync_folder
from sfbulk_pandas.sinks.folder import DETAILS_FILE

if TYPE_CHECKING:
    from pathlib import Path

_NEXT, _OLD = "next", "old"


def new_folder(work: Path) -> Path:
    """Make the folder of the next state, empty."""
    folder = work / _NEXT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def publish(work: Path, target: Path, details: dict[str, Any]) -> None:
    """Complete the next state with its details, which come last, and put it in place.

    Raises
    ------
    UsageError
        Where something else has come to the target meanwhile.
    """
    sync_folder(work / _NEXT)
    with durable(work / _NEXT / DETAILS_FILE) as file:
        file.write(json.dumps(details, ensure_ascii=False, indent=2).encode())
    sync_folder(work / _NEXT)
    finish(work, target)


def finish(work: Path, target: Path) -> None:
    """Put a state that is complete in place, also one that a run has left which was killed.

    Raises
    ------
    UsageError
        Where the target holds something else than a copy.
    """
    if not (work / _NEXT / DETAILS_FILE).exists():
        return
    read_copy(target)  # which refuses what is none: it would be removed
    shutil.rmtree(work / _OLD, ignore_errors=True)
    if target.exists():
        target.rename(work / _OLD)
    (work / _NEXT).rename(target)
    sync_folder(target.parent)


def has_begun(work: Path) -> bool:
    """Whether a later run has something to go on from."""
    return (work / WINDOW_FILE).exists() and any(path.is_dir() for path in work.iterdir())


def clear(work: Path) -> None:
    """Remove everything in a run's folder but the lock.

    First what says which run it is of: killed in between, nothing that is left is taken for the next run's.
    """
    (work / WINDOW_FILE).unlink(missing_ok=True)
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
