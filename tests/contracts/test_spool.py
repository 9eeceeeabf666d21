"""What every source of rows must become: the same rows, in a frame that points into a file."""

from __future__ import annotations

import datetime as dt
import gc
import os
import shutil
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from sfbulk_pandas.errors import DataError, UsageError
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.spool.sources import BATCH_ROWS, reader_of

ROWS = 150_000
TABLE = pa.table(
    {
        "n": pa.array(range(ROWS), pa.int64()),
        "text": pa.array([None if n % 7 == 0 else f"é {n}" for n in range(ROWS)]),
        "when": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=n) for n in range(ROWS)]),
        "price": pa.array([Decimal(n) / 4 for n in range(ROWS)], pa.decimal128(12, 2)),
        "flag": pa.array([n % 3 == 0 for n in range(ROWS)]),
    }
)


@pytest.fixture
def spool():
    with Spool() as made:
        yield made


def parquet_file(folder: Path) -> Path:
    pq.write_table(TABLE, folder / "rows.parquet", row_group_size=40_000)
    return folder / "rows.parquet"


def parquet_folder(folder: Path) -> Path:
    (folder / "rows").mkdir()
    for n, start in enumerate(range(0, ROWS, 50_000)):
        pq.write_table(TABLE.slice(start, 50_000), folder / "rows" / f"part-{n}.parquet")
    return folder / "rows"


SOURCES = {
    "table": lambda _: TABLE,
    "reader": lambda _: TABLE.to_reader(max_chunksize=30_000),
    "many small batches": lambda _: TABLE.to_reader(max_chunksize=999),
    "polars": lambda _: pl.from_arrow(TABLE),
    "duckdb": lambda _: duckdb.from_arrow(TABLE).order("n"),
    "parquet file": parquet_file,
    "parquet file as text": lambda folder: str(parquet_file(folder)),
    "parquet folder": parquet_folder,
    "dataset": lambda folder: ds.dataset(parquet_folder(folder)),
    "scanner": lambda folder: ds.dataset(parquet_file(folder)).scanner(),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES)
def source(request, tmp_path):
    return request.param(tmp_path)


def arrow(frame: pd.DataFrame, column: str) -> pa.ChunkedArray:
    return frame[column].array._pa_array


def test_every_source_gives_the_same_rows(spool, source):
    frame = spool.frame_of(source)
    assert isinstance(frame.index, pd.RangeIndex)
    assert list(frame.columns) == TABLE.column_names
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)
    for name, kind in zip(TABLE.column_names, TABLE.schema.types, strict=True):
        assert arrow(frame, name).cast(kind).equals(TABLE[name]), name


def test_chunks_are_neither_large_nor_many(spool, source):
    frame = spool.frame_of(source)
    sizes = [len(chunk) for chunk in arrow(frame, "n").chunks]
    assert max(sizes) <= BATCH_ROWS
    assert len(sizes) <= 6


def test_columns_point_into_the_file_also_in_slices(spool):
    before = pa.total_allocated_bytes()
    frame = spool.frame_of(TABLE.to_reader(max_chunksize=30_000))
    gc.collect()
    assert pa.total_allocated_bytes() - before < 100_000
    regions = mapped_regions(spool.folder)
    for rows in (frame, frame.iloc[70_000:70_100], frame.iloc[1:]):
        for name in TABLE.column_names:
            addresses = [buffer.address for chunk in arrow(rows, name).chunks for buffer in chunk.buffers() if buffer]
            assert addresses
            assert all(any(start <= address < stop for start, stop in regions) for address in addresses), name
    assert pa.total_allocated_bytes() - before < 100_000


def mapped_regions(folder: Path) -> list[tuple[int, int]]:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("only Linux tells what is mapped where")
    lines = [line.split() for line in maps.read_text().splitlines() if str(folder) in line]
    return [(int(start, 16), int(stop, 16)) for start, _, stop in (line[0].partition("-") for line in lines)]


