"""What the check takes beside the frame does not grow with it: neither with long texts nor with many columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec import refusals, source
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.preflight import LoadCall, blank_cells, blocks, check_frame, plan, repeats, sibling_order, siblings
from sfbulk_pandas.preflight import check as check_module
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe

BLOCK_BYTES = 500_000
MANY = [f"N{number}__c" for number in range(100)]
THING = SObjectDescribe(
    "Thing__c",
    "Thing",
    "a01",
    (
        FieldDescribe("Notes__c", FieldType.TEXTAREA, length=32_000),
        FieldDescribe("Key__c", FieldType.STRING, external_id=True, unique=True, length=32_000),
        FieldDescribe("Email__c", FieldType.EMAIL, length=32_000),
        FieldDescribe("ParentId", FieldType.REFERENCE, reference_to=("Account",), relationship_name="Parent"),
        *(FieldDescribe(name, FieldType.DOUBLE, precision=18) for name in MANY),
    ),
)
CALL = LoadCall(Operation.INSERT)


def long_texts(name):
    """Make a frame whose texts become long in its midst: 60 MB in all, which Arrow does not hold yet."""
    lengths = np.repeat([5, 12_000, 5], [5_000, 5_000, 5_000])
    texts = [f"{row:05}{'x' * length}@a.de" for row, length in enumerate(lengths)]
    return pd.DataFrame({name: pd.Series(texts, dtype=object)})


FRAMES = dict.fromkeys(("Notes__c", "Key__c", "Email__c", "ParentId"), long_texts)
FRAMES["many columns"] = lambda _: pd.DataFrame({name: ["7"] * 10_000 for name in MANY}, dtype=object)


def columns_of(frame):
    fields = {field.name: field for field in THING.fields}
    return [Column(each, each, fields[each]) for each in frame]


def check(frame):
    assert len(check_frame(frame, THING, CALL).columns) == frame.shape[1]


def look(frame):
    assert list(refused_cells(frame, columns_of(frame))) == []


def count_blanks(frame):
    assert set(blank_cells(frame, columns_of(frame), EncodeOptions())[0].values()) == {0}


def put_siblings_together(frame):
    assert sibling_order(frame, THING, CALL) is None  # each stands alone


WORK = [(name, work) for name in FRAMES for work in (check, look, count_blanks, put_siblings_together)]
WORK.remove(("ParentId", check))  # all of them are wrong, and a report shows what is


@pytest.mark.parametrize(("name", "work"), WORK)
def test_what_is_looked_at_together_is_small(name, work, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", BLOCK_BYTES)
    monkeypatch.setattr(refusals, "_BLOCK_BYTES", BLOCK_BYTES)
    frame, held = FRAMES[name](name), [0]
    before = pa.total_allocated_bytes()

    def watched(read):
        def reading(*args):
            array = read(*args)
            held.append(pa.total_allocated_bytes() - before)
            return array

        return reading

    for module in (check_module, plan, repeats, siblings):
        monkeypatch.setattr(module, "read_block", watched(module.read_block))
    monkeypatch.setattr(source, "pandas_array", watched(source.pandas_array))
    work(frame)
    assert (len(held) > 10) is (name == "ParentId" or work is not put_siblings_together)
    assert max(held) < 4 * BLOCK_BYTES
