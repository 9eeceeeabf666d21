"""Files that are on disk when the call returns, also where the power fails."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow as pa


@contextmanager
def durable(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written, which is on disk at the end of the context."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_parquet(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a Parquet file of one row group."""
    with durable(path) as file:
        pq.write_table(table, file, row_group_size=max(table.num_rows, 1), **options)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
