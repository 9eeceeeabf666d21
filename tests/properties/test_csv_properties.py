import csv
import datetime as dt
import io
import itertools
from decimal import Decimal
from unittest import mock

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xxhash
from hypothesis import assume, given, settings

from sfbulk_pandas.codec import slices
from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.codec.decode import PageReader, read_result_table
from sfbulk_pandas.codec.encode import PartLimits, PartRange, RowOrder, encode_parts, encode_range, header_line
from sfbulk_pandas.codec.frame import Column, EncodeOptions, text_table
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.errors import EncodeError
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

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
    table = read_result_table(io.BytesIO(data), buffers=Buffers(block_bytes))
    assert [list(row.values()) for row in table.to_pylist()] == expected
    schema = pa.schema([(name, pa.string()) for name in table.column_names])
    batches = PageReader(io.BytesIO(data), schema, BadCells(), buffers=Buffers(block_bytes))
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


NAIVE = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2030, 1, 1))  # noqa: DTZ001 - bounds
BAD_CELLS = st.one_of(
    CELLS, NAIVE, st.sampled_from([float("inf"), "#N/A", b"x", "\ud800", ["a;b"], dt.timedelta(1), np.float32(0.1)])
)
TYPED = {
    "string": st.one_of(st.none(), SHARP, st.just("#N/A")),
    "category": st.one_of(st.none(), SHARP, st.just("#N/A")),
    "float64": st.one_of(st.floats(), st.integers(-9, 9).map(float)),
    "float32": st.one_of(st.floats(width=32), st.integers(-9, 9).map(float)),
    "Int64": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "boolean": st.one_of(st.none(), st.booleans()),
    "datetime64[us]": st.one_of(st.none(), NAIVE),
    "datetime64[us, UTC]": st.one_of(st.none(), AWARE),
    "date32[pyarrow]": st.one_of(st.none(), st.dates(dt.date(1800, 1, 1))),
    "decimal128(20, 3)[pyarrow]": st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=3)),
}
DECIMAL = pd.ArrowDtype(pa.decimal128(20, 3))
KINDS = [None, "string", "int", "double", "boolean", "date", "datetime", "multipicklist", "id"]


@st.composite
def wild_columns(draw, rows):
    dtype = draw(st.sampled_from(["object", *TYPED]))
    values = draw(st.lists(TYPED.get(dtype, BAD_CELLS), min_size=rows, max_size=rows))
    return pd.Series(values, dtype=DECIMAL if dtype.startswith("decimal") else dtype)


@st.composite
def wild_loads(draw):
    """Frames of any dtypes, also with what cannot travel; columns for fields of any type."""
    rows = draw(st.integers(1, 15))
    series = draw(st.lists(wild_columns(rows), min_size=1, max_size=4))
    frame = pd.DataFrame({f"c{i}": each for i, each in enumerate(series)})
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=len(series), max_size=len(series)))
    fields = [FieldDescribe("f", FieldType(kind)) if kind else None for kind in kinds]
    columns = [Column(name, name.upper(), field) for name, field in zip(frame.columns, fields, strict=True)]
    return frame, columns


OPTIONS = st.builds(
    EncodeOptions,
    nulls=st.sampled_from(["ignore", "clear"]),
    timezone=st.sampled_from([None, "Europe/Berlin"]),
    allow_na_text=st.booleans(),
)
LIMITS = st.builds(PartLimits, st.one_of(st.integers(20, 200), st.just(10**6)), st.one_of(st.none(), st.integers(1, 9)))


@settings(max_examples=300)
@given(wild_loads(), OPTIONS, LIMITS, st.integers(1, 20))
def test_the_encoder_raises_exactly_where_the_check_finds_something(load, options, limits, slice_rows):
    frame, columns = load
    with mock.patch.object(slices, "SLICE_ROWS", slice_rows):
        found = list(refused_cells(frame, columns, options, limits))
        try:
            list(encode_parts(frame, columns, options, limits))
        except EncodeError as error:
            places = {(each.column.label, position) for each in found for position in each.positions.tolist()}
            assert (error.column, error.position) in places  # noqa: PT017 - it need not be raised
        else:
            assert found == []


@settings(max_examples=300)
@given(wild_loads(), OPTIONS, st.integers(1, 20), st.data())
def test_what_the_check_leaves_over_can_be_sent_and_no_more_was_taken(load, options, slice_rows, data):
    frame, columns = load
    with mock.patch.object(slices, "SLICE_ROWS", slice_rows):
        bad = {position for each in refused_cells(frame, columns, options) for position in each.positions.tolist()}
        good = np.array([i for i in range(len(frame)) if i not in bad], np.int64)
        parts = list(encode_parts(frame, columns, options, order=RowOrder(good)))
    assert sum(part.rows for part in parts) == len(good)
    for position in bad:
        with pytest.raises(EncodeError):
            list(encode_parts(frame.iloc[[position]], columns, options))


