"""Between the threads that read pages and the one that takes the rows: a belt that holds only so much."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sfbulk_pandas.sinks.base import PageEnd, Place

Key = tuple[int, int]
_MIXED: Key = (0, 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a page, in its order.

    Attributes
    ----------
    place : Place
    batch : pyarrow.RecordBatch
    bad_cells : pyarrow.Table or None
        Cells of these rows that have no value of their column's type, and are null in the batch.
    is_kept : bool
        Whether an earlier run has kept them, so that they did not travel now.
    """

    place: Place
    batch: pa.RecordBatch
    bad_cells: pa.Table | None = None
    is_kept: bool = False


class Conveyor:
    """Hand rows over, in order of the result or as they come; whoever is too fast waits.

    Any number of threads may put, one may take.

    Parameters
    ----------
    limit_bytes : int
        How much may lie on it. The page whose turn it is may always put one more batch.
    keep_order : bool
        Whether pages are handed out one after the other, in the order of the result.
    """

    def __init__(self, limit_bytes: int, *, keep_order: bool) -> None:
        self._limit_bytes = limit_bytes
        self._keep_order = keep_order
        self._turn: Key = _MIXED
        self._lanes: dict[Key, deque[tuple[Rows | PageEnd, int]]] = {}
        self._held_bytes = 0
        self._complete = False
        self._stopped = False
        self._error: BaseException | None = None
        self._moved = threading.Condition()

    def put(self, item: Rows | PageEnd) -> None:
        """Put something on, after what the same page has put before.

        Raises
        ------
        CancelledError
            Where nobody takes it any more.
        """
        key = (item.place.chain, item.place.page) if self._keep_order else _MIXED
        size = item.batch.nbytes if isinstance(item, Rows) else 0
        with self._moved:
            self._moved.wait_for(lambda: self.is_stopped or self._has_room(key, size))
            if self.is_stopped:
                raise CancelledError
            self._lanes.setdefault(key, deque()).append((item, size))
            self._held_bytes += size
            self._moved.notify_all()

    def complete(self) -> None:
        """Say that nothing more will come."""
        with self._moved:
            self._complete = True
            self._moved.notify_all()

    def fail(self, error: BaseException) -> None:
        """Say that an error ends it, after what can be handed out before it. The first error counts."""
        with self._moved:
            self._error = self._error or error
            self._moved.notify_all()

    def stop(self) -> None:
        """Say that nobody takes any more. May be called twice."""
        with self._moved:
            self._stopped = True
            self._lanes.clear()
            self._moved.notify_all()

    @property
    def is_stopped(self) -> bool:
        """Whether there is no use in reading on."""
        return self._stopped or self._error is not None

    def __iter__(self) -> Iterator[Rows | PageEnd]:
        """Take everything; raise the error that ends it."""
        while (item := self._next()) is not None:
            yield item

    def _next(self) -> Rows | PageEnd | None:
        with self._moved:
            self._moved.wait_for(self._can_take)
            lane = self._lanes.get(self._turn)
            if lane:
                return self._taken(lane)
            if self._error is not None:
                raise self._error
            return None

    def _taken(self, lane: deque[tuple[Rows | PageEnd, int]]) -> Rows | PageEnd:
        item, size = lane.popleft()
        self._held_bytes -= size
        if self._keep_order and not isinstance(item, Rows):
            del self._lanes[self._turn]
            at = item.place
            self._turn = (at.chain + 1, 0) if item.following is None else (at.chain, at.page + 1)
        self._moved.notify_all()
        return item

    def _can_take(self) -> bool:
        return bool(self._lanes.get(self._turn) or self._complete or self.is_stopped)

    def _has_room(self, key: Key, size: int) -> bool:
        is_next = key == self._turn and not self._lanes.get(key)
        return is_next or size == 0 or self._held_bytes + size <= self._limit_bytes
