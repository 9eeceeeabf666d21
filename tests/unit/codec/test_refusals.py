import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec.encode import PartLimits, encode_parts
from sfbulk_pandas.codec.frame import Column, EncodeOptions
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.codec.rules import mark_refusals
from sfbulk_pandas.codec.source import Source
from sfbulk_pandas.errors import EncodeError
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType
from sfbulk_pandas.writing.texts import TEXT, lengths_bytes


def columns_of(frame, kinds=None):
    fields = {name: FieldDescribe(name, FieldType(kind)) for name, kind in (kinds or {}).items()}
    return [Column(name, name, fields.get(name)) for name in frame.columns]


def refused(frame, kinds=None, limits=None, **options):
    cells = refused_cells(frame, columns_of(frame, kinds), EncodeOptions(**options), limits)
    return [(each.column.label, each.positions.tolist(), each.reason, list(each.values)) for each in cells]


def test_a_clean_frame_has_none():
    frame = pd.DataFrame(
        {
            "text": ["x", None, ""],
            "number": [1.5, np.nan, 2],
            "at": pd.to_datetime(["2024-01-01", None, "2024-01-02"], utc=True),
            "mixed": pd.Series([1, "x", None], dtype=object),
        }
    )
    assert refused(frame) == []
    assert refused(frame.iloc[:0]) == []


def test_all_are_found_by_column_and_reason():
    frame = pd.DataFrame(
        {
            "text": ["#N/A", "x", "#N/A", "long " * 30_000],
            "number": [1.0, np.inf, -np.inf, np.nan],
            "naive": pd.to_datetime(["2024-01-01", None, "2024-01-02", None]),
            "mixed": [b"x", 1.5, ["a"], b"y"],
        },
        index=list("abcd"),
    )
    found = refused(frame, {"mixed": "string"})
    assert [(label, positions) for label, positions, _, _ in found] == [
        ("text", [0, 2]),
        ("text", [3]),
        ("number", [1, 2]),
        ("naive", [0, 2]),
        ("mixed", [0, 3]),
        ("mixed", [2]),
    ]
    words = ["#N/A", "131,072 characters", "infinite", "no time zone", "type bytes has no form", "multi-select"]
    assert all(word in reason for word, (_, _, reason, _) in zip(words, found, strict=True))
    assert found[2][3] == [np.inf, -np.inf]
    assert found[4][3] == [b"x", b"y"]


def test_the_mark_is_told_from_texts_of_its_length_wherever_a_column_begins():
    cells = ["#N/A", "Zo\u00eb", "#N/B", None, "#N/A", "", "#\u00e9A", "\u20acA", "#N/A ", "#n/a", "#N/A", "N/A#"]
    text = pa.array([*cells, *cells], TEXT)
    seen = pa.array([at != cells.index("", 4) - 1 for at in range(len(text))]).buffers()[1]
    beneath = pa.LargeStringArray.from_buffers(len(text), *text.buffers()[1:], seen)  # a missing one has the mark
    for array, start in ((text, 0), (text, 1), (text, 9), (beneath, 0), (beneath, 3)):
        part = array.slice(start, 13)
        found = [int(at) for each in mark_refusals(part, lengths_bytes(part), EncodeOptions()) for at in each.offsets]
        assert found == [at for at, cell in enumerate(part.to_pylist()) if cell == "#N/A"]
        assert not list(mark_refusals(part, lengths_bytes(part), EncodeOptions(allow_na_text=True)))


@pytest.mark.parametrize("dtype", ["str", "string[pyarrow]", object, "category"])
def test_the_mark_is_found_among_short_texts(dtype):
    frame = pd.DataFrame({"text": pd.Series(["x", "#N/A", None, "#N/A"], dtype=dtype)})
    [(label, positions, reason, values)] = refused(frame)
    assert (label, positions, values) == ("text", [1, 3], ["#N/A", "#N/A"])
    assert "#N/A" in reason
    assert refused(frame, allow_na_text=True) == []


