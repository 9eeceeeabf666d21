"""``sfbulk local-org``: a Salesforce on this machine until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.local_org import AfterSeconds, Immediate, LocalOrg

if TYPE_CHECKING:
    from pathlib import Path


def serve(port: int, file: Path | None, seconds: float, host: str) -> int:
    """Run a local org until it is interrupted, and say how to sign in to it.

    Parameters
    ----------
    port : int
        0 for any that is free.
    file : Path, optional
        The database; without it the data goes when the org stops.
    seconds : float
        How long each job takes; 0 for no time.
    host : str
        The address to listen at.

    Raises
    ------
    UsageError
        Where the file cannot be used as a database.
    """
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    with closing(_started(port, file, seconds, host)) as org:
        print(_greeting(org), flush=True)
        stopped.wait()
    print("stopped", flush=True)
    return 0


def _started(port: int, file: Path | None, seconds: float, host: str) -> LocalOrg:
    try:
        return LocalOrg(file, port=port, pacing=AfterSeconds(seconds) if seconds else Immediate()).start(host)
    except duckdb.Error as error:
        reason = str(error).partition(" See also")[0]
        raise UsageError(
            f"{file} cannot be used as a database: {reason}",
            hint="another local org may have it open; else name a file that does not exist yet",
        ) from error


def _greeting(org: LocalOrg) -> str:
    return f"""\
A Salesforce org for tests runs at {org.url} (Ctrl-C stops it).

    import sfbulk_pandas as sfbulk
    org = sfbulk.connect(sfbulk.AccessToken("{org.access_token}", "{org.url}"))
"""
