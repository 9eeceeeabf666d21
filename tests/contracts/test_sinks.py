"""One suite for every sink: the same rows in one schema; stopped, it leaves only what a later run goes on from."""

import contextlib
import io
import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from pyarrow import csv

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.errors import DataError, IncompleteResult, JournalBusy, JournalError, UsageError
from sfbulk_pandas.sinks.base import PageEnd, Place
from sfbulk_pandas.sinks.buffer import DiskBuffer
from sfbulk_pandas.sinks.checkpoint import Checkpoint
from sfbulk_pandas.sinks.csv import CsvSink, text_schema, unfinished_of
from sfbulk_pandas.sinks.folder import finished
from sfbulk_pandas.sinks.kept import KeptPages
from sfbulk_pandas.sinks.parquet import ParquetOptions, ParquetSink
from sfbulk_pandas.sinks.partial import locked, opened, partial_of
from sfbulk_pandas.sinks.sorted import SortedSink, id_spans
from sfbulk_pandas.sinks.table import TableSink

HEAD = {"query": "SELECT Id FROM Contact", "org_id": "00D"}
FACTS = {"query": "SELECT", "job_ids": ["750"]}
SCHEMA = pa.schema(
    [
        ("Id", pa.string()),
        ("Country", pa.string()),
        ("Staff__c", pa.int64()),
        ("Seen__c", pa.timestamp("ms", "UTC")),
        ("Stage", pa.dictionary(pa.int32(), pa.string())),
    ]
)
MOMENT, MOMENT_TEXT = 1_764_064_800_000, "2025-11-25T10:00:00.000"
SINKS = ["table", "parquet", "parquet, partitioned", "csv", "sorted"]
RESUMABLE = {"parquet", "parquet, partitioned", "sorted"}


def page_of(*ids):
    """Return rows of a page; each batch has a dictionary of its own, as those of pages have."""
    columns = [
        list(ids),
        [None if each.endswith("0") else "D/E" if each.endswith("1") else "00123" for each in ids],
        [int(each[1:]) if each != "r3" else None for each in ids],
        [MOMENT] * len(ids),
        pa.array([f"Stage {each}" for each in ids]).dictionary_encode(),
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns[:4], SCHEMA, strict=False)]
    return pa.record_batch([*arrays, columns[4]], schema=SCHEMA)


def as_text(batch, zone):
    """Return the same rows as texts, their moments in one of Salesforce's spellings."""
    columns = [pc.cast(column, pa.string()) for column in batch.columns]
    columns[3] = pa.array([MOMENT_TEXT + zone] * batch.num_rows)
    return pa.record_batch(columns, schema=text_schema(SCHEMA))


def place_of(page, chain=0):
    return Place(chain, page, f"/results/{chain}/{page}")


def end_of(page, rows):
    return PageEnd(place_of(page), rows, None)


class Made:
    """A sink that is open, and how to read what it makes."""

    def __init__(self, kind, folder, stack, *, rows_per_file=3, overwrite=False):
        self.kind = kind
        self.target = folder / "contacts"
        self.schema = SCHEMA
        self.zones = iter(["Z", "+0000", "+00:00"] * 9)
        if kind == "table":
            self.sink = TableSink()
        elif kind == "csv":
            self.schema = text_schema(SCHEMA)
            hidden = unfinished_of(self.target)
            stack.enter_context(locked(hidden))
            self.sink = CsvSink(hidden, self.target, frozenset({"Seen__c"}), overwrite=overwrite)
        else:
            partial = stack.enter_context(opened(partial_of(self.target)))
            partial.begin(HEAD)
            options = ParquetOptions("country" if "partitioned" in kind else None, rows_per_file)
            self.sink = (
                SortedSink(partial, rows_per_file)
                if kind == "sorted"
                else ParquetSink(partial, self.target, options, lambda: FACTS, overwrite=overwrite)
            )
        self.sink.open(self.schema)

    def write(self, batch, place, bad=None):
        self.sink.write(as_text(batch, next(self.zones)) if self.kind == "csv" else batch, place, bad)

    def result(self):
        """Close the sink, and return its rows by Id."""
        made = self.sink.close()
        if self.kind == "table":
            table = made[0]
        elif self.kind == "csv":
            types = dict.fromkeys(self.schema.names, pa.string())
            read = csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            )
            table = csv.read_csv(made, convert_options=read)
        elif self.kind == "sorted":
            table = made.between(None, None)
        else:
            table = made.dataset().to_table()
        return table.select(self.schema.names).sort_by("Id")

    def expected(self, *batches):
        table = pa.Table.from_batches(batches, SCHEMA).sort_by("Id")
        if self.kind == "csv":
            table = pa.Table.from_batches([as_text(each, "Z") for each in table.to_batches()])
        return table.to_pylist()


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(params=SINKS)
def made(request, tmp_path, stack):
    return Made(request.param, tmp_path, stack)


