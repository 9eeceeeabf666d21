"""The rows of a job's result files as a frame of their own, typed by the describe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.decode import read_result_batches, read_typed_table
from sfbulk_pandas.codec.schema import arrow_type
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.result_files import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.salesforce.job import JobInfo

_TEXT = pa.large_string()
_STATUSES = (RowStatus.SUCCESSFUL, RowStatus.FAILED, RowStatus.UNPROCESSED)  # in the order of the files


@dataclass(frozen=True, slots=True)
class ResultRows:
    """The rows of the three files, one file after the other.

    Attributes
    ----------
    rows : pyarrow.Table
        Without what Salesforce has added. A column has its field's type; where a cell in any of the files has no such
        value, as in rows that failed, all of it is text.
    outcome : Outcome
    counts : tuple of three int
        How many rows each file holds.
    """

    rows: pa.Table
    outcome: Outcome
    counts: tuple[int, int, int]


def read_result_rows(paths: Sequence[Path], job: JobInfo, describes: Describes) -> ResultRows:
    """Read the result files of a job.

    Parameters
    ----------
    paths : sequence of Path
        As :meth:`Ingest.fetch_results` returned them: successful, failed, unprocessed.
    job : JobInfo
        Whose files they are; its column delimiter is that of its results.
    describes : Describes

    Raises
    ------
    DecodeError
        Where one is no CSV; then it is removed.
    OSError
        Where one is not there.
    """
    files = _read_files(paths, job, describes)
    names = column_names(files)
    rows = pa.table({name: _stacked([_column(file, name) for file in files]) for name in names})
    outcome = Outcome.joined([_outcome(file, status) for file, status in zip(files, _STATUSES, strict=True)])
    successful, failed, unprocessed = (file.num_rows for file in files)
    return ResultRows(rows, outcome, (successful, failed, unprocessed))


def column_names(files: Sequence[pa.Table]) -> list[str]:
    """Return the columns that came back in any of the files, each as it was spelled first; not Salesforce's own."""
    own = [name for file in files for name in file.column_names if not name.lower().startswith("sf__")]
    first = {name.lower(): name for name in reversed(own)}
    return list(dict.fromkeys(first[name.lower()] for name in own))


def _read_files(paths: Sequence[Path], job: JobInfo, describes: Describes) -> list[pa.Table]:
    """Read the files typed; then, as text, the columns in which a cell is no value of their type."""
    delimiter = job.column_delimiter.char

    def kind_of(name: str) -> pa.DataType:
        return arrow_type(describes.field(job.object, name.rpartition(":")[2]))

    files: list[pa.Table] = []
    unfit: set[str] = set()
    with core_threads() as pool:
        for path in paths:
            with opened(path, job) as raw:
                table, names = read_typed_table(raw, kind_of, delimiter=delimiter, mapper=pool.map)
            files.append(table)
            unfit.update(name.lower() for name in names)
    return [_with_texts(file, path, unfit, job) for file, path in zip(files, paths, strict=True)]


def _with_texts(file: pa.Table, path: Path, unfit: set[str], job: JobInfo) -> pa.Table:
    names = [name for name in file.column_names if name.lower() in unfit]
    if not names:
        return file
    with opened(path, job) as raw:
        schema, batches = read_result_batches(raw, delimiter=job.column_delimiter.char, only=names)
        texts = pa.Table.from_batches(batches, schema)
    for name, column in zip(names, texts.columns, strict=True):
        filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
        file = file.set_column(file.column_names.index(name), name, filled)
    return file


def _column(file: pa.Table, name: str) -> pa.ChunkedArray | int:
    """Return a column by its name in any case; the file's rows where it has none."""
    held = [each.lower() for each in file.column_names]
    return file.column(held.index(name.lower())) if name.lower() in held else file.num_rows


def _stacked(columns: Sequence[pa.ChunkedArray | int]) -> pa.ChunkedArray:
    kind = next(column.type for column in columns if not isinstance(column, int))
    parts = [pa.nulls(each, kind) if isinstance(each, int) else each for each in columns]
    chunks = [chunk for part in parts for chunk in (part.chunks if isinstance(part, pa.ChunkedArray) else [part])]
    return pa.chunked_array(chunks, kind)


def _outcome(file: pa.Table, status: RowStatus) -> Outcome:
    outcome = Outcome.of(file.num_rows, status)
    columns = [_column(file, name) for name in ("sf__Id", "sf__Created", "sf__Error")]
    texts = [pa.nulls(each, _TEXT) if isinstance(each, int) else each.cast(_TEXT) for each in columns]
    sends = np.ones(file.num_rows, np.int16)
    return Outcome(outcome.status, pa.table(texts, names=outcome.texts.column_names), sends)
