"""The org on a port of this machine: start, use, stop."""

from __future__ import annotations

import atexit
import ipaddress
import socket
import threading
import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from sfbulk_pandas.local_org.app import App, Exchange
from sfbulk_pandas.local_org.engine import Engine
from sfbulk_pandas.local_org.ingest_run import IngestRunner
from sfbulk_pandas.local_org.jobs import Jobs
from sfbulk_pandas.local_org.on_demand.outcomes import (
    LOCKED,
    QUERY_TIMEOUT,
    OnDemand,
    QueryFailure,
    RowFailure,
)
from sfbulk_pandas.local_org.on_demand.plan import FaultPlan
from sfbulk_pandas.local_org.pacing import Immediate, Pacing
from sfbulk_pandas.local_org.query_run import QueryRunner
from sfbulk_pandas.local_org.settle import settle
from sfbulk_pandas.local_org.sign_in import SignIn
from sfbulk_pandas.local_org.state import OrgState
from sfbulk_pandas.local_org.store import Store
from sfbulk_pandas.local_org.switches import Switches
from sfbulk_pandas.local_org.v1.ingest_run import BatchIngestRunner, BatchResults
from sfbulk_pandas.local_org.v1.jobs import FrameJobs
from sfbulk_pandas.local_org.v1.query_run import BatchQueryRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa
    from _typeshed.wsgi import WSGIEnvironment

    from sfbulk_pandas.local_org.engine import Runner

_LAST_PORT = 65_535
_HOST = "127.0.0.1"  # the org has no door to the network, unless somebody opens one
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - told apart, not listened at
_STOP_SECONDS = 0.02
_IDLE_SECONDS = 30
_LINGER_BYTES = 8  # two ints: on or off, and how long


