"""The journal: SQLite in WAL mode, every write on disk before it returns."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import platformdirs

from sfbulk_pandas.errors import JournalError, UsageError
from sfbulk_pandas.journal.locks import ELSEWHERE, Locks
from sfbulk_pandas.journal.positions import pack_positions, unpack_positions
from sfbulk_pandas.journal.records import LoadRecord, PartRecord, Step
from sfbulk_pandas.journal.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy import int64, integer
    from numpy.typing import NDArray

_OPENING = threading.Lock()  # of the whole process
_BUSY_SECONDS = 30  # how long another process may take to write
_LOAD = tuple(each.name for each in fields(LoadRecord))
_PART = tuple(each.name for each in fields(PartRecord))


def default_path() -> Path:
    """Return the file in the user's state folder."""
    return platformdirs.user_state_path("sfbulk_pandas", appauthor=False) / "journal.db"


class Journal:
    """Write down what loads do; any thread may, and other processes at the same time.

    A write has reached the disk when the method returns; where it cannot, JournalError is raised and nothing is
    written. Nothing touches the disk before the first write. Close it at the end, or use it as a context; it may be
    closed twice, and opens itself again when it is needed.

    Parameters
    ----------
    path : path, optional
        The SQLite file; by default ``journal.db`` in the user's state folder. A relative one is of the folder in which
        the process is now. Result files that are kept until a load
        is handed over lie beside it in ``<path>-results``, locks in ``<path>-locks``, all for the user alone.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = (default_path() if path is None else Path(path)).absolute()  # wherever the process goes
        self._locks = Locks(self._beside("locks"))
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def begin(self, load: LoadRecord) -> None:
        """Write down that a load begins."""
        values = asdict(load) | {name: _json(getattr(load, name)) for name in ("headers", "options", "manifest")}
        self._write(f"INSERT INTO load ({_names(_LOAD)}) VALUES ({_marks(_LOAD)})", values)  # noqa: S608 - our own names

    def begin_attempt(self, load_id: str, attempt: int, positions: NDArray[integer[Any]] | None) -> None:
        """Write down which rows an attempt sends, in which order; None for all of the frame's, in its own."""
        packed = None if positions is None else pack_positions(positions)
        self._write("INSERT INTO attempt VALUES (:load_id, :attempt, :positions)", _named(load_id, attempt, packed))

    def record(self, part: PartRecord) -> None:
        """Write down how far a part has come."""
        statement = f"INSERT OR REPLACE INTO part ({_names(_PART)}) VALUES ({_marks(_PART)})"  # noqa: S608 - our own names
        self._write(statement, asdict(part))

    def finish(self, load_id: str, at: float, manifest: Mapping[str, Any]) -> None:
        """Write down that every row of a load is accounted for."""
        values = {"load_id": load_id, "at": at, "manifest": _json(manifest)}
        self._write("UPDATE load SET finished_at = :at, manifest = :manifest WHERE load_id = :load_id", values)

    def load(self, load_id: str) -> LoadRecord:
        """Return a load by its id, or by as much of its beginning as makes it clear.

        Raises
        ------
        UsageError
            Where there is no such load, or several, or it is no id.
        """
        given: object = load_id
        if not isinstance(given, str):
            hint = "give a text, as result.load_id is one, and the column load_id of loads()"
            raise UsageError(f"a {type(given).__name__} is no id of a load", hint=hint)
        found = self._loads("substr(load_id, 1, length(:begins)) = :begins", {"begins": load_id}) if load_id else []
        if len(found) == 1:
            return found[0]
        known = ", ".join(each.load_id for each in (found or self.loads())[:5])
        problem = f"several loads begin with {load_id!r}" if found else f"the journal has no load {load_id!r}"
        raise UsageError(problem, hint=f"such as {known}" if known else f"{self.path} is empty")

    def loads(self) -> list[LoadRecord]:
        """Return all loads, the newest first."""
        return self._loads("TRUE", {})

    def parts(self, load_id: str) -> list[PartRecord]:
        """Return the parts of a load, by attempt and number."""
        query = f"SELECT {_names(_PART)} FROM part WHERE load_id = ? ORDER BY attempt, number"  # noqa: S608 - the same
        with _told(self.path):
            return [_part(row) for row in self._rows(query, (load_id,))]

    def attempts(self, load_id: str) -> list[int]:
        """Return the attempts of a load that have begun."""
        return [row[0] for row in self._rows("SELECT attempt FROM attempt WHERE load_id = ? ORDER BY 1", (load_id,))]

    def positions(self, load_id: str, attempt: int) -> NDArray[int64] | None:
        """Return which rows an attempt sends, in which order.

        None where it sends all of the frame's in its own, or has not begun.
        """
        query = "SELECT positions FROM attempt WHERE load_id = ? AND attempt = ?"
        packed = next((row[0] for row in self._rows(query, (load_id, attempt))), None)
        with _told(self.path):
            return None if packed is None else unpack_positions(packed)

    def jobs(self) -> dict[str, str]:
        """Return the load of each job, by the job's id."""
        return dict(self._rows("SELECT job_id, load_id FROM part WHERE job_id IS NOT NULL"))

    def inserts_like(self, load: LoadRecord) -> list[LoadRecord]:
        """Return the inserts, ended or not, that may have had the same bytes, the newest first.

        Where either token came without the org's Id, orgs are told apart by their address.
        """
        return self._loads(
            "operation = 'insert' AND rows = :rows AND headers = :headers AND sobject = :sobject COLLATE NOCASE"
            " AND (org_id = :org_id OR instance_url = :instance_url AND instance_url IN (org_id, :org_id))",
            asdict(load) | {"headers": _json(list(load.headers))},
        )

    def hold(self, load_id: str) -> AbstractContextManager[None]:
        """Hold a load, so that nobody else works on it; let go of when the process dies.

        Raises
        ------
        JournalBusy
            Where it is held already.
        """
        return self._locks.hold(load_id)

    def is_held(self, load_id: str) -> bool:
        """Whether somebody works on a load."""
        return self._locks.is_held(load_id)

    def spool(self, load_id: str) -> Path:
        """Return the folder for a load's result files, made where it is not there, for the user alone."""
        folder = self._beside("results") / load_id
        with _told(self.path):
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # parents that come along have the usual mode
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def clear_spool(self, load_id: str) -> None:
        """Remove the result files of a load."""
        shutil.rmtree(self._beside("results") / load_id, ignore_errors=True)

    def forget(self, load_ids: Sequence[str]) -> None:
        """Remove loads with their parts, result files and locks.

        Raises
        ------
        JournalBusy
            Where one is under way; those before it are gone.
        """
        for load_id in load_ids:
            with self.hold(load_id):
                self._write("DELETE FROM load WHERE load_id = :load_id", {"load_id": load_id})
                self.clear_spool(load_id)
            self._locks.remove(load_id)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{name}")

    def _write(self, statement: str, values: Mapping[str, Any]) -> None:
        with self._lock, _told(self.path):
            self._opened().execute(statement, values)  # outside of a transaction: each is one of its own

    def _loads(self, condition: str, values: Mapping[str, Any]) -> list[LoadRecord]:
        query = f"SELECT {_names(_LOAD)} FROM load WHERE {condition} ORDER BY created_at DESC, rowid DESC"  # noqa: S608 - the same
        with _told(self.path):
            return [_load(row) for row in self._rows(query, values)]

    def _rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        with self._lock, _told(self.path):
            if self._connection is None and not self.path.exists():
                return []
            return self._opened().execute(query, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            with self._locks.opening(_BUSY_SECONDS):  # SQLite waits for nobody who turns a new file to WAL besides
                self._connection = _ready(self.path)
        return self._connection


def _ready(path: Path) -> sqlite3.Connection:
    """Open the file and bring it to where it can be used."""
    connection = _connected(path)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file; make it first, for the user alone, where it is not there (SQLite's other files take its mode).

    A file that is there must not be opened besides: closing it would let go of the locks that this process's other
    connections have on it, and another process could then take it for its own and break it. Source: SQLite, "How To
    Corrupt An SQLite Database File", 2.2.
    """
    with _OPENING:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        return sqlite3.connect(
            path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=0,  # one that is kept holds its values: the positions of all rows
        )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of every failure that it is the journal's."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, TypeError, RecursionError) as error:
        raise JournalError(f"the journal {str(path)!r} cannot be used: {error}", hint=ELSEWHERE) from error


def _load(row: Sequence[Any]) -> LoadRecord:
    values = dict(zip(_LOAD, row, strict=True))
    values |= {name: json.loads(values[name]) for name in ("headers", "options", "manifest")}
    return LoadRecord(**values | {"headers": tuple(values["headers"])})


def _part(row: Sequence[Any]) -> PartRecord:
    values = dict(zip(_PART, row, strict=True))
    return PartRecord(**values | {"step": Step(values["step"])})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(columns)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join(f":{name}" for name in columns)


def _named(load_id: str, attempt: int, positions: bytearray | None) -> dict[str, Any]:
    return {"load_id": load_id, "attempt": attempt, "positions": positions}
