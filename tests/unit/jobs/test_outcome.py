"""What became of every row of a load, as arrays."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.jobs import outcome as module
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus

NAMES = ("sf_id", "sf_created", "sf_error")
SUCCESSFUL, FAILED, UNPROCESSED, UNKNOWN = (
    RowStatus[name] for name in ("SUCCESSFUL", "FAILED", "UNPROCESSED", "UNKNOWN")
)


def outcome(status, sends, word):
    """Return an outcome whose texts say of which outcome and row they are; in chunks of three rows."""
    table = pa.table(
        {name: pa.array([f"{word} {name} {at}" for at in range(len(status))], pa.large_string()) for name in NAMES}
    )
    chunks = [table.slice(at, 3) for at in range(0, len(status), 3)]
    return Outcome(np.array(status, np.int8), pa.concat_tables(chunks), np.array(sends, np.int16))


@pytest.mark.parametrize("block_rows", [1, 2, 4, 100])
def test_newer_ends_of_rows_take_the_place_of_older_ones(monkeypatch, block_rows):
    monkeypatch.setattr(module, "_BLOCK_ROWS", block_rows)
    older = outcome([SUCCESSFUL, FAILED, FAILED, UNPROCESSED, FAILED, FAILED, SUCCESSFUL], [1, 1, 2, 0, 1, 1, 1], "old")
    newer = outcome([UNKNOWN, FAILED, SUCCESSFUL, UNPROCESSED], [1, 1, 1, 1], "new")
    found = older.placed(np.array([5, 3, 1, 2]), newer)
    assert found.status.tolist() == [SUCCESSFUL, SUCCESSFUL, UNPROCESSED, FAILED, FAILED, UNKNOWN, SUCCESSFUL]
    assert found.sends.tolist() == [1, 2, 3, 1, 1, 2, 1]
    texts = ["old 0", "new 2", "new 3", "new 1", "old 4", "new 0", "old 6"]
    for name in NAMES:
        assert found.texts.column(name).to_pylist() == [text.replace(" ", f" {name} ") for text in texts]
    assert older.sends.tolist() == [1, 1, 2, 0, 1, 1, 1]


def test_rows_that_an_attempt_has_not_sent_stay_as_they_are():
    """Of rows that have failed without being sent it does say something."""
    older = outcome([FAILED, FAILED, FAILED], [1, 1, 1], "old")
    newer = outcome([UNPROCESSED, FAILED, UNPROCESSED], [0, 0, 1], "new")
    found = older.placed(np.array([0, 1, 2]), newer)
    assert found.status.tolist() == [FAILED, FAILED, UNPROCESSED]
    assert found.sends.tolist() == [1, 1, 2]
    assert found.sf_error.to_pylist() == ["old sf_error 0", "new sf_error 1", "new sf_error 2"]


def test_each_block_of_texts_goes_where_it_is_to_be_kept(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", 2)
    kept = []

    def keep(table):
        kept.append(table.num_rows)
        return table

    older = outcome([UNPROCESSED] * 5, [0] * 5, "old")
    found = older.placed(np.arange(5), outcome([FAILED] * 5, [1] * 5, "new"), keep)
    assert kept == [2, 2, 1]
    assert found.counts == {"rows": 5, "successful": 0, "failed": 5, "unprocessed": 0}


def test_no_rows_are_placed_among_none():
    nothing = Outcome.of(0, UNPROCESSED)
    assert len(nothing.placed(np.empty(0, np.int64), nothing)) == 0


def test_what_is_the_same_for_every_row_takes_no_memory():
    tracemalloc.start()
    try:
        unknown = Outcome.of(10_000_000, UNKNOWN)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert unknown.counts == {"rows": 10_000_000, "successful": 0, "failed": 0, "unprocessed": 0, "unknown": 10_000_000}
    assert unknown.sends[-1] == 1