def uuids(*values: bytes) -> pa.Array:
    class Uuid(pa.ExtensionType):
        def __init__(self):
            super().__init__(pa.binary(16), "test.uuid")

        def __arrow_ext_serialize__(self):
            return b""

    return pa.ExtensionArray.from_storage(Uuid(), pa.array(values, pa.binary(16)))


VIEWS = pa.array(["a", "b"], pa.string_view())
PACKED = {
    "text view": (pa.array(["a", None], pa.string_view()), pa.large_string(), ["a", None]),
    "bytes view": (pa.array([b"a", None], pa.binary_view()), pa.large_binary(), [b"a", None]),
    "large text": (pa.array(["a"], pa.large_string()), pa.large_string(), ["a"]),
    "categories": (pa.array(["b", "a", None, "b"]).dictionary_encode(), pa.string(), ["b", "a", None, "b"]),
    "categories of views": (
        pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.uint32()), VIEWS),
        pa.large_string(),
        ["b", None, "a"],
    ),
    "run ends": (pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), ["a", "b"]), pa.string(), [*"aab"]),
    "extension": (uuids(b"0" * 16), pa.binary(16), [b"0" * 16]),
    "lists": (pa.array([["a", "b"], None, []]), pa.large_list(pa.string()), [["a", "b"], None, []]),
    "lists of views": (
        pa.array([["a"], None], pa.list_(pa.string_view())),
        pa.large_list(pa.large_string()),
        [["a"], None],
    ),
    "uuid": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16, None], pa.binary(16))),
        pa.string(),
        ["30303030-3030-3030-3030-303030303030", None],
    ),
    "bool8": (
        pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None, 7], pa.int8())),
        pa.bool_(),
        [True, False, None, True],
    ),
    "lists of categories of views": (
        pa.ListArray.from_arrays(
            pa.array([0, 2, 3, 3, 5]),
            pa.DictionaryArray.from_arrays(pa.array([1, 0, 1, 0, 1], pa.uint8()), VIEWS),
            mask=pa.array([False, True, False, False]),
        ).slice(1),
        pa.large_list(pa.large_string()),
        [None, [], ["a", "b"]],
    ),
    "pairs": (pa.array([["a", "b"], None], pa.list_(pa.string(), 2)), pa.large_list(pa.string()), [["a", "b"], None]),
    "nothing": (pa.nulls(2), pa.null(), [None, None]),
    "seconds": (pa.array([1], pa.timestamp("s", "Europe/Berlin")), pa.timestamp("s", "Europe/Berlin"), None),
}


@pytest.mark.parametrize(("array", "kind", "values"), PACKED.values(), ids=PACKED)
def test_packed_types_become_plain(spool, array, kind, values):
    frame = spool.frame_of(pa.table({"packed": array}))
    assert frame.dtypes["packed"] == pd.ArrowDtype(kind)
    assert arrow(frame, "packed").to_pylist() == (array.to_pylist() if values is None else values)


def test_sliced_categories_are_decoded_by_their_own_rows(spool):
    text = [f"c{n % 5}" for n in range(2 * BATCH_ROWS)]
    frame = spool.frame_of(pa.table({"c": pa.array(text).dictionary_encode()}))
    assert arrow(frame, "c").to_pylist() == text


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["a", "b"])])
def test_lists_of_polars_categories_are_lists_of_texts(spool, kind):
    frame = spool.frame_of(pl.DataFrame({"x": [["a", "b"], None, [], ["b"]]}, schema={"x": pl.List(kind)}))
    assert arrow(frame, "x").to_pylist() == [["a", "b"], None, [], ["b"]]


def test_lists_of_categories_are_read_across_row_groups(spool, tmp_path):
    values = [["a", "b"], None, [], ["b", "c"], ["a"]]
    categories = pa.array(values, pa.list_(pa.dictionary(pa.int32(), pa.string())))
    pq.write_table(pa.table({"x": categories}), tmp_path / "rows.parquet", row_group_size=2)
    assert arrow(spool.frame_of(tmp_path / "rows.parquet"), "x").to_pylist() == values


