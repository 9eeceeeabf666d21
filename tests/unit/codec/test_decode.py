import csv
import datetime as dt
import io

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.decode import read_batches, read_result_table
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.job import ColumnDelimiter

TYPES = {
    "i": pa.int64(),
    "f": pa.float64(),
    "b": pa.bool_(),
    "d": pa.date32(),
    "t": pa.time32("ms"),
    "at": pa.timestamp("ms", "UTC"),
}


class Dribble(io.RawIOBase):
    """Hands out a few bytes at a time, as sockets do."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size=-1):
        return self.data.read(min(size, 7))


def column(name, *cells):
    body = "".join(f'"{cell}"\n' for cell in (name, *cells))
    batches = list(read_batches(io.BytesIO(body.encode()), TYPES))
    return pa.Table.from_batches(batches).column(0).to_pylist()


def test_ids_zip_codes_and_na_words_stay_text():
    assert column("Zip", "00123", "NA", "null", "nan", "#N/A", "") == ["00123", "NA", "null", "nan", "#N/A", None]


def test_ints_are_read_in_every_spelling():
    assert column("I", "5", "", "-7") == [5, None, -7]
    assert column("I", "5.0", "1.5E7", "9007199254740993") == [5, 15_000_000, 9_007_199_254_740_993]


def test_numbers_are_read_in_javas_spelling():
    assert column("F", "9.12260031E8", "10.0", "", "-0.5") == [912_260_031.0, 10.0, None, -0.5]


def test_booleans():
    assert column("B", "true", "false", "1", "0", "") == [True, False, True, False, None]


def test_datetimes_in_all_three_forms_are_one_instant():
    at = dt.datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)
    forms = ["2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678+0000", "2024-01-02T03:04:05.678+00:00"]
    assert column("At", *forms, "2024-01-02T05:04:05.678+0200") == [at] * 4


def test_dates_with_and_without_a_tail():
    assert column("D", "2024-01-02", "") == [dt.date(2024, 1, 2), None]
    assert column("D", "1940-06-07Z", "1940-06-07T00:00:00.000Z") == [dt.date(1940, 6, 7)] * 2


def test_times():
    assert column("T", "03:04:05.678Z", "") == [dt.time(3, 4, 5, 678000), None]


@pytest.mark.parametrize(
    ("name", "value"),
    [("I", "5.5"), ("I", "five"), ("F", "x"), ("D", "soon"), ("At", "2024-01-02"), ("B", "yes"), ("T", "x")],
)
def test_a_value_of_another_type_is_named(name, value):
    with pytest.raises(DecodeError, match=f"column '{name}' holds '{value}'"):
        column(name, value)


def test_newlines_quotes_and_commas_inside_values():
    body = b'"Id","Text"\n"1","a\n""b"", c"\n"2",""\n'
    assert pa.Table.from_batches(read_batches(io.BytesIO(body), {})).to_pylist() == [
        {"Id": "1", "Text": 'a\n"b", c'},
        {"Id": "2", "Text": None},
    ]


@pytest.mark.parametrize("block_bytes", [1, 10, 64, 1_000_000])
def test_any_block_size_and_any_read_size_give_the_same_rows(block_bytes):
    rows = [{"Id": f"{i:03}", "Text": f'line\n"{i}"\n,' * (i % 5) or None, "I": i} for i in range(60)]
    lines = [f'"{r["Id"]}","{(r["Text"] or "").replace(chr(34), chr(34) * 2)}","{r["I"]}"\n' for r in rows]
    body = ('"Id","Text","I"\n' + "".join(lines)).encode()
    batches = list(read_batches(Dribble(body), TYPES, block_bytes=block_bytes))
    assert pa.Table.from_batches(batches).to_pylist() == rows
    assert len({batch.schema for batch in batches}) == 1


def test_one_odd_block_does_not_change_the_schema():
    body = b'"I"\n"1"\n"2.0"\n"3"\n'
    batches = list(read_batches(io.BytesIO(body), TYPES, block_bytes=4))
    assert len(batches) > 1
    assert pa.Table.from_batches(batches).column("I").to_pylist() == [1, 2, 3]


def test_a_cell_larger_than_a_block_is_read():
    text = "long\n" * 10_000
    body = f'"Id","Text"\n"1","{text}"\n"2","x"\n'.encode()
    assert pa.Table.from_batches(read_batches(io.BytesIO(body), {}, block_bytes=100)).column("Text").to_pylist() == [
        text,
        "x",
    ]


def test_headers_keep_their_spelling_and_find_their_type_in_any_case():
    [batch] = read_batches(io.BytesIO(b'"AT","Account.Name"\n"2024-01-02T03:04:05Z","x"\n'), TYPES)
    assert batch.schema.names == ["AT", "Account.Name"]
    assert batch.schema.types == [TYPES["at"], pa.string()]


def test_an_empty_page_is_typed_and_an_empty_body_is_nothing():
    [batch] = read_batches(io.BytesIO(b'"Id","I"\n'), TYPES)
    assert (batch.num_rows, batch.schema.types) == (0, [pa.string(), pa.int64()])
    assert list(read_batches(io.BytesIO(b""), TYPES)) == []
    assert list(read_batches(io.BytesIO(b"\n"), TYPES)) == []


def test_a_bom_and_crlf_do_no_harm():
    [batch] = read_batches(io.BytesIO(b'\xef\xbb\xbf"Id","I"\r\n"1","2"\r\n'), TYPES)
    assert batch.to_pylist() == [{"Id": "1", "I": 2}]


@pytest.mark.parametrize("body", [b'"a","b"\n"1"\n', b'"a"\n"\xff"\n', b'"\xff"\n"x"\n', b'"a","b"\n"1","2","3"\n'])
def test_bytes_that_are_no_csv_are_a_decode_error(body):
    with pytest.raises(DecodeError):
        list(read_batches(io.BytesIO(body), {}))
    with pytest.raises(DecodeError):
        read_result_table(io.BytesIO(body))


def test_nul_bytes_stay_in_the_text():
    [batch] = read_batches(io.BytesIO(b'"a"\n"x\x00y"\n'), {})
    assert batch.to_pylist() == [{"a": "x\x00y"}]


def test_result_files_are_all_text_with_empty_cells_as_empty_text():
    body = b'"sf__Id","sf__Created",Name,I\n"001","true","x",""\n"","false","",5\n'
    table = read_result_table(Dribble(body), block_bytes=20)
    assert table.to_pylist() == [
        {"sf__Id": "001", "sf__Created": "true", "Name": "x", "I": ""},
        {"sf__Id": "", "sf__Created": "false", "Name": "", "I": "5"},
    ]
    assert read_result_table(io.BytesIO(b"")).num_columns == 0
    assert read_result_table(io.BytesIO(b'"sf__Id",Name\n')).column_names == ["sf__Id", "Name"]


@pytest.mark.parametrize("mark", [each.char for each in ColumnDelimiter])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_results_of_other_tools_jobs_are_read_by_their_own_delimiter_and_line_end(mark, end):
    rows = [
        ["sf__Id", "Näme", "Text"],
        ["001", "Zoë", f'a "quoted"{mark}{end}line'],
        ["", "", ""],
        ["002", ";,|^`\t", "x"],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    for block_bytes in (1, 30, 1_000_000):
        table = read_result_table(Dribble(out.getvalue().encode()), delimiter=mark, block_bytes=block_bytes)
        assert [table.column_names, *(list(row.values()) for row in table.to_pylist())] == rows


def test_cells_of_megabytes_and_nul_bytes_are_read_whole():
    cell = "é\x00\n".ljust(300, "x") * 40_000
    table = read_result_table(io.BytesIO(f'"sf__Id","Text"\n"001","{cell}"\n"002","y"\n'.encode()))
    assert table.column("Text").to_pylist() == [cell, "y"]


@pytest.mark.parametrize("rest", ['a "half\n', "x,y,z\n", "only\n", '"x"y,z\n"\n'])
def test_raw_text_that_is_no_csv_is_said_to_be_none_and_hangs_nothing(rest):
    lines = "".join(f"{i},fine\n" for i in range(100_000))
    raw = io.BytesIO(f"A,B\n{lines}{rest}{lines}".encode())
    with pytest.raises(DecodeError, match="CSV cannot be read"):
        read_result_table(raw, block_bytes=10_000)
