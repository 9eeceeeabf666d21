"""The journal: on disk when a write returns, for the user alone, and nobody's but the process that works on a load."""

import _sqlite3
import ctypes
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import platformdirs
import pytest

from sfbulk_pandas.errors import JournalBusy, JournalError, UsageError
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.journal.locks import Locks
from sfbulk_pandas.journal.records import LoadRecord, PartRecord, Step
from sfbulk_pandas.journal.schema import MIGRATIONS, migrate

LOAD = LoadRecord(
    load_id="20261124-120000-aaaa",
    created_at=1000.5,
    sobject="Contact",
    operation="insert",
    external_id_field=None,
    org_id="00D000000000001AAA",
    instance_url="https://acme.my.salesforce.com",
    user_id="005000000000001AAA",
    headers=("LastName", "Größe__c"),
    options={"nulls": {"Phone": "clear"}, "part_rows": None},
    rows=3,
)
PART = PartRecord(LOAD.load_id, 1, 1, 0, 3, "ab" * 32, 120, Step.CREATING, 1001.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Päth" / "journal.db"


@pytest.fixture
def journal(path):
    with Journal(path) as found:
        yield found


def test_nothing_touches_the_disk_before_the_first_write(journal, path):
    assert journal.loads() == []
    assert journal.jobs() == {}
    assert not journal.is_held("x")
    assert not path.parent.exists()


def test_what_is_written_is_read_again_by_another(journal, path):
    journal.begin(LOAD)
    journal.begin_attempt(LOAD.load_id, 1, None)
    journal.begin_attempt(LOAD.load_id, 2, np.array([2, 0]))
    journal.record(PART)
    later = replace(PART, step=Step.ENDED, job_id="750A", state="JobComplete", processed=3, failed=1, error_message="é")
    journal.record(later)
    with Journal(path) as other:
        assert other.loads() == [LOAD]
        assert other.parts(LOAD.load_id) == [later]
        assert other.attempts(LOAD.load_id) == [1, 2]
        assert other.positions(LOAD.load_id, 1) is None
        assert other.positions(LOAD.load_id, 2).tolist() == [2, 0]
        assert other.jobs() == {"750A": LOAD.load_id}


def test_an_ended_load_has_its_manifest(journal):
    journal.begin(LOAD)
    journal.finish(LOAD.load_id, 2000.0, {"counts": {"rows": 3}})
    assert journal.load(LOAD.load_id) == replace(LOAD, finished_at=2000.0, manifest={"counts": {"rows": 3}})


def test_the_newest_load_comes_first(journal):
    for number, at in enumerate([5.0, 9.0, 7.0]):
        journal.begin(replace(LOAD, load_id=f"l{number}", created_at=at))
    assert [each.load_id for each in journal.loads()] == ["l1", "l2", "l0"]


def test_a_load_is_found_by_a_clear_beginning(journal):
    journal.begin(LOAD)
    journal.begin(replace(LOAD, load_id="20261124-120000-bbbb"))
    assert journal.load("20261124-120000-a") == LOAD
    with pytest.raises(UsageError, match="several loads begin with"):
        journal.load("2026")
    with pytest.raises(UsageError, match=r"no load 'x'\s+-> such as 2026"):
        journal.load("x")
    with pytest.raises(UsageError, match="no load ''"):
        journal.load("")


def test_inserts_that_may_have_had_the_same_bytes(journal):
    journal.begin(LOAD)
    for number, other in enumerate(
        [{"rows": 4}, {"sobject": "Lead"}, {"org_id": "00D2"}, {"headers": ("LastName",)}, {"operation": "upsert"}]
    ):
        journal.begin(replace(LOAD, load_id=f"l{number}", **other))
    assert journal.inserts_like(replace(LOAD, load_id="other", sobject="contact")) == [LOAD]
    nameless = replace(LOAD, load_id="l6", org_id=LOAD.instance_url)
    assert {each.load_id for each in journal.inserts_like(nameless)} == {LOAD.load_id, "l2"}
    journal.begin(nameless)
    assert {each.load_id for each in journal.inserts_like(LOAD)} == {LOAD.load_id, "l6"}
    assert journal.inserts_like(replace(nameless, org_id="00D3", instance_url="https://other.example.com")) == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_files_are_for_the_user_alone(journal, path):
    journal.begin(LOAD)
    with journal.hold(LOAD.load_id):
        folders = [journal.spool(LOAD.load_id), path.parent, path.with_name("journal.db-locks")]
        assert [oct(folder.stat().st_mode)[-3:] for folder in folders] == ["700"] * 3
        files = [path, *path.parent.glob("journal.db-*l"), *path.parent.glob("journal.db-locks/*")]
        assert len(files) == 4
        assert [oct(file.stat().st_mode)[-3:] for file in files] == ["600"] * 4


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_folder_that_is_made_to_hold_a_load_is_for_the_user_alone(journal, path):
    with journal.hold(LOAD.load_id):
        folders = [path.parent, path.with_name("journal.db-locks")]
        assert [oct(folder.stat().st_mode)[-3:] for folder in folders] == ["700"] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep state elsewhere")
def test_without_a_path_it_lies_in_the_users_state_folder(tmp_path, monkeypatch):
    real = lambda *names, **options: platformdirs.PlatformDirs(*names, **options).user_state_path  # noqa: E731
    monkeypatch.setattr("platformdirs.user_state_path", real)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME")
    assert Journal().path == tmp_path / ".local" / "state" / "sfbulk_pandas" / "journal.db"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Journal().path == tmp_path / "state" / "sfbulk_pandas" / "journal.db"


def test_a_relative_path_stays_where_it_was_when_the_process_goes_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Journal("journal.db") as journal, Journal(tmp_path / "journal.db") as same:
        journal.begin(LOAD)
        monkeypatch.chdir("elsewhere")
        with journal.hold(LOAD.load_id):
            assert same.is_held(LOAD.load_id)
        journal.spool(LOAD.load_id)
        journal.close()
        assert journal.loads() == [LOAD]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_one_at_a_time_opens_a_journal_and_the_others_wait(journal, path):
    other = Journal(path)
    beginning = threading.Thread(target=other.begin, args=(LOAD,))
    with Locks(path.with_name("journal.db-locks")).opening(30):
        beginning.start()
        beginning.join(0.2)
        assert not path.exists()
    beginning.join()
    other.close()
    assert journal.loads() == [LOAD]


def test_threads_write_at_the_same_time(journal):
    journal.begin(LOAD)

    def write(thread):
        for number in range(20):
            journal.record(replace(PART, attempt=thread, number=number))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(journal.parts(LOAD.load_id)) == 120


def test_a_load_is_held_once(journal, path):
    with journal.hold(LOAD.load_id):
        assert journal.is_held(LOAD.load_id)
        with Journal(path) as other, pytest.raises(JournalBusy, match="under way"), other.hold(LOAD.load_id):
            pass
        with journal.hold("another"):
            pass
    assert not journal.is_held(LOAD.load_id)
    with journal.hold(LOAD.load_id):
        pass


def in_a_process(script):
    code = f"from sfbulk_pandas.journal import Journal\nimport sys\njournal = Journal(sys.argv[1])\n{script}"
    return [sys.executable, "-c", textwrap.dedent(code)]


def test_opening_a_journal_again_leaves_the_locks_of_this_process_on_its_file(journal, path):
    journal.begin(LOAD)
    with Journal(path) as again:
        assert again.load(LOAD.load_id) == LOAD
        takes_over = f"""
            import sqlite3
            with sqlite3.connect({str(path)!r}, timeout=0) as other:
                other.execute("PRAGMA journal_mode = DELETE")  # works where no other process uses the file
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(takes_over)], check=False, capture_output=True)
    assert b"database is locked" in done.stderr


def test_a_lock_ends_with_its_process(journal, path):
    script = "with journal.hold('dying'):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    with subprocess.Popen(
        [*in_a_process(script), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert journal.is_held("dying")
        with pytest.raises(JournalBusy):
            journal.forget(["dying"])
        process.send_signal(signal.SIGKILL)
    assert not journal.is_held("dying")


def test_a_write_outlives_the_process_that_is_killed_after_it(path):
    script = (
        "import os, signal\n"
        "from sfbulk_pandas.journal.records import LoadRecord\n"
        "load = LoadRecord('l', 1.0, 'C', 'insert', None, 'o', 'u', None, (), {}, 1)\n"
        "journal.begin(load)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([*in_a_process(script), path], check=False)
    assert done.returncode == -signal.SIGKILL
    with Journal(path) as journal:
        assert [each.load_id for each in journal.loads()] == ["l"]


def test_forgetting_removes_all_of_a_load(journal, path):
    journal.begin(LOAD)
    journal.begin(replace(LOAD, load_id="kept"))
    journal.begin_attempt(LOAD.load_id, 1, None)
    journal.record(PART)
    (journal.spool(LOAD.load_id) / "rows.csv").write_text("secret")
    with journal.hold(LOAD.load_id):
        pass
    journal.forget([LOAD.load_id])
    assert [each.load_id for each in journal.loads()] == ["kept"]
    assert journal.parts(LOAD.load_id) == []
    assert journal.attempts(LOAD.load_id) == []
    assert not list(path.parent.glob(f"journal.db-*/*{LOAD.load_id}*"))


def test_no_journal_at_this_place_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "text.db").write_text("this is no database, and long enough not to be taken for an empty one" * 20)
    for path in (tmp_path / "text.db", tmp_path, tmp_path / "text.db" / "below.db"):
        with Journal(path) as journal, pytest.raises(JournalError, match="journal=path"):
            journal.begin(LOAD)
    below = tmp_path / "text.db" / "below.db"  # a load is held before it is written down
    with Journal(below) as journal, pytest.raises(JournalError, match="journal=path"), journal.hold(LOAD.load_id):
        pass


def test_damaged_positions_are_an_error_of_the_journal(journal):
    journal.begin(LOAD)
    journal.begin_attempt(LOAD.load_id, 1, np.arange(3))
    journal._opened().execute("UPDATE attempt SET positions = x'0011'")
    with pytest.raises(JournalError, match=r"positions of rows are damaged"):
        journal.positions(LOAD.load_id, 1)


def test_what_was_written_down_does_not_stay_in_memory(journal):
    used = _sqlite_memory()
    journal.begin(LOAD)
    before = used()
    journal.begin_attempt(LOAD.load_id, 1, np.random.default_rng(2).permutation(2_000_000))
    assert len(journal.positions(LOAD.load_id, 1)) == 2_000_000
    assert used() - before < 4_000_000  # they are 8 MB, packed; SQLite's cache of pages takes 2


def _sqlite_memory():
    """Return what asks SQLite how much memory it holds."""
    try:
        used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
    except (AttributeError, OSError):
        pytest.skip("this Python's SQLite cannot be asked")
    used.restype = ctypes.c_int64
    return used


def test_ctrl_c_when_the_tables_have_just_been_made_is_ctrl_c():
    class Interrupted(sqlite3.Connection):
        def execute(self, statement, *values):
            found = super().execute(statement, *values)
            if statement == "COMMIT":
                raise KeyboardInterrupt
            return found

    connection = sqlite3.connect(":memory:", isolation_level=None, factory=Interrupted)
    with pytest.raises(KeyboardInterrupt):
        migrate(connection)
    connection.close()


def test_a_journal_of_the_first_version_is_read_and_written_as_one_of_today(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO load"
        " (load_id, created_at, sobject, operation, org_id, instance_url, headers, options, rows, manifest)"
        " VALUES ('old', 1.0, 'Contact', 'insert', '00D', 'https://x', '[\"LastName\"]', '{}', 3, 'null')"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    with Journal(path) as journal:
        journal.begin(replace(LOAD, key_prefix="abc"))
        assert [(each.load_id, each.keys_begin) for each in journal.loads()] == [(LOAD.load_id, "abc"), ("old", "old")]


def test_a_journal_of_a_newer_version_is_left_alone(journal, path):
    journal.begin(LOAD)
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Journal(path) as newer, pytest.raises(JournalError, match="version 99"):
        newer.loads()


def test_a_write_that_fails_is_an_error_and_leaves_nothing_half_written(journal):
    journal.begin(LOAD)
    pages = journal._opened().execute("PRAGMA page_count").fetchone()[0]
    journal._opened().execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalError, match="full"):
        write_on(journal)
    assert [each.number for each in journal.parts(LOAD.load_id)] == list(range(len(journal.parts(LOAD.load_id))))


def write_on(journal):
    for number in range(10_000):
        journal.record(replace(PART, number=number))


def test_every_write_is_on_disk_when_it_returns(journal):
    journal.begin(LOAD)
    assert journal._opened().execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    assert journal._opened().execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_closed_twice_and_used_again(journal):
    journal.begin(LOAD)
    journal.close()
    journal.close()
    assert journal.loads() == [LOAD]
    assert "journal.db" in repr(journal)