NO_CELLS = {
    "struct": pa.array([{"a": 1}]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "lists of lists": pa.array([[["a"]]]),
    "lists of structs": pa.array([[{"a": 1}]]),
    "list view": pa.array([["a"]], pa.list_view(pa.string())),
    "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
}


@pytest.mark.parametrize("array", NO_CELLS.values(), ids=NO_CELLS)
def test_what_fits_no_cell_is_refused_before_a_row_is_read(spool, array):
    def batches():
        raise AssertionError("a row was read")
        yield

    schema = pa.schema([("n", pa.int64()), ("nested", array.type)])
    with pytest.raises(UsageError, match="'nested'"):
        spool.frame_of(pa.RecordBatchReader.from_batches(schema, batches()))
    assert list(spool.folder.iterdir()) == []


def test_an_empty_stream_keeps_its_columns(spool):
    frame = spool.frame_of(TABLE.schema.empty_table())
    assert len(frame) == 0
    assert list(frame.columns) == TABLE.column_names
    assert frame.dtypes["n"] == pd.ArrowDtype(pa.int64())


def test_an_index_hidden_in_the_metadata_does_not_come_back(spool):
    indexed = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="label"))
    frame = spool.frame_of(pa.Table.from_pandas(indexed))
    assert isinstance(frame.index, pd.RangeIndex)
    assert list(frame.columns) == ["a", "label"]


def folder_of(folder: Path, *tables: pa.Table, under: tuple[str, ...] = ()) -> Path:
    for number, table in enumerate(tables):
        path = folder / "rows" / (under[number] if under else "")
        path.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path / f"{number}.parquet")
    return folder / "rows"


DAY, NOON = dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001
FITTING = {
    "int widths": ([pa.array([1], pa.int32()), pa.array([2**40])], pa.int64(), [1, 2**40]),
    "unsigned": ([pa.array([1], pa.uint8()), pa.array([-1], pa.int16())], pa.int64(), [1, -1]),
    "int and float": ([pa.array([1]), pa.array([1.5])], pa.float64(), [1.0, 1.5]),
    "null and text": ([pa.nulls(1), pa.array(["a"])], pa.string(), [None, "a"]),
    "text and null": ([pa.array(["a"]), pa.nulls(1)], pa.string(), ["a", None]),
    "texts": ([pa.array(["a"]).dictionary_encode(), pa.array(["b"], pa.large_string())], pa.large_string(), ["a", "b"]),
    "lists": (
        [pa.array([["a"]]), pa.array([["b"]], pa.large_list(pa.large_string()))],
        pa.large_list(pa.large_string()),
        [["a"], ["b"]],
    ),
    "units": ([pa.array([NOON], pa.timestamp("s")), pa.array([NOON])], pa.timestamp("us"), [NOON, NOON]),
    "times": (
        [pa.array([dt.time(1)], pa.time32("s")), pa.array([dt.time(1, 0, 0, 5)])],
        pa.time64("us"),
        [dt.time(1), dt.time(1, 0, 0, 5)],
    ),
    "decimals": (
        [pa.array([Decimal("1.5")]), pa.array([Decimal("12.555")])],
        pa.decimal128(5, 3),
        [Decimal("1.5"), Decimal("12.555")],
    ),
}


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(("arrays", "kind", "values"), FITTING.values(), ids=FITTING)
def test_files_of_a_folder_are_read_in_a_type_that_holds_the_values_of_all(
    spool, tmp_path, arrays, kind, values, is_reversed
):
    order = slice(None, None, -1 if is_reversed else 1)
    frame = spool.frame_of(folder_of(tmp_path, *(pa.table({"x": each}) for each in arrays[order])))
    assert frame.dtypes["x"] == pd.ArrowDtype(kind)
    assert arrow(frame, "x").to_pylist() == values[order]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    "arrays",
    [
        (pa.array([DAY]), pa.array([NOON])),
        (pa.array([True]), pa.array([7])),
        (pa.array(["7"]), pa.array([7])),
        (pa.array([NOON]), pa.array([NOON.replace(tzinfo=dt.UTC)])),
        (pa.array([NOON], pa.timestamp("us", "Europe/Berlin")), pa.array([NOON], pa.timestamp("us", "UTC"))),
        (pa.array([0.1], pa.float32()), pa.array([0.1])),  # which would become 0.10000000149011612
        (pa.array([1.5]), pa.array([Decimal("1.5")])),
        (pa.array([["a"]]), pa.array(["a"])),
        (pa.array([["a"]]), pa.array([[1]])),
        (pa.nulls(1, pa.decimal128(38, 0)), pa.nulls(1, pa.decimal256(76, 76))),
    ],
)
def test_files_whose_types_do_not_fit_together_are_refused(spool, tmp_path, arrays, is_reversed):
    order = slice(None, None, -1 if is_reversed else 1)
    tables = [pa.table({"n": [1], "x": each}) for each in arrays[order]]
    with pytest.raises(UsageError, match=r"column 'x' is .* in '2.parquet', and .* in a file before it"):
        spool.frame_of(folder_of(tmp_path, tables[0].slice(0, 0), *tables))
    assert list(spool.folder.iterdir()) == []


