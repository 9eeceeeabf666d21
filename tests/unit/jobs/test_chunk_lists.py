"""When the list of chunks is whole: the first batch is over, all others too, and no new one has come."""

import json

import pyarrow as pa
import pytest

from sfbulk_pandas.errors import JobAborted, JobFailed, StillRunning
from sfbulk_pandas.jobs.options import Polling
from sfbulk_pandas.jobs.plans.base import Question
from sfbulk_pandas.jobs.plans.chunk_job import ChunkJob
from sfbulk_pandas.jobs.plans.pk_chunks import PkChunksPlan
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.wire.http import Response
from sfbulk_pandas.wire.query_v1 import BatchV1

STATES = {"n": "NotProcessed", "q": "Queued", "i": "InProgress", "c": "Completed", "f": "Failed"}


class Clock:
    """Count instead of waiting."""

    def __init__(self):
        self.slept = 0.0

    def monotonic(self):
        return self.slept

    def sleep(self, seconds):
        self.slept += seconds


class Session:
    """Answer what was prepared, in its order."""

    api_version = "66.0"

    def __init__(self, *bodies):
        self.clock = Clock()
        self.bodies = list(bodies)

    def send(self, request):
        assert request.path.startswith("/services/async/66.0/job/750A")
        return Response(200, {}, json.dumps(self.bodies.pop(0)).encode())


def question_for(session, wait_seconds=None):
    soql = "SELECT Id FROM Contact"
    return Question(session, session.clock, Polling(), lambda _: None, soql, pa.schema([]), wait_seconds=wait_seconds)


class Job:
    """A job whose list is another with each question; the last one stays."""

    id, whole_id = "750A", "0"

    def __init__(self, lists, settles, repeated=()):
        self.lists = lists.split()
        self.repeated = repeated
        self.asked = []
        self.settles = list(settles)
        self.closed_at = []

    def batches(self):
        states = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        return tuple(BatchV1(str(place), STATES[each], "", 1) for place, each in enumerate(states))

    def is_settled(self, batches):
        self.closed_at.append(batches)
        return self.settles.pop(0) if self.settles else True

    def check_not_aborted(self):
        raise JobAborted("aborted")

    def soql_of(self, batch_id):
        self.asked.append(batch_id)
        return batch_id

    def is_cut(self, soql):
        return soql not in self.repeated

    def info(self, state):
        return JobInfo(self.id, Operation.QUERY, "Contact", JobState(state))


def ended(lists, settles=(), wait_seconds=None):
    plan = PkChunksPlan(question_for(Session(), wait_seconds))
    plan._job = Job(lists, settles)
    return [batch.id for batch in plan._ended_batches()], plan._job.closed_at


@pytest.mark.parametrize(
    ("lists", "yielded", "closed_at"),
    [
        ("q i n nq nqq ncc ncc", ["1", "2"], [3]),
        ("ic ic nc nc", ["1"], [2]),  # a chunk that is over before the first batch is
        ("nc ncq ncc", ["1", "2"], [3]),  # seen over, and another one comes
        ("nc ncc nccq nccc", ["1", "2", "3"], [4]),
        ("n n n nq nc", ["1"], [2]),  # the first batch alone for a while
        ("n", [], [1]),
        ("c", ["0"], [1]),  # the query itself was run
        ("nf", ["1"], [2]),
    ],
)
def test_every_chunk_is_met_before_the_job_is_closed(lists, yielded, closed_at):
    assert ended(lists) == (yielded, closed_at)


@pytest.mark.parametrize(
    ("lists", "asked"),
    [
        ("qc ic cc", ["1"]),  # over before ours is: it has to be asked what it is
        ("qq cc", []),  # ours was run as it is, so nothing is cut
    ],
)
def test_a_query_that_came_twice_is_read_once(lists, asked):
    plan = PkChunksPlan(question_for(Session()))
    plan._job = Job(lists, (), repeated=("1",))
    assert [batch.id for batch in plan._ended_batches()] == ["0"]
    assert plan._job.asked == asked


def test_one_chunk_is_asked_what_it_is_and_no_other():
    plan = PkChunksPlan(question_for(Session()))
    plan._job = Job("iccc nccc", ())
    assert [batch.id for batch in plan._ended_batches()] == ["1", "2", "3"]
    assert plan._job.asked == ["1"]


def test_a_chunk_that_comes_while_the_job_is_closed_is_met():
    assert ended("nc nc ncq ncc", settles=[False, True]) == (["1", "2"], [2, 3])


def test_a_whole_that_fails_after_some_chunks_is_an_error():
    with pytest.raises(JobFailed, match="batch 0 failed"):
        ended("ic fc")


def test_chunks_that_nobody_runs_are_those_of_an_aborted_job():
    with pytest.raises(JobAborted):
        ended("nc ncn")


def test_waiting_ends():
    with pytest.raises(StillRunning, match="750A"):
        ended("nq", wait_seconds=20)


BATCH = {"id": "751A", "state": "Completed", "numberRecordsProcessed": 1}


@pytest.mark.parametrize(
    ("total", "listed", "settled"),
    [(2, 2, True), (None, 2, True), (3, 2, False), (2, 3, False)],
)
def test_a_closed_job_is_settled_where_its_count_and_its_list_agree(total, listed, settled):
    closed = {"id": "750A", "state": "Closed", "numberBatchesTotal": total}
    job = ChunkJob(question_for(Session(closed, {"batchInfo": [BATCH] * listed})))
    job.id = "750A"
    assert job.is_settled(2) is settled
