"""The jobs of an org as a frame."""

import pandas as pd

from sfbulk_pandas.jobs.listing import list_jobs


def test_jobs_of_an_org_are_listed_with_their_counts(org):
    frame = pd.DataFrame({"LastName": ["A", None, "C"]})
    loaded = org.insert(frame, "Contact")
    org.query("SELECT Id FROM Contact")
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
