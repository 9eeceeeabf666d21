"""Answers of Bulk API 1.0: what is said, in the format that it is said in.

Source: Bulk API guide, "Content Type Header"; answers recorded with versions up to 62.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.http import JSON_TYPE, Answer
from sfbulk_pandas.local_org.v1.faults import async_code
from sfbulk_pandas.local_org.v1.requests import is_json, is_xml
from sfbulk_pandas.local_org.v1.words import as_json, as_xml, job_values

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.faults import Fault
    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.v1.jobs import FrameJob

# Recorded so: a job's JSON names a charset, a batch's does not.
TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}


def job_answer(org: OrgState, call: Call, job: FrameJob, *, status: int = 200, modified: float | None = None) -> Answer:
    """Answer a job: in the format of the call, or where that has none, in the job's."""
    values = job_values(job, org.frames.batches(job), modified)
    if is_json(call) or (job.content_type == "JSON" and not is_xml(call)):
        return Answer(status, as_json(values), {"Content-Type": JSON_TYPE})
    return Answer(status, as_xml("jobInfo", values), {"Content-Type": TYPES["XML"]})


def batch_answer(job: FrameJob, name: str, values: dict[str, Any], *, status: int = 200) -> Answer:
    """Answer in JSON for a job of that content type, in XML for all others."""
    if job.content_type == "JSON":
        return Answer(status, as_json(values), {"Content-Type": TYPES["JSON"]})
    return Answer(status, as_xml(name, values), {"Content-Type": TYPES["XML"]})


def async_fault(call: Call, fault: Fault) -> Answer:
    """Answer a fault as this API does: in JSON where the call spoke it, else in XML."""
    values = {"exceptionCode": async_code(fault.error_code), "exceptionMessage": fault.message}
    if is_json(call):
        return Answer(fault.status, as_json(values), {"Content-Type": JSON_TYPE})
    return Answer(fault.status, as_xml("error", values), {"Content-Type": TYPES["XML"]})
