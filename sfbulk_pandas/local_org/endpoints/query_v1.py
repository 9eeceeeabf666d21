"""Query batches of Bulk API 1.0: SOQL in, result files out.

Source: Bulk API guide, "Bulk Query".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.endpoints.jobs_v1 import find_batch
from sfbulk_pandas.local_org.http import Answer
from sfbulk_pandas.local_org.v1 import faults
from sfbulk_pandas.local_org.v1.answers import TYPES, batch_answer
from sfbulk_pandas.local_org.v1.jobs import BatchState, batch_state
from sfbulk_pandas.local_org.v1.query_run import read_result, result_ids
from sfbulk_pandas.local_org.v1.words import as_json
from sfbulk_pandas.salesforce.ids import to_15

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.v1.jobs import FrameJob


def read_soql(call: Call) -> str:
    """Read the query of a new batch.

    Raises
    ------
    Fault
        400 ClientInputError for what is no text.
    """
    try:
        return call.body().decode("utf-8")
    except UnicodeDecodeError:
        raise faults.wrong_input("The query is not UTF-8") from None


def list_results(org: OrgState, job: FrameJob, batch: Job) -> Answer:
    """Answer the ids of a batch's result files."""
    if batch_state(batch) is not BatchState.COMPLETED:
        raise faults.invalid_batch("Batch not completed")
    found = result_ids(batch, org.switches)
    if job.content_type == "JSON":
        return Answer(200, as_json(found), {"Content-Type": TYPES["JSON"]})
    return batch_answer(job, "result-list", {"result": found})


def get_file(org: OrgState, call: Call) -> Answer:
    """Answer one result file, in the job's content type."""
    job, batch = find_batch(org, call)
    known = result_ids(batch, org.switches) if batch_state(batch) is BatchState.COMPLETED else []
    asked = to_15(call.segments[5])
    if asked not in known:
        raise faults.invalid_batch(f"Unable to find result for id: {call.segments[5]}")
    body = read_result(batch, known.index(asked), org.switches)
    return Answer(200, body, {"Content-Type": TYPES[job.content_type]})
