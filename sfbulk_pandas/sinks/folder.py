"""A folder of Parquet files that is there as a whole, or not at all."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.display.blocks import card, facts, status
from sfbulk_pandas.display.cells import shorten, visible
from sfbulk_pandas.display.html import code, join, tag, typed
from sfbulk_pandas.errors import DataError, UsageError
from sfbulk_pandas.sinks.disk import sync_folder
from sfbulk_pandas.sinks.partitions import value_type

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.sinks.partial import Partial

DETAILS_FILE = "_sfbulk.json"  # readers of datasets leave files alone that begin with an underscore
_SHOWN_COLUMNS = 200  # characters of their names
BAD_CELLS_FILE = "_bad_cells.parquet"


@dataclass(frozen=True, slots=True)
class ParquetFolder:
    """A query's rows in Parquet files; whatever takes a path takes it.

    Attributes
    ----------
    path : Path
        The folder.
    rows : int
        In all of its files.
    schema : pyarrow.Schema
        Of the rows, a column that they are partitioned by among them.
    details : dict
        What ``_sfbulk.json`` in the folder says: query, org, plan and why, jobs, schema, rows, files, bad cells.
    """

    path: Path
    rows: int
    schema: pa.Schema
    details: dict[str, Any]

    def dataset(self) -> ds.Dataset:
        """Return the rows as a dataset, from which parts can be read."""
        name = self.details["partition_by"]
        if name is None:
            return ds.dataset(self.path, schema=self.schema, format="parquet")
        field = self.schema.field(name)
        field = field.with_type(value_type(field.type))
        schema = self.schema.set(self.schema.get_field_index(name), field)
        hive = ds.partitioning(pa.schema([field]), flavor="hive")  # a guess would take 00123 for a number
        return ds.dataset(self.path, schema=schema, format="parquet", partitioning=hive)

    @property
    def bad_cells(self) -> pa.Table:
        """The cells that are no value of their field's type, and null in the files."""
        path = self.path / BAD_CELLS_FILE
        return pq.read_table(path) if path.exists() else BAD_CELLS.empty_table().drop_columns(["page"])

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return visible(f"<{self.rows:,} rows in {len(self.details['files']):,} file(s) of {self.path}>")

    def _repr_html_(self) -> str:
        title = join("Parquet ", tag("span", f"{self.rows:,} rows", class_="sf-size"))
        note = typed("`.dataset()` reads parts of it; pandas, Polars and DuckDB read the folder.")
        return str(card(title, facts(folder_facts(self)), note=note))


def folder_facts(folder: ParquetFolder) -> dict[str, Any]:
    """Return what there is to say of a folder of rows, by name."""
    details, bad = folder.details, folder.details["bad_cells"]
    shown = shorten(", ".join(folder.schema.names), _SHOWN_COLUMNS)
    return {
        "folder": code(str(folder.path)),
        "files": len(details["files"]),
        "columns": f"{len(folder.schema):,}: {shown}",
        "divided by": details["partition_by"],
        "bad cells": status("failed", says=f"{bad:,}, null in the files: see .bad_cells") if bad else None,
        "query": code(details["query"]) if "query" in details else None,
        "plan": f"{details['plan']}: {details['reason']}" if "plan" in details else None,
    }


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Refuse a target that holds something already.

    Raises
    ------
    UsageError
    """
    is_taken = any(target.iterdir()) if target.is_dir() else target.exists()
    if is_taken and not overwrite:
        raise UsageError(f"{target} is there already", hint="name another folder, or say overwrite=True")


def publish(partial: Partial, target: Path, schema: pa.Schema, *, overwrite: bool) -> ParquetFolder:
    """Put the rows where they belong; gone through again after a kill, it goes on where it was.

    Raises
    ------
    UsageError
        Where something else has come to the target meanwhile.
    DataError
        Where the disk refuses.
    """
    rows = partial.rows_folder
    if rows.exists():
        refuse_existing(target, overwrite=overwrite)
        try:
            if target.exists():
                shutil.rmtree(partial.old_folder, ignore_errors=True)
                target.rename(partial.old_folder)
            rows.rename(target)
            sync_folder(target.parent)
        except OSError as error:
            raise DataError(f"the rows cannot be put to {target}: {error}") from error
    details = dict(partial.checkpoint.closing)
    partial.remove()
    return ParquetFolder(target, details["rows"], schema, details)


def finished(partial: Partial, target: Path, schema: pa.Schema, *, overwrite: bool) -> ParquetFolder | None:
    """Publish what an earlier run had ready when it ended; None where there is no such thing.

    Raises
    ------
    UsageError, DataError
        As :func:`publish`.
    """
    closing = partial.checkpoint.closing
    if not closing:
        return None
    if partial.rows_folder.exists() or _extract_id(target) == closing["extract_id"]:
        return publish(partial, target, schema, overwrite=overwrite)
    partial.restart()  # it was published, and somebody has taken it away since
    return None


def _extract_id(target: Path) -> str | None:
    path = target / DETAILS_FILE
    with suppress(OSError, ValueError, AttributeError, RecursionError):  # whatever that is, no extract has left it so
        return json.loads(path.read_bytes()).get("extract_id") if path.exists() else None
    return None
