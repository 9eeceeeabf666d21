"""Any order of calls gets Salesforce's answer, and two callers' turns, however they fall, leave exactly their records.

The model is the table of transitions, the documented codes, and a list of rows; the org is called in process.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from werkzeug.test import Client

from sfbulk_pandas.local_org import ByHand, LocalOrg
from sfbulk_pandas.salesforce.job import DELETABLE_QUERY_STATES, DELETABLE_STATES, TRANSITIONS, JobState

SCALE = int(os.environ.get("SFBULK_EXAMPLES", "8"))
CHUNK = 200
NOT_FOUND = (404, "NOT_FOUND", "The requested resource does not exist")
CLOSED = (400, "INVALIDJOBSTATE", "Closing already Completed Job not allowed")
ENDED = (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
NOT_TERMINATED = (400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated")
HEADER = "Account_Key__c,Name"


class Calls:
    """Call an org in process; an answer is its status with what it says."""

    def __init__(self, org):
        self.org = org
        self._client = Client(org.app)

    def __call__(self, method, path, json=None, body=None, version="66.0"):
        headers = {"Authorization": f"Bearer {self.org.access_token}"}
        options = {"json": json} if json is not None else {"data": body}
        return self._client.open(f"/services/data/v{version}/jobs/{path}", method=method, headers=headers, **options)

    def rows(self, path):
        reply = self("GET", path)
        assert reply.status_code == 200, reply.text
        return list(csv.DictReader(io.StringIO(reply.text)))


def fault(reply):
    (error,) = reply.json
    assert list(error) == ["errorCode", "message"]
    return reply.status_code, error["errorCode"], error["message"]


@dataclass
class Job:
    """What the model knows of a job: of a query, ``rows`` are those it will find."""

    id: str
    kind: str
    state: JobState = JobState.OPEN
    rows: list = field(default_factory=list)
    is_uploaded: bool = False
    is_deleted: bool = False
    processed: int = 0

    @property
    def path(self):
        return f"{self.kind}/{self.id}"

    def move(self, state):
        assert state in TRANSITIONS[self.state]
        self.state = state

    @property
    def good(self):
        return [row for row in self.rows[: self.processed] if row[1]]

    @property
    def bad(self):
        return [row for row in self.rows[: self.processed] if not row[1]]


class JobLife(RuleBasedStateMachine):
    jobs = Bundle("jobs")
    ingest_jobs = Bundle("ingest_jobs")
    queries = Bundle("queries")

    @initialize()
    def begin(self):
        self.org = LocalOrg(pacing=ByHand(rows_per_step=CHUNK))
        self.call = Calls(self.org)
        self.known = []
        self.keys = 0
        self.stored = 0

    def teardown(self):
        if hasattr(self, "org"):
            self.org.close()

    @rule(targets=(jobs, ingest_jobs))
    def create(self):
        made = self.call("POST", "ingest", {"object": "Account", "operation": "insert"})
        assert (made.status_code, made.json["state"]) == (200, "Open")
        return self.keep(Job(made.json["id"], "ingest"))

    @rule(targets=(jobs, queries))
    def ask(self):
        made = self.call("POST", "query", {"operation": "query", "query": "SELECT Account_Key__c, Name FROM Account"})
        assert (made.status_code, made.json["state"]) == (200, "UploadComplete")
        return self.keep(Job(made.json["id"], "query", JobState.UPLOAD_COMPLETE))

    def keep(self, job):
        self.known.append(job)
        return job

    @rule(job=jobs, count=st.sampled_from([0, 1, CHUNK, CHUNK + 50, 3 * CHUNK]))
    def upload(self, job, count):
        rows = [(f"K{self.keys + place}", "" if place % 7 == 3 else "Name") for place in range(count)]
        body = "\n".join([HEADER, *(",".join(row) for row in rows), ""]) if count else ""
        reply = self.call("PUT", f"{job.path}/batches", body=body.encode())
        if job.kind == "query" or job.is_deleted:
            assert fault(reply) == NOT_FOUND
        elif job.state is not JobState.OPEN:
            assert fault(reply)[:2] == (400, "INVALIDJOBSTATE")
        elif job.is_uploaded:
            assert fault(reply)[:2] == (400, "BULK_API_ERROR")
            assert f"<{job.id[:15]}>" in fault(reply)[2]
        else:
            assert (reply.status_code, reply.data) == (201, b"")
            job.is_uploaded, job.rows = True, rows
            self.keys += count

    @rule(job=jobs)
    def close_job(self, job):
        reply = self.call("PATCH", job.path, {"state": "UploadComplete"})
        if job.is_deleted:
            assert fault(reply) == NOT_FOUND
        elif job.kind == "query":
            assert fault(reply)[:2] == (400, "API_ERROR")
        elif job.state is not JobState.OPEN:
            assert fault(reply) == CLOSED
        else:
            assert (reply.status_code, reply.json["state"]) == (200, "UploadComplete")
            job.move(JobState.UPLOAD_COMPLETE)

    @rule(job=jobs)
    def abort(self, job):
        reply = self.call("PATCH", job.path, {"state": "Aborted"})
        if job.is_deleted:
            assert fault(reply) == NOT_FOUND
        elif job.state.is_terminal:
            assert fault(reply) == ENDED
        else:
            assert (reply.status_code, reply.json["state"]) == (200, "Aborted")
            job.move(JobState.ABORTED)

    @rule(job=jobs, state=st.sampled_from(["Open", "InProgress", "JobComplete", "Failed", "", "aborted", None, 1]))
    def set_a_state_that_is_not_the_callers(self, job, state):
        reply = self.call("PATCH", job.path, {"state": state})
        assert fault(reply) == NOT_FOUND if job.is_deleted else fault(reply)[:2] == (400, "API_ERROR")

    @rule(job=jobs)
    def delete(self, job):
        reply = self.call("DELETE", job.path)
        deletable = DELETABLE_STATES if job.kind == "ingest" else DELETABLE_QUERY_STATES
        if job.is_deleted:
            assert fault(reply) == NOT_FOUND
        elif job.state not in deletable:
            assert fault(reply) == NOT_TERMINATED
        else:
            assert (reply.status_code, reply.data) == (204, b"")
            job.is_deleted = True

    @rule(job=jobs, steps=st.integers(1, 4))
    def let_it_run(self, job, steps):
        for _ in range(steps):
            self.org.advance(job.id)
            if not job.is_deleted:
                self.step(job)

    def step(self, job):
        if job.state is JobState.UPLOAD_COMPLETE:
            job.move(JobState.IN_PROGRESS)
            if job.kind == "query":
                job.rows = [("", "Name")] * self.stored
        elif job.state is not JobState.IN_PROGRESS:
            return
        if job.processed == len(job.rows):
            job.move(JobState.JOB_COMPLETE)
            return
        done = job.processed
        job.processed = len(job.rows) if job.kind == "query" else min(done + CHUNK, len(job.rows))
        self.stored += sum(bool(row[1]) for row in job.rows[done : job.processed]) if job.kind == "ingest" else 0

    @rule(job=ingest_jobs)
    def read_result_files(self, job):
        names = ("successfulResults", "failedResults/", "unprocessedRecords")
        if job.is_deleted:
            assert {fault(self.call("GET", f"{job.path}/{name}")) for name in names} == {NOT_FOUND}
            return
        good, bad, rest = (self.call.rows(f"{job.path}/{name}") for name in names)
        if not job.state.is_terminal:
            assert (good, bad, rest) == ([], [], [])
            return
        told = [sorted((row["Account_Key__c"], row["Name"]) for row in rows) for rows in (good, bad, rest)]
        assert told == [sorted(job.good), sorted(job.bad), sorted(job.rows[job.processed :])]
        assert all(row["sf__Created"] == "true" for row in good)
        assert all(row["sf__Error"].startswith("REQUIRED_FIELD_MISSING:") for row in bad)

    @rule(job=queries, version=st.sampled_from(["66.0", "66.0", "60.0"]))
    def read_pages(self, job, version):
        reply = self.call("GET", f"{job.path}/results", version=version)
        if job.is_deleted:
            assert fault(reply) == NOT_FOUND
        elif version != "66.0":
            assert fault(reply)[:2] == (409, "CONFLICT")
        elif job.state is not JobState.JOB_COMPLETE:
            assert fault(reply)[:2] == (400, "INVALIDJOBSTATE")
        else:
            assert (reply.status_code, reply.headers["Sforce-Locator"]) == (200, "null")
            assert int(reply.headers["Sforce-NumberOfRecords"]) == len(job.rows)
            assert reply.text.count("\n") == len(job.rows) + 1

    @rule(job=jobs)
    def ask_at_the_other_kinds_address(self, job):
        other = "query" if job.kind == "ingest" else "ingest"
        assert fault(self.call("GET", f"{other}/{job.id}")) == NOT_FOUND

    @invariant()
    def every_job_says_what_it_is(self):
        for job in getattr(self, "known", ()):
            reply = self.call("GET", job.path)
            if job.is_deleted:
                assert fault(reply) == NOT_FOUND
                continue
            info = reply.json
            assert (reply.status_code, info["state"]) == (200, job.state)
            if job.kind == "query":
                assert info["numberRecordsProcessed"] == job.processed
                continue
            counts = [info.get(name) for name in ("numberRecordsProcessed", "numberRecordsFailed")]
            has_counts = job.is_uploaded or job.state is not JobState.OPEN
            assert counts == ([job.processed, len(job.bad)] if has_counts else [None, None])

    @invariant()
    def the_list_and_the_records_are_those_of_the_model(self):
        if hasattr(self, "org"):
            listed = {each["id"] for each in self.call("GET", "ingest").json["records"]}
            assert listed == {job.id for job in self.known if not job.is_deleted}
            assert self.org.records("Account").num_rows == self.stored


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(
    max_examples=SCALE,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Turns:
    """One caller's load: each turn is one call; then its job is polled until it has ended."""

    call: Calls
    name: str
    keys: list
    job: str = ""
    ended: str = ""
    turn: int = 0

    @property
    def rows(self):
        return [(f"K{key}", f"{self.name}{place}") for place, key in enumerate(self.keys)]

    def take(self):
        if self.turn == 0:
            upsert = {"object": "Account", "operation": "upsert", "externalIdFieldName": "Account_Key__c"}
            self.job = self.call("POST", "ingest", upsert).json["id"]
        elif self.turn == 1:
            body = "\n".join([HEADER, *(",".join(row) for row in self.rows), ""])
            assert self.call("PUT", f"ingest/{self.job}/batches", body=body.encode()).status_code == 201
        elif self.turn == 2:
            assert self.call("PATCH", f"ingest/{self.job}", {"state": "UploadComplete"}).status_code == 200
        else:
            state = self.call("GET", f"ingest/{self.job}").json["state"]
            self.ended = state if state in {"JobComplete", "Failed"} else ""
        self.turn += 1