def test_whole_numbers_that_no_float_holds_are_not_rounded(spool, tmp_path):
    tables = [pa.table({"x": [1.5]}), pa.table({"x": [2**53 + 1]})]
    with pytest.raises(DataError, match="9007199254740993 not in range"):
        spool.frame_of(folder_of(tmp_path, *tables))


def test_columns_that_only_some_files_have_are_read(spool, tmp_path):
    frame = spool.frame_of(folder_of(tmp_path, pa.table({"a": [1]}), pa.table({"b": ["x"], "a": [2]})))
    assert [arrow(frame, name).to_pylist() for name in "ab"] == [[1, 2], [None, "x"]]


def test_names_that_differ_between_files_in_case_alone_are_refused(spool, tmp_path):
    tables = [pa.table({"LastName": ["a"]}), pa.table({"lastname": ["b"]})]
    with pytest.raises(UsageError, match=r"'1.parquet' has a column 'lastname', .* calls 'LastName'"):
        spool.frame_of(folder_of(tmp_path, *tables))
    both = pa.table({"a": [1], "A": [2]})
    assert len(spool.frame_of(folder_of(tmp_path / "same", both, both))) == 2


def test_a_file_with_two_columns_of_one_name_is_refused(spool, tmp_path):
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    with pytest.raises(UsageError, match="more than one column 'a'"):
        spool.frame_of(folder_of(tmp_path, pa.table({"a": [1]}), twice))


def test_what_is_no_parquet_in_a_folder_is_named(spool, tmp_path):
    folder = folder_of(tmp_path, pa.table({"a": [1]}))
    (folder / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match=r"cannot be read as Parquet: notes\.txt: "):
        spool.frame_of(folder)


def test_keys_in_the_names_of_folders_are_text(spool, tmp_path, monkeypatch):
    table = pa.table({"n": [1]})
    under = ("Zip=01067/A%20B=true", "Zip=__HIVE_DEFAULT_PARTITION__/A%20B=D%2FE")
    folder = folder_of(tmp_path, table, table, under=under)
    monkeypatch.chdir(tmp_path)
    for path in (folder, "rows", "./rows/", tmp_path / "rows" / ".." / "rows"):
        frame = spool.frame_of(path)
        assert arrow(frame, "Zip").to_pylist() == ["01067", None]
        assert arrow(frame, "A B").to_pylist() == ["true", "D/E"]


