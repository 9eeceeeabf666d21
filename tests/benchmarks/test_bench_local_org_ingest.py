"""How fast the local org takes a bulk upsert: from UploadComplete to ready result files.

Run with ``pytest -m benchmark -s``. It prints rows per second and asserts counts alone.
"""

from __future__ import annotations

import shutil
import time

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.salesforce.job import JobState, Operation

ROWS = 1_000_000


def numbered(before, numbers, after=""):
    return pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.string()), after, "")


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    """Write 12 columns of people, about 150 MB."""
    rows = np.arange(ROWS)
    days = np.datetime64("1950-01-01") + (rows % 18_000).astype("timedelta64[D]")
    table = pa.table(
        {
            "Contact_Key__c": numbered("C-", rows),
            "LastName": numbered("Lastname", rows % 5_000),
            "FirstName": numbered("First", rows % 700),
            "Email": numbered("person", rows, "@example.com"),
            "Phone": numbered("020 7946 ", rows % 10_000),
            "Title": numbered("Manager ", rows % 100),
            "MailingCity": numbered("City of ", rows % 999),
            "MailingPostalCode": numbered("", rows % 99_999),
            "Salary__c": pa.array(np.round(rows % 200_000 / 7, 2)).cast(pa.string()),
            "Children__c": numbered("", rows % 7),
            "Birthdate": pa.array(days).cast(pa.string()),
            "Level__c": pa.array(np.array(["Primary", "Secondary", "Tertiary"])[rows % 3]),
        }
    )
    path = tmp_path_factory.mktemp("upload") / "people.csv"
    csv.write_csv(table, path)
    return path


@pytest.mark.benchmark
def test_upsert_of_a_million_rows(upload):
    with LocalOrg() as org:
        for what in ("new", "there already"):
            seconds, job = run(org, upload)
            assert (job.state, job.processed, job.failed) == (JobState.JOB_COMPLETE, ROWS, 0)
            assert org.records("Contact").num_rows == ROWS
            memory = psutil.Process().memory_info().rss / 1e6
            size = upload.stat().st_size / 1e6
            print(
                f"\nupsert, {what}: {ROWS / seconds:,.0f} rows/s, {size / seconds:.0f} MB/s, process at {memory:.0f} MB"
            )


def run(org, upload):
    state = org.state
    values = {"now": time.time(), "created_by": USER_ID, "api_version": "66.0"}
    job = state.jobs.new(Operation.UPSERT, "Contact", external_id_field_name="Contact_Key__c", **values)
    shutil.copyfile(upload, job.upload)
    job.uploaded = True
    state.engine.move(job, JobState.UPLOAD_COMPLETE)
    started = time.perf_counter()
    state.engine.submit(job)
    return time.perf_counter() - started, job
