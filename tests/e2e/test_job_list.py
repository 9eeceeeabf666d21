"""The jobs of an org as a frame, and those left Open in it."""

import time

import pandas as pd

from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.listing import list_jobs
from sfbulk_pandas.jobs.orphans import abort_orphans, clean_up
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.wire.ingest import IngestJob


def test_jobs_of_an_org_are_listed_with_their_counts(org):
    frame = pd.DataFrame({"LastName": ["A", None, "C"]})
    loaded = org.insert(frame, "Contact")
    org.query("SELECT Id FROM Contact", plan="locator")
    (job,) = loaded.jobs
    jobs = list_jobs(org._session, {job.id: "load-1"}).set_index("operation")
    assert set(jobs.index) == {"insert", "query"}
    assert jobs.loc["insert", ["id", "state", "object", "processed", "failed", "ours"]].tolist() == [
        job.id,
        "JobComplete",
        "Contact",
        3,
        1,
        "load-1",
    ]
    assert jobs["ours"].isna()["query"]
    assert abs(jobs["age"]).max() < pd.Timedelta(minutes=5)
    assert len(list_jobs(org._session, {}, state="Open")) == 0
    assert len(list_jobs(org._session, {}, sobject="contact", counts=False)) == 2


def test_the_job_of_a_lost_answer_is_found_and_aborted(org):
    session, job = org._session, IngestJob("Contact", Operation.INSERT)
    user_id = session.token_id_url.rpartition("/")[2]
    started = time.time()
    known = Ingest(session).create(job)
    used = Ingest(session).create(job)
    Ingest(session).upload(used, b"LastName\nA\n")
    lost = Ingest(session).create(job)
    (orphan,) = abort_orphans(session, job, (started, time.time()), user_id, {known.id[:15]})
    assert (orphan.id, orphan.state) == (lost.id, "Aborted")
    assert abort_orphans(session, job, (started, time.time()), user_id, {known.id[:15]}) == ()
    cleaned = clean_up(session, [(each.id, "load") for each in (known, used, lost)])
    assert cleaned["aborted"].tolist() == [True, True, False]
    assert set(list_jobs(session, {})["state"]) == {"Aborted"}
