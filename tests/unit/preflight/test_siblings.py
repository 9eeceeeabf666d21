import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.preflight import LoadCall, sibling_order
from sfbulk_pandas.preflight.siblings import parent_column
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe


def lookup(name, target, relationship=None, **options):
    return FieldDescribe(name, FieldType.REFERENCE, reference_to=(target,), relationship_name=relationship, **options)


LINE = SObjectDescribe(
    "Line__c",
    "Line",
    "a01",
    (
        FieldDescribe("Id", FieldType.ID),
        lookup("OwnerId", "User", "Owner", nillable=False),
        lookup("Other__c", "Account", "Other__r"),
        lookup("Needed__c", "Account", "Needed__r", nillable=False),
        lookup("Second__c", "Order", "Second__r", relationship_order=1, cascade_delete=True),
        lookup("First__c", "Order", "First__r", relationship_order=0, cascade_delete=True),
    ),
)
CALL = LoadCall(Operation.DELETE)


def order(values, name="Other__c", call=CALL):
    found = sibling_order(pd.DataFrame({"Id": "x", name: values}), LINE, call)
    return found and (found[0].tolist(), found[1].tolist())


def test_rows_of_one_parent_stand_side_by_side_and_orphans_last():
    assert order(["b", "a", None, "b", "", "a"]) == ([0, 3, 1, 5, 2, 4], [True, False, True, False, True, True])


@pytest.mark.parametrize("values", [["a", "b", "c"], [None, None], [], ["a"]])
def test_nothing_to_move(values):
    assert order(values) is None


def test_families_that_stand_together_already_are_kept_together():
    assert order(["a", "a", "b", None]) == ([0, 1, 2, 3], [True, False, True, True])


def test_ids_are_compared_as_15_characters():
    long, short = "001000000000001AAA", "001000000000001"
    assert order([long, "001000000000002AAA", short]) == ([0, 2, 1], [True, False, True])


def test_the_closest_parent_decides():
    names = ["OwnerId", "Other__c", "Needed__c", "Second__r.Key__c", "First__c"]
    for count, best in ((5, "First__c"), (4, "Second__r.Key__c"), (3, "Needed__c"), (2, "Other__c")):
        frame = pd.DataFrame({name: ["x"] for name in names[:count]})
        assert parent_column(frame, LINE, CALL).label == best
    assert parent_column(pd.DataFrame({"OwnerId": ["x"], "Nope": [1]}), LINE, CALL) is None


def test_renamed_and_typed_columns():
    call = LoadCall(Operation.INSERT, rename={"parent": "Other__r.Number__c"})
    assert order([2, 1, 2], "parent", call) == ([0, 2, 1], [True, False, True])
    assert order(pd.Categorical(["b", "a", "b"])) == ([0, 2, 1], [True, False, True])
    chunked = pa.chunked_array([["b", "a"], ["b", None]])
    assert order(pd.arrays.ArrowExtensionArray(chunked)) == ([0, 2, 1, 3], [True, False, True, True])


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=30))
def test_every_row_comes_once_and_families_are_whole(values):
    found = sibling_order(pd.DataFrame({"Other__c": pd.Series(values, dtype=object)}), LINE, CALL)
    if found is None:
        return
    positions, starts = found
    assert sorted(positions.tolist()) == list(range(len(values)))
    families = np.split(positions, np.flatnonzero(starts)[1:])
    parents = [{values[at] for at in family} for family in families]
    assert all(len(each) == 1 for each in parents)
    named = [each.copy().pop() for each in parents if each != {None}]
    assert named == list(dict.fromkeys(value for value in values if value))
    assert all(len(family) == 1 for family, each in zip(families, parents, strict=True) if each == {None})
    assert all((np.diff(family) > 0).all() for family in families)


def test_nan_inside_arrow_backed_floats_is_no_parent():
    values = pa.array([float("nan"), 1.0, float("nan"), 1.0])
    assert order(pd.arrays.ArrowExtensionArray(values)) == ([1, 3, 0, 2], [True, False, True, True])