def test_keys_that_the_files_hold_themselves_are_read_from_them(spool, tmp_path):
    tables = [pa.table({"n": [1], "k": pa.array([each], pa.int16())}) for each in (5, 6)]
    frame = spool.frame_of(folder_of(tmp_path / "all", *tables, under=("k=5", "k=6")))
    assert arrow(frame, "k").to_pylist() == [5, 6]
    with pytest.raises(UsageError, match=r"column 'k' is string in .*k=6.1\.parquet"):
        spool.frame_of(folder_of(tmp_path / "one", tables[0], tables[1].drop_columns("k"), under=("k=5", "k=6")))


@pytest.mark.parametrize("details", ["{", "[]", "{}", '{"partition_by": null, "schema": {}}', '{"partition_by": [1]}'])
def test_a_note_beside_the_rows_that_says_nothing_of_keys_changes_nothing(spool, tmp_path, details):
    folder = folder_of(tmp_path, pa.table({"n": [1]}), under=("k=05",))
    (folder / "_sfbulk.json").write_text(details)
    assert arrow(spool.frame_of(folder), "k").to_pylist() == ["05"]


@pytest.mark.parametrize("good", [0, 3])
def test_a_stream_that_breaks_off_says_where_and_leaves_nothing(spool, good):
    def batches():
        yield from TABLE.slice(0, good * 1000).to_batches(max_chunksize=1000)
        raise RuntimeError("the server went away")

    with pytest.raises(DataError, match=f"after {good * 1000:,} of them.*the server went away") as caught:
        spool.frame_of(pa.RecordBatchReader.from_batches(TABLE.schema, batches()))
    assert caught.value.__cause__ is not None
    assert list(spool.folder.iterdir()) == []


def test_a_damaged_parquet_file_in_a_folder_is_noticed(spool, tmp_path):
    folder = parquet_folder(tmp_path)
    damaged = bytearray((folder / "part-2.parquet").read_bytes())
    damaged[100:40_000] = bytes(39_900)
    (folder / "part-2.parquet").write_bytes(damaged)
    with pytest.raises(DataError, match="broke off after 100,000 of them"):
        spool.frame_of(folder)
    assert list(spool.folder.iterdir()) == []


def test_a_parquet_file_that_is_cut_off_while_it_is_read_is_noticed(spool, tmp_path):
    pq.write_table(pa.table({"a": range(30)}), tmp_path / "rows.parquet", row_group_size=10)
    reader = reader_of(tmp_path / "rows.parquet")
    reader.read_next_batch()
    os.truncate(tmp_path / "rows.parquet", 4)
    with pytest.raises(DataError, match=r"rows\.parquet has changed while it was read: 10 rows are gone"):
        spool.frame_of(reader)
    assert list(spool.folder.iterdir()) == []


def test_a_full_disk_is_named(spool, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pa, "OSFile", full)
    with pytest.raises(DataError, match=r"could not be written.*No space left") as caught:
        spool.frame_of(TABLE)
    assert "TMPDIR" in caught.value.hint
    assert spool.kept(TABLE) is TABLE


def test_too_many_open_files_are_named_and_nothing_is_left(spool, monkeypatch):
    def spent(*_, **__):
        raise OSError(24, "Too many open files")

    assert spool.kept(TABLE).equals(TABLE)
    before = list(spool.folder.iterdir())
    monkeypatch.setattr(pa, "memory_map", spent)
    with pytest.raises(DataError, match="Too many open files"):
        spool.mapped(TABLE)
    assert list(spool.folder.iterdir()) == before


