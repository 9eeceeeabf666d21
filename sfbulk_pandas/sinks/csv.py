"""Rows as one CSV file, the values as Salesforce sends them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sfbulk_pandas.errors import DataError, UsageError
from sfbulk_pandas.sinks.disk import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.sinks.base import PageEnd, Place

_ZONE = r"\+00:?00$"  # how REST, and Bulk API at times, write UTC


def text_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of the same columns as text: what was never a number cannot lose digits."""
    return pa.schema([(name, pa.string()) for name in schema.names])


def unfinished_of(target: Path) -> Path:
    """Return the hidden folder in which a file grows."""
    return target.with_name(f".{target.name}.unfinished")


def check_file(target: Path, *, overwrite: bool) -> None:
    """Refuse a target that is there already.

    Raises
    ------
    UsageError
    """
    if target.is_dir() or (target.exists() and not overwrite):
        raise UsageError(f"{target} is there already", hint="name another file, or say overwrite=True for a file")


class CsvSink:
    """Write rows into a file of a hidden folder, and put it where it belongs at the end.

    Nothing is left where it is stopped.

    Parameters
    ----------
    folder : Path
        The hidden folder, beside the target; whoever makes the sink holds its lock.
    target : Path
    moments : set of str
        The columns whose values are moments: they end in ``Z``, whichever way Salesforce wrote them.
    overwrite : bool
        Whether a file at the target is replaced.
    """

    def __init__(self, folder: Path, target: Path, moments: frozenset[str], *, overwrite: bool = False) -> None:
        self._folder = folder
        self._target = target
        self._moments = moments
        self._overwrite = overwrite
        self._is_removed = False

    def open(self, schema: pa.Schema) -> None:
        """Get ready for rows of this schema, all of it text.

        Raises
        ------
        DataError
            Where the disk refuses.
        """
        try:
            self._file = (self._folder / "rows").open("wb")
            self._writer = csv.CSVWriter(self._file, schema)
        except OSError as error:
            raise self._refused(error) from error

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None = None) -> None:  # noqa: ARG002 - the port's; no text is bad
        """Write rows.

        Raises
        ------
        DataError
            Where the disk does not take them.
        """
        for number, name in enumerate(batch.schema.names):
            if name in self._moments:
                column = pc.replace_substring_regex(batch.column(number), _ZONE, "Z")
                batch = batch.set_column(number, name, column)
        try:
            self._writer.write_batch(batch)
        except OSError as error:
            raise self._refused(error) from error

    def end_page(self, end: PageEnd) -> None:
        """Do nothing: the rows are there already."""

    def close(self) -> Path:
        """Put the file where it belongs, and return that.

        Raises
        ------
        UsageError
            Where something else has come there meanwhile.
        DataError
            Where the disk refuses.
        """
        check_file(self._target, overwrite=self._overwrite)
        try:
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            (self._folder / "rows").replace(self._target)
            sync_folder(self._target.parent)
        except OSError as error:
            raise self._refused(error) from error
        self._remove()
        return self._target

    def abort(self) -> None:
        """Leave nothing. May be called after a close, also one that failed."""
        with suppress(OSError, ValueError, AttributeError):  # a full disk refuses rows that are not wanted any more
            self._writer.close()
        with suppress(OSError, AttributeError):
            self._file.close()
        self._remove()

    def _remove(self) -> None:
        if self._is_removed:
            return  # the folder may be another process's by now
        self._is_removed = True
        shutil.rmtree(self._folder, ignore_errors=True)  # on Windows the lock's file goes with the lock

    def _refused(self, error: OSError) -> DataError:
        return DataError(f"the rows could not be written to {self._target}: {error}")
