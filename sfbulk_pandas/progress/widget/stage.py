"""Where the panel is shown: ipywidgets in a kernel. Imported only where these are."""

from __future__ import annotations

import contextvars
import os
import sys
import uuid
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.progress.widget.view import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.progress.control import Control
    from sfbulk_pandas.progress.widget.view import Drawing, LastLine

_VIEW = "application/vnd.jupyter.widget-view+json"
# Its kernels have these; it sends clicks to the thread in which the cell runs.
_OF_VS_CODE = ("VSCODE_PID", "VSCODE_CWD")


class Stage:
    """Show, renew and fold what a panel draws; from one thread at a time.

    Attributes
    ----------
    control : Control or None
        What the buttons ask.
    is_load : bool
        Whether the jobs can be left, too.
    """

    def __init__(self) -> None:
        self.control: Control | None = None
        self.is_load = True
        self._context = contextvars.copy_context()  # of the cell that runs: what is shown belongs to it
        self._id = uuid.uuid4().hex
        self._box: Any = None
        self._head: Any = None
        self._details: Any = None
        self._note: Any = None
        self._buttons: list[Any] = []

    def put(self, shown: object) -> None:
        """Show something that stays as it is."""
        self._display(shown)

    def show(self, drawing: Drawing) -> None:
        """Show the panel, or renew it."""
        if self._box is None:
            self._open(drawing)
        else:
            self._here(self._renew, drawing)

    def fold(self, line: LastLine) -> None:
        """Put one line in the place of the panel; the widgets go."""
        bundle = {"text/html": str(line.html), "text/plain": line.text}
        self._display(bundle, raw=True, display_id=self._id, update=self._box is not None)
        if self._box is not None:
            self._here(self._close)

    def _here(self, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        return self._context.copy().run(function, *arguments, **more)

    def _display(self, shown: object, **options: Any) -> None:
        self._here(sys.modules["IPython"].display.display, shown, **options)

    def _renew(self, drawing: Drawing) -> None:
        self._head.value, self._details.value = drawing  # what is as it was is not sent

    def _open(self, drawing: Drawing) -> None:
        self._here(self._build, drawing)
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        # What shows no widgets, or lost its kernel on the way, shows the first drawing.
        still = {"text/html": "".join((*drawing, note(""))), "text/plain": "running"}
        self._display({_VIEW: view} | still, raw=True, display_id=self._id)

    def _build(self, drawing: Drawing) -> None:
        import ipywidgets  # noqa: PLC0415 - `import sfbulk_pandas` stays light

        # Each layout and style is a model of its own, with messages of its own: they are shared.
        self._head = ipywidgets.HTML(drawing.head)
        look = {"layout": self._head.layout, "style": self._head.style}
        self._details = ipywidgets.HTML(drawing.details, **look)
        self._note = ipywidgets.HTML(note(self._hint()), **look)
        if self.is_load:
            self._add("Detach", "Leave the jobs running in Salesforce and stop waiting for them", self._detach)
            self._add("Abort", "Abort the jobs in Salesforce; rows written by then stay", self._abort)
        else:
            self._add("Cancel", "Abort the query's jobs in Salesforce and stop reading", self._abort)
        row = ipywidgets.HBox([*self._buttons, self._note], layout={"align_items": "center"})
        self._box = ipywidgets.VBox([self._head, row, self._details], layout=self._head.layout)

    def _add(self, word: str, tip: str, press: Callable[[Any], None]) -> None:
        import ipywidgets  # noqa: PLC0415 - the same

        first = self._buttons[0] if self._buttons else None
        look = {"layout": {"width": "auto"}} if first is None else {"layout": first.layout, "style": first.style}
        button = ipywidgets.Button(description=word, tooltip=tip, **look)
        button.on_click(press)
        _hear_at_once(button)
        self._buttons.append(button)

    def _detach(self, _: Any) -> None:
        self._press(0, "Detaching …", "No further part is sent. The jobs run on; the error below says how to go on.")
        if self.control is not None:
            self.control.detach()

    def _abort(self, _: Any) -> None:
        said = "The jobs are being aborted; then what they have done is read."
        self._press(-1, "Aborting …" if self.is_load else "Cancelling …", said)
        if self.control is not None:
            self.control.abort()

    def _press(self, at: int, word: str, said: str) -> None:
        """Say that a button was heard, and what happens now; abort may still follow detach."""
        self._buttons[at].description = word
        for button in self._buttons if at else self._buttons[:1]:
            button.disabled = True
        self._note.value = note(said)

    def _hint(self) -> str:
        ends = "detaches, too" if self.is_load else "ends it, too"
        if clicks_are_heard():
            return f"Interrupting the kernel {ends}."
        ends = "detaches" if self.is_load else "ends the query"
        return f"Clicks may not be heard here while a cell runs: interrupting the kernel (■) {ends}."

    def _close(self) -> None:
        row = self._box.children[1]
        for widget in (self._box, row, self._head, self._details, self._note, *self._buttons):
            for part in (getattr(widget, "style", None), widget.layout, widget):
                if part is not None:
                    part.close()


def clicks_are_heard() -> bool:
    """Whether this kernel can take a click while a cell runs, from a front end that sends it beside the cell.

    JupyterLab from 4.4 on and Notebook from 7.4 on do.
    """
    if any(name in os.environ for name in _OF_VS_CODE):
        return False
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython is not None else None
    return bool(getattr(kernel, "_supports_kernel_subshells", False))


def _hear_at_once(button: Any) -> None:
    """Let a click reach the thread that it was sent to: ipykernel 7.4 hands it to the one that runs the cell.

    It does so that answers to what a kernel has asked go where they are waited for; a button asks nothing. Elsewhere
    there is no such hook, and nothing to do.
    """
    if hasattr(button.comm, "_reply_subshell_for"):
        button.comm._reply_subshell_for = lambda _, default: default  # noqa: SLF001 - there is no other way