def test_no_temporary_folder_to_write_in_is_named(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(DataError, match=r"no temporary folder.*No space left") as caught:
        Spool()
    assert "TMPDIR" in caught.value.hint


def closed_relation():
    connection = duckdb.connect()
    relation = connection.sql("SELECT 1 AS n")
    connection.close()
    return relation


def no_parquet(folder: Path) -> Path:
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    return folder / "rows.csv"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (lambda folder: folder / "missing.parquet", "there is no file or folder"),
        (no_parquet, "cannot be read as Parquet"),
        (lambda folder: folder, "holds no file"),
        (lambda _: pa.chunked_array([[1]]), "ChunkedArray gives no rows.*non-struct"),
        (lambda _: closed_relation(), "DuckDBPyRelation gives no rows.*closed"),
        (lambda _: [1, 2], "a list holds no rows"),
        (lambda _: None, "a NoneType holds no rows"),
        (lambda _: pa.table({}), "no columns"),
    ],
)
def test_what_is_no_source_is_refused(spool, source, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        spool.frame_of(source(tmp_path))
    assert list(spool.folder.iterdir()) == []


def test_a_mapped_table_equals_the_other(spool):
    packed = TABLE.append_column("c", TABLE["text"].dictionary_encode().combine_chunks())
    mapped = spool.mapped(packed)
    assert mapped.schema == packed.schema
    assert mapped.equals(packed)
    before = pa.total_allocated_bytes()
    again = spool.mapped(TABLE)
    assert again.equals(TABLE)
    assert pa.total_allocated_bytes() - before < 100_000
    assert spool.mapped(TABLE.schema.empty_table()).equals(TABLE.schema.empty_table())


def test_the_folder_is_private_and_goes_with_the_spool():
    with Spool() as spool:
        frame = spool.frame_of(TABLE)
        assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
        assert len(list(spool.folder.iterdir())) == 1
    assert not spool.folder.exists()
    assert frame["n"].sum() == TABLE["n"].to_numpy().sum()
    spool.close()
    with pytest.raises(UsageError, match="closed"):
        spool.frame_of(TABLE)


def test_a_forgotten_spool_is_removed():
    spool = Spool()
    folder = spool.folder
    spool.frame_of(TABLE)
    assert folder.exists()
    del spool
    gc.collect()
    assert not folder.exists()


IN_A_PROCESS = """
import os, sys, time
import pyarrow as pa
from sfbulk_pandas.spool import Spool

spool = Spool()
spool.mapped(pa.table({"secret": ["row"]}))
home = spool.folder.parent
os.utime(home / "lock", (time.time() - 100, time.time() - 100))
print(home, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A temporary folder of the test's own, for this process and those it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


@contextmanager
def process_with_a_spool():
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process, Path(process.stdout.readline().strip())
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR, and modes")
def test_what_a_killed_process_leaves_is_removed_by_the_next_and_what_a_live_one_has_is_not(elsewhere):
    with process_with_a_spool() as (killed, left), process_with_a_spool() as (_, alive):
        assert {left.parent, alive.parent} == {elsewhere}
        killed.kill()
        killed.wait()
        assert list(left.rglob("*.arrow"))
        for home in (
            left,
            alive,
        ):  # whoever looked whether it is held may have touched it: older versions of filelock do
            os.utime(home / "lock", (1, 1))
        with Spool() as spool:
            assert not left.exists()
            assert list(alive.rglob("*.arrow"))
            modes = [stat.S_IMODE(each.stat().st_mode) for each in (spool.folder.parent, spool.folder)]
            assert modes == [0o700, 0o700]
    assert alive.exists()  # killed as well by now, and nobody has come by since


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR")
def test_a_process_that_ends_by_itself_leaves_nothing(elsewhere):
    with process_with_a_spool() as (process, home):
        process.communicate("\n")
        assert process.returncode == 0
        assert not home.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR")
def test_folders_that_may_be_anybodys_are_left_alone(elsewhere, monkeypatch):
    names = ["sfbulk-unlocked", "sfbulk-young", "sfbulk-strange"]
    for name in names:
        (elsewhere / name).mkdir()
        (elsewhere / name / "rows.arrow").touch()
    (elsewhere / "sfbulk-young" / "lock").touch()
    (elsewhere / "sfbulk-strange" / "lock").touch()
    os.utime(elsewhere / "sfbulk-strange" / "lock", (1, 1))
    (elsewhere / "sfbulk-link").symlink_to(elsewhere / "sfbulk-strange")
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    Spool().close()
    assert all((elsewhere / name / "rows.arrow").exists() for name in names)
    monkeypatch.setattr(os, "getuid", lambda: mine)
    (elsewhere / "sfbulk-link").rename(elsewhere / "sfbulk-a-link")
    Spool().close()
    assert sorted(path.name for path in elsewhere.glob("sfbulk-[a-z]*") if path.name in {*names, "sfbulk-a-link"}) == [
        "sfbulk-a-link",
        "sfbulk-unlocked",
        "sfbulk-young",
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_child_process_leaves_the_spools_of_its_parent_alone():
    code = """if True:
        import os
        from sfbulk_pandas.spool import Spool
        spool = Spool()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            print(spool.folder.exists(), spool.folder.parent.exists())
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR")
def test_a_home_that_was_tidied_away_is_made_anew(elsewhere):
    shutil.rmtree(Spool().folder.parent)
    with Spool() as spool:
        assert spool.mapped(TABLE).equals(TABLE)


STREAM_400_MB = """
import gc, sys
import numpy as np, pyarrow as pa
from sfbulk_pandas.spool import Spool

def anonymous_bytes():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

def batches():
    for start in range(0, 2_000_000, 20_000):
        numbers = pa.array(np.arange(start, start + 20_000))
        text = pa.array([f"{n:0190d}" for n in range(start, start + 20_000)])
        yield pa.record_batch([numbers, text], names=["n", "text"])
        peak.append(anonymous_bytes())

schema = pa.schema([("n", pa.int64()), ("text", pa.string())])
warm = Spool()
warm.frame_of(pa.RecordBatchReader.from_batches(schema, []))
peak = [anonymous_bytes()]
before = peak[0]
frame = warm.frame_of(pa.RecordBatchReader.from_batches(schema, batches()))
size = sum(path.stat().st_size for path in warm.folder.iterdir())
for start in range(0, len(frame), 20_000):
    assert frame.iloc[start : start + 20_000]["text"].str.len().max() == 190
    peak.append(anonymous_bytes())
print(size, max(peak) - before)
"""


def test_memory_stays_bounded_whatever_the_size_of_the_stream():
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells anonymous memory apart")
    done = subprocess.run([sys.executable, "-c", STREAM_400_MB], capture_output=True, text=True, check=True)
    size, growth = map(int, done.stdout.split())
    assert size > 390_000_000
    assert growth < 100_000_000


PARQUET = """
import sys
from sfbulk_pandas.spool import Spool

def anonymous_bytes():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

spool = Spool()
few = spool.frame_of(sys.argv[1])
before = anonymous_bytes()
frame = spool.frame_of(sys.argv[2])
print(anonymous_bytes() - before)
"""


def test_what_parquet_was_decoded_in_is_given_back(tmp_path):
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells anonymous memory apart")
    if int(pa.__version__.split(".")[0]) < 21:
        pytest.skip("the mimalloc of this pyarrow keeps 46 MB for itself, however many rows")
    rows = pa.table({f"c{n}": pa.array([f"{n}{row:040}" for row in range(130_000)]) for n in range(12)})
    paths = [tmp_path / "few.parquet", tmp_path / "many.parquet"]
    for path, count in zip(paths, (1_000, len(rows)), strict=True):
        pq.write_table(rows.slice(0, count), path)
    done = subprocess.run([sys.executable, "-c", PARQUET, *paths], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20_000_000


def test_a_parquet_file_is_not_read_ahead_of_who_writes_slowly(tmp_path):
    rows = pa.table({"a": pa.array([f"{number:0100}" for number in range(300_000)])})
    plain = {"row_group_size": len(rows), "use_dictionary": False, "compression": "none"}
    for number in range(3):
        pq.write_table(rows, tmp_path / f"{number}.parquet", **plain)
    gc.collect()
    before = pa.total_allocated_bytes()
    with reader_of(tmp_path) as reader:
        batch = reader.read_next_batch()
        time.sleep(0.5)
        assert pa.total_allocated_bytes() - before < rows.nbytes / 2
        assert batch.num_rows + sum(each.num_rows for each in reader) == 3 * len(rows)
