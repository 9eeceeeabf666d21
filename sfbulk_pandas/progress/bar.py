"""One tqdm bar for a load or a query, in the terminal or in a notebook."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.progress.events import (
    FrameChecked,
    JobPolled,
    LoadFinished,
    LoadStarted,
    PageRead,
    PartFinished,
    PartUploaded,
    PlanChosen,
    QueryFinished,
    QueryPolled,
    QueryStarted,
    RowsRetried,
)
from sfbulk_pandas.progress.report import FindingsView, findings_text, has_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.progress.events import Event


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel. IPython is looked at only where it is already loaded."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def _new_tqdm(description: str, total: int | None) -> Any:
    # tqdm.notebook without ipywidgets warns and shows nothing; the text bar works there too.
    if in_notebook() and find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm  # noqa: PLC0415 - `import sfbulk_pandas` stays light
    else:
        from tqdm import tqdm  # type: ignore[assignment]  # noqa: PLC0415 - the same
    return tqdm(total=total, desc=description, unit=" rows", unit_scale=False, dynamic_ncols=True)


class Bar:
    """Show a load or a query as one bar: its rows, the state of its jobs, and the failed rows.

    A listener. A load moves by rows that Salesforce has processed, a query by rows received. The bar
    opens at the first event and closes at the last one; :meth:`close` closes it where that never comes.

    Parameters
    ----------
    new_bar : callable or None
        Description and total to a tqdm bar; by default the one for this place.
    """

    def __init__(self, new_bar: Callable[[str, int | None], Any] | None = None) -> None:
        self._new_bar = _new_tqdm if new_bar is None else new_bar
        self._bar: Any = None
        self._parts = 0
        self._rows_read = 0
        self._before = (0, 0)
        self._processed: dict[int, int] = {}
        self._failed: dict[int, int] = {}
        self._steps: dict[type[Event], Callable[[Any], None]] = {
            FrameChecked: self._frame_checked,
            LoadStarted: self._load_started,
            RowsRetried: self._rows_retried,
            PartUploaded: self._part_uploaded,
            JobPolled: self._job_polled,
            PartFinished: self._part_finished,
            LoadFinished: self._load_finished,
            PlanChosen: self._plan_chosen,
            QueryStarted: self._query_started,
            QueryPolled: self._query_polled,
            PageRead: self._page_read,
            QueryFinished: self._query_finished,
        }

    def __call__(self, event: Event) -> None:
        """Show one event; of a kind it does not know, nothing."""
        step = self._steps.get(type(event))
        if step is not None:
            step(event)

    def close(self) -> None:
        """Leave the bar as it stands. May be called twice."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def end(self, error: BaseException | None) -> None:  # noqa: ARG002 - the traceback tells it
        """Close it, whatever has ended the call."""
        self.close()

    def _open(self, description: str, total: int | None) -> None:
        self.close()
        self._processed.clear()
        self._failed.clear()
        self._parts, self._before = 0, (0, 0)
        self._bar = self._new_bar(description, total)

    def _show(self, rows: int, *facts: str) -> None:
        if self._bar is not None:
            self._bar.n = rows
            self._bar.set_postfix_str(", ".join(fact for fact in facts if fact), refresh=True)

    def _frame_checked(self, event: FrameChecked) -> None:
        if not has_findings(event.report):
            return
        if in_notebook():
            sys.modules["IPython"].display.display(FindingsView(event.report))
        else:
            sys.stderr.write(findings_text(event.report))

    def _load_started(self, event: LoadStarted) -> None:
        self._open(f"{event.operation} {event.sobject}", event.rows)
        self._show(0, "uploading", _counted(event.held_back, "held back"))

    def _rows_retried(self, event: RowsRetried) -> None:
        processed, failed = self._totals()
        self._before = (max(processed - event.rows, 0), max(failed - event.rows, 0))
        self._processed.clear()
        self._failed.clear()
        self._show(self._before[0], f"attempt {event.attempt}: {event.rows:,} rows again", _counted(failed, "failed"))

    def _totals(self) -> tuple[int, int]:
        return self._before[0] + sum(self._processed.values()), self._before[1] + sum(self._failed.values())

    def _part_uploaded(self, event: PartUploaded) -> None:
        self._show_load(event.part, event.job.state)

    def _job_polled(self, event: JobPolled) -> None:
        self._processed[event.part] = event.job.number_records_processed or 0
        self._failed[event.part] = event.job.number_records_failed or 0
        self._show_load(event.part, event.job.state)

    def _part_finished(self, event: PartFinished) -> None:
        self._processed[event.part] = event.successful + event.failed
        self._failed[event.part] = event.failed
        self._show_load(event.part, event.job.state)

    def _show_load(self, part: int, state: str) -> None:
        self._parts = max(self._parts, part)
        place = f"part {part} {state}" if self._parts > 1 else str(state)
        processed, failed = self._totals()
        self._show(processed, place, _counted(failed, "failed"))

    def _load_finished(self, event: LoadFinished) -> None:
        ends = {"failed": event.failed, "unprocessed": event.unprocessed, "unknown": event.unknown}
        said = [_counted(rows, word) for word, rows in (ends | {"held back": event.held_back}).items()]
        self._show(event.successful + event.failed, "done", *said)
        self.close()

    def _plan_chosen(self, event: PlanChosen) -> None:
        self._open(f"query {event.sobject}", None)
        self._rows_read = 0
        self._show(0, event.plan)

    def _query_started(self, event: QueryStarted) -> None:
        self._show(self._rows_read, str(event.job.state))

    def _query_polled(self, event: QueryPolled) -> None:
        self._show(self._rows_read, str(event.job.state))

    def _page_read(self, event: PageRead) -> None:
        if self._bar is not None and event.rows_expected is not None:
            self._bar.total = event.rows_expected
        self._rows_read = event.rows_so_far
        self._show(event.rows_so_far, f"page {event.page}")

    def _query_finished(self, event: QueryFinished) -> None:
        self._show(event.rows, "done")
        self.close()


def _counted(rows: int, word: str) -> str:
    return f"{rows:,} {word}" if rows else ""
