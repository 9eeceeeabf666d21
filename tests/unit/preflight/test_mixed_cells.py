"""What the check says of columns of objects: of each cell, what it says of the text that travels."""

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec.frame import text_table
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.preflight import LoadCall, blocks, check_frame, settle_columns
from sfbulk_pandas.preflight.cells import as_text, read_block
from sfbulk_pandas.salesforce.columns import EncodeOptions
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), name, **options)


THING = SObjectDescribe(
    "Thing__c",
    "Thing",
    "a01",
    (
        field("Id", "id", createable=False, updateable=False, id_lookup=True),
        field("Name", length=80, nillable=False),
        field("Key__c", length=40, external_id=True, unique=True),
        field("Number__c", "double", precision=18, external_id=True, unique=True),
        field("Short__c", length=13),
        field("Stamp__c", length=24),
        field("Int__c", "int", digits=8),
        field("Long__c", "long", digits=19),
        field("Double__c", "double", precision=18, scale=2),
        field("Flag__c", "boolean"),
        field("Date__c", "date"),
        field("When__c", "datetime"),
        field("Time__c", "time"),
        field("Level__c", "picklist", length=255, restricted_picklist=True, picklist_values=("2", "3")),
        field("Tags__c", "multipicklist", restricted_picklist=True, picklist_values=("A", "B")),
        field("Other__c", "reference", reference_to=("Thing__c",), relationship_name="Other__r"),
    ),
)
WRONG_TYPE = "the value is not of the field's type"
TOO_LONG = "the text is too long"
CANNOT_TRAVEL = "this cell cannot be sent"
TWICE = "the key comes twice"
FRACTIONS = pd.ArrowDtype(pa.decimal128(38, 38))


def found(name, values, key=None, dtype=object, **options):
    """Return (row, check) of what is found in a column of objects, the refusals of the encoder included."""
    series = values if isinstance(values, pd.Series) else pd.Series(held(values), dtype=dtype)
    frame = pd.DataFrame({"Name": "x", name: series})
    call = LoadCall(Operation.UPSERT if key else Operation.INSERT, key, **options)
    columns, _ = settle_columns(frame, THING, call)
    refused = list(refused_cells(frame, columns, EncodeOptions(timezone=call.timezone)))
    report = check_frame(frame, THING, call, refused).report
    held_up = report[report["severity"].isin(["row", "error"]) & report["index"].notna()]
    return sorted(zip(held_up["index"], held_up["check"], strict=True))


def held(values):
    cells = np.empty(len(values), object)
    for at, value in enumerate(values):
        cells[at] = value
    return cells


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ([np.datetime64("2024-01-01"), np.int8(3)], 1),
        ([np.datetime64("2024-01-01"), np.float32(3)], 1),
        ([np.datetime64("2024-01-01"), np.True_], 1),
        ([dt.date(2024, 1, 1), pd.Timestamp(2024, 1, 1, 10)], 1),
        (["2024-01-01", pd.Timestamp(2024, 1, 1, 10)], 1),
        (["nonsense", dt.date(2024, 1, 1)], 0),
    ],
)
@pytest.mark.parametrize("dtype", [object, "category"])
def test_mixed_days_are_judged_one_by_one(values, row, dtype):
    assert found("Date__c", values, dtype=dtype) == [(row, WRONG_TYPE)]


def test_midnights_of_several_offsets_are_days():
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (1, 2)]
    midnights = [dt.datetime(2024, 1, 1, tzinfo=zone) for zone in zones]
    assert found("Date__c", midnights) == []
    assert found("Date__c", [np.datetime64("2024-01-01"), None]) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Double__c", [Decimal("Infinity"), Decimal(1)]),
        ("Date__c", [np.timedelta64(1, "s"), None]),
        ("Date__c", [np.array(["A"]), dt.date(2024, 1, 1)]),
        ("Short__c", [pd.Series([1]), "x"]),
        ("Short__c", [pd.array([1, None]), "x"]),
        ("Short__c", ["\ud800", "x"]),
        ("Date__c", [np.datetime64(2**62, "Y"), "2024-01-01"]),
    ],
)
def test_what_cannot_travel_is_said_once(name, values):
    assert found(name, values) == [(0, CANNOT_TRAVEL)]


