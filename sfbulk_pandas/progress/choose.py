"""Choose who listens, and keep whoever listens from breaking a job."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.progress.bar import Bar, in_notebook
from sfbulk_pandas.progress.control import Control
from sfbulk_pandas.progress.events import FrameChecked
from sfbulk_pandas.progress.report import findings_text, has_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.progress.events import Event, Listener

log = logging.getLogger("sfbulk_pandas")


class Dispatcher:
    """Hand events to a listener, one at a time, from any thread; never raise.

    A listener that raises is logged once and dropped: events are for eyes, and the job goes on.

    Parameters
    ----------
    listener : callable or None
        None for silence.
    calls : callable or None
        Returns how many requests there were; those since now stand in each event.

    Attributes
    ----------
    control : Control
        What the events hand on, and what the job obeys.

    Examples
    --------
    >>> from sfbulk_pandas.progress.events import QueryFinished
    >>> with Dispatcher(print) as notify:
    ...     notify(QueryFinished(rows=3))
    QueryFinished(rows=3)
    """

    def __init__(self, listener: Listener | None, calls: Callable[[], int] | None = None) -> None:
        self.control = Control()
        self._listener = listener
        self._calls = calls
        self._calls_before = calls() if calls is not None else 0
        self._lock = threading.RLock()

    @property
    def is_watched(self) -> bool:
        """Whether somebody wants to know more than what a check has found."""
        return self._listener not in {None, log_findings}

    def __call__(self, event: Event) -> None:
        """Hand one event on; return when the listener has returned."""
        with self._lock:
            if self._listener is None:
                return
            if self._calls is not None:
                event = replace(event, api_calls=self._calls() - self._calls_before)
            try:
                self._listener(event)
            except Exception as error:  # noqa: BLE001 - whatever a listener raises, the job goes on
                self._drop(type(event).__name__, error)

    def close(self) -> None:
        """End the listening; a bar that still stands is closed. May be called twice, also after an exception."""
        with self._lock:
            try:
                if isinstance(self._listener, Bar):
                    self._listener.close()
            except Exception as error:  # noqa: BLE001 - the same
                self._drop("its end", error)
            self._listener = None

    def _drop(self, place: str, error: Exception) -> None:
        log.warning("a progress listener failed at %s and is not called again", place, exc_info=error)
        self._listener = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def listener_for(progress: bool | str | Listener | None, calls: Callable[[], int] | None = None) -> Dispatcher:
    """Return who is told of events.

    Parameters
    ----------
    progress : None, bool or callable
        None: a bar in a terminal or a notebook, else none. True: a bar. False: none.
        Without a bar, what the check of a frame has found goes to the log, as a warning.
        A callable gets every event.
    calls : callable or None
        As of :class:`Dispatcher`.

    Returns
    -------
    Dispatcher
        To be closed at the end of the call.

    Raises
    ------
    UsageError
        For anything else.
    """
    if progress is None:
        progress = in_notebook() or _in_terminal()
    if isinstance(progress, bool):
        return Dispatcher(Bar() if progress else log_findings, calls)
    if not callable(progress):
        raise UsageError(f"progress={progress!r} is neither None, True, False nor a callable")
    return Dispatcher(progress, calls)


def log_findings(event: Event) -> None:
    """Warn in the log of rows that Salesforce will refuse. Where nobody set up logging, Python writes it to stderr."""
    if isinstance(event, FrameChecked) and has_findings(event.report):
        log.warning("%s", findings_text(event.report).rstrip())


def _in_terminal() -> bool:
    stream = sys.stderr
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):  # replaced by something that is no terminal, or closed
        return False
