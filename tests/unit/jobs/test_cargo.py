"""What goes up is cut alike from any row on, in any order."""

import gc
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec import slices
from sfbulk_pandas.codec.encode import PartLimits
from sfbulk_pandas.codec.rows import RowOrder
from sfbulk_pandas.jobs.cargo import Cargo, on_disk
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.spool import Spool

ROWS = 20
FRAME = pd.DataFrame({"Name": [f"n{n}" for n in range(ROWS)]}, index=[f"label {n}" for n in range(ROWS)])
PERMUTED = np.random.default_rng(3).permutation(ROWS)[:15].astype(np.int64)
STARTS = np.arange(15) % 2 == 0
ORDERS = {"none": None, "rows": RowOrder(PERMUTED), "siblings": RowOrder(PERMUTED, STARTS)}


def cargo_of(order):
    return Cargo(FRAME, (Column("Name", "Name"),), EncodeOptions(), order, map)


def names(part):
    return [line.strip('"') for line in b"".join(part.body).decode().splitlines()[1:]]


def size(part):
    return len(part.body)


def texts(cargo, start, stop):
    schema, batches = cargo.texts(start, stop)
    return pa.Table.from_batches(batches, schema)["Name"].to_pylist()


@pytest.fixture(params=ORDERS.values(), ids=ORDERS)
def cargo(request):
    return cargo_of(request.param)


def test_parts_from_the_middle_carry_the_places_and_numbers_of_the_whole(cargo):
    stop = len(cargo) - 1
    sent = FRAME["Name"].iloc[range(ROWS) if cargo.order is None else PERMUTED].tolist()
    parts = list(cargo.parts(4, stop, 3, PartLimits(rows=4)))
    assert [part.number for part in parts] == list(range(3, 3 + len(parts)))
    assert (parts[0].start, parts[-1].stop) == (4, stop)
    for part in parts:
        assert names(part) == sent[part.start : part.stop]
        assert cargo.part(part.number, part.start, part.stop).digest == part.digest
        assert texts(cargo, part.start, part.stop) == names(part)


def test_siblings_stay_together_from_the_middle_on_too():
    parts = list(cargo_of(ORDERS["siblings"]).parts(2, 15, 1, PartLimits(rows=3)))
    assert [(part.start, part.stop) for part in parts][:3] == [(2, 4), (4, 6), (6, 8)]


def test_a_place_is_told_by_the_frames_own_label(cargo):
    position = 6 if cargo.order is None else PERMUTED[6]
    assert cargo.place(6) == f"row 'label {position}' (position {position})"


def test_chosen_rows_are_a_cargo_of_their_own(cargo):
    chosen = cargo.chosen(np.array([7, 2]))
    assert (len(chosen), chosen.headers) == (2, ("Name",))
    assert texts(chosen, 0, 2) == ["n7", "n2"]


def test_a_part_that_was_let_go_is_not_held_while_the_next_is_encoded(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_ROWS", 256)  # small beside a part
    held = []

    def one_by_one(encode, pieces):
        for piece in pieces:
            held.append(pa.total_allocated_bytes() - before)
            yield encode(piece)

    frame = pd.DataFrame({"Name": pd.Series(["x" * 250], dtype="string[pyarrow]").repeat(16_000)})
    cargo = Cargo(frame, (Column("Name", "Name"),), EncodeOptions(), None, one_by_one)
    gc.collect()
    before = pa.total_allocated_bytes()
    sizes = list(map(size, cargo.parts(0, len(frame), 1, PartLimits(bytes=1_000_000))))
    assert max(held) < 1.5 * max(sizes)


def test_a_part_that_was_let_go_is_not_held_until_the_next_is_asked_for(monkeypatch):
    """Meanwhile another part may be accounted for, which takes as much memory as a part."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 256)
    frame = pd.DataFrame({"Name": pd.Series(["x" * 250], dtype="string[pyarrow]").repeat(10_000)})
    parts = Cargo(frame, (Column("Name", "Name"),), EncodeOptions(), None, map).parts(
        0, len(frame), 1, PartLimits(bytes=1_000_000)
    )
    gc.collect()
    before = pa.total_allocated_bytes()
    held = []
    while part := next(parts, None):
        with_part = pa.total_allocated_bytes()
        del part
        held.append((with_part - before, pa.total_allocated_bytes() - before))
    assert len(held) == 3
    for with_part, without in held:
        assert without < with_part - 400_000


@pytest.mark.parametrize("rows", [0, 1, 200_000])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_an_order_on_disk_is_the_same_one_and_takes_no_memory(rows, dtype):
    positions = np.random.default_rng(5).permutation(rows).astype(dtype)
    starts = positions % 3 == 0
    with Spool() as spool:
        tracemalloc.start()
        try:
            arrow = pa.total_allocated_bytes()
            rows_alone, siblings = on_disk(RowOrder(positions), spool), on_disk(RowOrder(positions, starts), spool)
            assert tracemalloc.get_traced_memory()[0] < 100_000
            assert pa.total_allocated_bytes() - arrow < 100_000
        finally:
            tracemalloc.stop()
        for held in (rows_alone.positions, siblings.positions):
            assert (held.dtype, held.tolist()) == (dtype, positions.tolist())
            assert not np.shares_memory(held, positions)
        assert rows_alone.starts is None
        assert (siblings.starts.dtype, siblings.starts.tolist()) == (bool, starts.tolist())
