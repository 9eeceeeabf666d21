"""A Jupyter server that knows nothing of the user who runs the tests: JupyterLab and Notebook 7 behind one port."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 90, 10
# Nothing asks the network, and nothing pops up over what the tests click.
QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
}
FLAGS = {
    "LabApp.news_url": "",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
    "LabApp.expose_app_in_browser": "True",  # so that a test can ask how the kernel stands
    "JupyterNotebookApp.expose_app_in_browser": "True",
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.open_browser": "False",
    "ServerApp.allow_root": "True",
    "ServerApp.terminals_enabled": "False",
}


class Server:
    """Run it in a folder of its own; its root holds copies of the lessons and their data.

    Parameters
    ----------
    folder : Path
        Home, settings, kernels and notebooks lie below it.

    Attributes
    ----------
    root : Path
        Of the notebooks.
    static : Path
        What is put here is served below ``static``.
    """

    def __init__(self, folder):
        self.folder, self.root, self.static = folder, folder / "root", folder / "static"
        self.static.mkdir()
        self.token = secrets.token_urlsafe(24)
        self.url = None
        self._process = None
        for name in ("notebooks", "data"):
            shutil.copytree(ROOT / name, self.root / name)
        self._write_kernel()
        for plugin, values in QUIET.items():
            self._set(plugin, values)

    def start(self):
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_mortal(), sys.executable, "-m", "jupyterlab", f"--ServerApp.port={_free_port()}", *self._flags()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                env=self._environment(),
                start_new_session=True,
            )
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """End the server and its kernels, which have sessions of their own; whatever is still there is killed."""
        family = [self._process, *_children(self._process.pid)]
        self._process.terminate()  # it shuts its kernels down
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        _kill([each for each in family[1:] if each.is_running()])

    def end_kernels(self):
        """End what earlier tests have left running."""
        for session in self._ask("GET", "api/sessions").json():
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def log(self):
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def _flags(self):
        own = {"ServerApp.extra_static_paths": [str(self.static)]}
        return [f"--{name}={value}" for name, value in (FLAGS | own).items()]

    def _environment(self):
        """Leave out what Jupyter would take from the user: a password, a configuration, a path."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
        own = {
            "HOME": "home",
            "IPYTHONDIR": "ipython",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_PATH": "path",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "XDG_STATE_HOME": "state",
        }
        folders = {name: str(self.folder / folder) for name, folder in own.items()}
        for folder in folders.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        # The token goes by the environment: every user of the machine may read a command line.
        return kept | folders | {"JUPYTER_TOKEN": self.token, "JUPYTER_PLATFORM_DIRS": "1", "NO_PROXY": "127.0.0.1"}

    def _write_kernel(self):
        """Describe this Python, with this tree's package, under the name that the lessons ask for."""
        spec = self.folder / "path" / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        described = {"argv": argv, "display_name": "Python 3", "language": "python", "env": {"PYTHONPATH": str(ROOT)}}
        (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")

    def _set(self, plugin, values):
        file = self.folder / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")

    def _wait_for_url(self):
        until = time.monotonic() + START_SECONDS
        said = self.folder / "runtime" / f"jpserver-{self._process.pid}.json"
        while time.monotonic() < until and self._process.poll() is None:
            if said.exists() and (text := said.read_text(encoding="utf-8")).endswith("}"):
                url = json.loads(text)["url"].rstrip("/")
                if _answers(url):
                    return url
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab has not started:\n{self.log()}")

    def _ask(self, method, path):
        headers = {"Authorization": f"token {self.token}"}
        with requests.request(method, f"{self.url}/{path}", headers=headers, timeout=START_SECONDS) as answer:
            answer.raise_for_status()
            return answer


def _mortal():
    """Return the words that let a command end with the tests, however those end; Linux has them."""
    tool = shutil.which("setpriv")
    return [tool, "--pdeathsig", "TERM"] if tool else []


def _free_port():
    """Propose a port; the server takes one of the next where somebody was faster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(url):
    try:
        with requests.get(f"{url}/api", timeout=5) as answer:
            return answer.ok
    except requests.ConnectionError:
        return False


def _children(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(processes):
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=STOP_SECONDS)
