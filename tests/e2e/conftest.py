"""A client on a fresh local org; nothing waits."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


@pytest.fixture
def local():
    with LocalOrg() as org:
        yield org


@pytest.fixture
def org(local):
    login = sfbulk.ClientCredentials(local.client_id, local.client_secret, login_url=local.url)
    with sfbulk.connect(login, polling=FAST) as client:
        yield client


class Zygote:
    """Give orders to processes of their own; see ``kill/zygote.py``."""

    def __init__(self):
        script = Path(__file__).parent / "kill" / "zygote.py"
        self.process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def begin(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        return int(self.process.stdout.readline())

    def ended(self):
        return int(self.process.stdout.readline())

    def run(self, order):
        """Carry an order out, and return how its process has ended."""
        self.begin(order)
        return self.ended()

    def kill_after(self, order, seconds):
        """Begin the same, and kill the process in the middle."""
        child = self.begin(order)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):  # it may have ended by then
            os.kill(child, signal.SIGKILL)
        return self.ended()


@pytest.fixture(scope="module")
def zygote():
    found = Zygote()
    with found.process:  # closes its pipes, whereupon it ends
        yield found