class _Handler(WSGIRequestHandler):
    """Serve without a line of log, and give up on a client that says nothing."""

    timeout = _IDLE_SECONDS

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Wait for no further request."""
        super().connection_dropped(error, environ)
        self.close_connection = True

    def log(self, *_: Any) -> None:
        """Say nothing: what was asked stands in ``LocalOrg.exchanges``."""


def _warn_of_strangers(host: str) -> None:
    try:
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        is_own = False
    if not is_own:
        text = f"the local org listens at {host}: whoever reaches this machine can read and write its records, unseen"
        warnings.warn(text, stacklevel=3)


class _Server(ThreadedWSGIServer):
    """Close a connection that is to be reset at once, without saying goodbye first."""

    daemon_threads = False  # so that close() waits for them

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        if any(request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_BYTES)):
            self.close_request(request)
        else:
            super().shutdown_request(request)


class LocalOrg:
    """Run a Salesforce org on this machine, reachable from it alone unless :meth:`start` is told otherwise.

    Parameters
    ----------
    path : Path or str, optional
        File that keeps records, jobs and credentials; without one everything is gone at the end.
    port : int
        0 for any that is free.
    describes : iterable of dict or path
        Describe answers of your own org, to rebuild its objects.
    pacing : Pacing, optional
        How fast jobs go; at once, if not given.
    switches : Switches, optional
        Answers to what the documents leave open.
    seed : int
        What the order of result rows is shuffled by.
    clock : callable
        Seconds since the epoch.

    Raises
    ------
    ValueError
        For a port that is none.

    Examples
    --------
    >>> with LocalOrg() as org:
    ...     org.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        port: int = 0,
        describes: Iterable[Any] = (),
        pacing: Pacing | None = None,
        switches: Switches | None = None,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise ValueError(f"port {port} is none: give 0 for any that is free, or one up to {_LAST_PORT}")
        self._port = port
        self._pacing = pacing or Immediate()
        self._switches = switches or Switches()
        self._store = Store(path, describes, self._switches.pods)
        self.state = self._wire(seed, clock)
        self.app = App(self.state)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._host = _HOST
        self._token = self.state.sign_in.new_token()

    def _wire(self, seed: int, clock: Callable[[], float]) -> OrgState:
        jobs, on_demand, switches = Jobs(self._store), OnDemand(), self._switches
        settle(self._store, jobs)
        frames = FrameJobs(self._store, jobs)
        rows = self._pacing.rows_per_step
        query = QueryRunner(self._store, switches, clock, rows, on_demand)
        ingest = IngestRunner(self._store, switches, clock, rows, seed, on_demand)
        runners: dict[str, Runner] = {"query": query, "ingest": ingest}
        engine = Engine(jobs, runners, self._pacing, clock)
        runners["query_v1"] = BatchQueryRunner(query, frames, engine.submit)
        runners["ingest_v1"] = BatchIngestRunner(replace(ingest, results=BatchResults))
        sign_in = SignIn(self._store.folder, any_token=switches.any_token)
        self._store.seed_organization(sign_in.org_id)
        faults = FaultPlan(engine.release)
        return OrgState(self._store, jobs, frames, engine, switches, sign_in, clock, on_demand=on_demand, faults=faults)

    def start(self, host: str = _HOST) -> Self:
        """Begin to answer; jobs that a stop left waiting are taken up.

        Parameters
        ----------
        host : str
            The address to listen at: this machine's own, unless told otherwise. At any other, whoever reaches this
            machine can read and write all records, and a warning says so.

        Returns
        -------
        LocalOrg
            Itself.

        Raises
        ------
        OSError
            Where the port is taken.
        """
        if self._server is None:
            _warn_of_strangers(host)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            # First, for werkzeug ends the program where a port is taken.
            socket.create_server((host, self._port), family=family).close()
            self._host = host
            self._server = _Server(host, self._port, self.app, _Handler)
            serve = {"poll_interval": _STOP_SECONDS}
            self._thread = threading.Thread(target=self._server.serve_forever, kwargs=serve, name="local-org")
            self._thread.daemon = True
            self._thread.start()
            atexit.register(self.close)  # for who forgets: a file database is closed in order
            self.state.engine.recover()
        return self

    def close(self) -> None:
        """Stop answering, let go of jobs under way, and close the database; may be called twice."""
        atexit.unregister(self.close)
        self.faults.clear()  # for answers that are held
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None
        self.state.engine.stop()
        self._store.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The org's address, such as ``http://127.0.0.1:43127``.

        Raises
        ------
        RuntimeError
            Before :meth:`start`.
        """
        if self._server is None:
            raise RuntimeError("the local org has no address before it is started")
        host = _HOST if self._host in _EVERYWHERE else self._host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.server_port}"

    @property
    def access_token(self) -> str:
        """A token that is good until :meth:`expire_tokens`."""
        return self._token

    @property
    def org_id(self) -> str:
        """The org's Id, 18 characters; its access tokens begin with the first 15."""
        return self.state.sign_in.org_id

    @property
    def client_id(self) -> str:
        """The app's consumer key."""
        return self.state.sign_in.client_id

    @property
    def client_secret(self) -> str:
        """The app's consumer secret."""
        return self.state.sign_in.client_secret

    @property
    def refresh_token(self) -> str:
        """A refresh token of the user's."""
        return self.state.sign_in.refresh_token

    @property
    def username(self) -> str:
        """The org's user."""
        return self.state.sign_in.username

    @property
    def private_key_pem(self) -> str:
        """The private key whose public half the org checks JWTs with."""
        return self.state.sign_in.private_key_pem

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was asked, oldest first: method, path and status."""
        return tuple(self.app.exchanges)

    def credentials(self) -> dict[str, Any]:
        """Return the arguments of a JWT bearer sign-in.

        Returns
        -------
        dict
            ``client_id``, ``username``, ``private_key`` (PEM) and ``login_url``.
        """
        return {
            "client_id": self.client_id,
            "username": self.username,
            "private_key": self.private_key_pem,
            "login_url": self.url,
        }

    def advance(self, job_id: str | None = None) -> None:
        """Take one step of a job, or of every job that runs; for the pacing ``ByHand``."""
        self.state.engine.advance(job_id)

    def expire_tokens(self) -> None:
        """Make every access token invalid: the next call with one is answered 401."""
        self.state.sign_in.expire_tokens()

    @property
    def faults(self) -> FaultPlan:
        """What is to go wrong with requests and jobs: ``org.faults.on("PUT", "batches", fault=Faults.answer_lost)``."""
        return self.state.faults

    def fail_rows(
        self, sobject: str, column: str, values: Iterable[str], *, error: str = LOCKED, times: int = 1
    ) -> None:
        """Let rows fail the first few times they come, and be as they are after that.

        Parameters
        ----------
        sobject : str
        column : str
            A header of the upload.
        values : iterable of str
            The rows with one of these texts in that column, each for itself.
        error : str
            Their ``sf__Error``; by default that another process holds the record.
        times : int
            How often each of them fails.
        """
        failure = RowFailure(sobject, column, error, dict.fromkeys(values, times))
        self.state.on_demand.rows.append(failure)

    def fail_queries(
        self, error: str = QUERY_TIMEOUT, *, soql_part: str = "", skip: int = 0, times: int = 1, after_rows: int = 0
    ) -> None:
        """Let queries fail while they run: bulk jobs of both APIs, chunks among them, and REST queries.

        Parameters
        ----------
        error : str
            A code, a colon and a text; by default that the query ran for too long. With a blank before the colon,
            such as ``"InternalServerError : Retried more than 15 times"``, the whole of what a bulk job says.
        soql_part : str
            What the text of the query holds, in any case; for a chunk, its range of Ids is part of that.
        skip : int
            How many of these run well first.
        times : int
            How many fail.
        after_rows : int
            How many rows a bulk query may have written before.
        """
        self.state.on_demand.queries.append(QueryFailure(error, soql_part, skip, times, after_rows))

    def empty_recycle_bin(self, sobject: str | None = None) -> int:
        """Remove deleted records for good, as an administrator may; ``queryAll`` finds them no longer.

        Parameters
        ----------
        sobject : str, optional
            In any case; all objects without it.

        Returns
        -------
        int
            How many records.

        Raises
        ------
        KeyError
            For an object that the org lacks.
        """
        return self._store.empty_recycle_bin(sobject)

    def records(self, sobject: str) -> pa.Table:
        """Return all records of an object that are not deleted.

        Parameters
        ----------
        sobject : str
            In any case.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        KeyError
            For an object that the org lacks.
        """
        return self._store.records(sobject)

    def __repr__(self) -> str:
        return f"LocalOrg({self.url if self._server else 'not started'})"