def test_rows_of_mixed_pages_are_all_there_in_one_schema(made):
    one, two, three = page_of("r10", "r11"), page_of("r12", "r3", "r20", "r21", "r22"), page_of("r30")
    made.write(one, place_of(0))
    made.write(two, place_of(1))
    made.write(three, place_of(0))
    for page, rows in ((1, 5), (0, 3), (2, 0)):
        made.sink.end_page(end_of(page, rows))
    result = made.result()
    assert result.to_pylist() == made.expected(one, two, three)
    assert [each.type for each in result.schema] == [each.type for each in made.schema]


def test_no_rows_have_their_columns_all_the_same(made):
    result = made.result()
    assert result.num_rows == 0
    assert result.schema.names == made.schema.names


def test_an_abort_leaves_nothing_but_what_a_later_run_goes_on_from(made, tmp_path):
    made.write(page_of("r10", "r11"), place_of(0))
    made.sink.abort()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == ({".contacts.partial"} if made.kind in RESUMABLE else set())
    if left:
        with Checkpoint(tmp_path / ".contacts.partial" / "checkpoint.jsonl") as notes:
            assert notes.rows == {"/results/0/0": 2}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_what_came_to_the_target_meanwhile_is_not_replaced_unless_asked(tmp_path, kind):
    for overwrite in (False, True):
        with contextlib.ExitStack() as stack:
            made = Made(kind, tmp_path, stack, overwrite=overwrite)
            mine = made.target if kind == "csv" else made.target / "mine.txt"
            mine.parent.mkdir(exist_ok=True)
            mine.write_text("mine")
            if not overwrite:
                with pytest.raises(UsageError, match="there already"):
                    made.sink.close()
                made.sink.abort()
                assert mine.read_text() == "mine"
                continue
            assert made.result().num_rows == 0
            assert kind == "csv" or not mine.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["contacts"]


@pytest.mark.parametrize("kind", SINKS[1:])
def test_a_disk_that_refuses_is_a_data_error_and_noted_as_nothing(tmp_path, stack, monkeypatch, kind):
    made = Made(kind, tmp_path, stack)

    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if kind == "csv":
        made.sink._writer.close()
        made.sink._writer = type("Full", (), {"write_batch": refuse, "close": refuse})()
    else:
        monkeypatch.setattr("sfbulk_pandas.sinks.parquet.write_parquet", refuse)
        monkeypatch.setattr("sfbulk_pandas.sinks.sorted.durable", refuse)
    with pytest.raises(DataError, match="No space left") as caught:
        made.write(page_of("r10", "r11", "r12", "r13"), place_of(0))
    assert kind == "csv" or "with more room" in caught.value.hint
    made.sink.abort()
    if kind == "csv":
        assert list(tmp_path.iterdir()) == []
    else:
        with Checkpoint(tmp_path / ".contacts.partial" / "checkpoint.jsonl") as notes:
            assert notes.rows == {}


# Parquet


def test_files_hold_so_many_rows_in_one_row_group_and_say_where_they_come_from(tmp_path, stack):
    made = Made("parquet", tmp_path, stack)
    made.write(page_of(*(f"r{n}" for n in range(10, 18))), place_of(0))
    made.sink.end_page(end_of(0, 8))
    folder = made.sink.close()
    files = sorted(folder.path.glob("*.parquet"))
    assert [pq.read_metadata(each).num_rows for each in files] == [3, 3, 2]
    assert {pq.read_metadata(each).num_row_groups for each in files} == {1}
    assert {pq.read_schema(each).metadata[b"sfbulk"] for each in files} == {json.dumps(FACTS).encode()}
    assert len({str(pq.read_schema(each)) for each in files}) == 1
    details = json.loads((folder.path / "_sfbulk.json").read_text())
    assert details == folder.details
    assert (details["rows"], details["job_ids"], details["bad_cells"]) == (8, ["750"], 0)
    assert details["files"] == {each.name: pq.read_metadata(each).num_rows for each in files}
    assert details["schema"]["Seen__c"] == "timestamp[ms, tz=UTC]"
    assert [path.name for path in tmp_path.iterdir()] == ["contacts"]


