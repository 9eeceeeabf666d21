"""Ingest result files: all text, by any delimiter."""

import csv
import datetime as dt
import io

import pyarrow as pa
import pytest

from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.codec.decode import read_result_batches, read_result_table, read_typed_table
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.salesforce.job import ColumnDelimiter


class Dribble(io.RawIOBase):
    """Hands out a few bytes at a time, as sockets do."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def readinto(self, buffer):
        return self.data.readinto(memoryview(buffer)[:7])


@pytest.mark.parametrize("body", [b'"a","b"\n"1"\n', b'"a"\n"\xff"\n', b'"\xff"\n"x"\n', b'"a","b"\n"1","2","3"\n'])
def test_bytes_that_are_no_csv_are_a_decode_error(body):
    with pytest.raises(DecodeError):
        read_result_table(io.BytesIO(body))


def test_result_files_are_all_text_with_empty_cells_as_empty_text():
    body = b'"sf__Id","sf__Created",Name,I\n"001","true","x",""\n"","false","",5\n'
    table = read_result_table(Dribble(body), buffers=Buffers(20))
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
        table = read_result_table(Dribble(out.getvalue().encode()), delimiter=mark, buffers=Buffers(block_bytes))
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
        read_result_table(raw, buffers=Buffers(10_000))


KINDS = {"I": pa.int64(), "D": pa.date32()}
DAY = dt.date(2024, 1, 2)


def typed(body, **more):
    return read_typed_table(Dribble(body), lambda name: KINDS.get(name, pa.string()), **more)


def test_result_files_in_their_types_have_empty_cells_as_null():
    table, unfit = typed(b'"sf__Id";I;D;Name\n"001";"5.0";2024-01-02;""\n"";;;x\n', delimiter=";", buffers=Buffers(20))
    assert table.schema.types == [pa.string(), pa.int64(), pa.date32(), pa.string()]
    assert [list(row.values()) for row in table.to_pylist()] == [["001", 5, DAY, None], [None, None, None, "x"]]
    assert unfit == frozenset()


def test_columns_in_which_a_cell_is_no_value_of_their_type_are_named():
    rows = "".join(f"{n},{n}\n" for n in range(1_000))
    table, unfit = typed(f"I,i\n{rows}many,some\n{rows}".encode(), buffers=Buffers(500))
    assert unfit == {"I"}
    assert table.column("I").null_count == 1
    assert table.column("i").to_pylist()[1_000] == "some"


def test_of_two_columns_by_one_name_each_has_its_own_cells():
    table, unfit = typed(b"I,I\n1,2\n")
    assert [column.to_pylist() for column in table.columns] == [[1], [2]]
    assert unfit == frozenset()


def test_columns_can_be_read_by_their_names():
    schema, batches = read_result_batches(io.BytesIO(b"A,B,C\n1,,3\n"), only={"C", "B"})
    assert pa.Table.from_batches(batches, schema).to_pylist() == [{"B": "", "C": "3"}]
