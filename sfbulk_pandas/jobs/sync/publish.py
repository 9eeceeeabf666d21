"""Put a copy's next state in the place of the last, as a whole; a kill in between is mended by the next run."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import DataError
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
    DataError
        Where the disk refuses; the same call goes on from there.
    """
    try:
        with durable(work / _NEXT / DETAILS_FILE) as file:
            file.write(json.dumps(details, ensure_ascii=False, indent=2).encode())
        sync_folder(work / _NEXT)
        finish(work, target)
    except OSError as error:
        raise DataError(f"the copy cannot be put to {target}: {error}") from error


def finish(work: Path, target: Path) -> None:
    """Put a state that is complete in place, where a run that was killed has left one, and remove its other traces."""
    if not (work / _NEXT / DETAILS_FILE).exists():
        return
    shutil.rmtree(work / _OLD, ignore_errors=True)
    if target.exists():
        target.rename(work / _OLD)
    (work / _NEXT).rename(target)
    sync_folder(target.parent)
    clear(work)


def clear(work: Path) -> None:
    """Remove everything in a run's folder but the lock."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != "lock":
            path.unlink()