def test_positions_count_over_blocks_and_samples_stay_few():
    values = np.where(np.arange(200_000) % 2, np.inf, 1.0)
    [(_, positions, _, samples)] = refused(pd.DataFrame({"x": values}))
    assert positions == list(range(1, 200_000, 2))
    assert len(samples) == 5


def test_times_that_the_change_of_clocks_leaves_out_are_found():
    naive = pd.Series(pd.to_datetime(["2024-03-31 02:30", "2024-03-31 03:30", None]))
    for each in (naive, naive.astype(object), naive.convert_dtypes(dtype_backend="pyarrow")):
        [(_, positions, reason, _)] = refused(pd.DataFrame({"x": each}), timezone="Europe/Berlin")
        assert (positions, "clock is changed" in reason) == ([0], True)
        assert refused(pd.DataFrame({"x": each}), {"x": "date"}) == []


def test_dates_in_a_datetime_field_need_a_zone():
    days = pd.DataFrame({"x": pd.Series([None, dt.date(2024, 1, 1)], dtype="date32[pyarrow]")})
    [(_, positions, reason, _)] = refused(days, {"x": "datetime"})
    assert (positions, "no time zone" in reason) == ([1], True)
    assert refused(days, {"x": "datetime"}, timezone="UTC") == []


def test_the_limit_of_a_cell_counts_characters_and_not_bytes():
    frame = pd.DataFrame({"x": ["é" * 131_072, "é" * 131_073, "e" * 131_073, "\r\n" * 131_072]})
    [(_, positions, _, _)] = refused(frame)
    assert positions == [1, 2]


def test_the_limit_of_a_row_is_that_of_all_its_cells():
    frame = pd.DataFrame({f"c{i}": ["é" * 100_000, "é" * 100_000] for i in range(4)})
    assert refused(frame) == []
    frame["more"] = [None, "x"]
    [(label, positions, reason, _)] = refused(frame)
    assert (label, positions, "400,000 characters" in reason) == ("c0", [1], True)
    with pytest.raises(EncodeError, match=r"row 1 \(position 1\): the row has more than 400,000"):
        list(encode_parts(frame, columns_of(frame)))


def test_a_row_larger_than_a_part_is_found_with_its_largest_cell():
    frame = pd.DataFrame({"a": ["x", '"' * 30, "y"], "b": ["xx", "x", "z" * 65]})
    found = refused(frame, limits=PartLimits(70))
    assert [(label, positions) for label, positions, _, _ in found] == [("a", [1]), ("b", [2])]
    assert refused(frame, limits=PartLimits(80)) == []
    quotes = pd.DataFrame({"a": ["x", '"' * 30]})  # 30 bytes in the frame, 63 on the way
    assert [positions for _, positions, _, _ in refused(quotes, limits=PartLimits(60))] == [[1]]


def test_a_header_that_cannot_travel_is_an_error_of_the_call():
    frame = pd.DataFrame({"x": ["a"]})
    with pytest.raises(EncodeError, match="the header alone"):
        refused(frame, limits=PartLimits(2))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3),
        np.arange(3) / 2,
        np.array([True, False, True]),
        pd.to_datetime([1, 2, 3], utc=True),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([dt.date(2024, 1, 1)] * 3, dtype=pd.ArrowDtype(pa.date32())),
    ],
)
def test_typed_columns_are_not_written(monkeypatch, values):
    monkeypatch.setattr(Source, "_written", None)
    assert refused(pd.DataFrame({"x": values})) == []


def moments(kind, *ticks):
    held = pa.array(ticks, pa.int32() if kind.bit_width == 32 else pa.int64())
    return pd.Series(held.view(kind), dtype=pd.ArrowDtype(kind)).to_frame("x")


