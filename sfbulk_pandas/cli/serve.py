"""``sfbulk local-org``: a Salesforce on this machine until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org import AfterSeconds, Immediate, LocalOrg

if TYPE_CHECKING:
    from pathlib import Path


def serve(port: int, file: Path | None, seconds: float) -> int:
    """Run a local org until it is interrupted, and say how to sign in to it.

    Parameters
    ----------
    port : int
        0 for any that is free.
    file : Path, optional
        The database; without it the data goes when the org stops.
    seconds : float
        How long each job takes; 0 for no time.
    """
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    with LocalOrg(file, port=port, pacing=AfterSeconds(seconds) if seconds else Immediate()) as org:
        print(_greeting(org), flush=True)
        stopped.wait()
    print("stopped", flush=True)
    return 0


def _greeting(org: LocalOrg) -> str:
    return f"""\
A Salesforce org for tests runs at {org.url} (only this machine can reach it; Ctrl-C stops it).

    import sfbulk_pandas as sfbulk
    org = sfbulk.connect(sfbulk.AccessToken("{org.access_token}", "{org.url}"))
"""
