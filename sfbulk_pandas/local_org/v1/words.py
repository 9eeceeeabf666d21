"""Jobs, batches, lists and errors as Bulk API 1.0 answers them: XML with its own way of indenting, or JSON.

Sources: Bulk API guide, "JobInfo", "BatchInfo"; answers recorded with versions up to 62.0 for order and whitespace.
JSON has its keys in alphabetical order, and a null where XML leaves an element out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from sfbulk_pandas.local_org.job_json import timestamp
from sfbulk_pandas.local_org.v1.jobs import BatchState, batch_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.switches import Switches
    from sfbulk_pandas.local_org.v1.jobs import FrameJob

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'
Values = dict[str, Any]


def job_values(job: FrameJob, batches: Sequence[Job], modified: float | None = None) -> Values:
    """Return what is said of a job, in XML's order.

    Parameters
    ----------
    job : FrameJob
    batches : sequence of Job
    modified : float, optional
        Seconds since the epoch: a change of state answers, as recorded, when the job was last modified before it.
    """
    states = [batch_state(each) for each in batches]
    changed = max([job.modified, *(each.modified for each in batches)]) if modified is None else modified
    return {
        "id": job.id,
        "operation": job.operation.value,
        "object": job.sobject,
        "createdById": job.created_by,
        "createdDate": _Instant(job.created),
        "systemModstamp": _Instant(changed),
        "state": job.state.value,
        "externalIdFieldName": job.external_id_field_name,
        "concurrencyMode": job.concurrency_mode,
        "contentType": job.content_type,
        "numberBatchesQueued": states.count(BatchState.QUEUED),
        "numberBatchesInProgress": states.count(BatchState.IN_PROGRESS),
        "numberBatchesCompleted": states.count(BatchState.COMPLETED),
        "numberBatchesFailed": states.count(BatchState.FAILED),
        "numberBatchesTotal": len(states),
        "numberRecordsProcessed": sum(each.processed for each in batches),
        "numberRetries": 0,
        "apiVersion": float(job.api_version),
        "assignmentRuleId": job.assignment_rule_id,
        "numberRecordsFailed": sum(each.failed for each in batches),
        "totalProcessingTime": sum(each.total_ms for each in batches),
        "apiActiveProcessingTime": sum(each.active_ms for each in batches),
        "apexProcessingTime": 0,
    }


def batch_values(batch: Job, switches: Switches) -> Values:
    """Return what is said of a batch, in XML's order."""
    counted = switches.query_batch_counts or not batch.operation.is_query
    return {
        "id": batch.id,
        "jobId": batch.parent,
        "state": batch_state(batch).value,
        "stateMessage": batch.error_message,
        "createdDate": _Instant(batch.created),
        "systemModstamp": _Instant(batch.modified),
        "numberRecordsProcessed": batch.processed if counted else 0,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": batch.total_ms,
        "apiActiveProcessingTime": batch.active_ms,
        "apexProcessingTime": 0,
    }


class _Instant(float):
    """An instant, which XML and JSON spell in two ways."""

    @property
    def xml(self) -> str:
        return datetime.fromtimestamp(self, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def as_xml(name: str, values: Mapping[str, Any]) -> bytes:
    """Write an element of this API: one child a line, without what is None.

    Parameters
    ----------
    name : str
    values : mapping of str to value
        A list of values repeats its element, a list of mappings nests.

    Examples
    --------
    >>> print(as_xml("result-list", {"result": ["752000000000001"]}).decode())
    <?xml version="1.0" encoding="UTF-8"?><result-list
       xmlns="http://www.force.com/2009/06/asyncapi/dataload">
     <result>752000000000001</result>
    </result-list>
    """
    lines = _lines(values, 1)
    head = f'{_PROLOGUE}<{name}\n   xmlns="{NAMESPACE}"'
    return (f"{head}>\n{''.join(lines)}</{name}>" if lines else f"{head} />").encode()


def _lines(values: Mapping[str, Any], depth: int) -> list[str]:
    indent = " " * depth
    lines = []
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                inner = "".join(_lines(each, depth + 1))
                lines.append(f"{indent}<{name}>\n{inner}{indent}</{name}>\n")
            elif each is not None:
                lines.append(f"{indent}<{name}>{escape(_text(each))}</{name}>\n")
    return lines


def _text(value: Any) -> str:
    return value.xml if isinstance(value, _Instant) else str(value)


def as_json(values: Any) -> bytes:
    """Write values as JSON, keys in alphabetical order."""
    return json.dumps(_plain(values), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return timestamp(value) if isinstance(value, _Instant) else value
