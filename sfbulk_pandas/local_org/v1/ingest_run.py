"""Running the ingest batches of Bulk API 1.0: rows by the rules of all rows, results in the order of the request.

Sources: Bulk API guide, "Batch Result" and "Limits"; result files recorded with versions up to 62.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from sfbulk_pandas.local_org.csv_check import check_structure, form_of, offset_of_row
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.values import from_mask
from sfbulk_pandas.salesforce.limits import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sfbulk_pandas.local_org.apply import Outcome
    from sfbulk_pandas.local_org.csv_check import CsvFile
    from sfbulk_pandas.local_org.ingest_run import IngestRunner
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.results import Told
    from sfbulk_pandas.local_org.targets import Target

MAX_BATCH_BYTES = 10_000_000  # Bulk API guide, "Limits": 10 MB, which is no more characters
_HEADER = b'"Id","Success","Created","Error"\n'


@dataclass(frozen=True)
class BatchIngestRunner:
    """Run the batches of ingest jobs; the :class:`~sfbulk_pandas.local_org.engine.Engine` calls it with each.

    Attributes
    ----------
    run : IngestRunner
        Runs an upload of either API; its results are :class:`BatchResults`.
    """

    run: IngestRunner

    def __call__(self, batch: Job) -> Generator[None, None, None]:
        """Do a batch.

        Raises
        ------
        JobFailure
            With the batch's ``stateMessage``: for what is wrong with the file, and above 10,000 records.
        """
        file = check_structure(batch.upload, form_of(batch))
        if file is None or not file.has_rows:
            raise JobFailure("InvalidBatch : Records not found")
        if offset_of_row(batch.upload, BATCH_ROWS) < batch.upload.stat().st_size:
            raise JobFailure(f"InvalidBatch : Number of records in the batch exceeds {BATCH_ROWS}")
        yield from self.run(batch)


def result_path(batch: Job) -> Path:
    """Return where the result of an ingest batch lies."""
    return batch.folder / "result.csv"


class BatchResults:
    """Write a batch's result while it runs: one line a row, in the order of the request.

    Parameters
    ----------
    batch : Job
    file, targets, told
        As every :class:`~sfbulk_pandas.local_org.ingest_run.Results` is made; this one needs none of them.
    """

    def __init__(self, batch: Job, file: CsvFile, targets: Sequence[Target], told: Told) -> None:  # noqa: ARG002
        self._sink = result_path(batch).open("wb")
        self._sink.write(_HEADER)

    def write(self, outcome: Outcome, columns: Sequence[pa.StringArray]) -> None:  # noqa: ARG002 - the port's
        """Add a slice's rows."""
        failed = outcome.errors.failed
        errors = pa.array(np.full(len(failed), ""), pa.string())
        if failed.any():
            errors = pc.replace_with_mask(errors, from_mask(failed), outcome.errors.texts())
        ids = pc.if_else(from_mask(failed), "", pc.fill_null(outcome.ids, ""))
        flags = (_words(~failed), _words(outcome.created & ~failed))
        table = pa.table([ids, *flags, errors], names=["Id", "Success", "Created", "Error"])
        options = pacsv.WriteOptions(include_header=False, quoting_style="all_valid")
        pacsv.write_csv(table, self._sink, write_options=options)

    def sizes(self) -> dict[str, int]:
        """Bring what was written to the file, and return its bytes by its name."""
        self._sink.flush()
        return {Path(self._sink.name).name: self._sink.tell()}

    def close(self, *, complete: bool) -> None:  # noqa: ARG002 - rows that were not reached have no line
        """Close the file."""
        self._sink.close()


def _words(mask: np.ndarray) -> pa.StringArray:
    return pa.array(np.where(mask, "true", "false"), pa.string())
