"""Which pages are to be read next: those of earlier chains first, each as soon as it is known."""

from __future__ import annotations

import heapq
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.extract.pages import Todo


class Agenda:
    """Hand out pages to whoever reads them, until none is open any more. From any thread."""

    def __init__(self) -> None:
        self._waiting: list[Todo] = []
        self._open_pages = 0
        self._is_whole = False
        self._stopped = False
        self._changed = threading.Condition()

    def add(self, todo: Todo) -> None:
        """Add a page; that which follows another is added before the other is done."""
        with self._changed:
            self._open_pages += 1
            heapq.heappush(self._waiting, todo)
            self._changed.notify()

    def done(self) -> None:
        """Say that a page has been read."""
        with self._changed:
            self._open_pages -= 1
            self._changed.notify_all()

    def seal(self) -> None:
        """Say that no further chain begins."""
        with self._changed:
            self._is_whole = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def next(self) -> Todo | None:
        """Wait for a page to read; None where there is none any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped or self.is_over)
            return heapq.heappop(self._waiting) if self._waiting and not self._stopped else None

    @property
    def is_over(self) -> bool:
        """Whether every page of every chain has been read."""
        return self._is_whole and self._open_pages == 0