def test_only_columns_whose_values_repeat_are_written_with_a_dictionary(tmp_path, stack):
    made = Made("parquet", tmp_path, stack, rows_per_file=8)
    made.write(page_of(*(f"r{number}" for number in range(8))), place_of(0))
    made.sink.end_page(end_of(0, 8))
    (path,) = made.sink.close().path.glob("*.parquet")
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    assert [each.path_in_schema for each in columns if each.has_dictionary_page] == ["Country", "Seen__c"]
    assert {each.compression for each in columns} == {"ZSTD"}


def test_partitions_keep_values_that_look_like_numbers_and_missing_ones(tmp_path, stack):
    made = Made("parquet, partitioned", tmp_path, stack)
    made.write(page_of("r10", "r11", "r12", "r21"), place_of(0))
    made.sink.end_page(end_of(0, 4))
    folder = made.sink.close()
    folders = {path.name for path in folder.path.iterdir() if path.is_dir()}
    assert folders == {"Country=00123", "Country=D%2FE", "Country=__HIVE_DEFAULT_PARTITION__"}
    table = folder.dataset().to_table().sort_by("Id")
    assert table.column("Country").to_pylist() == [None, "D/E", "00123", "D/E"]


def countries(*names):
    page = page_of(*(f"r{number}" for number in range(len(names))))
    return page.set_column(1, "Country", pa.array(names, pa.string()))


def test_odd_values_name_folders_that_every_system_takes(tmp_path, stack):
    made = Made("parquet, partitioned", tmp_path, stack, rows_per_file=9)
    values = ["Inc.", ".", "a b", "a=b", "a:b*?", "CON", "é", "100%", "__x", "\n"]
    made.write(countries(*values), place_of(0))
    made.sink.end_page(end_of(0, len(values)))
    folder = made.sink.close()
    folders = {path.name for path in folder.path.iterdir() if path.is_dir()}
    assert not {name for name in folders if name.endswith(".") or set(name) & set('<>:"/\\|?* ')}
    assert sorted(folder.dataset().to_table().column("Country").to_pylist()) == sorted(values)


def test_a_value_too_long_for_a_name_is_told_of(tmp_path, stack):
    made = Made("parquet, partitioned", tmp_path, stack)
    with pytest.raises(DataError, match="Country has values too long to name a folder: 'ééé") as caught:
        made.write(countries("DE", "FR", "é" * 43), place_of(0))
    assert "another column" in caught.value.hint


def test_values_that_differ_in_case_alone_are_never_mixed(tmp_path, stack, monkeypatch):
    made = Made("parquet, partitioned", tmp_path, stack)
    made.write(countries("DE", "FR", "de"), place_of(0))  # three folders on a disk that tells them apart
    made.write(countries("DE", "FR", "de"), place_of(1))
    exists = Path.exists

    def folded(path):
        names = path.parent.iterdir() if exists(path.parent) else ()
        return path.name.lower() in {each.name.lower() for each in names}

    monkeypatch.setattr(Path, "exists", folded)
    with pytest.raises(DataError, match="takes Country=fr for a name that differs in case"):
        made.write(countries("DE", "FR", "fr"), place_of(2))


@pytest.mark.parametrize(("name", "said"), [("Nowhere", "selects Id"), ("Seen__c", "name no folders")])
def test_a_column_that_cannot_name_folders_is_refused(tmp_path, stack, name, said):
    partial = stack.enter_context(opened(partial_of(tmp_path / "contacts")))
    partial.begin(HEAD)
    with pytest.raises(UsageError, match=said):
        ParquetSink(partial, tmp_path / "contacts", ParquetOptions(name), dict).open(SCHEMA)


