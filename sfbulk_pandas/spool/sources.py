"""Anything that holds rows, as one stream of record batches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from sfbulk_pandas.errors import UsageError

BATCH_ROWS = 65_536
# Parquet's row groups are decoded ahead; Arrow's own default is 16 batches of each of 4 files.
_BATCHES_AHEAD = 2
_FILES_AHEAD = 1
# Nor are they read ahead, which takes more memory the more there are (pyarrow 26: 440 MB for 5 million rows, not 200).
_PARQUET = ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=False))


def reader_of(data: Any) -> pa.RecordBatchReader:
    """Open a source of rows; none of them is read yet.

    Parameters
    ----------
    data : object
        With ``__arrow_c_stream__`` (a pyarrow Table or RecordBatchReader, a Polars frame, a DuckDB relation), a
        ``pyarrow.dataset`` Dataset or Scanner, or the path of a Parquet file or of a folder of them.

    Returns
    -------
    pyarrow.RecordBatchReader

    Raises
    ------
    UsageError
        Where it is none of these, or there is no Parquet under the path.
    """
    if isinstance(data, (str, os.PathLike)):
        return _scanned(_parquet(Path(data)))
    if isinstance(data, ds.Dataset):
        return _scanned(data)
    if isinstance(data, ds.Scanner):
        return data.to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return _streamed(data)
    raise UsageError(
        f"a {type(data).__name__} holds no rows that can be read",
        hint="give a pandas or Polars frame, anything with __arrow_c_stream__, a pyarrow dataset, or a Parquet path",
    )


def _streamed(data: Any) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(data)
    except Exception as error:  # also errors of the library that the data is from
        raise UsageError(
            f"this {type(data).__name__} gives no rows: {error}", hint="give a table, still open"
        ) from error


def _parquet(path: Path) -> ds.Dataset:
    if not path.exists():
        raise UsageError(f"there is no file or folder {str(path)!r}")
    try:
        dataset = ds.dataset(path, format=_PARQUET, partitioning="hive" if path.is_dir() else None)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{str(path)!r} cannot be read as Parquet: {error}") from error
    if not dataset.files:
        raise UsageError(f"the folder {str(path)!r} holds no file")
    return dataset


def _scanned(dataset: ds.Dataset) -> pa.RecordBatchReader:
    ahead = {"batch_readahead": _BATCHES_AHEAD, "fragment_readahead": _FILES_AHEAD}
    return dataset.scanner(batch_size=BATCH_ROWS, **ahead).to_reader()
