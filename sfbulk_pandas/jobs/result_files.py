"""The result files of a job on disk: whole or not there at all, and for the user alone."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sfbulk_pandas.codec.decode import read_result_batches
from sfbulk_pandas.errors import DataError, DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    import pyarrow as pa

    from sfbulk_pandas.codec.blocks import Readable
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.spool import Spool
    from sfbulk_pandas.wire.ingest import ResultSet

_PIECE_BYTES = 1 << 20
_KEPT = "Salesforce keeps the results for 7 days"


def result_file(folder: Path, job_id: str, which: ResultSet) -> Path:
    """Return where a result file stands once it is whole."""
    return folder / f"{job_id}-{which.value}.csv"


def save_whole(raw: Readable, path: Path) -> Path:
    """Write a body to disk under another name, and give it its own once its end has come.

    Parameters
    ----------
    raw : binary file-like
        Raises by itself where it is cut off. Read to its end and not closed.
    path : Path
        In a folder that exists; what stands there is replaced. Only the user may read it.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    DataError
        Where it cannot be written. Then, as where ``raw`` raises, nothing is left behind.
    """
    try:
        with _part(path) as file:
            while piece := raw.read(_PIECE_BYTES):
                file.write(piece)
    except OSError as error:
        raise DataError(
            f"the result file {path.name} could not be written to {path.parent}: {error}",
            hint=f"make room there; {_KEPT}",
        ) from error
    return path


@contextmanager
def _part(path: Path) -> Iterator[BinaryIO]:
    number, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".part", dir=path.parent)  # 0600
    part = Path(name)
    try:
        with open(number, "wb") as file:  # noqa: PTH123 - the descriptor is there already
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def opened(path: Path, job: JobInfo) -> Iterator[BufferedReader]:
    """Open a result file to read it.

    Parameters
    ----------
    path, job
        As for :func:`read_results`.

    Raises
    ------
    DecodeError
        Where it turns out to be no CSV, as what comes from within; then it is removed, so that it is fetched again.
    """
    try:
        with path.open("rb") as raw:
            yield raw
    except DecodeError as error:
        path.unlink(missing_ok=True)
        reason = f"; the job itself failed: {job.error_message}" if job.error_message else ""
        hint = f"read the results again: {_KEPT}"
        raise DecodeError(f"result file {path.stem}: {error}{reason}", hint=hint) from error


def read_results(path: Path, job: JobInfo, spool: Spool) -> pa.Table:
    """Read a result file from disk, into a memory map.

    Parameters
    ----------
    path : Path
        As :meth:`Ingest.fetch_results` returned it.
    job : JobInfo
        Whose file it is; its column delimiter is that of its results.
    spool : Spool
        Where its rows lie from then on.

    Returns
    -------
    pyarrow.Table
        Texts.

    Raises
    ------
    DecodeError
        Where it is no CSV; then it is removed.
    DataError
        Where the disk is full.
    OSError
        Where it is not there.
    """
    with opened(path, job) as raw:
        return spool.written(*read_result_batches(raw, delimiter=job.column_delimiter.char))
