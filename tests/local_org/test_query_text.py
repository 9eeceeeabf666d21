"""How values are written in query results."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.local_org.csv_text import csv_header, csv_lines, java_double, java_doubles, text_column


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (10.0, "10.0"),
        (0.5, "0.5"),
        (9_999_999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (912_260_031.0, "9.12260031E8"),
        (58_284_123.0, "5.8284123E7"),
        (-12_345_678.9, "-1.23456789E7"),
        (10_817_236_497.362825, "1.0817236497362825E10"),
        (123_456_789_012_345.0, "1.23456789012345E14"),
        (1e20, "1.0E20"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (5e-324, "5.0E-324"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (math.inf, "Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_doubles(value, text):
    assert java_double(value) == text
    assert java_doubles(pa.array([value, None, 1.5])).to_pylist() == [text, None, "1.5"]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1))
def test_any_doubles(values):
    texts = java_doubles(pa.array(values, pa.float64())).to_pylist()
    assert texts == [None if value is None else java_double(value) for value in values]
    assert [None if text is None else float(text) for text in texts] == values


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([1, -5, None]), ["1", "-5", None]),
        (pa.array([date(2024, 2, 29), None]), ["2024-02-29", None]),
        (pa.array([datetime(2024, 2, 29, 1, 2, 3, 456789)]), ["2024-02-29T01:02:03.456Z"]),  # noqa: DTZ001
        (pa.array([datetime(2024, 2, 29, tzinfo=UTC)], pa.timestamp("ms", "UTC")), ["2024-02-29T00:00:00.000Z"]),
        (pa.array(["a b", ""]), ["a b", ""]),
    ],
)
def test_text(array, texts):
    assert text_column(array).to_pylist() == texts


def test_other_zone():
    array = pa.array([datetime(2024, 2, 29), None])  # noqa: DTZ001
    assert text_column(array, "+0000").to_pylist() == ["2024-02-29T00:00:00.000+0000", None]


CELLS = st.one_of(st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from([",", "\t", "|", "`"]))
def test_lines_read_back(rows, delimiter):
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(2)]
    text = csv_header(["Id", "Name"], delimiter, "\n") + "".join(csv_lines(columns, delimiter, "\n").to_pylist())
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert read == [["Id", "Name"], *([cell or "" for cell in row] for row in rows)]
