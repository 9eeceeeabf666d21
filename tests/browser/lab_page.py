"""A notebook in a page of the browser, used as a user does: cells are run with the keyboard, and looked at."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = [HERE / name for name in ("lab_page.js", "lab_eyes.js")]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
OPEN_SECONDS, RUN_SECONDS = 60, 60


class CellError(AssertionError):
    """A cell has ended with an error."""


class NotebookPage:
    """Open a notebook of a server and work in it.

    Parameters
    ----------
    page : playwright.sync_api.Page
    server : Server
    path : str
        Of the notebook, below the server's root.
    door : str
        ``"lab"`` for JupyterLab, ``"notebooks"`` for Notebook 7.
    """

    def __init__(self, page, server, path, door="lab"):
        # A workspace of its own: what earlier pages had open would be opened again.
        lab = f"lab/workspaces/{secrets.token_hex(4)}"
        self.page, self.server, self.path = page, server, path
        self._lab, self._door = lab, f"{lab}/tree" if door == "lab" else door
        for script in SCRIPTS:
            page.add_init_script(path=script)

    def open(self):
        self._go(f"{self._door}/{self.path}")
        self.until("ready", seconds=OPEN_SECONDS)
        self.until("idle", seconds=OPEN_SECONDS)
        return self

    def look(self):
        """Open it in JupyterLab without a kernel."""
        self._go(self._lab)
        self.until("isStarted", seconds=OPEN_SECONDS)
        self.ask("look")
        self.until("ready", seconds=OPEN_SECONDS)
        return self

    def sources(self):
        """Return each cell's kind and text."""
        return [(cell["cell_type"], cell["source"]) for cell in self.ask("cells")]

    def run(self, index, *, seconds=RUN_SECONDS, may_fail=False):
        """Run a cell, wait until the kernel rests, and return the cell's outputs as the file would hold them."""
        return self.wait(index, self.start(index), seconds=seconds, may_fail=may_fail)

    def start(self, index):
        """Run a cell and do not wait; return the number of its last run, which :meth:`wait` wants to know."""
        before = self.ask("cells")[index]["execution_count"]
        self.ask("choose", index)
        self.page.keyboard.press("Control+Enter")
        return before

    def wait(self, index, before=None, *, seconds=RUN_SECONDS, may_fail=False):
        self.until("done", index, before, seconds=seconds)
        outputs = self.outputs(index)
        broken = [each for each in outputs if each["output_type"] == "error"]
        if broken and not may_fail:
            raise CellError("\n".join([self.sources()[index][1], *broken[0]["traceback"]]))
        return outputs

    def add(self, source):
        """Add a code cell at the end, and return its place."""
        return self.ask("add", source)

    def theme(self, name):
        """Turn the whole page ``"light"`` or ``"dark"``."""
        self.ask("theme", THEMES[name])
        light = "false" if name == "dark" else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def outputs(self, index):
        return self.ask("cells")[index]["outputs"]

    def cell(self, index):
        """Return a locator of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def shown(self, index):
        """Return the text that stands under a cell, as a reader sees it."""
        return self.cell(index).locator(".jp-Cell-outputWrapper").inner_text()

    def is_running(self, index):
        """Whether a cell that was begun has not ended; a kernel that takes clicks meanwhile may call itself idle."""
        return self.ask("cells")[index]["execution_count"] is None

    def kernel(self):
        """Return how the kernel stands: "idle", "busy", ..., or "none" where there is none."""
        return self.ask("kernel")

    def save(self):
        """Save with the keyboard; return the file's content."""
        file = self.server.root / self.path
        before = file.stat().st_mtime_ns
        self.ask("choose", 0)
        self.page.keyboard.press("Control+s")
        self.until("saved", seconds=OPEN_SECONDS)
        assert file.stat().st_mtime_ns != before
        return json.loads(file.read_text(encoding="utf-8"))

    def troubles(self, selector):
        """Return what stands in the way of those who see little or use no mouse: no names, faint texts, no keys."""
        return self.page.evaluate("selector => eyes.troubles(selector)", selector)

    def _go(self, place):
        self.page.goto(f"{self.server.url}/{place}?token={self.server.token}")

    def ask(self, what, *given):
        """Call a function of lab_page.js."""
        return self.page.evaluate(f"given => asked.{what}(...given)", [self.path, *given])

    def until(self, what, *given, seconds):
        """Wait until a function of lab_page.js says yes."""
        self.page.wait_for_function(f"given => asked.{what}(...given)", arg=[self.path, *given], timeout=seconds * 1000)
