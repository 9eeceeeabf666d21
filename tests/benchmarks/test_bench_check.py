"""Show how long the check of a frame takes: ``pytest -m benchmark -s``."""

import statistics
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.preflight import LoadCall, check_frame
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe

pytestmark = pytest.mark.benchmark
ROWS = 1_000_000
ROUNDS = 5
CITIES = ("Berlin", "Paris", "Roma")


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), name, **options)


CONTACT = SObjectDescribe(
    "Contact",
    "Contact",
    "003",
    (
        field("Key__c", external_id=True, length=40),
        field("FirstName", length=40),
        field("LastName", length=80, nillable=False),
        field("Email", "email", length=80),
        field("City__c", "picklist", length=255, restricted_picklist=True, picklist_values=CITIES),
        field("Notes__c", "textarea", length=32_000),
        field("Amount__c", "currency", precision=18, scale=2),
        field("Rate__c", "double", precision=6, scale=3),
        field("Staff__c", "int", digits=8),
        field("Active__c", "boolean"),
        field("Day__c", "date"),
        field("Seen__c", "datetime"),
    ),
)


def clean_frame():
    numbers = np.random.default_rng(7).integers(0, 10**6, ROWS)
    texts = pd.Series(numbers, dtype="string[pyarrow]")
    return pd.DataFrame(
        {
            "Key__c": "K-" + pd.Series(np.arange(ROWS), dtype="string[pyarrow]"),
            "FirstName": pd.Series(np.array(["Ann", "Bob", "Zoë"])[numbers % 3], dtype="string[pyarrow]"),
            "LastName": "Name " + texts,
            "Email": texts + "@example.com",
            "City__c": pd.Series(np.array(CITIES)[numbers % 3], dtype="string[pyarrow]"),
            "Notes__c": 'A note with "quotes" for ' + texts,
            "Amount__c": numbers * 1.25,
            "Rate__c": (numbers % 1000).astype("float64"),
            "Staff__c": pd.Series(numbers % 5000).astype("Int64"),
            "Active__c": numbers % 2 == 0,
            "Day__c": pd.Series(np.datetime64("2020-01-01") + numbers % 3000).astype(pd.ArrowDtype(pa.date32())),
            "Seen__c": pd.to_datetime(1_600_000_000 + numbers, unit="s", utc=True),
        }
    )


def bad_tenth(frame):
    """Return the frame with one wrong cell in every tenth row, of four kinds in turn."""
    rows = np.arange(ROWS)
    wrong = {
        "Email": "nobody",
        "City__c": "Berln",
        "LastName": "x" * 90,
        "Key__c": "K-5",
    }
    for turn, (name, value) in enumerate(wrong.items()):
        frame = frame.assign(**{name: frame[name].mask(rows % 40 == 10 * turn, value)})
    return frame


@pytest.mark.parametrize("kind", ["clean", "a tenth bad"])
def test_checking(kind):
    frame = clean_frame() if kind == "clean" else bad_tenth(clean_frame())
    call = LoadCall(Operation.UPSERT, "Key__c")
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        checked = check_frame(frame, CONTACT, call)
        times.append(time.perf_counter() - start)
    seconds = statistics.median(times[1:])
    print(
        f"\ncheck {ROWS:,} rows by {frame.shape[1]} columns, {kind}: {seconds:.2f} s, {len(checked.blocked):,} rows "
        f"blocked (pandas {pd.__version__}, pyarrow {pa.__version__})"
    )
