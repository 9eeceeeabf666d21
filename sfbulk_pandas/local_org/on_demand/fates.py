"""What happens to jobs at the hand of others: they get stuck, fail, or are aborted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from sfbulk_pandas.local_org.v1.jobs import FrameState

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Answer, Call
    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.v1.jobs import FrameJob

    Fate = Literal["stuck", "failing", "aborted"]

_JOB_ID = re.compile(r"/(750\w{12,15})(?:/|$)")
_MADE_ID = re.compile(rb"750\w{15}")


def job_of(call: Call) -> str | None:
    """Return the id of the job that a request names; None for one that makes a job, or is about none.

    Examples
    --------
    >>> from sfbulk_pandas.local_org.http import Call
    >>> path = "/services/data/v66.0/jobs/query/750000000000001AAA/results"
    >>> job_of(Call("GET", (), "66.0", {}, {}, None, None, path=path))
    '750000000000001AAA'
    """
    found = _JOB_ID.search(call.path)
    return found[1] if found else None


def made_job(answer: Answer) -> str | None:
    """Return the id of the job that an answer speaks of; None where there is none."""
    if not isinstance(answer.body, bytes):
        return None
    if answer.body.startswith(b"{"):
        named = json.loads(answer.body).get("id")
        return named if isinstance(named, str) else None
    found = _MADE_ID.search(answer.body)
    return found[0].decode() if found else None


def meet(org: OrgState, job_id: str, fate: Fate) -> None:
    """Let a job meet its fate, with all its batches; one that has ended stays as it is."""
    frame = org.frames.get(job_id)
    if frame is not None:
        _frame_meets(org, frame, fate)
        return
    job = org.jobs.get(job_id)
    if job is not None:
        _job_meets(org, job, fate)


def _frame_meets(org: OrgState, frame: FrameJob, fate: Fate) -> None:
    with frame.lock:
        if fate == "aborted":
            frame.state, frame.modified = FrameState.ABORTED, org.clock()
            org.frames.save(frame)
        else:
            org.engine.doom(frame.id, fate)
    for batch in org.frames.batches(frame):
        _job_meets(org, batch, fate)


def _job_meets(org: OrgState, job: Job, fate: Fate) -> None:
    with job.lock:
        if job.state.is_terminal:
            return
        if fate == "aborted":
            org.engine.abort(job)
        else:
            org.engine.doom(job.id, fate)
