"""The journal's tables, and how older ones become newer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.errors import JournalError

if TYPE_CHECKING:
    import sqlite3

# Each entry leads from the version that is its place to the next; a journal's version is its user_version.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE load (
            load_id TEXT PRIMARY KEY, created_at REAL NOT NULL, sobject TEXT NOT NULL, operation TEXT NOT NULL,
            external_id_field TEXT, org_id TEXT NOT NULL, instance_url TEXT NOT NULL, user_id TEXT,
            headers TEXT NOT NULL, options TEXT NOT NULL, rows INTEGER NOT NULL, retry_of TEXT,
            finished_at REAL, manifest TEXT
        ) STRICT
        """,
        """
        CREATE TABLE attempt (
            load_id TEXT NOT NULL REFERENCES load ON DELETE CASCADE, attempt INTEGER NOT NULL, positions BLOB,
            PRIMARY KEY (load_id, attempt)
        ) STRICT
        """,
        """
        CREATE TABLE part (
            load_id TEXT NOT NULL REFERENCES load ON DELETE CASCADE, attempt INTEGER NOT NULL,
            number INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, digest TEXT NOT NULL,
            size_bytes INTEGER NOT NULL, step TEXT NOT NULL, at REAL NOT NULL, job_id TEXT, state TEXT,
            processed INTEGER, failed INTEGER, error_message TEXT,
            PRIMARY KEY (load_id, attempt, number)
        ) STRICT
        """,
    ),
    ("ALTER TABLE load ADD COLUMN key_prefix TEXT",),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a journal to the newest version; do nothing where it is.

    Raises
    ------
    JournalError
        Where a newer version of this package has written it.
    """
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[_version(connection) :]:  # asked again: another process may have been faster
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # Ctrl-C may come when all is written
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise JournalError(
            f"the journal is of version {version}, and this package knows {len(MIGRATIONS)}",
            hint="install the newest sfbulk_pandas, or name another journal: connect(..., journal=path)",
        )
    return version
