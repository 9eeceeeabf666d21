import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import ReconcileError
from sfbulk_pandas.reconcile import Answers, reconcile, split_errors
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

TEXT = pa.large_string()
KINDS = {
    "Id": "id",
    "Key__c": "string",
    "Name": "string",
    "Notes": "textarea",
    "Amount": "currency",
    "Staff": "int",
    "Active": "boolean",
    "Day": "date",
    "At": "datetime",
    "Clock": "time",
    "OwnerId": "reference",
}
EMPTY = pa.table({})


def columns(*names, **options):
    return [Column(name, name, FieldDescribe(name, FieldType(KINDS[name]), **options)) for name in names]


def sent(**cells):
    return pa.table({name: pa.array(values, TEXT) for name, values in cells.items()})


def successful(ids, **cells):
    return pa.table({"sf__Id": ids, "sf__Created": ["true"] * len(ids), **cells})


def failed(errors, **cells):
    return pa.table({"sf__Id": [""] * len(errors), "sf__Error": errors, **cells})


def paired(kind, value, echo):
    """Whether one value and its echo find each other, between two rows that must not."""
    other = {"currency": "1", "int": "1", "boolean": "false", "date": "2000-01-01", "time": "00:00:00.000Z"}.get(
        kind, "zz"
    )
    column = Column("X", "X", FieldDescribe("X", FieldType(kind), scale=2))
    answers = Answers(
        successful(["hit"], X=[echo]),
        failed(["E:m:--", "E:m:--"], X=[other, other]),
        pa.table({"X": pa.array([], pa.string())}),
    )
    try:
        done = reconcile(sent(X=[other, value, other]), [column], answers)
    except ReconcileError:
        return False
    return done.sf_id.to_pylist() == [None, "hit", None] and done.status.tolist() == [2, 1, 2]


@pytest.mark.parametrize(
    ("kind", "value", "echo"),
    [
        ("currency", "912260031", "9.12260031E8"),
        ("double", "10", "10.0"),
        ("percent", "0.00001", "1.0E-5"),
        ("double", "-0", "0.0"),
        ("double", "12345678901234567.89", "1.2345678901234568E16"),
        ("int", "15000000", "1.5E7"),
        ("int", "250", "250.0"),
        ("long", "9007199254740993", "9007199254740993"),
        ("boolean", "true", "1"),
        ("boolean", "1", "TRUE"),
        ("date", "2024-01-02", "2024-01-02Z"),
        ("date", "2024-01-02", "2024-01-02T00:00:00.000Z"),
        ("datetime", "2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678+0000"),
        ("datetime", "2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05+00:00"),
        ("datetime", "2024-01-02T03:04:05.000Z", "2024-01-02T05:04:05.000+0200"),
        ("datetime", "2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.000Z"),
        ("time", "03:04:05.000Z", "03:04:05"),
        ("id", "001000000000001", "001000000000001AAA"),
        ("reference", "001000000000001AAA", "001000000000001"),
        ("string", "a\nb", "a\r\nb"),
        ("string", "  padded ", "padded"),
        ("string", None, ""),
        ("string", "#N/A", ""),
        ("string", None, "#N/A"),
        ("currency", "not a number", "not a number"),
        ("currency", "1.239", "1.24"),
        ("datetime", "2024-13-45T00:00:00Z", "2024-13-45T00:00:00Z"),
        ("int", "many", "many"),
        ("date", "2003-04-987654321987654321", "2003-04-987654321987654321"),
        ("string", "NA", "NA"),
    ],
)
def test_one_value_in_two_spellings_is_one_value(kind, value, echo):
    assert paired(kind, value, echo)


@pytest.mark.parametrize(
    ("kind", "value", "echo"),
    [
        ("string", "912260031", "9.12260031E8"),
        ("string", "00123", "123"),
        ("string", "a b", "ab"),
        ("string", "Account 1", "Account 01"),
        ("string", "Case", "case"),
        ("long", "9007199254740993", "9007199254740992"),
        ("id", "001000000000001aaa", "001000000000002aaa"),
        ("string", "0", ""),
        ("date", "2024-01-02", "2024-01-03"),
        ("datetime", "2024-01-02T03:04:05.000Z", "2024-01-02T03:04:06.000Z"),
    ],
)
def test_different_values_stay_different(kind, value, echo):
    assert not paired(kind, value, echo)


def test_joined_values_do_not_run_into_each_other():
    answers = Answers(
        successful(["a", "b"], Name=["1", "12"], Notes=["23", "3"]), failed(["E:m:--"], Name=["123"], Notes=[""]), EMPTY
    )
    done = reconcile(sent(Name=["12", "1", "123"], Notes=["3", "23", None]), columns("Name", "Notes"), answers)
    assert done.sf_id.to_pylist() == ["b", "a", None]


def test_rows_are_found_by_their_key_in_any_order_and_case():
    answers = Answers(
        successful(["i3", "i1"], name=["other text", "x"], KEY__C=["k3", "K1"]),
        failed(["E:m:--"], Key__c=["k2"], Name=["x"]),
        pa.table({"Name": ["x"], "Key__c": ["k4"]}),
    )
    done = reconcile(
        sent(Key__c=["k1", "k2", "k3", "k4"], Name=["x"] * 4), columns("Key__c", "Name"), answers, "key__C", "750"
    )
    assert done.status.tolist() == [1, 2, 1, 3]
    assert done.sf_id.to_pylist() == ["i1", None, "i3", None]
    assert done.sf_created.to_pylist() == ["true", None, "true", None]
    assert done.sf_error.to_pylist() == [None, "E:m:--", None, None]


