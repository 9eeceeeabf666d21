"""JupyterLab on this machine, and a browser that nobody sees."""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test modules are imported each by its file

REQUIRED = bool(os.environ.get("SFBULK_BROWSER"))
SCREENSHOTS = os.environ.get("SFBULK_SCREENSHOTS")
INSTALL = "apt-get install chromium, and pip install 'sfbulk_pandas[dev]'"
NODE_TOOLS = os.environ.get("SFBULK_NODE_TOOLS")
NODE_INSTALL = "npm install what tests/interop/node/package.json names into FOLDER, and export SFBULK_NODE_TOOLS=FOLDER"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 900}
# Neither a proxy nor a name server is asked: what is not on this machine is not found.
ALONE = ("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


def missing(what):
    """Skip a test whose browser is not there; where one is promised, it must be."""
    message = f"{what} is not here: {INSTALL}"
    if REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium_path():
    for package in ("jupyterlab", "notebook", "playwright", "ipywidgets"):
        if find_spec(package) is None:
            missing(package)
    found = [path for name in CHROMIUMS if (path := shutil.which(name))]
    return found[0] if found else missing("chromium")


@pytest.fixture(scope="session")
def server(chromium_path, tmp_path_factory):
    from lab_server import Server

    running = Server(tmp_path_factory.mktemp("jupyter")).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def vscode_server(server):
    """Return the server, with the page that shows widgets as VS Code does."""
    from vscode_page import build

    if NODE_TOOLS is None:
        pytest.skip(f"VS Code's manager of widgets is not here: {NODE_INSTALL}")
    (server.static / "vscode").mkdir()
    build(Path(NODE_TOOLS, "node_modules").absolute(), server.static / "vscode")
    return server


# As long as the browser's driver lives, the thread has an event loop: other suites could not run theirs.
@pytest.fixture(scope="module")
def chromium(chromium_path):
    from playwright.sync_api import sync_playwright

    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path, args=[*ALONE, *root])
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo is not None:
        gc.collect()  # what the driver has left, collected while a report is made, would break Python's own parser
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


class Desk:
    """Open notebooks, each in a page of its own, and take pictures of them.

    Parameters
    ----------
    context : playwright.sync_api.BrowserContext
    server : Server
    pictures : Path
        Where they go.
    """

    def __init__(self, context, server, pictures):
        self.context, self.server, self.pictures, self.name = context, server, pictures, ""
        self.strangers = set()
        context.on("request", lambda request: self._see(urlsplit(request.url)))

    def _see(self, url):
        if url.scheme in {"http", "https", "ws", "wss"} and url.hostname != "127.0.0.1":
            self.strangers.add(url.netloc)

    def open(self, path, *, door="lab", kernel=True):
        """Open a notebook that lies below the server's root."""
        from lab_page import NotebookPage

        page = NotebookPage(self.context.new_page(), self.server, path, door)
        return page.open() if kernel else page.look()

    def written(self, *sources, name="notebook.ipynb", door="lab"):
        """Write a notebook of code cells and open it."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(notebook, self.server.root / name)
        return self.open(name, door=door)

    def picture(self, of, name):
        """Take a picture of a page or of a part of it."""
        file = self.pictures / f"{self.name}-{name}.png"
        of.screenshot(path=file)
        return file


@pytest.fixture(scope="module")
def desk_of_all(chromium, server, tmp_path_factory):
    """Return a desk that the tests of a module share, and so what they leave open on it."""
    pictures = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path_factory.mktemp("screenshots")
    pictures.mkdir(parents=True, exist_ok=True)
    with chromium.new_context(viewport=SIZE) as context:
        context.set_default_timeout(30_000)
        made = Desk(context, server, pictures)
        yield made
    server.end_kernels()
    assert made.strangers == set()  # nobody else was asked for anything


@pytest.fixture
def desk(desk_of_all, request):
    desk_of_all.name = re.sub(r"\W+", "_", request.node.name.removeprefix("test_")).strip("_")
    before = list(desk_of_all.context.pages)
    yield desk_of_all
    pages = desk_of_all.context.pages
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(pages):
            print("picture of the failure:", desk_of_all.picture(page, f"failed{number}"))
        print(desk_of_all.server.log()[-4_000:])
    for page in pages:
        if page not in before:
            page.close()
