"""Cells and widgets as VS Code shows them: its own manager of widgets, which is no part of JupyterLab, in a page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "vscode"
EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "nbextensions"
RUN_SECONDS = 60


def build(modules, folder):
    """Put what the page needs into a folder, from what npm and this Python have installed."""
    shutil.copytree(EXTENSIONS, folder / "nbextensions")
    shutil.copy(SOURCES / "page.html", folder)
    shutil.copy(modules / "requirejs" / "require.js", folder)
    shutil.copy(modules / "@vscode" / "jupyter-ipywidgets8" / "dist" / "ipywidgets.js", folder)
    command = ["node", modules / "esbuild" / "bin" / "esbuild", SOURCES / "page.js", "--bundle", "--format=iife"]
    subprocess.run(
        [*command, f"--outfile={folder / 'page.js'}"],
        check=True,
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(modules)},  # the sources stand elsewhere
        capture_output=True,
        timeout=120,
    )


class VsCodePage:
    """Run cells in a kernel of a server, in a page that shows what comes as VS Code does.

    Parameters
    ----------
    page : playwright.sync_api.Page
    server : Server
        One that serves what :func:`build` has made as ``static/vscode``.
    """

    def __init__(self, page, server):
        self.page, self._server = page, server
        page.add_init_script(path=HERE / "lab_eyes.js")

    def open(self):
        self.page.goto(f"{self._server.url}/static/vscode/page.html")
        self.page.wait_for_function("() => window.vscIPyWidgets8 && window.notebook")
        self.page.evaluate("where => notebook.open(...where)", [self._server.url, self._server.token])
        # The kernels that VS Code starts know it by this.
        self.run("import os\nos.environ['VSCODE_PID'] = '1'")
        return self

    def start(self, source):
        """Run a cell and do not wait; return its place."""
        return self.page.evaluate("source => notebook.run(source)", source)

    def run(self, source):
        """Run a cell to its end, which must be a good one, and return its place."""
        index = self.start(source)
        assert self.wait(index) is None
        return index

    def wait(self, index):
        """Wait until a cell has ended; return the name of its error, or None."""
        done = "index => notebook.cells[index].done"
        self.page.wait_for_function(done, arg=index, timeout=RUN_SECONDS * 1000)
        return self.page.evaluate("index => notebook.cells[index].failed?.ename ?? null", index)

    def is_running(self, index):
        return not self.page.evaluate("index => notebook.cells[index].done", index)

    def interrupt(self):
        self.page.evaluate("() => notebook.kernel.interrupt()")

    def cell(self, index):
        return self.page.locator(".cell").nth(index)

    def theme(self, name):
        """Turn the page ``"light"`` or ``"dark"``."""
        self.page.evaluate("name => document.body.className = `vscode-${name}`", name)

    def troubles(self, selector):
        return self.page.evaluate("selector => eyes.troubles(selector)", selector)
