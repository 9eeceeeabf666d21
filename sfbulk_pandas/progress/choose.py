"""Choose who listens, and keep whoever listens from breaking a job."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, Self, get_args

from sfbulk_pandas.errors import MissingExtra, UsageError
from sfbulk_pandas.progress.bar import Bar, in_notebook
from sfbulk_pandas.progress.control import Control
from sfbulk_pandas.progress.listening import OwnListener
from sfbulk_pandas.progress.log import log_findings, log_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.progress.events import Event, Listener

log = logging.getLogger("sfbulk_pandas")
Way = Literal["widget", "bar", "log"]


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
        return self._listener is not None and self._listener is not log_findings

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

    def close(self, error: BaseException | None = None) -> None:
        """End the listening; a bar or panel that still stands is told. May be called twice, also after an exception.

        Parameters
        ----------
        error : BaseException or None
            What has ended the job early.
        """
        with self._lock:
            try:
                if isinstance(self._listener, OwnListener):
                    self._listener.end(error)
            except Exception as failure:  # noqa: BLE001 - the same
                self._drop("its end", failure)
            self._listener = None

    def _drop(self, place: str, error: Exception) -> None:
        log.warning("a progress listener failed at %s and is not called again", place, exc_info=error)
        self._listener = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, where: object) -> None:
        self.close(error)


def listener_for(progress: bool | str | Listener | None, calls: Callable[[], int] | None = None) -> Dispatcher:
    """Return who is told of events.

    Parameters
    ----------
    progress : None, bool, {"widget", "bar", "log"} or callable
        None: a panel in a notebook with ipywidgets, a bar in a terminal or another notebook, else lines in the log.
        True: a panel or a bar, whatever the place. False: nothing. Without a panel or bar, what the check of a frame
        has found goes to the log, as a warning. A callable gets every event.
    calls : callable or None
        As of :class:`Dispatcher`.

    Returns
    -------
    Dispatcher
        To be closed at the end of the call.

    Raises
    ------
    UsageError
        For anything else, and for a panel where there is no notebook.
    MissingExtra
        For a panel without ipywidgets.
    """
    check_progress(progress)
    return Dispatcher(_listener(progress), calls)


def check_progress(progress: object) -> None:
    """Refuse what says nothing of progress, or what this place does not have.

    Raises
    ------
    UsageError, MissingExtra
    """
    if progress is None or isinstance(progress, bool) or callable(progress):
        return
    if progress not in get_args(Way):
        ways = ", ".join(map(repr, get_args(Way)))
        raise UsageError(f"progress={progress!r} is neither None, True, False, {ways} nor a callable")
    if progress != "widget":
        return
    if find_spec("ipywidgets") is None:
        raise MissingExtra('progress="widget" needs ipywidgets', hint="pip install 'sfbulk_pandas[notebook]'")
    if not in_notebook():
        raise UsageError('progress="widget" is for notebooks', hint="leave progress= out: what fits is chosen")


def _listener(progress: bool | str | Listener | None) -> Listener:
    if progress is False:
        return log_findings
    if progress == "log":
        return log_progress
    if callable(progress):
        return progress
    if progress != "bar" and in_notebook() and find_spec("ipywidgets") is not None:
        return _panel()
    return Bar() if progress is not None or in_notebook() or _in_terminal() else log_progress


def _panel() -> Listener:
    from sfbulk_pandas.progress.widget.panel import Panel  # noqa: PLC0415 - a load without one does without it
    from sfbulk_pandas.progress.widget.stage import Stage  # noqa: PLC0415 - the same

    return Panel(Stage())


def _in_terminal() -> bool:
    stream = sys.stderr
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):  # replaced by something that is no terminal, or closed
        return False
