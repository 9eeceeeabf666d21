"""Anything that holds rows, as one stream of record batches."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.spool.common import common_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BATCH_ROWS = 65_536
# What a dataset is made of is decoded ahead; Arrow's own default is 16 batches of each of 4 files.
_BATCHES_AHEAD = 2
_FILES_AHEAD = 1
_READ_BYTES = 1 << 20  # of a column, at a time
_DETAILS_FILE = "_sfbulk.json"  # what a query to disk leaves beside its rows
_OF_A_COLUMN = "of a column alone, make a frame first: series.to_frame()"


def reader_of(data: Any) -> pa.RecordBatchReader:
    """Open a source of rows; none of them is read yet.

    Parameters
    ----------
    data : object
        With ``__arrow_c_stream__`` (a pyarrow Table or RecordBatchReader, a Polars frame, a DuckDB relation), a
        ``pyarrow.dataset`` Dataset or Scanner, or the path of a Parquet file or of a folder of them: with the columns
        of all its files, and the keys of folders such as ``Country=DE`` as text.

    Returns
    -------
    pyarrow.RecordBatchReader

    Raises
    ------
    UsageError
        Where it is none of these, there is no Parquet under the path, or the files of a folder do not fit together.
    """
    if isinstance(data, (str, os.PathLike)):
        return _read(_parquet(Path(data)))
    if isinstance(data, ds.Dataset):
        return _scanned(data)
    if isinstance(data, ds.Scanner):
        return data.to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return _streamed(data)
    if data is ...:
        hint = "give the rows that were loaded in their place, such as frame=df"
        raise UsageError("the three dots stand for the rows", hint=hint)
    raise UsageError(
        f"a {type(data).__name__} holds no rows that can be read",
        hint="give a pandas or Polars frame, anything with __arrow_c_stream__, a pyarrow dataset, or a Parquet path; "
        f"{_OF_A_COLUMN}",
    )


def _streamed(data: Any) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(data)
    except Exception as error:  # also errors of the library that the data is from
        raise UsageError(
            f"this {type(data).__name__} gives no rows: {error}",
            hint=f"give a table, still open; {_OF_A_COLUMN}",
        ) from error


def _parquet(path: Path) -> ds.Dataset:
    if not path.exists():
        raise UsageError(f"there is no file or folder {str(path)!r}")
    try:
        dataset = _folder(path.resolve()) if path.is_dir() else ds.dataset(path, format="parquet")
    except (pa.ArrowException, OSError) as error:
        hint = "read files of other kinds first, such as pd.read_csv(path, dtype=str), and give the frame"
        raise UsageError(f"{str(path)!r} cannot be read as Parquet: {error}", hint=hint) from error
    if not dataset.files:
        raise UsageError(f"the folder {str(path)!r} holds no file")
    return dataset


def _folder(path: Path) -> ds.Dataset:
    """Open files as one: left to itself, Arrow takes the first one's columns for all, and 01067 for a number."""
    files = ds.dataset(path, schema=pa.schema([]), format="parquet").files
    names = {name: Path(name).relative_to(path) for name in files}
    schemas = {str(short): _schema_of(name) for name, short in names.items()}
    keys = _key_types(path, list(names.values()), schemas)
    schema = common_schema({name: _with_keys(each, keys) for name, each in schemas.items()})
    hive = ds.partitioning(pa.schema([schema.field(key) for key in keys]), flavor="hive")
    return ds.dataset(path, schema=schema, format="parquet", partitioning=hive)


def _schema_of(file: str) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except pa.ArrowException as error:
        raise pa.ArrowInvalid(f"{Path(file).name}: {error}") from error


def _key_types(path: Path, names: list[Path], schemas: dict[str, pa.Schema]) -> dict[str, pa.DataType]:
    """Return the keys that folders are named by, in their type; what all files hold themselves is read from them."""
    folders = [folder for name in names for folder in name.parts[:-1] if "=" in folder]
    keys = dict.fromkeys(unquote(folder.partition("=")[0]) for folder in folders)
    known = _known_types(path)
    return {
        key: known.get(key, pa.string()) for key in keys if any(key not in schema.names for schema in schemas.values())
    }


def _known_types(path: Path) -> dict[str, pa.DataType]:
    """Return the type of the column by which a query to disk divided its rows, where it is no text."""
    with suppress(OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):  # it may be anybody's
        details = json.loads((path / _DETAILS_FILE).read_bytes())
        name = details["partition_by"]
        return {name: pa.type_for_alias(details["schema"][name])}
    return {}


def _with_keys(schema: pa.Schema, keys: dict[str, pa.DataType]) -> pa.Schema:
    missing = [pa.field(key, kind) for key, kind in keys.items() if key not in schema.names]
    return pa.schema([*schema, *missing])


def _read(dataset: ds.FileSystemDataset) -> pa.RecordBatchReader:
    """Read Parquet files batch by batch.

    Arrow's scanner decodes whole row groups, and goes up to 1 GB ahead of who writes slowly (pyarrow 26). Its threads
    do not decode either: they would keep up to 100 MB for later, and two of them are no faster.
    """
    batches = (batch for file in dataset.get_fragments() for batch in _batches(file, dataset.schema))
    return pa.RecordBatchReader.from_batches(dataset.schema, batches)


def _batches(file: ds.ParquetFileFragment, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    keys = ds.get_partition_keys(file.partition_expression)
    with file.open() as raw:
        parquet = pq.ParquetFile(raw, pre_buffer=False, buffer_size=_READ_BYTES)
        for group in range(parquet.num_row_groups):  # one at a time: lists of categories cannot be read across them
            missing = parquet.metadata.row_group(group).num_rows
            for batch in parquet.iter_batches(BATCH_ROWS, [group], use_threads=False):
                missing -= batch.num_rows
                columns = [_column(batch, field, keys) for field in schema]
                yield pa.record_batch(columns, schema=schema)  # cast to what all files have in common
            if missing:  # Arrow takes the end of a file that was cut off meanwhile for that of its rows
                name = Path(file.path).name
                raise pa.ArrowInvalid(f"{name} has changed while it was read: {missing:,} rows are gone")


def _column(batch: pa.RecordBatch, field: pa.Field, keys: Mapping[str, object]) -> pa.Array:
    """Return a column: what the folders say, else what the file holds, else nulls."""
    if field.name in keys:
        return pa.repeat(pa.scalar(keys[field.name], field.type), batch.num_rows)
    if field.name in batch.schema.names:
        return batch.column(field.name)
    return pa.nulls(batch.num_rows, field.type)


def _scanned(dataset: ds.Dataset) -> pa.RecordBatchReader:
    ahead = {"batch_readahead": _BATCHES_AHEAD, "fragment_readahead": _FILES_AHEAD}
    return dataset.scanner(batch_size=BATCH_ROWS, **ahead).to_reader()