def bad_cells(*rows):
    count = len(rows)
    ids, columns, texts = [f"r1{row}" for row in rows], ["Staff__c"] * count, ["soon"] * count
    return pa.table([[7] * count, list(rows), ids, columns, texts], schema=BAD_CELLS)


def test_bad_cells_of_a_table_are_told_under_its_rows_not_those_of_their_pages():
    sink = TableSink()
    sink.open(SCHEMA)
    for page in (1, 0):
        bad = pa.table([[page], [1], ["r"], ["Country"], [f"of page {page}"]], schema=BAD_CELLS)
        sink.write(page_of("r10", "r11", "r12"), place_of(page), bad)
    _, bad = sink.close()
    assert bad.select(["row", "text"]).to_pylist() == [
        {"row": 1, "text": "of page 0"},
        {"row": 4, "text": "of page 1"},
    ]


def test_bad_cells_stay_with_their_rows_also_where_a_batch_is_cut_in_two_and_the_second_half_is_lost(tmp_path):
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.write(page_of("r10", "r11", "r12", "r13"), place_of(0), bad_cells(1, 3))
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.write(page_of("r13"), place_of(0), bad_cells(3))
        made.sink.end_page(end_of(0, 4))
        folder = made.sink.close()
    assert folder.bad_cells.column_names == ["row", "Id", "column", "text"]
    assert folder.bad_cells.column("row").to_pylist() == [1, 3]
    assert folder.details["bad_cells"] == 2
    assert folder.dataset().count_rows() == 4  # the file of bad cells is none of the rows


def test_a_later_run_goes_on_and_files_without_a_note_go(tmp_path):
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.write(page_of("r10", "r11", "r12", "r13"), place_of(0))
        made.sink.abort()
    (tmp_path / ".contacts.partial" / "rows" / "part-00009.parquet").write_bytes(b"half")
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.write(page_of("r14"), place_of(0))
        made.sink.end_page(end_of(0, 5))
        assert made.result().column("Id").to_pylist() == ["r10", "r11", "r12", "r13", "r14"]


def test_bad_cells_of_a_step_that_was_not_noted_are_no_part_of_it(tmp_path):
    with contextlib.ExitStack() as stack:
        Made("parquet", tmp_path, stack).write(page_of("r10", "r11", "r12"), place_of(0), bad_cells(1))
    bad = tmp_path / ".contacts.partial" / "bad"
    (bad / "00001.parquet").write_bytes((bad / "00000.parquet").read_bytes())  # killed before its rows were noted
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.sink.end_page(end_of(0, 3))
        assert made.sink.close().bad_cells.column("row").to_pylist() == [1]