def test_a_case_sensitive_key_tells_cases_apart():
    answers = Answers(successful(["upper"], Key__c=["A"]), failed(["E:m:--"], Key__c=["a"]), EMPTY)
    done = reconcile(sent(Key__c=["a", "A"]), columns("Key__c", case_sensitive=True), answers, "Key__c")
    assert done.status.tolist() == [2, 1]


def test_numeric_keys_are_found_by_value():
    answers = Answers(successful(["x", "y"], Amount=["2.0E7", "1.0"]), EMPTY, EMPTY)
    done = reconcile(sent(Amount=["1", "20000000"]), columns("Amount"), answers, "Amount")
    assert done.sf_id.to_pylist() == ["y", "x"]


def test_ids_are_found_by_15_characters():
    answers = Answers(
        EMPTY, failed(["E:m:--"], Id=["001000000000002AAA"]), successful([], Id=pa.array([], pa.string()))
    )
    done = reconcile(sent(Id=["001000000000001", "001000000000002"]), columns("Id"), answers, "Id")
    assert done.status.tolist() == [0, 2]
    assert done.missing == 1


def test_repeated_keys_are_told_apart_by_their_other_values():
    answers = Answers(
        successful(["first"], Key__c=["k"], Name=["one"]),
        failed(["DUPLICATE_VALUE:d:--"], Key__c=["k"], Name=["two"]),
        EMPTY,
    )
    done = reconcile(sent(Key__c=["k", "k"], Name=["two", "one"]), columns("Key__c", "Name"), answers, "Key__c")
    assert done.status.tolist() == [2, 1]


def test_equal_rows_half_of_which_failed_are_dealt_out():
    answers = Answers(
        successful(["a", "b"], Name=["x", "x"]), failed(["E:m:--"], Name=["x"]), pa.table({"Name": ["x", "y"]})
    )
    done = reconcile(sent(Name=["x", "x", "y", "x", "x"]), columns("Name"), answers)
    assert sorted(done.status[[0, 1, 3, 4]].tolist()) == [1, 1, 2, 3]
    assert done.status[2] == 3


def test_a_file_that_lacks_columns_is_matched_by_those_it_has():
    answers = Answers(successful(["b", "a"], Notes=["2", "1"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["x", "x"], Notes=["1", "2"]), columns("Name", "Notes"), answers)
    assert done.sf_id.to_pylist() == ["a", "b"]


def test_rows_that_only_a_lacking_column_tells_apart_are_not_guessed():
    answers = Answers(successful(["a"], Name=["x"]), failed(["E:m:--"], Name=["x"]), EMPTY)
    with pytest.raises(ReconcileError, match="lack the columns Notes"):
        reconcile(sent(Name=["x", "x"], Notes=["1", "2"]), columns("Name", "Notes"), answers)
    done = reconcile(sent(Name=["x", "x"], Notes=["1", "1"]), columns("Name", "Notes"), answers)
    assert sorted(done.status.tolist()) == [1, 2]


def test_answers_without_a_column_in_common_are_never_paired_by_position():
    answers = Answers(successful(["a", "b"]), EMPTY, EMPTY)
    with pytest.raises(ReconcileError, match="2 answers belong to no row"):
        reconcile(sent(Name=["x", "x"]), columns("Name"), answers)


def test_blanks_are_forgiven_only_where_nothing_fits_better():
    answers = Answers(successful(["bare", "padded"], Name=["x", " x"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=[" x", "x"]), columns("Name"), answers)
    assert done.sf_id.to_pylist() == ["padded", "bare"]


def test_unknown_answers_are_an_error_that_names_the_difference():
    answers = Answers(successful(["a", "b", "c"], Name=["x", "y", "z"]), EMPTY, EMPTY)
    with pytest.raises(ReconcileError, match=r"job 7501: 2 rows sent, 3 answered .*difference of 1; 1 answers belong"):
        reconcile(sent(Name=["x", "y"]), columns("Name"), answers, part_job="7501")


def test_a_key_answered_twice_is_an_error():
    answers = Answers(successful(["a", "b"], Key__c=["k", "k"], Name=["x", "x"]), EMPTY, EMPTY)
    with pytest.raises(ReconcileError, match="1 answers belong to no row"):
        reconcile(sent(Key__c=["k"], Name=["x"]), columns("Key__c", "Name"), answers, "Key__c")


def test_rows_in_no_file_have_status_0():
    done = reconcile(sent(Name=["x", "y"]), columns("Name"), Answers(successful(["a"], Name=["y"]), EMPTY, EMPTY))
    assert done.status.tolist() == [0, 1]
    assert done.status.dtype == np.int8
    assert done.missing == 1


def test_no_answers_at_all():
    done = reconcile(sent(Name=["x"]), columns("Name"), Answers(EMPTY, EMPTY, EMPTY), "Key__c")
    assert (done.status.tolist(), done.sf_id.to_pylist()) == ([0], [None])


def test_errors_are_split_a_column_at_a_time():
    errors = pa.chunked_array([["A_B:m:F1 F2 --", None], ["A_B:m:F1 F2 --"]])
    code, message, fields = split_errors(errors)
    assert code.to_pylist() == ["A_B", None, "A_B"]
    assert message.to_pylist() == ["m", None, "m"]
    assert fields.to_pylist() == ["F1, F2", None, "F1, F2"]
    assert [len(each) for each in split_errors(pa.nulls(2, pa.string()))] == [2, 2, 2]
