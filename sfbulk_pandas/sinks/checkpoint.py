"""What an extract to disk has done: a line of JSON a step, each on disk before the next step is taken."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sfbulk_pandas.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one page in a file: so many of them, from the ``start``-th on; those before are in earlier files."""

    path: str
    start: int
    rows: int


@dataclass(frozen=True, slots=True)
class WholePage:
    """A page all of whose rows are on disk.

    Attributes
    ----------
    path : str
        What fetches it.
    rows : int
    following : str or None
        What fetches the next page of its chain.
    """

    path: str
    rows: int
    following: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """What one step has brought to disk.

    Attributes
    ----------
    files : mapping of str to int
        The rows of each new file, by its name; the files are whole.
    segments : tuple of Segment
        Whose rows these are, in the order of the files.
    whole : tuple of WholePage
        Pages that are complete with them.
    bad_cells : int
        How many cells of these rows have no value of their column's type; they lie in a file beside.
    """

    files: Mapping[str, int] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    whole: tuple[WholePage, ...] = ()
    bad_cells: int = 0


class Checkpoint:
    """The notes of one extract. Any thread may write; a last line that is torn was never written.

    Holds the query, the addresses of pages and counts; no row, and no secret: a page's address is of use only with a
    token.

    Parameters
    ----------
    path : Path
        Made where it is not there.

    Attributes
    ----------
    head : dict
        What the extract is; empty where none has begun.
    memory : dict
        What its plan has made in Salesforce, such as jobs.
    steps : list of Written
        In their order.
    closing : dict
        What was about to be published; empty before.
    is_trusted : bool
        Whether the rows on disk are those of their pages.

    Raises
    ------
    JournalError
        Where the file cannot be read, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.head: dict[str, Any] = {}
        self.memory: dict[str, Any] = {}
        self.steps: list[Written] = []
        self.closing: dict[str, Any] = {}
        self.is_trusted = True
        self._path = path
        self._lock = threading.Lock()
        try:
            lines, size = _whole_lines(path)
            for line in lines:
                self._take(line)
            self._file = path.open("ab")
            self._file.truncate(size)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise JournalError(
                f"{path} cannot be read: {error}", hint="restart=True begins the extract anew"
            ) from error

    @property
    def rows(self) -> dict[str, int]:
        """How many rows of each page are on disk, by its path."""
        found: dict[str, int] = {}
        for step in self.steps:
            for segment in step.segments:
                found[segment.path] = segment.start + segment.rows
        return found

    @property
    def whole(self) -> dict[str, WholePage]:
        """The pages that are on disk as a whole, by their path."""
        return {page.path: page for step in self.steps for page in step.whole}

    @property
    def files(self) -> dict[str, int]:
        """The rows of each file."""
        return {name: rows for step in self.steps for name, rows in step.files.items()}

    def begin(self, head: Mapping[str, Any]) -> None:
        """Write down what the extract is."""
        self.append({"head": dict(head)})

    def remember(self, values: Mapping[str, Any]) -> None:
        """Write down what the plan has made."""
        self.append({"memory": dict(values)})

    def forget(self, names: Iterable[str]) -> None:
        """Write down that some of it is of no use any more."""
        self.append({"forget": list(names)})

    def wrote(self, step: Written) -> None:
        """Write down that files are whole, and which rows are in them."""
        segments = [[each.path, each.start, each.rows] for each in step.segments]
        whole = [[each.path, each.rows, each.following] for each in step.whole]
        self.append({"files": dict(step.files), "pages": segments, "whole": whole, "bad_cells": step.bad_cells})

    def distrust(self) -> None:
        """Write down that a page was wrong, so that the next run reads all of them anew."""
        self.append({"trusted": False})

    def close_with(self, result: Mapping[str, Any]) -> None:
        """Write down that everything is there and about to be published."""
        self.append({"closing": dict(result)})

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line, and return when it is on disk.

        Raises
        ------
        JournalError
            Where that fails.
        """
        with self._lock:
            try:
                self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise JournalError(f"{self._path} cannot be written: {error}") from error
            self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        self.head = dict(line.get("head", self.head))
        self.memory.update(line.get("memory", {}))
        for name in line.get("forget", ()):
            self.memory.pop(name, None)
        if "files" in line:
            segments = tuple(Segment(str(path), int(start), int(rows)) for path, start, rows in line["pages"])
            whole = tuple(WholePage(str(path), int(rows), following) for path, rows, following in line["whole"])
            files = {name: int(rows) for name, rows in line["files"].items()}
            self.steps.append(Written(files, segments, whole, int(line["bad_cells"])))
        self.closing = dict(line.get("closing", self.closing))
        self.is_trusted = bool(line.get("trusted", self.is_trusted))

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        with suppress(OSError):  # a full disk refuses, once more, the line of which it was told already
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _whole_lines(path: Path) -> tuple[Iterator[dict[str, Any]], int]:
    """Return the lines that are whole, and how many bytes they take."""
    data = path.read_bytes() if path.exists() else b""
    size = data.rfind(b"\n") + 1
    return (json.loads(line) for line in data[:size].splitlines()), size
