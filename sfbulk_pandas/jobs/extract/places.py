"""Paths that callers name."""

from __future__ import annotations

import os
from pathlib import Path

from sfbulk_pandas.errors import UsageError


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return a path of this machine, whole.

    Raises
    ------
    UsageError
        For the address of another place, or a path without a name.
    """
    text = os.fspath(path)
    if "://" in text:
        raise UsageError(f"{text} is no path of this machine", hint="write here, and copy what is whole")
    whole = Path(text).expanduser().resolve()
    if not whole.name:
        raise UsageError(f"{text!r} names no file or folder")
    return whole
