"""The panel as a listener: events go into a queue, and one thread of its own reads them and draws.

So that a thread which brings an event waits for no drawing, and a call that is over at once shows its last line alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import JobAborted, StillRunning
from sfbulk_pandas.progress.events import FrameChecked, LoadStarted, PlanChosen
from sfbulk_pandas.progress.report import FindingsView, has_findings
from sfbulk_pandas.progress.widget.extract import ExtractModel
from sfbulk_pandas.progress.widget.load import LoadModel
from sfbulk_pandas.progress.widget.memory import memory_bytes
from sfbulk_pandas.progress.widget.view import LastLine, panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.progress.events import Event
    from sfbulk_pandas.progress.widget.stage import Stage

log = logging.getLogger("sfbulk_pandas")
DELAY_SECONDS = 3.5  # what is over by then shows no panel: making and folding one takes 20 to 25 ms (2026-11)
PERIOD_SECONDS = 0.2  # between two drawings, at least
_EASE = 300  # and so many times as long as the last one has taken: with its messages, half a hundredth of the time
_WORDS = ((JobAborted, "aborted"), (StillRunning, "detached"), (KeyboardInterrupt, "interrupted"))


class Panel:
    """Show a load or a query as a panel of widgets while it runs, and as one line of HTML afterwards.

    A listener. It costs the thread of an event an entry in a queue.

    Parameters
    ----------
    stage : Stage
        Where it is shown.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, stage: Stage, clock: Callable[[], float] = time.monotonic) -> None:
        self._stage = stage
        self._clock = clock
        self._events: deque[tuple[float, Event]] = deque()
        self._model: LoadModel | ExtractModel | None = None
        self._thread: threading.Thread | None = None
        self._news = threading.Event()
        self._over = threading.Event()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, FrameChecked):
            if has_findings(event.report):
                self._stage.put(FindingsView(event.report))
            return
        self._events.append((self._clock(), event))
        self._news.set()
        if self._thread is None and isinstance(event, LoadStarted | PlanChosen):
            self._begin(event)

    def end(self, error: BaseException | None) -> None:
        """Fold to one line. May be called twice."""
        self._over.set()
        self._news.set()
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.join()
        self._read()
        if self._model is not None:
            self._stage.fold(LastLine.of(self._model, self._word(error)))

    def _begin(self, event: LoadStarted | PlanChosen) -> None:
        self._stage.control = event.control
        self._stage.is_load = isinstance(event, LoadStarted)
        self._thread = threading.Thread(target=self._draw, name="sfbulk-panel", daemon=True)
        self._thread.start()

    def _draw(self) -> None:
        try:
            pause, is_first = DELAY_SECONDS, True
            while not self._over.wait(pause):
                self._news.wait()
                self._news.clear()
                began = time.thread_time()
                if self._read():
                    self._show()
                # The first drawing loads libraries, once: it says nothing of the next.
                pause = max(PERIOD_SECONDS, 0 if is_first else _EASE * (time.thread_time() - began))
                is_first = False
        except Exception:  # whatever a front end or its libraries do, the job goes on
            log.warning("the progress panel failed and is not drawn again", exc_info=True)

    def _show(self) -> None:
        model = self._model
        if model is None:
            return
        if isinstance(model, ExtractModel):
            model.look()
        self._stage.show(panel(model))

    def _read(self) -> bool:
        """Take in what has happened; return whether anything has."""
        has_news = bool(self._events)
        while self._events:
            now, event = self._events.popleft()
            if self._model is None:
                self._model = self._new_model(event, now)
            if self._model is not None:
                self._model.feed(event, now)
        return has_news

    @staticmethod
    def _new_model(event: Event, now: float) -> LoadModel | ExtractModel | None:
        if isinstance(event, LoadStarted):
            return LoadModel(now)
        return ExtractModel(now, memory_bytes) if isinstance(event, PlanChosen) else None

    def _word(self, error: BaseException | None) -> str:
        if isinstance(error, GeneratorExit):
            return "stopped"
        if error is not None:
            return next((word for kind, word in _WORDS if isinstance(error, kind)), "failed")
        return "done" if self._model is not None and self._model.ends is not None else "stopped"