def test_the_cells_beside_one_that_cannot_travel_are_judged():
    assert found("Date__c", ["nonsense", b"x"]) == [(0, WRONG_TYPE), (1, CANNOT_TRAVEL)]
    assert (0, "a required field is blank") in found("Name", ["", b"x"])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Int__c", [Decimal("2.00"), "3"]),
        ("Time__c", [dt.time(10, 0, 0, 123456), "11:00:00.000Z"]),
        ("Long__c", [1e16, "1"]),
        ("Level__c", [Decimal(2), "3"]),
        ("Level__c", [2.0, 3]),
        ("Tags__c", [["A", "B"], None]),
        ("When__c", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "2024-01-01T00:00:00Z"]),
    ],
)
def test_what_travels_in_the_right_form_is_right(name, values):
    assert found(name, values) == []


@pytest.mark.parametrize(
    ("name", "values", "check"),
    [
        ("Double__c", [1.5, True], WRONG_TYPE),
        ("Level__c", [Decimal(2), Decimal("1.50")], "the picklist has no such value"),
        ("Short__c", ["x", 1e16], TOO_LONG),
        ("Short__c", ["x", 10**5000], TOO_LONG),
    ],
)
def test_what_travels_in_another_form_is_judged_in_it(name, values, check):
    assert found(name, values) == [(1, check)]


@pytest.mark.parametrize(
    ("name", "values", "rows"),
    [
        ("Key__c", [Decimal(2), Decimal("2.0")], []),
        ("Key__c", [uuid.UUID(int=1 << 64), uuid.UUID(int=2 << 64)], []),
        ("Key__c", [uuid.UUID(int=7), str(uuid.UUID(int=7))], [1]),
        ("Key__c", [1234567890123.0, 2.0, 1234567890123, "q"], [2]),
        ("Number__c", [Decimal("1.00"), "a", Decimal("1.0"), Decimal(3)], [2]),
        ("Number__c", ["7", "7.0", "07", "8"], [1, 2]),
        ("Number__c", [0.0, -0.0], [1]),
        ("Number__c", ["9007199254740993", "9007199254740992"], []),
    ],
)
@pytest.mark.parametrize("block_rows", [2, 100])
def test_keys_are_the_same_where_what_travels_is(monkeypatch, name, values, rows, block_rows):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", block_rows)
    assert [row for row, check in found(name, values, name) if check == TWICE] == rows


def test_a_key_in_a_report_is_the_text_that_travels():
    key = uuid.UUID(int=7)
    frame = pd.DataFrame({"Name": "x", "Key__c": [key, key]})
    report = check_frame(frame, THING, LoadCall(Operation.UPSERT, "Key__c")).report
    assert report["value"].tolist() == [str(key)]


