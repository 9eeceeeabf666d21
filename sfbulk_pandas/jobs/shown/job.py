"""A job as users are handed it: what Salesforce says of it, at a glance."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sfbulk_pandas.display.blocks import bar, card, facts, status
from sfbulk_pandas.display.html import join, tag, typed, untyped
from sfbulk_pandas.display.text import text_bar, text_facts, text_status, writable
from sfbulk_pandas.salesforce.job import JobInfo, JobState


class ShownJob(JobInfo):
    """A JobInfo in everything, and equal to it, but shown in full in notebooks and terminals."""

    __slots__ = ()

    @classmethod
    def of(cls, job: JobInfo) -> ShownJob:
        """Return the same job."""
        return cls(**{each.name: getattr(job, each.name) for each in fields(job)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JobInfo) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def _repr_html_(self) -> str:
        title = join(f"{self.operation} {self.object} ", tag("span", f"job {self.id}", class_="sf-size"))
        counts = _counts(self)
        blocks = [status(self.state), bar(counts) if counts else "", facts(_facts(self))]
        return str(card(title, *blocks, note=typed(_step(self))))

    def __repr__(self) -> str:
        counts = _counts(self)
        lines = [f"{self.operation} {self.object}, job {self.id}: {text_status(self.state)}"]
        lines += [text_bar(counts)] if counts else []
        lines += [text_facts(_facts(self) | {"next": untyped(_step(self)) or None})]
        return writable("\n".join(filter(None, lines)))


def _values(job: JobInfo) -> tuple[Any, ...]:
    return tuple(getattr(job, each.name) for each in fields(JobInfo))


def _counts(job: JobInfo) -> dict[str, int]:
    """Return how many rows ended how: what is processed counts the failed ones; a query has processed alone."""
    if not job.number_records_processed:
        return {}
    if job.operation.is_query:
        return {"rows": job.number_records_processed}
    failed = job.number_records_failed or 0
    return {"successful": job.number_records_processed - failed, "failed": failed}


def _facts(job: JobInfo) -> dict[str, Any]:
    took = None if job.total_processing_time is None else timedelta(milliseconds=job.total_processing_time)
    return {
        "message": job.error_message,
        "external id": job.external_id_field_name,
        "created": None if job.created_date is None else datetime.fromisoformat(job.created_date),
        "by user": job.created_by_id,
        "took": took,
        "retries": job.retries or None,
        "API": job.api_version,
    }


def _step(job: JobInfo) -> str:
    if not job.state.is_terminal:
        return f'`org.abort("{job.id}")` aborts it; rows already written stay written.'
    if job.operation.is_query or job.state is JobState.ABORTED:
        return ""
    return f'`org.results("{job.id}", frame)` reads what became of its rows.'
