"""A copy after a merge: of each record the last state once, whatever files it and the changes lie in."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sfbulk_pandas.jobs.sync import parts as parts_module
from sfbulk_pandas.jobs.sync.id_keys import IdKeys
from sfbulk_pandas.jobs.sync.merge import Merge, Tally
from sfbulk_pandas.jobs.sync.parts import Parts
from sfbulk_pandas.sinks.folder import ParquetFolder

SCHEMA = pa.schema(
    [
        ("Id", pa.string()),
        ("SystemModstamp", pa.timestamp("ms", "UTC")),
        ("IsDeleted", pa.bool_()),
        ("Name", pa.string()),
    ]
)
HEADS = ["0035g0", "0035gA", "0035ga"]  # pods; Ids that differ in case alone are of two records


def record_id(number):
    return f"{HEADS[number % 3]}{number // 3:09d}AAA"


def state(number, stamp, *, deleted=False):
    """Return a record whose name says which of its states this is."""
    return {
        "Id": record_id(number),
        "SystemModstamp": stamp,
        "IsDeleted": deleted,
        "Name": f"{number} at {stamp}",
    }


def folder_of(path, files):
    path.mkdir()
    names = {}
    for number, rows in enumerate(files):
        name = f"part-00000-{number:05}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path / name)
        names[name] = len(rows)
    rows = sum(names.values())
    return ParquetFolder(path, rows, SCHEMA, {"files": names, "partition_by": None})


def dealt(rows, count, chance):
    files = [[] for _ in range(count)]
    for row in rows:
        files[chance.randrange(count)].append(row)
    return files


def rows_of(path, files):
    assert {each.name: pq.read_metadata(each).num_rows for each in path.iterdir()} == files
    table = pa.concat_tables(pq.read_table(path / name) for name in files)
    return sorted(
        table.set_column(1, "SystemModstamp", table["SystemModstamp"].cast(pa.int64())).to_pylist(),
        key=lambda row: row["Id"],
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_last_state_of_each_record_is_there_once(tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    monkeypatch.setattr(parts_module, "_SMALL_BYTES", chance.choice([0, 1 << 20]))
    monkeypatch.setattr(parts_module, "ROWS_PER_FILE", chance.choice([7, 1_000]))
    monkeypatch.setattr(parts_module, "MOST_BYTES", chance.choice([300, 1 << 20]))
    held = {number: state(number, 5, deleted=chance.random() < 0.2) for number in range(60) if chance.random() < 0.8}
    changed = [
        state(number, chance.choice([5, 6, 7, 8]), deleted=chance.random() < 0.2)
        for number in range(70)
        for _ in range(chance.choice([0, 0, 1, 3]))
    ]
    chance.shuffle(changed)
    live = None if seed % 2 else {number for number in range(75) if chance.random() < 0.7}
    files = dealt(changed, chance.choice([1, 3]), chance)
    old = folder_of(tmp_path / "old", dealt(held.values(), 4, chance))
    (tmp_path / "next").mkdir()
    keys, parts = IdKeys(), Parts(tmp_path / "next", 1, SCHEMA)
    sorted_live = None if live is None else np.sort(keys.of(pa.array([record_id(each) for each in live], pa.string())))
    merge = Merge(folder_of(tmp_path / "changes", files), keys, sorted_live)
    merge.put(old, parts)
    parts.close()
    rows, tally = expected(held, [row for file in files for row in file], live)
    assert rows_of(tmp_path / "next", parts.files) == rows
    assert (merge.tally, parts.rows) == (tally, len(rows))


def test_no_more_is_held_in_memory_than_a_file_may_take(tmp_path, monkeypatch):
    monkeypatch.setattr(parts_module, "MOST_BYTES", 1_000)
    parts = Parts(tmp_path, 1, SCHEMA)
    for number in range(0, 100, 10):
        parts.write(pa.Table.from_pylist([state(n, 5) for n in range(number, number + 10)], SCHEMA))
    parts.close()
    assert list(parts.files.values()) == [30, 30, 30, 10]  # of about 40 bytes each


def expected(held, changed, live):
    """Return the same, a record at a time: the rows, and what was done."""
    held = {row["Id"]: row for row in held.values()}
    last = {}
    for row in changed:
        if row["Id"] not in last or row["SystemModstamp"] >= last[row["Id"]]["SystemModstamp"]:
            last[row["Id"]] = row
    tally, rows = Tally(), dict(held)
    for text, row in last.items():
        before = rows.get(text)
        if before is None:
            tally.added += 1
        elif row["IsDeleted"] and not before["IsDeleted"]:
            tally.deleted += 1
        elif row["SystemModstamp"] != before["SystemModstamp"]:
            tally.updated += 1
        rows[text] = row
    if live is not None:
        living = {record_id(each) for each in live}
        tally.missing = len(living - rows.keys())
        for text in held.keys() - last.keys():
            row = rows[text]
            tally.hard_deleted += text not in living and not row["IsDeleted"]
            tally.restored += text in living and row["IsDeleted"]
            rows[text] = row | {"IsDeleted": text not in living}
    return sorted(rows.values(), key=lambda row: row["Id"]), tally
