"""Files of ours that something else has written to: refused, with what helps."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sfbulk_pandas.errors import DataError, JournalError, UsageError
from sfbulk_pandas.jobs.sync.merge import files_of, rows_of
from sfbulk_pandas.jobs.sync.run import _read_notes
from sfbulk_pandas.jobs.sync.state import WINDOW_FILE, Window, read_copy
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.journal.records import LoadRecord
from sfbulk_pandas.sinks.checkpoint import Checkpoint
from sfbulk_pandas.sinks.folder import DETAILS_FILE, ParquetFolder, _extract_id

WINDOW = Window("Account", "00D", ("Id",), datetime(2026, 1, 1, tzinfo=UTC), 2)
DETAILS = {"schema": {"Id": "string"}, "rows": 3, "files": {"a.parquet": 3}, "sync": WINDOW.as_dict()}
NESTED = b"[" * 100_000


@pytest.mark.parametrize(
    "line",
    [
        b"[]", b"5", NESTED, b'{"head": 5}', b'{"closing": "x"}', b'{"memory": 5}', b"\xff",
        b'{"files": {"a": null}, "pages": [], "whole": [], "bad_cells": 0}',
        b'{"files": {}, "pages": [["/p", null, 2]], "whole": [], "bad_cells": 0}',
        b'{"files": {}, "pages": [["/p", 0]], "whole": [], "bad_cells": 0}',
        b'{"files": {}, "pages": [], "whole": [["/p", "many", null]], "bad_cells": 0}',
    ],
)  # fmt: skip
def test_notes_of_an_extract_that_are_none_are_refused(tmp_path, line):
    (tmp_path / "notes").write_bytes(b'{"head": {"extract_id": "x"}}\n' + line + b"\n")
    with pytest.raises(JournalError, match="cannot be read"):
        Checkpoint(tmp_path / "notes")


@pytest.mark.parametrize("text", [NESTED, b"[]", b"5", b'{"since": 5}', b"\xff"])
def test_a_window_that_is_none_is_refused(tmp_path, text):
    (tmp_path / WINDOW_FILE).write_bytes(text)
    with pytest.raises(JournalError, match="cannot be read"):
        Window.read(tmp_path)


def without(name):
    return {key: value for key, value in DETAILS.items() if key != name}


@pytest.mark.parametrize(
    "details",
    [NESTED, [], 5, *(without(name) for name in DETAILS), DETAILS | {"files": []}, DETAILS | {"files": {"a": None}},
     DETAILS | {"rows": "many"}, DETAILS | {"schema": 5}],
)  # fmt: skip
def test_details_that_are_no_copys_are_refused(tmp_path, details):
    body = details if isinstance(details, bytes) else json.dumps(details).encode()
    (tmp_path / DETAILS_FILE).write_bytes(body)
    with pytest.raises(UsageError, match="no copy that sync has made"):
        read_copy(tmp_path)


def test_details_that_are_whole_are_read(tmp_path):
    (tmp_path / DETAILS_FILE).write_text(json.dumps(DETAILS), encoding="utf-8")
    assert read_copy(tmp_path) == (WINDOW, DETAILS)
    assert _read_notes(tmp_path / DETAILS_FILE) == DETAILS


@pytest.mark.parametrize("body", [b"", NESTED, b"5", b"[1]"])
def test_details_that_cannot_be_read_name_no_extract(tmp_path, body):
    (tmp_path / DETAILS_FILE).write_bytes(body)
    assert _extract_id(tmp_path) is None
    assert _read_notes(tmp_path / DETAILS_FILE) == {}


def test_rows_that_are_damaged_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"Id": [f"{number:018}" for number in range(500)]}), path, compression="zstd")
    assert rows_of(path).num_rows == 500
    assert rows_of(path, ["Id", "other"]).column_names == ["Id"]
    body = bytearray(path.read_bytes())
    body[4:200] = b"\xff" * 196
    path.write_bytes(body)
    with pytest.raises(DataError, match=r"a\.parquet is damaged"):
        rows_of(path)
    path.write_bytes(body[:-9] + b"\xff" + body[-8:])
    with pytest.raises(DataError, match="somebody has changed the copy"):
        files_of(ParquetFolder(tmp_path, 500, pa.schema([]), {"files": {"a.parquet": 500}}))


def test_a_journal_that_somebody_has_written_to_is_refused(tmp_path):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.begin(LoadRecord("x", 0.0, "Account", "insert", None, "00D", "https://x", None, ("Name",), {}, 1))
        assert [each.load_id for each in journal.loads()] == ["x"]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE load SET options = 'no JSON'")
    with Journal(path) as journal, pytest.raises(JournalError, match="cannot be used"):
        journal.loads()