@pytest.mark.parametrize(
    ("name", "values", "rows"),
    [
        ("Short__c", pd.Series([4915112345678.0, 1e16]), [1]),
        ("Stamp__c", pd.to_datetime(pd.Series(["2024-01-01T10:00:00.123456"])), []),
        ("Stamp__c", pd.to_datetime(pd.Series(["2024-01-01T10:00:00.123456Z"])), []),
        ("Short__c", pd.Series([dt.time(10, 0, 0, 5)], dtype=pd.ArrowDtype(pa.time64("us"))), []),
        ("Short__c", pd.Series([0.1, 1.5], dtype="float16"), []),
        ("Key__c", pd.Series([Decimal("0." + "1" * 38), Decimal("-0." + "1" * 38)], dtype=FRACTIONS), [1]),
        ("Name", pd.Series([Decimal("1" * 76)], dtype=pd.ArrowDtype(pa.decimal256(76))), []),
        ("Key__c", pd.Series([Decimal("1" * 76)], dtype=pd.ArrowDtype(pa.decimal256(76))), [0]),
    ],
)
def test_typed_values_in_a_text_field_are_as_long_as_they_travel(name, values, rows):
    assert found(name, values, timezone="Europe/Berlin") == [(row, TOO_LONG) for row in rows]


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([0.1, 2.0, None], dtype="float16"),
        pd.Series([1e-7, 1e15, 1e300]),
        pd.to_datetime(pd.Series(["2024-01-01T10:00:00.5Z", None])),
        pd.Series([dt.date(2024, 1, 1)]),
        pd.Series([dt.time(10, 0, 0, 5)], dtype=pd.ArrowDtype(pa.time64("us"))),
        pd.Series([Decimal("1.50")], dtype=pd.ArrowDtype(pa.decimal128(5, 3))),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([1e16, "x", dt.date(2024, 1, 1), True, None, Decimal("2.00")], dtype=object),
        pd.Series(["x", None], dtype="category"),
    ],
)
@pytest.mark.parametrize("kind", ["string", "date", "int", "boolean"])
def test_the_check_writes_as_the_encoder_does(series, kind):
    frame = pd.DataFrame({"Name": "x", "X__c": series})
    describe = SObjectDescribe("T", "T", "a01", (field("Name"), field("X__c", kind)))
    columns, _ = settle_columns(frame, describe, LoadCall(Operation.INSERT))
    sent = text_table(frame, columns, EncodeOptions())["X__c"]
    assert as_text(read_block(series, FieldType(kind)), FieldType(kind)).to_pylist() == sent.to_pylist()


def test_nan_inside_arrow_backed_floats_says_nothing():
    series = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([float("nan"), float("nan"), None], pa.float64())))
    assert found("Other__c", series) == []
    assert found("Level__c", series) == []
    assert found("Key__c", series, "Key__c") == [(row, "the key is blank") for row in range(3)]


@pytest.mark.parametrize(
    ("name", "days", "shown"),
    [
        ("Date__c", pa.array([3_000_000], pa.date32()), "10183-09-21"),
        ("Date__c", pa.array([-3_000_000], pa.date32()), "-6244-04-12"),
        ("When__c", pa.array([259_200_000_000], pa.timestamp("s")), "10183-09-21 00:00:00"),
        ("When__c", pa.array([259_200_000_000], pa.timestamp("s", "UTC")), "10183-09-21 00:00:00Z"),
    ],
)
def test_years_that_python_has_no_days_of_are_shown_as_texts(name, days, shown):
    frame = pd.DataFrame({"Name": "x", name: pd.Series(pd.arrays.ArrowExtensionArray(days))})
    report = check_frame(frame, THING, LoadCall(Operation.INSERT, timezone="UTC")).report
    assert report[["check", "value"]].to_numpy().tolist() == [["the year is out of range", shown]]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (["9223372036854775807", "-1234567890123456789", "-9223372036854775808"], []),
        (["9223372036854775808", "-9223372036854775809", "1.5", "12345678901234567890"], [0, 1, 2, 3]),
        (pd.Series([2**63 - 1, -(2**63), 1]), []),
        (pd.Series([2**63 - 1, 2**63, 2**63 + 1], dtype="uint64"), [1, 2]),
        (pd.Series([2.0**63, -(2.0**63)]), [0]),
    ],
)
def test_long_fields_take_64_bits(values, rows):
    assert found("Long__c", values) == [(row, WRONG_TYPE) for row in rows]


@pytest.mark.parametrize("held", [pa.decimal128(38, 20), pa.decimal256(76, 20), object])
def test_decimals_are_whole_to_their_last_digit(held):
    nearly = Decimal("1.00000000000000001")
    dtype = held if held is object else pd.ArrowDtype(held)
    series = pd.Series([nearly, Decimal(1), None, -nearly], dtype=dtype)
    for name in ("Int__c", "Long__c", "Flag__c"):
        assert found(name, series) == [(0, WRONG_TYPE), (3, WRONG_TYPE)]
    assert found("Double__c", series) == []
