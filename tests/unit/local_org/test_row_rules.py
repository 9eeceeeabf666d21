import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.local_org.matching import Repeats
from sfbulk_pandas.local_org.row_errors import RowErrors, about
from sfbulk_pandas.local_org.validate import check_cells, combinations
from sfbulk_pandas.local_org.values import read_cells
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType


def mask(*values):
    return np.array(values, bool)


def failed(field, *texts):
    errors = RowErrors(len(texts))
    check_cells(field, read_cells(pa.array(texts), field.type), errors)
    return [text for text, wrong in zip(texts, errors.failed, strict=True) if wrong]


def test_the_first_error_of_a_row_stays():
    errors = RowErrors(3)
    values = pa.array(["a", "b", "c"])
    errors.add(mask(0, 1, 0), "FIRST:x:--")
    errors.add(mask(1, 1, 0), about("SECOND:", values, ":--"))
    errors.add(None, "NEVER")
    assert errors.failed.tolist() == [True, True, False]
    assert errors.texts().to_pylist() == ["SECOND:a:--", "FIRST:x:--"]


def test_errors_of_a_part_take_their_places():
    whole, part = RowErrors(4), RowErrors(2)
    whole.add(mask(1, 0, 0, 0), "A")
    part.add(mask(0, 1), "B")
    whole.merge(np.array([1, 3]), part)
    assert (whole.failed.tolist(), whole.texts().to_pylist()) == ([True, False, False, True], ["A", "B"])


@pytest.mark.parametrize("text", ["a@b.com", "a.b+c@sub.b-c.co.uk", "o'neil@x.de", "A_1@B2.INFO"])
def test_addresses_that_pass(text):
    assert failed(FieldDescribe("E", FieldType.EMAIL, length=80), text, "") == []


@pytest.mark.parametrize(
    "text", ["a", "a@b", "a@b.", "@b.com", "a b@c.com", "a@b..com", "a@-b.com", "a@b.com; c@d.com"]
)
def test_addresses_that_fail(text):
    assert failed(FieldDescribe("E", FieldType.EMAIL, length=80), "x@y.zz", text, "") == [text]


def test_picklists():
    field = FieldDescribe("P", FieldType.PICKLIST, restricted_picklist=True, picklist_values=("A", "B"))
    assert failed(field, "A", "a", "", "#N/A", "C") == ["a", "C"]
    many = FieldDescribe("M", FieldType.MULTIPICKLIST, restricted_picklist=True, picklist_values=("A", "B"))
    assert failed(many, "A;B", "", "B", "A;C", "A,B") == ["A;C", "A,B"]


def test_ranges():
    money = FieldDescribe("M", FieldType.CURRENCY, precision=5, scale=2)
    assert failed(money, "999.999", "-999", "1000", "") == ["1000"]
    assert failed(FieldDescribe("I", FieldType.INT, digits=3), "999", "-1000") == ["-1000"]
    assert failed(FieldDescribe("D", FieldType.DOUBLE), "1E300") == []


def test_combinations_group_rows():
    found = combinations(["a", "b"], [mask(1, 0, 1, 0), mask(1, 1, 0, 0)])
    assert {names: rows.tolist() for names, rows in found} == {
        ("b",): [False, True, False, False],
        ("a",): [False, False, True, False],
        ("a", "b"): [True, False, False, False],
    }


def test_repeats_know_the_first():
    assert Repeats.of(pa.array(["a", "b", None, None])) is None
    repeats = Repeats.of(pa.array(["a", None, "b", "a", None, "b", "a"]))
    assert repeats.first.tolist() == [0, 1, 2, 0, 4, 2, 0]
    assert repeats.later.tolist() == [False, False, False, True, False, True, True]
