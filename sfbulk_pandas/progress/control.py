"""Ask a load or a query that is under way to stop: from a button, a listener, or any thread."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Wish(StrEnum):
    """What was asked for."""

    ABORT = "abort"
    DETACH = "detach"


class Control:
    """Ask one call to stop. Any thread may use it; after the call is over, nothing listens any more.

    It comes with the first event of a load or query: ``event.control``. A wish is heard at once, also in a pause
    between two questions; what is just on its way, such as one request, comes to its end first. Of a pickled event, it
    controls nothing.

    Examples
    --------
    ``org.insert(frame, "Contact", progress=lambda event: event.control.abort() if isinstance(event, LoadStarted) else
    None)`` sends nothing.
    """

    def __init__(self) -> None:
        self._wish: Wish | None = None
        self._asked = threading.Event()
        self._hearers: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def abort(self) -> None:
        """Abort the jobs in Salesforce and end the call with :class:`JobAborted`; rows written before that stay.

        Of a load, ``.result`` of the error accounts for every row; of a query, ``.partial`` holds what came.
        May be called twice, and after :meth:`detach`.
        """
        self._ask(Wish.ABORT)

    def detach(self) -> None:
        """Leave the jobs running and end the call with :class:`StillRunning`, whose ``.resume()`` comes back to them.

        No further part is begun, and one that is going up breaks off: it goes up again after the resume. May be
        called twice; after :meth:`abort` it does nothing.
        """
        self._ask(Wish.DETACH)

    @property
    def wish(self) -> Wish | None:
        """What was asked for; None where nothing was."""
        return self._wish

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until there is a wish; return whether there is one."""
        return self._asked.wait(seconds)

    @contextmanager
    def heard_by(self, hearer: Callable[[], None]) -> Iterator[None]:
        """Call something short at each wish, in the thread that utters it; at once where there is one already.

        Parameters
        ----------
        hearer : callable
            Forgotten at the end of the context.
        """
        with self._lock:
            self._hearers.append(hearer)
            is_late = self._wish is not None
        try:
            if is_late:
                hearer()
            yield
        finally:
            with self._lock:
                self._hearers.remove(hearer)

    def _ask(self, wish: Wish) -> None:
        with self._lock:
            if self._wish in {wish, Wish.ABORT}:
                return
            self._wish = wish
            hearers = tuple(self._hearers)
        self._asked.set()
        for hearer in hearers:
            hearer()

    def __reduce__(self) -> tuple[type[Control], tuple[()]]:
        return Control, ()

    def __repr__(self) -> str:
        return f"Control({self._wish or 'nothing asked'})"
