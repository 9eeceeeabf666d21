import csv
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xxhash

from sfbulk_pandas.codec import slices
from sfbulk_pandas.codec.encode import PartLimits, RowOrder, encode_parts, header_line
from sfbulk_pandas.codec.frame import Column, EncodeOptions, FrameTexts
from sfbulk_pandas.errors import EncodeError


def columns_of(frame):
    return [Column(name, name) for name in frame.columns]


def encoded(frame, **limits):
    parts = list(encode_parts(frame, columns_of(frame), EncodeOptions(), PartLimits(**limits)))
    return parts, [b"".join(part.body) for part in parts]


def read(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_the_file_is_utf8_with_lf_and_no_bom():
    _, [data] = encoded(pd.DataFrame({"Name": ["Zoë"], "Phone": [None]}))
    assert data == 'Name,Phone\n"Zoë",\n'.encode()


def test_quotes_commas_and_newlines_survive():
    frame = pd.DataFrame({"Name": ['a "b", c', "x\ny", " z "], "N": ["1", "2", "3"]})
    _, [data] = encoded(frame)
    assert read(data) == [["Name", "N"], ['a "b", c', "1"], ["x\ny", "2"], [" z ", "3"]]
    assert b"\r" not in data


def test_a_row_of_one_missing_value_is_still_a_row():
    _, [data] = encoded(pd.DataFrame({"Name": [None, "", "x"]}))
    assert data == b'Name\n""\n""\n"x"\n'


def test_a_body_knows_its_length_and_can_be_sent_again():
    frame = pd.DataFrame({"Name": ["Zoë"] * 100})
    [part], [data] = encoded(frame)
    assert len(part.body) == len(data)
    assert b"".join(part.body) == data
    assert (part.number, part.start, part.stop, part.rows) == (1, 0, 100, 100)


def test_parts_hold_every_row_once_and_stay_under_both_limits():
    frame = pd.DataFrame({"Name": [f"näme {i}" * (i % 7) for i in range(1000)]})
    parts, data = encoded(frame, bytes=2_000, rows=90)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 1000
    assert max(len(each) for each in data) <= 2_000
    assert max(part.rows for part in parts) <= 90
    assert [row for each in data for row in read(each)[1:]] == [[text] for text in frame["Name"]]


def test_a_limit_of_rows_is_filled_exactly():
    parts, _ = encoded(pd.DataFrame({"Name": ["x"] * 25}), rows=10)
    assert [(part.start, part.stop) for part in parts] == [(0, 10), (10, 20), (20, 25)]


def test_parts_are_filled_well():
    parts, data = encoded(pd.DataFrame({"Name": ["x" * 50] * 20_000}), bytes=300_000)
    assert all(len(each) > 0.95 * 300_000 for each in data[:-1])
    assert len(parts) == 4


def test_a_row_larger_than_a_part_is_refused_with_its_place():
    frame = pd.DataFrame({"Name": ["x", "y"], "Notes": ["short", "long " * 50]}, index=["r1", "r2"])
    with pytest.raises(EncodeError, match=r"row 'r2' \(position 1\) is .* a part may hold 89; .* 'Notes'") as caught:
        encoded(frame, bytes=100)
    assert (caught.value.row, caught.value.position) == ("r2", 1)


def test_the_place_of_a_bad_cell_counts_from_the_start_of_the_frame():
    frame = pd.DataFrame({"x": ["ok"] * 70_000})
    frame.loc[69_999, "x"] = "#N/A"
    with pytest.raises(EncodeError, match=r"row 69999 \(position 69999\)"):
        encoded(frame)


def test_a_header_is_quoted_only_where_it_must_be():
    assert header_line([Column("a", "Account.Key__c"), Column("b", 'odd "name", this')]) == (
        b'Account.Key__c,"odd ""name"", this"\n'
    )


def test_a_header_longer_than_salesforce_takes_is_refused():
    with pytest.raises(EncodeError, match=r"32,?000"):
        header_line([Column(i, f"Field_{i:04}__c") for i in range(3_000)])


def test_a_header_may_have_as_many_characters_as_salesforce_takes():
    names = ["f" * 15_999, "g" * 16_000]
    assert len(header_line([Column(name, name) for name in names])) == 32_001  # with its line end
    names[1] += "g"
    with pytest.raises(EncodeError, match="32,001 characters"):
        header_line([Column(name, name) for name in names])


@pytest.mark.parametrize("order", [None, RowOrder(np.arange(40_000)[::-1].copy())])
def test_no_more_than_one_part_and_a_slice_are_in_memory(order, monkeypatch):
    monkeypatch.setattr(slices, "SLICE_BYTES", 500_000)
    frame = pd.DataFrame({"x": pd.Series([f"{i:0500}" for i in range(40_000)], dtype="string[pyarrow]")})
    before, peak, size = pa.total_allocated_bytes(), 0, 0
    for part in encode_parts(frame, columns_of(frame), limits=PartLimits(2_000_000), order=order):
        peak = max(peak, pa.total_allocated_bytes() - before)
        size += len(part.body)
        del part
    assert size > 20_000_000
    assert peak < 2 * 2_000_000


def test_an_empty_frame_makes_no_part():
    assert encoded(pd.DataFrame({"Name": []})) == ([], [])


def test_a_part_that_cannot_hold_the_header_is_refused():
    with pytest.raises(EncodeError, match="the header alone is 5 bytes"):
        encoded(pd.DataFrame({"Name": ["a"]}), bytes=5)


def groups_of(random, rows):
    sizes = random.integers(1, 12, rows)
    starts = np.zeros(rows, bool)
    starts[np.minimum(np.cumsum(sizes) - sizes[0], rows - 1)] = True
    return starts


@pytest.mark.parametrize("seed", range(20))
def test_siblings_stay_in_one_part_and_its_digest_is_of_its_bytes(seed, monkeypatch):
    random = np.random.default_rng(seed)
    monkeypatch.setattr(slices, "SLICE_ROWS", int(random.integers(1, 30)))
    frame = pd.DataFrame({"Name": ["x" * size for size in random.integers(1, 40, 300)]})
    order = RowOrder(random.permutation(300)[:250], groups_of(random, 250))
    columns, limits = columns_of(frame), PartLimits(int(random.integers(400, 1_500)), None)
    parts = list(encode_parts(frame, columns, None, limits, order=order))
    data = [b"".join(part.body) for part in parts]
    assert [part.digest for part in parts] == [xxhash.xxh3_128(each).hexdigest() for each in data]
    sent = [row for each in data for [row] in read(each)[1:]]
    assert sent == frame["Name"].iloc[order.positions].tolist()
    assert max(map(len, data)) <= limits.bytes
    ends = [part.stop for part in parts[:-1]]
    assert order.starts[ends].all()
    nexts = [*np.flatnonzero(order.starts), 250]
    lengths = np.cumsum([0, *(len(row) + 3 for row in sent)])
    for part in parts[:-1]:
        after = min(each for each in nexts if each > part.stop)
        assert len("Name\n") + lengths[after] - lengths[part.start] > limits.bytes


def test_a_group_larger_than_a_part_is_cut_and_its_rest_is_topped_up():
    frame = pd.DataFrame({"Name": list("abcdefghij")})
    order = RowOrder(np.arange(10), np.array([1, 1, 0, 0, 0, 0, 0, 1, 1, 0], bool))
    parts = encode_parts(frame, columns_of(frame), None, PartLimits(rows=3), order=order)
    assert [(part.start, part.stop) for part in parts] == [(0, 1), (1, 4), (4, 7), (7, 10)]


def test_the_place_of_a_bad_cell_is_that_in_the_frame_in_any_order():
    frame = pd.DataFrame({"x": ["ok", "#N/A", "ok"]}, index=["a", "b", "c"])
    with pytest.raises(EncodeError, match=r"column 'x', row 'b' \(position 1\)") as caught:
        list(encode_parts(frame, columns_of(frame), order=RowOrder(np.array([2, 0, 1]))))
    assert (caught.value.row, caught.value.position) == ("b", 1)
    frame = pd.DataFrame({"x": ["ok", "long " * 50]}, index=["a", "b"])
    with pytest.raises(EncodeError, match=r"row 'b' \(position 1\) is 253 bytes") as caught:
        list(encode_parts(frame, columns_of(frame), None, PartLimits(100), order=RowOrder(np.array([1, 0]))))
    assert (caught.value.row, caught.value.position) == ("b", 1)


def test_rows_left_out_of_the_order_are_not_looked_at():
    frame = pd.DataFrame({"x": ["ok", "#N/A", "fine"]})
    [part] = encode_parts(frame, columns_of(frame), order=RowOrder(np.array([2, 0])))
    assert b"".join(part.body) == b'x\n"fine"\n"ok"\n'
    assert list(encode_parts(frame, columns_of(frame), order=RowOrder(np.array([], np.int64)))) == []


def test_too_many_columns_are_refused():
    columns = [Column(i, f"f{i}") for i in range(5_001)]
    with pytest.raises(EncodeError, match="5,001 columns"):
        header_line(columns)
    assert header_line(columns[:5_000])


def test_slices_are_encoded_where_the_mapper_says_and_none_is_large(monkeypatch):
    sizes = []

    def mapper(fn, pieces):
        for piece in pieces:
            sizes.append(len(piece))
            yield fn(piece)

    frame = pd.DataFrame({"x": ["x" * 10_000] * 10_000})
    [part] = encode_parts(frame, columns_of(frame), mapper=mapper, limits=PartLimits(10**9))
    assert sum(sizes) == part.rows == 10_000
    assert max(sizes) < 2_000
    monkeypatch.setattr(slices, "SLICE_BYTES", 100_000)
    sizes.clear()
    list(encode_parts(frame, columns_of(frame), mapper=mapper))
    assert 7 <= min(sizes[:-1]) <= max(sizes) <= 9
    monkeypatch.setattr(slices, "SLICE_ROWS", 4)
    sizes.clear()
    list(encode_parts(frame, columns_of(frame), mapper=mapper))
    assert set(sizes) == {4}


@pytest.mark.parametrize("dtype", ["string[pyarrow]", pd.ArrowDtype(pa.large_string()), object, "category"])
@pytest.mark.parametrize("order", [None, RowOrder(np.arange(4_000)), RowOrder(np.r_[0, 2:4_000, 1])])
def test_long_rows_after_short_ones_make_no_large_slice(monkeypatch, dtype, order):
    texts = ["x"] * 3_000 + ["y" * 1_000] * 999 + ["z" * 130_000]
    frame = pd.DataFrame({"a": pd.Series(texts, dtype=dtype), "n": range(4_000)})
    whole = b"".join(b"".join(part.body) for part in encode_parts(frame, columns_of(frame), order=order))
    monkeypatch.setattr(slices, "SLICE_BYTES", 100_000)
    sizes = []
    written = FrameTexts.table

    def table(self, rows, mapper=map):
        made = written(self, rows, mapper)
        sizes.append((made.num_rows, made.nbytes))
        return made

    monkeypatch.setattr(FrameTexts, "table", table)
    parts = list(encode_parts(frame, columns_of(frame), order=order))
    is_same = b"".join(b"".join(part.body) for part in parts) == whole  # said at once, not compared in a message
    assert is_same
    assert all(rows == 1 or size < 200_000 for rows, size in sizes)
    assert len(sizes) < 50
