import csv
import datetime as dt
import io
from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from sfbulk_pandas.codec.decode import read_batches, read_result_table
from sfbulk_pandas.codec.encode import PartLimits, encode_parts
from sfbulk_pandas.codec.frame import Column, EncodeOptions, text_table
from sfbulk_pandas.errors import EncodeError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SHARP = st.text(st.sampled_from('a",;\n\r \té#\x00'), max_size=6)
AWARE = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(4000, 12, 31), timezones=st.just(dt.UTC))  # noqa: DTZ001 - bounds
CELLS = st.one_of(
    st.none(),
    TEXTS,
    SHARP,
    st.booleans(),
    st.integers(),
    st.floats(allow_infinity=False),
    st.decimals(allow_nan=True, allow_infinity=False).filter(lambda number: not number.is_snan()),
    st.dates(),
    AWARE,
    st.lists(st.sampled_from(["A", "B", "C d"]), max_size=3),
)
COLUMNS = st.one_of(
    st.lists(CELLS, min_size=1, max_size=30),
    st.lists(SHARP, min_size=1, max_size=30),
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=30),
)


@st.composite
def frames(draw):
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=4))
    rows = min(len(each) for each in columns)
    kinds = draw(st.lists(st.sampled_from(["object", "inferred"]), min_size=len(columns), max_size=len(columns)))
    series = [
        pd.Series(values[:rows], dtype=object) if kind == "object" else pd.Series(values[:rows]).infer_objects()
        for values, kind in zip(columns, kinds, strict=True)
    ]
    return pd.DataFrame({f"c{i}": each for i, each in enumerate(series)})


def columns_of(frame):
    return [Column(name, name.upper()) for name in frame.columns]


def encode(frame, limits=None, nulls="ignore"):
    options = EncodeOptions(nulls=nulls, timezone="UTC", allow_na_text=True)
    return list(encode_parts(frame, columns_of(frame), options, limits))


def read(part):
    [header, *rows] = csv.reader(io.StringIO(b"".join(part.body).decode("utf-8", errors="strict"), newline=""))
    return header, rows


def texts(frame, nulls="ignore"):
    table = text_table(frame, columns_of(frame), EncodeOptions(nulls=nulls, timezone="UTC", allow_na_text=True))
    return [[cell or "" for cell in row.values()] for row in table.to_pylist()]


@given(frames(), st.sampled_from(["ignore", "clear"]))
def test_any_frame_reads_back_through_pythons_csv_module(frame, nulls):
    [part] = encode(frame, nulls=nulls)
    header, rows = read(part)
    assert header == [name.upper() for name in frame.columns]
    assert rows == texts(frame, nulls)
    data = b"".join(part.body)
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")
    assert len(data) == len(part.body)


@given(frames(), st.integers(1, 200))
def test_any_frame_reads_back_through_our_own_reader(frame, block_bytes):
    [part] = encode(frame)
    data = b"".join(part.body)
    expected = texts(frame)
    table = read_result_table(io.BytesIO(data), block_bytes=block_bytes)
    assert [list(row.values()) for row in table.to_pylist()] == expected
    batches = read_batches(io.BytesIO(data), {}, block_bytes=block_bytes)
    assert [[cell or "" for cell in row.values()] for batch in batches for row in batch.to_pylist()] == expected


@settings(max_examples=200)
@given(frames(), st.integers(1, 400), st.one_of(st.none(), st.integers(1, 10)))
def test_join_of_split_is_the_whole_for_any_limit(frame, spare, rows):
    [whole] = encode(frame)
    header, *_ = whole.body.chunks
    smallest = max(len(encode(frame.iloc[[i]])[0].body) for i in range(len(frame)))
    limits = PartLimits(smallest + spare - 1, rows)
    parts = encode(frame, limits)
    assert max(len(part.body) for part in parts) <= limits.bytes
    assert rows is None or max(part.rows for part in parts) <= rows
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(frame)
    assert [row for part in parts for row in read(part)[1]] == read(whole)[1]
    assert all(b"".join(part.body).startswith(header.to_pybytes()) for part in parts)
    assert b"".join(b"".join(part.body)[header.size :] for part in parts) == b"".join(whole.body)[header.size :]


@given(frames())
def test_a_row_above_the_limit_is_refused_with_its_place(frame):
    sizes = [len(encode(frame.iloc[[i]])[0].body) for i in range(len(frame))]
    with pytest.raises(EncodeError, match="a part may hold") as caught:
        encode(frame, PartLimits(max(sizes) - 1))
    assert sizes[caught.value.position] == max(sizes)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back_as_itself_without_a_surprise_exponent(number):
    [[text]] = texts(pd.DataFrame({"c": [number]}))
    assert float(text) == number
    assert ("e" in text.lower()) <= (not 1e-20 <= abs(number) < 1e21)
    assert texts(pd.DataFrame({"c": pd.Series([number], dtype=object)})) == [[text]]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12))
def test_every_decimal_reads_back_as_itself(number):
    [[text]] = texts(pd.DataFrame({"c": [number]}))
    assert Decimal(text) == number
    assert "E" not in text


@given(st.lists(AWARE, min_size=1, max_size=20))
def test_every_instant_is_written_alike_by_columns_and_by_cells(moments):
    objects = pd.Series(moments, dtype=object)
    naive = np.array([each.replace(tzinfo=None) for each in moments], dtype="datetime64[us]")
    columns = pd.Series(naive).dt.tz_localize("UTC")
    expected = [[f"{each:%Y-%m-%dT%H:%M:%S}.{each.microsecond // 1000:03}Z"] for each in moments]
    assert texts(objects.to_frame("c")) == expected
    assert texts(columns.to_frame("c")) == expected
