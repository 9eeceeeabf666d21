"""Result pages: typed, streamed, nothing guessed, nothing lost."""

import datetime as dt
import io
import tracemalloc

import pyarrow as pa
import pytest

from sfbulk_pandas.codec import decode
from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.codec.decode import PageReader, ReadOptions
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.transport.pool import Serial, Threads

TEXT = pa.string()
TYPES = {
    "I": pa.int64(),
    "F": pa.float64(),
    "B": pa.bool_(),
    "D": pa.date32(),
    "T": pa.time32("ms"),
    "At": pa.timestamp("ms", "UTC"),
    "M": pa.decimal128(18, 2),
    "P": pa.dictionary(pa.int32(), TEXT),
    "L": pa.list_(TEXT),
}


class Dribble(io.RawIOBase):
    """Hands out a few bytes at a time, as sockets do."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def readinto(self, buffer):
        return self.data.readinto(memoryview(buffer)[:7])


def schema_of(*names):
    return pa.schema([(name, TYPES.get(name, TEXT)) for name in names])


def page_of(names, *rows):
    lines = [names, *rows]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines).encode()


def read(body, *names, mapper=map, block_bytes=1_000_000, **options):
    """Return the rows of a page and its bad cells."""
    bad = BadCells()
    raw = io.BytesIO(body) if isinstance(body, bytes) else body
    reader = PageReader(raw, schema_of(*names), bad, ReadOptions(**options), mapper, Buffers(block_bytes))
    batches = list(reader)
    assert all(batch.schema == schema_of(*names) and batch.num_rows for batch in batches)
    return pa.Table.from_batches(batches, schema_of(*names)).to_pylist(), bad.table().to_pylist()


def column(name, *cells):
    rows, bad = read(page_of([name], *([cell] for cell in cells)), name)
    assert bad == []
    return [row[name] for row in rows]


def test_ids_zip_codes_and_na_words_stay_text():
    words = ["00123", "NA", "null", "None", "nan", "#N/A", "-", " x ", ""]
    assert column("Zip", *words) == [*words[:-1], None]


def test_ints_are_read_in_every_spelling():
    assert column("I", "5", "", "-7") == [5, None, -7]
    assert column("I", "5.0", "1.5E7", "9007199254740993.0", "+3", "-0.0") == [
        5,
        15_000_000,
        9_007_199_254_740_993,
        3,
        0,
    ]


def test_numbers_are_read_in_javas_spelling():
    assert column("F", "9.12260031E8", "10.0", "", "-0.5") == [912_260_031.0, 10.0, None, -0.5]


def test_decimals_are_exact_and_take_exponents():
    assert [str(each) for each in column("M", "9.12260031E8", "10.0", "0.1")] == ["912260031.00", "10.00", "0.10"]


def test_booleans():
    assert column("B", "true", "false", "1", "0", "") == [True, False, True, False, None]


def test_datetimes_in_all_three_forms_are_one_instant():
    at = dt.datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)
    forms = ["2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678+0000", "2024-01-02T03:04:05.678+00:00"]
    assert column("At", *forms, "2024-01-02T05:04:05.678+0200") == [at] * 4


def test_dates_with_and_without_a_tail():
    assert column("D", "2024-01-02", "") == [dt.date(2024, 1, 2), None]
    assert column("D", "1940-06-07Z", "1940-06-07T00:00:00.000Z") == [dt.date(1940, 6, 7)] * 2


def test_times_with_and_without_a_zone():
    assert column("T", "03:04:05.678Z", "03:04:05.678", "") == [dt.time(3, 4, 5, 678000)] * 2 + [None]


def test_picklists_as_dictionaries_and_lists():
    assert column("P", "Hot", "", "NA", "Hot") == ["Hot", None, "NA", "Hot"]
    assert column("L", "a;b", "", "NA") == [["a", "b"], None, ["NA"]]


BAD = [
    ("I", "5.5"),
    ("I", "five"),
    ("I", "1E19"),
    ("I", "1E-11"),
    ("F", "x"),
    ("M", "1.505"),
    ("M", "1E17"),
    ("D", "soon"),
    ("D", "2024-02-30"),
    ("At", "2024-01-02"),
    ("At", "2024-01-02T03:04:05"),
    ("B", "yes"),
    ("T", "25:00:00.000Z"),
]
GOOD = {"I": "7", "F": "7", "M": "7", "D": "2024-01-02", "At": "2024-01-02T03:04:05Z", "B": "true", "T": "03:04:05Z"}


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_value_of_another_type_is_empty_and_its_text_is_kept(name, text):
    body = page_of(["Id", name], ["a", GOOD[name]], ["b", text], ["c", ""], ["d", GOOD[name]])
    rows, bad = read(body, "Id", name, page=3)
    assert [row["Id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row[name] is None for row in rows] == [False, True, True, False]
    assert bad == [{"page": 3, "row": 1, "Id": "b", "column": name, "text": text}]


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_value_of_another_type_can_be_an_error_at_once(name, text):
    body = page_of(["Id", name], ["a", GOOD[name]], ["b", text])
    with pytest.raises(DecodeError, match=f"job: page 3, row 1 from 0: column '{name}' holds") as caught:
        read(body, "Id", name, page=10**9, name="job: page 3", on_bad_value="raise")
    assert (caught.value.column, caught.value.text) == (name, text)
    assert (caught.value.page, caught.value.row, caught.value.Id) == ("job: page 3", 1, "b")


@pytest.mark.parametrize("block_bytes", [1, 100, 1_000_000])
def test_bad_cells_of_many_columns_and_blocks_are_told_once_each(block_bytes):
    rows = [[str(i), "x" if i % 3 == 0 else f"{i}.0", "y" if i % 5 == 0 else "true"] for i in range(60)]
    found, bad = read(page_of(["Id", "I", "B"], *rows), "Id", "I", "B", block_bytes=block_bytes)
    assert [row["I"] for row in found] == [None if i % 3 == 0 else i for i in range(60)]
    expected = {(i, "I", "x") for i in range(0, 60, 3)} | {(i, "B", "y") for i in range(0, 60, 5)}
    assert len(bad) == len(expected)
    assert {(each["row"], each["column"], each["text"]) for each in bad} == expected
    assert all(each["Id"] == str(each["row"]) for each in bad)


def test_only_the_first_block_with_an_odd_spelling_is_parsed_twice(monkeypatch):
    types = []

    def watched(source, read, form, convert):
        types.append(convert.column_types["1"])
        return parse(source, read, form, convert)

    parse = decode.csv.read_csv
    monkeypatch.setattr(decode.csv, "read_csv", watched)
    rows, _ = read(page_of(["Id", "I"], *([f"{i:02}", f"{i}.0"] for i in range(30))), "Id", "I", block_bytes=100)
    assert [row["I"] for row in rows] == list(range(30))
    assert types == [pa.int64(), TEXT] + [TEXT] * (len(types) - 2)
    assert len(types) > 4


def test_bad_cells_without_an_id_have_none():
    assert read(page_of(["I"], ["x"]), "I") == (
        [{"I": None}],
        [{"page": 1, "row": 0, "Id": None, "column": "I", "text": "x"}],
    )


def test_blanks_and_nul_bytes_around_a_value_do_no_harm():
    assert column("I", " 5", "6\0", "7.0 ") == [5, 6, 7]
    assert column("D", "2024-01-02\0", " 2024-01-03Z ") == [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]


def test_nul_bytes_stay_in_texts():
    assert column("Text", "x\x00y", "\x00") == ["x\x00y", "\x00"]


def test_newlines_quotes_and_commas_inside_values_and_letters_beyond_ascii():
    body = '"Id","Text"\n"1","a\n""b"", c\r\n"\n"é",""\n'.encode()
    assert read(body, "Id", "Text")[0] == [{"Id": "1", "Text": 'a\n"b", c\r\n'}, {"Id": "é", "Text": None}]


@pytest.mark.parametrize("block_bytes", [1, 10, 64, 1_000_000])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_any_block_size_and_any_read_size_give_the_same_rows_on_any_number_of_threads(block_bytes, workers):
    rows = [{"Id": f"{i:03}", "Text": f'line\n"{i}"\n,' * (i % 5) or None, "I": i} for i in range(60)]
    lines = [f'"{r["Id"]}","{(r["Text"] or "").replace(chr(34), chr(34) * 2)}","{r["I"]}"\n' for r in rows]
    body = ('"Id","Text","I"\n' + "".join(lines)).encode()
    with Threads(workers) if workers else Serial() as pool:
        found = read(Dribble(body), "Id", "Text", "I", mapper=pool.map, block_bytes=block_bytes)
    assert found == (rows, [])


def test_a_cell_of_10_mb_is_read_between_small_ones():
    text = "é\0long\n".ljust(100, "x") * 100_000
    assert len(text) == 10_000_000
    rows, _ = read(
        page_of(["Id", "Text", "I"], ["1", "x", "5"], ["2", text, "6"], ["3", "y", "7.0"]), "Id", "Text", "I"
    )
    assert rows == [
        {"Id": "1", "Text": "x", "I": 5},
        {"Id": "2", "Text": text, "I": 6},
        {"Id": "3", "Text": "y", "I": 7},
    ]


def test_a_page_may_spell_and_order_its_columns_in_its_own_way():
    body = page_of(["I", "ACCOUNT.NAME", "id"], ["5", "x", "a"])
    assert read(body, "Id", "Account.Name", "I")[0] == [{"Id": "a", "Account.Name": "x", "I": 5}]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["Id"], "lacks I$"),
        (["Id", "I", "More", "Most"], "has More, Most$"),
        (["Id", "I", "I"], "has I$"),
        (["Id", "Other"], "lacks I and has Other$"),
    ],
)
def test_a_missing_or_surplus_column_is_named(header, message):
    with pytest.raises(DecodeError, match=message):
        read(page_of(header, ["1"] * len(header)), "Id", "I")


def test_what_is_no_field_may_be_named_otherwise():
    body = page_of(["Expr0", "Id", "Status"], ["x", "1", "y"])
    assert read(body, "Id", "toLabel(A)", "toLabel(Status)")[0] == [
        {"Id": "1", "toLabel(A)": "x", "toLabel(Status)": "y"}
    ]


NOTHING = [
    b"",
    b"\n",
    b'"Id","I"\n',
    b'"Id","I"',
    b"\xef\xbb\xbf",
    b"Records not found for this query",
    b"Records not found for this query\r\n",
    b'"Records not found for this query"\n',
]


@pytest.mark.parametrize("body", NOTHING)
def test_no_rows_come_in_many_forms(body):
    assert read(body, "Id", "I") == ([], [])


def test_a_bom_crlf_and_a_missing_last_line_end_do_no_harm():
    assert read(b'\xef\xbb\xbf"Id","I"\r\n"1","2"\r\n"3","4"', "Id", "I")[0] == [
        {"Id": "1", "I": 2},
        {"Id": "3", "I": 4},
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'"a","b"\n"1"\n',
        b'"a","b"\n"1","2","3"\n',
        b'"a","b"\n"\xff","x"\n',
        b'"\xff","b"\n"x","y"\n',
        b'"a","b"\n"1","2"\n"3","4',
        b'"a","b"\n"1","2"\n"3","4\n',
        b'"a","b"\n"1","2"\n"3","4\n"5","6"\n',
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 1_000_000])
def test_bytes_that_are_no_csv_are_a_decode_error(body, block_bytes):
    with pytest.raises(DecodeError):
        read(body, "a", "b", block_bytes=block_bytes)


@pytest.mark.parametrize("block_bytes", [1, 40, 1_000_000])
@pytest.mark.parametrize("skip_rows", [0, 1, 17, 30, 31])
def test_rows_that_were_delivered_before_are_skipped_with_their_bad_cells(block_bytes, skip_rows):
    rows = [[f"{i:02}", "x" if i % 4 == 0 else str(i)] for i in range(30)]
    bad = BadCells()
    body, options, buffers = page_of(["Id", "I"], *rows), ReadOptions(skip_rows=skip_rows), Buffers(block_bytes)
    reader = PageReader(io.BytesIO(body), schema_of("Id", "I"), bad, options, buffers=buffers)
    batches = list(reader)
    assert all(batch.num_rows for batch in batches)
    assert [row["Id"] for batch in batches for row in batch.to_pylist()] == [row[0] for row in rows[skip_rows:]]
    assert bad.table().column("row").to_pylist() == [i for i in range(0, 30, 4) if i >= skip_rows]
    assert reader.rows == 30


def test_rows_and_bad_cells_are_counted_when_they_are_handed_out():
    body = page_of(["Id", "I"], *([f"{i:02}", "x"] for i in range(30)))
    bad = BadCells()
    reader = PageReader(io.BytesIO(body), schema_of("Id", "I"), bad, buffers=Buffers(40))
    taken = next(iter(reader)).num_rows
    assert 0 < taken < 30
    assert (reader.rows, bad.count) == (taken, taken)


class Endless(io.RawIOBase):
    """A page of many rows, made while it is read."""

    def __init__(self, rows):
        self.left = rows
        self.row = b'"' + b"x" * 98 + b'"\n'
        self.rest = b'"Text"\n'

    def readinto(self, buffer):
        count = min(self.left, 2000)
        self.left -= count
        data = self.rest + self.row * count
        size = min(len(data), len(buffer))
        memoryview(buffer)[:size] = data[:size]
        self.rest = data[size:]
        return size


@pytest.mark.parametrize("rows", [300_000, 900_000])
def test_memory_does_not_grow_with_the_page(rows):
    pa.default_memory_pool().release_unused()
    before, most, count = pa.total_allocated_bytes(), 0, 0
    tracemalloc.start()
    for batch in PageReader(Endless(rows), schema_of("Text"), BadCells()):
        count += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    most += tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == rows
    assert most < 40_000_000


@pytest.mark.parametrize("value", ["1", "none"], ids=["typed", "as text"])
def test_blocks_are_given_back_once_they_are_parsed(value):
    buffers = Buffers(100)
    body = io.BytesIO(page_of(["Id", "I"], *([f"{i:03}", value] for i in range(100))))
    batches = list(PageReader(body, schema_of("Id", "I"), BadCells(), buffers=buffers))
    assert len(batches) > 10
    assert len(buffers._spare) in {1, 2}
