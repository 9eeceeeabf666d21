"""Ingest batches of Bulk API 1.0: CSV in, one line of result a row out.

Source: Bulk API guide, "Add a Batch to a Job", "Get Batch Results".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sfbulk_pandas.local_org.http import Answer
from sfbulk_pandas.local_org.uploads import Bounds, write_body
from sfbulk_pandas.local_org.v1 import faults
from sfbulk_pandas.local_org.v1.answers import TYPES
from sfbulk_pandas.local_org.v1.ingest_run import MAX_BATCH_BYTES, result_path
from sfbulk_pandas.local_org.v1.jobs import BatchState, batch_state

if TYPE_CHECKING:
    from pathlib import Path

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.v1.jobs import FrameJob


def receive(call: Call, job: FrameJob) -> Path:
    """Write the rows of a new batch to disk.

    Raises
    ------
    Fault
        400 ClientInputError above 10 MB; the code and the text are printed nowhere.
    """
    path = job.folder / f"{uuid4().hex}.csv"
    too_large = faults.wrong_input(f"The batch is larger than {MAX_BATCH_BYTES} bytes")
    write_body(call, path, Bounds(MAX_BATCH_BYTES, too_large, gzip=True))
    return path


def result(_org: OrgState, _job: FrameJob, batch: Job) -> Answer:
    """Answer a batch's result, in the order of the request."""
    if batch_state(batch) is not BatchState.COMPLETED:
        raise faults.invalid_batch("Batch not completed")
    return Answer(200, result_path(batch).read_bytes(), {"Content-Type": TYPES["CSV"]})
