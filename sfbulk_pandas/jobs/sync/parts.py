"""The files of a copy's next state: taken over as they are where they can be, written where they cannot."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.sinks.buffer import MOST_BYTES, ROWS_PER_FILE
from sfbulk_pandas.sinks.disk import durable
from sfbulk_pandas.sinks.parquet import write_rows

if TYPE_CHECKING:
    from pathlib import Path

_SMALL_BYTES = 2 << 20  # files below it are put together, so that their number stays bounded however often it runs


class Parts:
    """Gather the files of a folder.

    Parameters
    ----------
    folder : Path
        Which is there, and empty.
    run : int
        Part of the names of new files, so that none has the name of an earlier run's.
    schema : pyarrow.Schema
        Of the rows, with the metadata of new files.
    """

    def __init__(self, folder: Path, run: int, schema: pa.Schema) -> None:
        self.files: dict[str, int] = {}
        self._folder = folder
        self._run = run
        self._schema = schema
        self._number = 0
        self._clear()

    @property
    def rows(self) -> int:
        """How many rows there are, in files and on their way."""
        return sum(self.files.values()) + self._rows

    def _clear(self) -> None:
        self._tables: list[pa.Table] = []
        self._rows = self._bytes = 0

    def takes_whole(self, path: Path) -> bool:
        """Whether a file none of whose rows change is better taken over than written anew."""
        return path.stat().st_size >= _SMALL_BYTES

    def keep(self, path: Path, rows: int) -> None:
        """Take over a file of the copy, whose name no other file of it has."""
        self._take(path, path.name, rows)

    def add(self, path: Path, rows: int) -> None:
        """Take over a file of another folder."""
        self._take(path, self._new_name(), rows)

    def _take(self, path: Path, name: str, rows: int) -> None:
        target = self._folder / name
        try:
            os.link(path, target)  # no byte is copied, and both names may go without the other
        except OSError:  # not every disk has such links
            with path.open("rb") as source, durable(target) as file:
                shutil.copyfileobj(source, file)
        self.files[name] = rows

    def write(self, table: pa.Table) -> None:
        """Take rows, and write a file wherever there are enough."""
        while table.num_rows:
            part = table.slice(0, ROWS_PER_FILE - self._rows)
            table = table.slice(part.num_rows)
            self._tables.append(part)
            self._rows += part.num_rows
            self._bytes += part.nbytes
            if self._rows >= ROWS_PER_FILE or self._bytes >= MOST_BYTES:
                self._flush()

    def close(self) -> None:
        """Write the rest; a folder without any row has one file that tells the columns."""
        if self._rows or not self.files:
            self._flush()

    def _flush(self) -> None:
        name = self._new_name()
        table = pa.concat_tables([self._schema.empty_table(), *(each.cast(self._schema) for each in self._tables)])
        write_rows(table, self._folder / name)
        self.files[name] = table.num_rows
        self._clear()

    def _new_name(self) -> str:
        self._number += 1
        return f"part-{self._run:05}-{self._number - 1:05}.parquet"