@settings(
    max_examples=SCALE * 2, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    st.lists(st.lists(st.integers(0, 700), min_size=1, max_size=650, unique=True), min_size=2, max_size=2),
    st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=30),
)
def test_however_two_callers_turns_fall_each_row_is_written_once_and_the_later_one_stays(keys, schedule):
    with LocalOrg(pacing=ByHand(rows_per_step=CHUNK)) as org:
        call = Calls(org)
        callers = [Turns(call, name, own) for name, own in zip("ab", keys, strict=True)]
        model, created, processed = {}, [set(), set()], [0, 0]

        def advance(number):
            """Let a job run one step, and write its chunk into the model too."""
            caller = callers[number]
            if caller.turn < 3:
                return
            org.advance(caller.job)
            for key, name in caller.rows[processed[number] : processed[number] + CHUNK]:
                if key not in model:
                    created[number].add(key)
                model[key] = name
            processed[number] += CHUNK

        for number, runs in schedule:
            advance(number) if runs else callers[number].take()
        while not all(caller.ended for caller in callers):
            for number, caller in enumerate(callers):
                caller.take()
                advance(number)
        for caller, own in zip(callers, created, strict=True):
            assert caller.ended == "JobComplete"
            good = call.rows(f"ingest/{caller.job}/successfulResults")
            assert sorted((row["Account_Key__c"], row["Name"]) for row in good) == sorted(caller.rows)
            assert {row["Account_Key__c"] for row in good if row["sf__Created"] == "true"} == own
            assert call.rows(f"ingest/{caller.job}/failedResults") == []
        stored = org.records("Account").select(["Account_Key__c", "Name"]).to_pylist()
        assert sorted((row["Account_Key__c"], row["Name"]) for row in stored) == sorted(model.items())
