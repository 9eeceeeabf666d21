"""The pool, as a port: several requests on their way at once in life, one after the other in tests."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class Pool(Protocol):
    """Apply a function to items; whoever made the pool closes it, and may do so twice.

    Not from inside ``fn``: a pool that waits for itself would wait for ever.
    """

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield ``fn(item)`` for each item, in the order of the items.

        Parameters
        ----------
        fn : callable
            Called in any thread.
        items : iterable
            May have no end, and may be costly: it is advanced in the consumer's thread alone, when the
            consumer asks, and never further than the pool can work ahead.

        Yields
        ------
        object
            What ``fn`` returned. What it raised, or ``items`` did, is raised at its place and ends the
            iterator; then, as when it or the pool is closed early, what has not begun never begins,
            and what runs is waited for.
        """
        ...

    def close(self) -> None:
        """Begin nothing any more, and wait for what runs. May be called twice."""
        ...


class Threads:
    """A pool of threads, to be used as a context.

    Up to ``workers + 1`` items are ahead of the consumer. Of several consumers, all together; but each may have one.

    Parameters
    ----------
    workers : int
        How many items are worked on at once. One more waits for the first that is free.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise UsageError(f"a pool needs at least one worker, not {workers}")
        self._workers = workers
        self._closed = False
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="sfbulk")
        self._ahead = 0
        self._lock = threading.Lock()

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield ``fn(item)`` for each item, in the order of the items. See :class:`Pool`."""
        ahead: deque[Future[R]] = deque()
        source = _Held(items)
        try:
            for item in source:
                self._check_open()
                ahead.append(self._executor.submit(fn, item))
                if self._counted(1) > self._workers:
                    yield self._next_of(ahead)
            while ahead:
                yield self._next_of(ahead)
            source.raise_held()
        finally:
            _give_up(ahead)
            self._counted(-len(ahead))

    def _next_of(self, ahead: deque[Future[R]]) -> R:
        self._check_open()
        self._counted(-1)
        return ahead.popleft().result()

    def _counted(self, more: int) -> int:
        """Count items that are ahead of their consumers, and return how many they are."""
        with self._lock:
            self._ahead += more
            return self._ahead

    def _check_open(self) -> None:
        if self._closed:
            raise _closed()

    def close(self) -> None:
        """Cancel what has not begun, and wait for what runs. May be called twice."""
        self._closed = True
        self._executor.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Serial:
    """A pool without threads: each item is worked on when the consumer asks for it."""

    def __init__(self) -> None:
        self._closed = False

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield ``fn(item)`` for each item, in the order of the items. See :class:`Pool`."""
        for item in items:
            if self._closed:
                raise _closed()
            yield fn(item)

    def close(self) -> None:
        """Begin nothing any more. May be called twice."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Held(Generic[T]):
    """Iterate, and keep an error of the source until the results before it have been handed out."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = items
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[T]:
        try:
            yield from self._items
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised at its place
            self._error = error

    def raise_held(self) -> None:
        if self._error is not None:
            raise self._error


def _give_up(ahead: Iterable[Future[R]]) -> None:
    wait([each for each in ahead if not each.cancel()])


def _closed() -> UsageError:
    return UsageError("this pool is closed: nothing can be begun in it any more")