def test_wide_rows_make_a_file_before_they_are_many(tmp_path, stack, monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.sinks.buffer.MOST_BYTES", 100)
    made = Made("parquet", tmp_path, stack, rows_per_file=1_000)
    for number in range(4):
        made.write(page_of(f"r{number}0", f"r{number}1"), place_of(number))
    assert list(made.sink._partial.checkpoint.files.values()) == [4, 4]


def test_a_page_is_noted_as_whole_once_however_often_it_is_gone_on_with(tmp_path):
    for _ in range(2):
        with contextlib.ExitStack() as stack:
            made = Made("parquet", tmp_path, stack)
            if not made.sink._partial.checkpoint.rows:
                made.write(page_of("r10"), place_of(0))
            made.sink.end_page(end_of(0, 1))
            made.sink.abort()
    with Checkpoint(tmp_path / ".contacts.partial" / "checkpoint.jsonl") as notes:
        assert [len(step.whole) for step in notes.steps] == [1]


def test_a_note_is_on_disk_when_it_is_written(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    path = tmp_path / "checkpoint.jsonl"
    with Checkpoint(path) as notes:
        notes.begin(HEAD)
        notes.remember({"job_id": "750"})
        assert len(synced) == 2
        assert synced[-1] == path.stat().st_size


def test_a_lock_whose_folder_was_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    folder = tmp_path / ".contacts.partial"
    acquire = FileLock.acquire
    removed = []

    def late(lock, *args, **kwargs):
        held = acquire(lock, *args, **kwargs)
        if not removed:  # whoever had it before has removed its folder, and somebody has made it anew
            removed.append(folder)
            shutil.rmtree(folder)
            folder.mkdir()
            (folder / "lock").touch()
        return held

    monkeypatch.setattr(FileLock, "acquire", late)
    with locked(folder), pytest.raises(JournalBusy), locked(folder):
        pass


def test_noted_files_that_are_not_there_any_more_are_an_error(tmp_path):
    with contextlib.ExitStack() as stack:
        Made("parquet", tmp_path, stack).write(page_of("r10", "r11", "r12"), place_of(0))
    (tmp_path / ".contacts.partial" / "rows" / "part-00000.parquet").unlink()
    with (
        contextlib.ExitStack() as stack,
        pytest.raises(JournalError, match=r"part-00000.parquet is not there") as caught,
    ):
        Made("parquet", tmp_path, stack)
    assert "restart=True" in caught.value.hint


def test_killed_while_it_was_thrown_away_a_folder_has_no_notes_of_rows_that_are_gone(tmp_path, monkeypatch):
    with contextlib.ExitStack() as stack:
        Made("parquet", tmp_path, stack).write(page_of("r10", "r11", "r12"), place_of(0))

    def dies(path, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sfbulk_pandas.sinks.partial.shutil.rmtree", dies)
    with pytest.raises(KeyboardInterrupt), opened(tmp_path / ".contacts.partial", restart=True):
        pass
    monkeypatch.undo()
    assert not (tmp_path / ".contacts.partial" / "checkpoint.jsonl").exists()
    with contextlib.ExitStack() as stack:
        made = Made("parquet", tmp_path, stack)
        made.write(page_of("r14"), place_of(0))
        made.sink.end_page(end_of(0, 1))
        assert made.result().column("Id").to_pylist() == ["r14"]


def test_nothing_is_noted_after_a_write_that_was_interrupted(tmp_path, stack, monkeypatch):
    made = Made("parquet", tmp_path, stack)
    real = Checkpoint.wrote

    def interrupted(self, step):
        real(self, step)
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "wrote", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.write(page_of("r10", "r11", "r12", "r13"), place_of(0))
    monkeypatch.undo()
    made.sink.abort()
    with Checkpoint(tmp_path / ".contacts.partial" / "checkpoint.jsonl") as notes:
        assert len(notes.steps) == 1  # the three rows that it had noted, once


def test_nothing_is_kept_of_rows_whose_bad_cells_were_not_taken_any_more(tmp_path, stack, monkeypatch):
    made = Made("parquet", tmp_path, stack)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(DiskBuffer, "_keep_bad", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.write(page_of("r10", "r11"), place_of(0), bad_cells(1))
    made.sink.abort()
    with Checkpoint(tmp_path / ".contacts.partial" / "checkpoint.jsonl") as notes:
        assert notes.steps == []


def test_a_full_disk_is_told_of_as_such_also_when_the_notes_are_let_go_of(tmp_path):
    class Full(io.BytesIO):
        def flush(self):
            raise OSError(28, "No space left on device")

        def close(self):
            if not self.closed:
                super(io.BytesIO, self).close()

    def remember_nothing():
        with opened(tmp_path / "spool") as partial:
            partial.begin(HEAD)
            partial.checkpoint._file.close()
            partial.checkpoint._file = Full()
            partial.checkpoint.remember({"job_id": "750"})

    with pytest.raises(JournalError, match="No space left"):
        remember_nothing()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_folder_is_removed_once_for_the_next_of_that_name_is_anothers(tmp_path, stack, kind):
    made = Made(kind, tmp_path, stack)
    made.sink.close()
    hidden = unfinished_of(made.target) if kind == "csv" else partial_of(made.target)
    hidden.mkdir()
    (hidden / "lock").touch()
    made.sink.abort() if kind == "csv" else made.sink._partial.remove()
    assert (hidden / "lock").exists()


@pytest.mark.parametrize("missing", ["rows", "page"])
def test_rows_on_disk_that_do_not_add_up_are_never_published(tmp_path, stack, missing):
    made = Made("parquet", tmp_path, stack)
    made.write(page_of("r10", "r11"), place_of(0))
    if missing == "rows":
        made.sink.end_page(end_of(0, 3))
    with pytest.raises(IncompleteResult, match="2 rows are on disk"):
        made.sink.close()
    assert not made.target.exists()


def test_what_was_ready_when_its_process_died_is_published_or_seen_to_be(tmp_path, monkeypatch):
    moved = 0
    while True:
        folder = tmp_path / str(moved)
        folder.mkdir()
        (folder / "contacts").mkdir()
        (folder / "contacts" / "old.txt").write_text("old")
        if published_after(folder, moved, monkeypatch):
            break
        with opened(partial_of(folder / "contacts")) as partial:
            partial.begin(HEAD)
            found = finished(partial, folder / "contacts", SCHEMA, overwrite=True)
        assert found.dataset().to_table().column("Id").to_pylist() == ["r10"]
        assert [path.name for path in folder.iterdir()] == ["contacts"]
        moved += 1
    assert moved == 3  # both renames, and the removal


def published_after(folder, steps, monkeypatch):
    """Publish, and stop after so many steps; return whether that was all of it."""
    left = [steps]

    def dying(real):
        def step(self, *args):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return real(self, *args)

        return step

    with contextlib.ExitStack() as stack:
        made = Made("parquet", folder, stack, overwrite=True)
        made.write(page_of("r10"), place_of(0))
        made.sink.end_page(end_of(0, 1))
        with monkeypatch.context() as patch:
            for owner, name in ((type(folder), "rename"), (type(made.sink._partial), "remove")):
                patch.setattr(owner, name, dying(getattr(owner, name)))
            with contextlib.suppress(KeyboardInterrupt):
                made.sink.close()
                return True
    return False


def test_an_extract_that_was_published_and_taken_away_since_begins_anew(tmp_path, stack):
    partial = stack.enter_context(opened(tmp_path / ".contacts.partial"))
    partial.begin(HEAD)
    partial.checkpoint.close_with({"extract_id": "gone", "rows": 3})
    partial.rows_folder.rmdir()
    assert finished(partial, tmp_path / "contacts", SCHEMA, overwrite=False) is None
    assert partial.checkpoint.head == {}


def test_what_another_query_has_left_is_refused_unless_thrown_away(tmp_path):
    folder = tmp_path / ".contacts.partial"
    with opened(folder) as partial:
        partial.begin(HEAD)
        partial.checkpoint.remember({"job_id": "750"})
    other = {**HEAD, "query": "SELECT Id FROM Lead"}
    with opened(folder) as partial, pytest.raises(UsageError, match="another extract: its query was 'SELECT Id FROM C"):
        partial.begin(other)
    with opened(folder) as partial:
        partial.begin(HEAD)
        assert partial.checkpoint.memory == {"job_id": "750"}
    with opened(folder, restart=True) as partial:
        partial.begin(other)
        assert partial.checkpoint.memory == {}
    assert not folder.exists()  # there is nothing in it to go on from


def test_one_at_a_time(tmp_path):
    folder = tmp_path / ".contacts.partial"
    with opened(folder) as partial:
        partial.begin(HEAD)
        partial.checkpoint.remember({"job_id": "750"})
        with pytest.raises(JournalBusy, match="another extract"), opened(folder, restart=True):
            pass
        assert partial.checkpoint.memory == {"job_id": "750"}
    with opened(folder) as partial:
        assert partial.checkpoint.head["query"] == HEAD["query"]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match=r"it holds thesis\.tex"), opened(tmp_path, restart=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_torn_last_line_was_never_written(tmp_path):
    path = tmp_path / "checkpoint.jsonl"
    with Checkpoint(path) as notes:
        notes.begin(HEAD)
        notes.remember({"job_id": "750"})
    whole = path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:size])
        with Checkpoint(path) as notes:
            assert (notes.head, notes.memory) == (HEAD, {})
            notes.remember({"job_id": "751"})
        with Checkpoint(path) as notes:
            assert notes.memory == {"job_id": "751"}


def test_notes_that_are_damaged_in_the_middle_are_an_error(tmp_path):
    path = tmp_path / "checkpoint.jsonl"
    path.write_bytes(b'{"head": {}}\nhalf a li\n{"memory": {}}\n')
    with pytest.raises(JournalError, match="cannot be read"):
        Checkpoint(path)


# Pages kept on disk


def kept_of(pages, place):
    return [(batch.column(0).to_pylist(), bad and bad.column("row").to_pylist()) for batch, bad in pages.kept(place)]


def test_kept_pages_come_once_more_in_their_order_with_their_bad_cells_under_new_numbers(tmp_path):
    with opened(tmp_path / "spool") as partial:
        partial.begin(HEAD)
        pages = KeptPages(partial, SCHEMA)
        pages.write(page_of("r10", "r11"), place_of(0), bad_cells(1))
        pages.write(page_of("r20"), place_of(1))
        pages.leave()
        pages.write(page_of("r12"), place_of(0), bad_cells(2))
        pages.end_page(end_of(0, 3))
        pages.leave()
    with opened(tmp_path / "spool") as partial:
        partial.begin(HEAD)
        pages = KeptPages(partial, SCHEMA)
        moved = Place(3, 5, place_of(0).path)  # the same page, found at another place
        assert kept_of(pages, moved) == [(["r10", "r11"], [1]), (["r12"], [2])]
        assert kept_of(pages, place_of(1)) == [(["r20"], None)]
        assert kept_of(pages, place_of(9)) == []
        (batch, bad), *_ = pages.kept(moved)
        assert bad.column("page").to_pylist() == [3_000_000_005]
        assert batch.to_pylist() == page_of("r10", "r11").to_pylist()
        assert partial.checkpoint.whole.keys() == {place_of(0).path}


# Rows in sorted files


def sorted_rows(folder, stack, *pages, rows_per_file=3):
    made = Made("sorted", folder, stack, rows_per_file=rows_per_file)
    for number, page in enumerate(pages):
        made.write(page, place_of(number))
        made.sink.end_page(end_of(number, page.num_rows))
    return made.sink.close({"more": 1})


def test_ranges_of_ids_hold_every_row_once_whatever_order_they_came_in(tmp_path, stack):
    ids = [f"r{number:03}" for number in range(100)]
    mixed = ids[1::3] + ids[::3] + ids[2::3]
    source = sorted_rows(tmp_path, stack, *(page_of(*mixed[start : start + 7]) for start in range(0, 100, 7)))
    (tmp_path / "few").mkdir()
    few = sorted_rows(tmp_path / "few", stack, page_of("r050"))
    spans = id_spans([source, few], 500)
    assert len(spans) > 5
    assert (spans[0][0], spans[-1][1]) == (None, None)
    found = [source.between(start, stop).column("Id").to_pylist() for start, stop in spans]
    assert sorted(each for part in found for each in part) == ids
    assert all(
        (start is None or start <= min(part)) and (stop is None or max(part) < stop)
        for (start, stop), part in zip(spans, found, strict=True)
    )
    sizes = [source.between(start, stop).nbytes for start, stop in spans]
    assert max(sizes) < 3 * min(sizes[:-1])
    assert [few.between(start, stop).num_rows for start, stop in spans].count(1) == 1
    assert source.between("r010", "r013").sort_by("Id").column("Staff__c").to_pylist() == [10, 11, 12]


def test_the_last_row_of_a_file_is_found_also_where_not_every_id_is_held(tmp_path, stack):
    source = sorted_rows(tmp_path, stack, page_of(*(f"r{number:03}" for number in range(100))), rows_per_file=100)
    for number in range(100):
        assert source.between(f"r{number:03}", None).num_rows == 100 - number
        assert source.between(None, f"r{number:03}").num_rows == number


def test_no_rows_are_one_range_without_any(tmp_path, stack):
    source = sorted_rows(tmp_path, stack)
    assert id_spans([source], 1) == [(None, None)]
    assert source.between(None, None).schema.equals(SCHEMA)


def test_only_the_rows_that_are_looked_at_come_into_memory(tmp_path, stack):
    page = page_of(*(f"r{number:05}" for number in range(20_000)))
    page = page.set_column(4, SCHEMA.field(4), pa.array(["Hot"] * 20_000).dictionary_encode())
    source = sorted_rows(tmp_path, stack, page, rows_per_file=20_000)
    before = pa.total_allocated_bytes()
    part = source.between("r00100", "r00200")
    assert part.num_rows == 100
    assert pa.total_allocated_bytes() - before < 20_000


def test_a_sorted_file_that_is_damaged_is_an_error(tmp_path, stack):
    source = sorted_rows(tmp_path, stack, page_of("r10"))
    (file,) = (tmp_path / ".contacts.partial" / "rows").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match="cannot be read"):
        source.between(None, None)
