"""Damaged files of ours, mapping files, and what the CLI prints: read, or refused with an error of ours."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from sfbulk_pandas.auth import SalesforceCli
from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.options import LoadOptions
from sfbulk_pandas.jobs.sync.merge import files_of, rows_of
from sfbulk_pandas.jobs.sync.state import WINDOW_FILE, Window, read_copy
from sfbulk_pandas.journal.store import Journal
from sfbulk_pandas.sinks.checkpoint import Checkpoint, Segment, WholePage, Written
from sfbulk_pandas.sinks.folder import DETAILS_FILE, ParquetFolder
from sfbulk_pandas.sinks.partial import Partial

sys.path.insert(0, str(Path(__file__).parent))  # test modules are imported each by its file

from mutations import EXAMPLES, retyped, torn

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
WINDOW = Window("Account", "00D", ("Id", "Name"), datetime(2026, 1, 1, tzinfo=UTC), 2, datetime(2025, 1, 1, tzinfo=UTC))
DETAILS = {
    "schema": {"Id": "string"},
    "rows": 3,
    "files": {"a.parquet": 3},
    "extract_id": "x",
    "sync": WINDOW.as_dict(),
}


def damaged(body):
    return st.one_of(retyped(body), torn(body, (body,)))


def only_ours(call):
    try:
        return call()
    except SfBulkError as error:
        told = str(error)
    assert len(told) < 10_000
    return None


def notes(folder):
    with Checkpoint(folder / "notes") as checkpoint:
        checkpoint.begin({"extract_id": "x", "soql": "SELECT Id FROM Account"})
        checkpoint.remember({"job": "750"})
        page = WholePage("/page", 2, "/next")
        checkpoint.wrote(Written({"a.parquet": 2}, (Segment("/page", 0, 2),), (page,)))
        checkpoint.close_with(DETAILS)
    return (folder / "notes").read_bytes()


def test_damaged_notes_of_an_extract_are_refused(tmp_path):
    lines = notes(tmp_path).splitlines(keepends=True)

    @EXAMPLES
    @given(st.integers(0, len(lines) - 1).flatmap(lambda at: st.tuples(st.just(at), damaged(lines[at]))))
    def check(drawn):
        at, line = drawn
        (tmp_path / "checkpoint.jsonl").write_bytes(
            b"".join([*lines[:at], line.rstrip(b"\n") + b"\n", *lines[at + 1 :]])
        )
        partial = only_ours(lambda: Partial(tmp_path))
        if partial is not None:
            with partial.checkpoint as held:
                assert isinstance(held.closing.get("extract_id", ""), object)
                assert all(isinstance(rows, int) for rows in (*held.rows.values(), *held.files.values()))

    check()


def test_damaged_notes_of_a_copy_are_refused(tmp_path):
    @EXAMPLES
    @given(damaged(json.dumps(DETAILS).encode()), damaged(json.dumps(WINDOW.as_dict()).encode()))
    def check(details, window):
        (tmp_path / DETAILS_FILE).write_bytes(details)
        (tmp_path / WINDOW_FILE).write_bytes(window)
        only_ours(lambda: Window.read(tmp_path))
        copy = only_ours(lambda: read_copy(tmp_path))
        if copy is not None:
            _, held = copy
            only_ours(lambda: files_of(ParquetFolder(tmp_path, held["rows"], pa.schema([]), held)))

    check()


def test_damaged_rows_of_a_copy_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"Id": ["a", "b", "c"] * 50, "n": list(range(150))}), path)
    whole = path.read_bytes()

    @EXAMPLES
    @given(torn(whole, (whole,)))
    def check(body):
        path.write_bytes(body)
        only_ours(lambda: files_of(ParquetFolder(tmp_path, 150, pa.schema([]), {"files": {"a.parquet": 150}})))
        only_ours(lambda: rows_of(path, ["Id"]))

    check()


def test_a_damaged_journal_is_refused(tmp_path):
    whole = tmp_path / "whole.db"
    with Journal(whole) as journal:
        journal.loads()
        journal._opened()
    with sqlite3.connect(whole) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(load)")]
    connection.close()
    assert "options" in names
    body = whole.read_bytes()

    @EXAMPLES
    @given(torn(body, (body,)))
    def check(torn_body):
        path = tmp_path / "torn.db"
        for left in tmp_path.glob("torn.db*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        path.write_bytes(torn_body)
        with Journal(path) as journal:
            only_ours(journal.loads)
            only_ours(lambda: journal.parts("x"))

    check()


SDL = (
    b"# mine\nCompany\\ Name=Name\nParent=Parent\\:Account-Key__c\nUnused=\n\\u00fcber=Name,Phone\nlong = \\\n   Site\n"
)


def test_a_mapping_file_of_any_bytes_is_a_mapping_or_refused(tmp_path):
    path = tmp_path / "mine.sdl"

    @EXAMPLES
    @given(torn(SDL, (SDL,)))
    def check(body):
        path.write_bytes(body)
        options = only_ours(lambda: with_mapping(LoadOptions(rename=path)))
        if options is not None:
            assert all(isinstance(each, str) for pair in options.rename.items() for each in pair)

    check()


SHOWN = b'{"status":0,"result":{"id":"00D","accessToken":"00D!x","instanceUrl":"https://acme.my.salesforce.com"}}'


@EXAMPLES
@given(damaged(SHOWN), st.one_of(st.just(SHOWN), damaged(SHOWN)), st.binary(max_size=20))
def test_a_cli_that_prints_anything_is_a_login_or_missing(display, token, error):
    def run(command, **_):
        return subprocess.CompletedProcess(command, 0, display if "display" in command else token, error)

    with mock.patch("subprocess.run", run):
        only_ours(lambda: SalesforceCli(executable=sys.executable).fetch(None))