@st.composite
def orders(draw, rows):
    positions = draw(st.permutations(range(rows)))
    positions = np.array(positions[: draw(st.integers(1, rows))], np.int64)
    starts = draw(st.one_of(st.none(), st.lists(st.booleans(), min_size=len(positions), max_size=len(positions))))
    if starts is None:
        return RowOrder(positions)
    return RowOrder(positions, np.array([True, *starts[1:]]))


@st.composite
def chunked_frames(draw):
    """Columns that lie in several pieces, as those of a mapped file do."""
    pieces = draw(st.lists(st.lists(st.one_of(st.none(), SHARP), max_size=8), min_size=1, max_size=4))
    texts = pa.chunked_array(pieces, pa.string())
    assume(len(texts))
    numbers = pa.chunked_array([[len(each or "") for each in piece] for piece in pieces], pa.int64())
    return pd.DataFrame({"c0": pd.arrays.ArrowExtensionArray(texts), "c1": pd.arrays.ArrowExtensionArray(numbers)})


@st.composite
def split_loads(draw):
    frame = draw(st.one_of(frames(), chunked_frames()))
    return frame, draw(st.one_of(st.none(), orders(len(frame))))


def lines_of(part, header):
    body = b"".join(part.body)
    assert body.startswith(header)
    assert part.digest == xxhash.xxh3_128(body).hexdigest()
    return body[len(header) :]


@settings(max_examples=300)
@given(split_loads(), st.integers(0, 300), st.one_of(st.none(), st.integers(1, 10)), st.integers(1, 20))
def test_parts_of_any_order_and_groups_join_to_the_whole(load, spare, rows, slice_rows):
    frame, order = load
    order_rows = np.arange(len(frame)) if order is None else order.positions
    columns, options = columns_of(frame), EncodeOptions(timezone="UTC", allow_na_text=True)
    header = header_line(columns)
    singles = [
        lines_of(part, header) for i in range(len(frame)) for part in encode_parts(frame.iloc[[i]], columns, options)
    ]
    sizes = np.array([len(singles[i]) for i in order_rows])
    limits = PartLimits(len(header) + int(sizes.max()) + spare, rows)
    with mock.patch.object(slices, "SLICE_ROWS", slice_rows):
        parts = list(encode_parts(frame, columns, options, limits, order=order))
        again = [
            encode_range(frame, columns, options, PartRange(part.number, part.start, part.stop), order=order)
            for part in parts
        ]
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(order_rows)
    assert [lines_of(part, header) for part in parts] == [
        b"".join(singles[i] for i in order_rows[part.start : part.stop]) for part in parts
    ]
    assert max(len(part.body) for part in parts) <= limits.bytes
    assert rows is None or max(part.rows for part in parts) <= rows
    assert [(part.number, part.start, part.stop, part.digest) for part in again] == [
        (part.number, part.start, part.stop, part.digest) for part in parts
    ]
    assert [b"".join(part.body) for part in again] == [b"".join(part.body) for part in parts]
    check_groups(parts, order, sizes, limits.bytes - len(header), rows)


def check_groups(parts, order, sizes, room, rows):
    """Check that a part ends inside a group only where the group is too large, and is full where it may be."""
    starts = np.ones(len(sizes), bool) if order is None or order.starts is None else order.starts
    groups = np.cumsum(starts)
    for part, following in itertools.pairwise(parts):
        if groups[part.stop - 1] == groups[part.stop]:
            inside = groups[part.start : part.stop] == groups[part.stop]
            assert inside.all()
        next_group = groups == groups[part.stop]
        next_group[: following.start] = False
        size, count = sizes[part.start : part.stop].sum(), part.rows
        if starts[part.stop]:
            assert size + sizes[next_group].sum() > room or (rows and count + next_group.sum() > rows)
        else:
            assert size + sizes[part.stop] > room or count == rows


@given(wild_loads(), st.data())
def test_a_row_is_written_alike_whatever_rows_are_beside_it(load, data):
    frame, columns = load
    options = EncodeOptions(timezone="UTC", allow_na_text=True)
    bad = {position for each in refused_cells(frame, columns, options) for position in each.positions.tolist()}
    frame = frame.iloc[[i for i in range(len(frame)) if i not in bad]]
    whole = text_table(frame, columns, options).to_pylist()
    for i in range(len(frame)):
        assert text_table(frame.iloc[[i]], columns, options).to_pylist() == [whole[i]]
    rows = np.array(data.draw(st.permutations(range(len(frame)))), np.int64)
    assert text_table(frame, columns, options, rows=rows).to_pylist() == [whole[i] for i in rows]