DAY_US = 86_400 * 10**6
EDGES = {"date": (-719_162, 2_932_896), "us": (-719_162 * DAY_US, 2_932_897 * DAY_US - 1), "time": (0, DAY_US - 1)}
UNSAYABLE = [
    (pa.date32(), EDGES["date"], (-(2**31) + 1, 2**31 - 1)),
    (pa.date64(), (-719_162 * 86_400_000, 2_932_897 * 86_400_000 - 1), (-(2**63) + 1, 2**63 - 1)),
    (pa.timestamp("s"), (-719_162 * 86_400, 2_932_897 * 86_400 - 1), (-(2**63) + 1, 2**63 - 1)),
    (pa.timestamp("us"), EDGES["us"], (-(2**63) + 1, 2**63 - 1)),
    (pa.timestamp("us", "UTC"), EDGES["us"], (-(2**63) + 1, 2**63 - 1)),
    (pa.time32("s"), (0, 86_399), (-(2**31), 2**31 - 1)),
    (pa.time64("us"), EDGES["time"], (-1, DAY_US)),
]


@pytest.mark.parametrize("timezone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("kind", [None, "date", "datetime", "time", "string"])
@pytest.mark.parametrize(("held", "edges", "infinite"), UNSAYABLE, ids=str)
def test_moments_that_no_text_can_say_are_found_with_their_place(held, edges, infinite, kind, timezone):
    first, last = edges
    frame = moments(held, None, first, last, first - 1, last + 1, *infinite)
    kinds = {} if kind is None else {"x": kind}
    found = [each for each in refused(frame, kinds, timezone=timezone) if "9999" in each[2] or "of a day" in each[2]]
    assert [(positions, len(values)) for _, positions, _, values in found] == [([3, 4, 5, 6], 4)]
    with pytest.raises(EncodeError, match=r"row 3 \(position 0\): the (year|time) is not .* \(it holds "):
        list(encode_parts(frame.iloc[3:], columns_of(frame, kinds), EncodeOptions(timezone="UTC")))
    beneath = pa.chunked_array(frame["x"].array.__arrow_array__()).combine_chunks().buffers()[1]
    nulls = pa.Array.from_buffers(held, 7, [pa.py_buffer(b"\0"), beneath])
    assert refused(pd.Series(nulls, dtype=pd.ArrowDtype(held)).to_frame("x"), kinds, timezone=timezone) == []


def test_an_infinite_moment_is_null_where_it_is_written_and_its_neighbours_are_not():
    frame = moments(pa.timestamp("us"), 2**63 - 1, 0, -(2**63) + 1)
    source = Source(frame["x"], columns_of(frame)[0], EncodeOptions(timezone="Europe/Berlin"))
    text, refusals = source.written(slice(0, 3))
    assert text.to_pylist() == [None, "1969-12-31T23:00:00.000Z", None]
    assert [each.offsets.tolist() for each in refusals] == [[0, 2]]
    assert source.value(0) == "<value out of range: 9223372036854775807>"


def test_texts_that_are_no_utf8_are_found_each_by_itself():
    cells = pa.array([b"\xc3", b"\xa9", "\u00e9".encode(), None, b"x", b"\xff" * 40_000], pa.large_binary())
    frame = pd.DataFrame({"x": pd.Series(pa.Array.from_buffers(TEXT, 6, cells.buffers()), dtype=pd.ArrowDtype(TEXT))})
    [(_, positions, reason, values)] = refused(frame)
    assert (positions, "UTF-8" in reason, values[:2]) == ([0, 1, 5], True, ["\ufffd", "\ufffd"])
    assert refused(frame.iloc[2:5]) == []
    [_, (_, positions, reason, _)] = refused(frame, limits=PartLimits(30_000))
    assert (positions, "part" in reason) == ([5], True)
    with pytest.raises(EncodeError, match=r"row 1 \(position 0\): the text is no valid UTF-8"):
        list(encode_parts(frame.iloc[1:], columns_of(frame)))
