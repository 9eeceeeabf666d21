import pyarrow as pa
import pytest

from sfbulk_pandas.local_org.csv_text import java_doubles
from sfbulk_pandas.local_org.values import read_cells, write_cells
from sfbulk_pandas.salesforce.sobject import FieldType

JAVA = {
    0.0: "0.0",
    10.0: "10.0",
    0.5: "0.5",
    912260031.0: "9.12260031E8",
    58284123.0: "5.8284123E7",
    1e7: "1.0E7",
    9999999.5: "9999999.5",
    12345678.25: "1.234567825E7",
    0.001: "0.001",
    0.00012: "1.2E-4",
    1e15: "1.0E15",
    1.5e300: "1.5E300",
    -10000000.5: "-1.00000005E7",
    -1e-5: "-1.0E-5",
}


def test_doubles_are_written_as_java_does():
    assert java_doubles(pa.array([*JAVA, None])).to_pylist() == [*JAVA.values(), None]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("double", "+1.50", "1.5"),
        ("double", ".5", "0.5"),
        ("currency", "1.5E7", "1.5E7"),
        ("int", "+5", "5"),
        ("int", "-2147483648", "-2147483648"),
        ("long", "+9223372036854775807", "9223372036854775807"),
        ("long", "-9223372036854775808", "-9223372036854775808"),
        ("boolean", "TRUE", "true"),
        ("boolean", "0", "false"),
        ("date", "1940-06-07Z", "1940-06-07"),
        ("datetime", "2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00.000Z"),
        ("datetime", "2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.123Z"),
        ("time", "10:00:00.000Z", "10:00:00.000Z"),
        ("string", " NA ", " NA "),
    ],
)
def test_values_are_read_and_written_again(kind, text, value):
    for others in ([], ["", "#N/A"]):
        cells = read_cells(pa.array([text, *others]), FieldType(kind))
        assert cells.bad is None
        assert write_cells(cells, FieldType(kind)).to_pylist() == [value, *([""] * len(others))]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("double", "1,5"),
        ("double", " 1"),
        ("double", "inf"),
        ("double", "1e999"),
        ("int", "1.0"),
        ("int", "2147483648"),
        ("int", "0x10"),
        ("boolean", "y"),
        ("date", "2023-02-30"),
        ("date", "30/01/2024"),
        ("datetime", "2024-13-01T00:00:00Z"),
        ("datetime", "2024-01-01 00:00:00Z"),
        ("datetime", "2024-01-01T00:00:00"),
        ("time", "24:00:00Z"),
    ],
)
def test_what_cannot_be_read_is_kept_as_sent(kind, text):
    good = {"double": "1", "int": "1", "boolean": "true", "date": "2024-01-01"}.get(kind, "")
    cells = read_cells(pa.array([good, text, ""]), FieldType(kind))
    assert cells.bad.tolist() == [False, True, False]
    assert write_cells(cells, FieldType(kind)).to_pylist()[1:] == [text, ""]


def test_blank_and_cleared_cells_are_told_apart():
    cells = read_cells(pa.array(["", "#N/A", "#n/a"]), FieldType.STRING)
    assert (cells.blank.tolist(), cells.cleared.tolist()) == ([True, False, False], [False, True, False])
    assert cells.given.tolist() == [False, True, True]
    assert cells.values.to_pylist() == [None, None, "#n/a"]
