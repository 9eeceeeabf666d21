import itertools
import random

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.reconcile import Answers, reconcile, split_errors
from sfbulk_pandas.reconcile.codes import dense, refine
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
    done = reconcile(sent(X=[other, value, other]), [column], answers)
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
        ("datetime", "2024-01-02T03:04:05.123456789+00:00", "2024-01-02T03:04:05.123Z"),
        ("datetime", "2024-01-02T03:04:05.9999999Z", "2024-01-02T03:04:05.999+0000"),
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
        ("currency", "1.005", "1.01"),
        ("currency", "-1.005", "-1.01"),
        ("currency", "5.38692", "5.39"),
        ("currency", "-9.2e299", "-9.2E299"),
        ("percent", "+12", "12.0"),
        ("id", "001000000000001AAA", "001000000000001aaa"),
        ("id", "001000000000001AAB", "001000000000001AAA"),
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
        ("string", "\u00e9", "e\u0301"),
        ("double", "1", "=1"),
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
        sent(Key__c=["k1", "k2", "k3", "k4"], Name=["x"] * 4), columns("Key__c", "Name"), answers, "key__C"
    )
    assert done.status.tolist() == [1, 2, 1, 3]
    assert done.sf_id.to_pylist() == ["i1", None, "i3", None]
    assert done.sf_created.to_pylist() == ["true", None, "true", None]
    assert done.sf_error.to_pylist() == [None, "E:m:--", None, None]


def test_a_case_sensitive_key_tells_cases_apart():
    answers = Answers(successful(["upper"], Key__c=["A"]), failed(["E:m:--"], Key__c=["a"]), EMPTY)
    done = reconcile(sent(Key__c=["a", "A"]), columns("Key__c", case_sensitive=True), answers, "Key__c")
    assert done.status.tolist() == [2, 1]
    answers = Answers(successful(["upper"], Key__c=["A "]), EMPTY, EMPTY)
    done = reconcile(sent(Key__c=["a", "A"]), columns("Key__c", case_sensitive=True), answers, "Key__c")
    assert done.status.tolist() == [0, 1]


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
    assert done.unknown_rows == 1


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
    done = reconcile(sent(Name=["x", "x"], Notes=["1", "2"]), columns("Name", "Notes"), answers)
    assert_nothing_certain(done)
    for notes in (["1", None], [None, "1"]):
        assert_nothing_certain(reconcile(sent(Name=["x", "x"], Notes=notes), columns("Name", "Notes"), answers))
    done = reconcile(sent(Name=["x", "x"], Notes=["1", "1"]), columns("Name", "Notes"), answers)
    assert done.status.tolist() == [1, 2]


def test_a_column_that_one_file_lacks_tells_no_rows_apart():
    answers = Answers(successful(["a"], Name=["x"], Notes=["1"]), failed(["E:m:--"], Name=["x"]), EMPTY)
    done = reconcile(sent(Name=["x", "x"], Notes=[None, "1"]), columns("Name", "Notes"), answers)
    assert_nothing_certain(done)


@pytest.mark.parametrize("name", ["x", "x "])  # as it came back, and trimmed by then
def test_answers_that_differ_in_a_column_the_rows_lack_are_not_dealt_out(name):
    one, part = successful(["a"], Name=["x"], Mail=["m1"]), sent(Name=[name, name])
    done = reconcile(part, columns("Name"), Answers(one, failed(["E:m:--"], Name=["x"], MAIL=["m2"]), EMPTY))
    assert_nothing_certain(done)
    done = reconcile(part, columns("Name"), Answers(one, failed(["E:m:--"], Name=["x"], MAIL=["m1"]), EMPTY))
    assert done.status.tolist() == [1, 2]


def assert_nothing_certain(done):
    assert not done.status.any()
    assert done.sf_id.null_count == len(done.status)
    assert done.unmatched_answers == done.unmatched.num_rows > 0


def test_answers_without_a_column_in_common_are_never_paired_by_position():
    answers = Answers(successful(["a", "b"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["x", "x"]), columns("Name"), answers)
    assert_nothing_certain(done)
    assert done.unmatched["sf__Id"].to_pylist() == ["a", "b"]


def test_blanks_at_the_ends_tell_rows_apart_where_they_came_back():
    answers = Answers(successful(["bare", "padded"], Name=["x", " x"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=[" x", "x"]), columns("Name"), answers)
    assert done.sf_id.to_pylist() == ["padded", "bare"]


@pytest.mark.parametrize(
    ("kind", "values", "echoes"),
    [
        ("string", ["A", "A "], ["A"]),
        ("string", ["A", "A "], ["A", "A"]),
        ("textarea", ["a\nb", "a\r\nb"], ["a\nb"]),
        ("string", [None, "#N/A"], [""]),
        ("double", ["1.001", "1.002"], ["1.0"]),
        ("currency", ["1.005", "1.01"], ["1.01"]),
        ("double", ["12345678901234567", "12345678901234568"], ["1.2345678901234568E16"] * 2),
        ("percent", ["12345678901234567", "12345678901234568"], ["1.2345678901234568E16"]),
        ("double", ["1e-400", "0"], ["0.0", "0.0"]),
        ("double", ["0.1", "0.10000000000000000001"], ["0.1", "0.1"]),
        ("datetime", ["2024-01-02T03:04:05.001Z", "2024-01-02T03:04:05.002Z"], ["2024-01-02T03:04:05.001Z"]),
        ("datetime", ["2024-01-02T03:04:05.6789012Z", "2024-01-02T03:04:05.678Z"], ["2024-01-02T03:04:05.678+0000"]),
        ("currency", ["5.38692", "5.39"], ["5.39"]),
        ("string", ["A", "A "], ["A", "A", "A "]),
    ],
)
def test_rows_whose_difference_the_answers_do_not_keep_are_not_guessed(kind, values, echoes):
    column = Column("X", "X", FieldDescribe("X", FieldType(kind), scale=2))
    answers = Answers(successful([f"i{i}" for i in range(len(echoes))], X=echoes), EMPTY, EMPTY)
    done = reconcile(sent(X=values), [column], answers)
    assert_nothing_certain(done)
    assert done.unmatched_answers == len(echoes)


def test_numeric_keys_beyond_what_a_double_tells_apart_are_not_guessed():
    answers = Answers(successful(["b", "a"], Amount=["1.2345678901234568E16"] * 2, Name=["x", "x"]), EMPTY, EMPTY)
    part = sent(Amount=["12345678901234567", "12345678901234568"], Name=["x", "x"])
    assert_nothing_certain(reconcile(part, columns("Amount", "Name"), answers, "Amount"))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("id", ["001000000000001AAB", "001000000000001AAA"]),
        ("reference", ["001000000000001AAA", "001000000000001AAB"]),
        ("double", ["nan", "NaN"]),
        ("double", ["1e999", "1e998"]),
    ],
)
def test_values_that_only_their_text_tells_apart_are_paired_by_it(kind, values):
    for echoes in (values, values[::-1]):
        answers = Answers(successful(echoes[:1], X=echoes[:1]), failed(["E:m:--"], X=echoes[1:]), EMPTY)
        done = reconcile(sent(X=values), [Column("X", "X", FieldDescribe("X", FieldType(kind), scale=18))], answers)
        assert done.status.tolist() == ([1, 2] if echoes[0] == values[0] else [2, 1])


@pytest.mark.parametrize(
    ("kind", "refused", "read"),
    [
        ("int", "1.0", "1"),
        ("int", "1.", "0000000001"),
        ("int", "1E0", "+1"),
        ("int", "+3000000000", "3000000000"),
        ("long", "0000000000000000001", "1"),
        ("long", "1.00", "01"),
        ("boolean", "Yes", "yes"),
        ("boolean", "fal\u017fe", "false"),
        ("boolean", "?0", "0"),
        ("date", "2024-01-01T00:00:00Z", "2024-01-01Z"),
        ("date", "2024-02-30Z", "2024-02-30"),
        ("time", "24:00:00.000Z", "24:00:00"),
        ("time", "03:04:05.1000Z", "03:04:05.1"),
        ("datetime", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00Z"),
        ("datetime", "2024-01-01T00Z", "2024-01-01T00:00:00.000+0000"),
        ("datetime", "2024-01-01T20:00:00+20:00", "2024-01-01T00:00:00+00:00"),
    ],
)
def test_a_cell_that_cannot_be_read_never_takes_the_answer_of_one_that_can(kind, refused, read):
    column = Column("X", "X", FieldDescribe("X", FieldType(kind)))
    answers = Answers(successful(["a"], X=[read]), failed([f"E:{refused}:--"], X=[refused]), EMPTY)
    assert reconcile(sent(X=[refused, read]), [column], answers).status.tolist() == [2, 1]
    assert reconcile(sent(X=[read, refused]), [column], answers).status.tolist() == [1, 2]
    lost = Answers(EMPTY, failed([f"E:{refused}:--"], X=[refused]), EMPTY)
    assert not reconcile(sent(X=[read, refused]), [column], lost).status[0]


@pytest.mark.parametrize(
    ("kind", "values", "echoes"),
    [
        ("int", ["+1", "001"], ["1.0", "1"]),
        ("long", ["15000000", "+15000000"], ["1.5E7", "15000000"]),
        ("boolean", ["TRUE", "1"], ["true", "true"]),
        ("date", ["2024-01-02", "2024-01-02Z"], ["2024-01-02", "2024-01-02T00:00:00.000Z"]),
        ("time", ["03:04:05.5", "03:04:05.50Z"], ["03:04:05.500Z", "03:04:05.500Z"]),
        ("datetime", ["2024-01-02T03:04:05Z", "2024-01-02T05:04:05+0200"], ["2024-01-02T03:04:05.000Z"] * 2),
    ],
)
def test_cells_that_are_read_alike_are_interchangeable(kind, values, echoes):
    answers = Answers(successful(["a"], X=echoes[:1]), failed(["E:m:--"], X=echoes[1:]), EMPTY)
    column = Column("X", "X", FieldDescribe("X", FieldType(kind)))
    assert reconcile(sent(X=values), [column], answers).status.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("kind", "value", "echo"),
    [
        ("int", "15000000", "1.5E7"),
        ("date", "2024-01-02", "2024-01-02T00:00:00.000Z"),
        ("textarea", "one\ntwo", "one\r\ntwo"),
        ("textarea", "one\ntwo", "one\rtwo"),
    ],
)
def test_a_spelling_that_no_row_has_tells_no_rows_apart(kind, value, echo):
    answers = Answers(successful(["bare", "padded"], Name=["a", "a "], X=[echo, echo]), EMPTY, EMPTY)
    both = [*columns("Name"), Column("X", "X", FieldDescribe("X", FieldType(kind)))]
    done = reconcile(sent(Name=["a ", "a"], X=[value, value]), both, answers)
    assert done.sf_id.to_pylist() == ["padded", "bare"]


def test_line_ends_written_in_another_way_do_not_hide_which_row_has_blanks():
    answers = Answers(successful(["bare"], Notes=["a\r\nb"]), failed(["E:m:--"], Notes=["a\r\nb "]), EMPTY)
    assert reconcile(sent(Notes=["a\nb ", "a\nb"]), columns("Notes"), answers).status.tolist() == [2, 1]
    assert_nothing_certain(reconcile(sent(Notes=["a\nb ", "a\r\nb"]), columns("Notes"), answers))


def test_numbers_written_in_other_digits_are_interchangeable():
    values = ["0.30000000000000004", "30000000000000004e-17", "3.0000000000000004E-1"]
    answers = Answers(successful(["a", "b"], Amount=values[:1] * 2), failed(["E:m:--"], Amount=values[:1]), EMPTY)
    assert reconcile(sent(Amount=values), columns("Amount", scale=2), answers).status.tolist() == [1, 1, 2]


def test_a_missing_cell_and_an_empty_one_travel_alike_also_where_they_do_not_come_back():
    answers = Answers(successful(["a"], Name=["x"]), failed(["E:m:--"], Name=["x"]), EMPTY)
    done = reconcile(sent(Name=["x", "x"], Notes=[None, ""]), columns("Name", "Notes"), answers)
    assert done.status.tolist() == [1, 2]


def test_identical_rows_take_fewer_answers_in_order_though_trimmed():
    answers = Answers(successful(["a", "b"], Name=["x", "x"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["x ", "x ", "x "]), columns("Name"), answers)
    assert done.sf_id.to_pylist() == ["a", "b", None]
    assert (done.unknown_rows, done.unmatched_answers) == (1, 0)


def test_surplus_answers_to_a_row_are_not_guessed():
    answers = Answers(successful(["a", "b"], Name=["x", "x"]), EMPTY, EMPTY)
    assert_nothing_certain(reconcile(sent(Name=["x"]), columns("Name"), answers))


def test_surplus_answers_that_all_say_the_same_are_dealt_out():
    answers = Answers(EMPTY, failed(["E:m:--"] * 3, Name=["x", "x", "x "]), EMPTY)
    done = reconcile(sent(Name=["x", "x"]), columns("Name"), answers)
    assert done.status.tolist() == [2, 2]
    assert done.unmatched_answers == 1


def test_surplus_answers_with_different_errors_are_not_dealt_out():
    answers = Answers(EMPTY, failed(["E:m:--", "F:m:--"], Name=["x", "x"]), EMPTY)
    assert_nothing_certain(reconcile(sent(Name=["x"]), columns("Name"), answers))


def test_an_answer_to_a_row_that_was_never_sent_is_returned_as_it_came():
    answers = Answers(successful(["a", "b", "c"], NAME=["x", "y", " z"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["x", "y"], Notes=[None, None]), columns("Name", "Notes"), answers)
    assert done.status.tolist() == [1, 1]
    assert done.unmatched.to_pylist() == [
        {
            "file": "successfulResults",
            "sf__Id": "c",
            "sf__Created": "true",
            "sf__Error": None,
            "Name": " z",
            "Notes": None,
        }
    ]


def test_unmatched_answers_name_their_file():
    answers = Answers(successful([], Name=[]), failed(["E:m:--"], Name=["f"]), pa.table({"Name": ["u"]}))
    done = reconcile(sent(Name=["x"]), columns("Name"), answers)
    assert done.unmatched["file"].to_pylist() == ["failedResults", "unprocessedrecords"]
    assert done.unmatched["sf__Id"].to_pylist() == ["", None]


def test_a_key_answered_twice_is_not_guessed():
    answers = Answers(successful(["a", "b"], Key__c=["k", "K"], Name=["x", "x"]), EMPTY, EMPTY)
    done = reconcile(sent(Key__c=["k"], Name=["x"]), columns("Key__c", "Name"), answers, "Key__c")
    assert_nothing_certain(done)


def test_repeated_keys_whose_rows_differ_only_in_what_was_trimmed_are_not_guessed():
    answers = Answers(successful(["a"], Key__c=["k"]), failed(["E:m:--"], Key__c=["k"]), EMPTY)
    assert_nothing_certain(reconcile(sent(Key__c=["k", "k "]), columns("Key__c"), answers, "Key__c"))


def test_a_repeated_key_with_one_answer_is_not_guessed():
    answers = Answers(successful(["a"], Key__c=["k"], Name=["x"]), EMPTY, EMPTY)
    part = sent(Key__c=["k", "K"], Name=["x", "x"])
    assert_nothing_certain(reconcile(part, columns("Key__c", "Name"), answers, "Key__c"))
    done = reconcile(sent(Key__c=["k", "K"], Name=["y", "x"]), columns("Key__c", "Name"), answers, "Key__c")
    assert done.status.tolist() == [0, 1]


def test_keys_are_trimmed():
    answers = Answers(successful(["b", "a"], Key__c=["k2", "k1"]), EMPTY, EMPTY)
    done = reconcile(sent(Key__c=[" k1", "k2 "]), columns("Key__c"), answers, "Key__c")
    assert done.sf_id.to_pylist() == ["a", "b"]


def test_one_id_in_three_spellings_is_one_record():
    answers = Answers(
        successful(["a"] * 2, Id=["001000000000001AAA"] * 2), failed(["E:m:--"], Id=["001000000000001AAA"]), EMPTY
    )
    part = sent(Id=["001000000000001", "001000000000001aaa", "001000000000001AAA"])
    assert reconcile(part, columns("Id"), answers, "Id").status.tolist() == [1, 1, 2]


def test_ids_that_differ_in_case_alone_are_different():
    answers = Answers(successful(["upper", "lower"], Id=["00100000000000BAAA", "00100000000000bAAA"]), EMPTY, EMPTY)
    done = reconcile(sent(Id=["00100000000000b", "00100000000000B"]), columns("Id"), answers, "Id")
    assert done.sf_id.to_pylist() == ["lower", "upper"]


def test_any_permutation_of_rows_columns_and_header_case():
    rows = list(itertools.product("ab", ["1", "2"], ["true", "false"]))
    for seed in range(20):
        order = random.Random(seed).sample(range(len(rows)), len(rows))
        name, staff, active = (list(each) for each in zip(*(rows[i] for i in order), strict=True))
        answers = Answers(successful([str(i) for i in order], ACTIVE=active, name=name, Staff=staff), EMPTY, EMPTY)
        cells = zip(*rows, strict=True)
        part = sent(**{header: list(each) for header, each in zip(("Name", "Staff", "Active"), cells, strict=True)})
        done = reconcile(part, columns("Name", "Staff", "Active"), answers)
        assert done.sf_id.to_pylist() == [str(i) for i in range(len(rows))]


def test_text_with_a_leading_zero_differs_and_a_number_does_not():
    answers = Answers(successful(["a", "b"], Name=["123", "0123"], Staff=["7", "8"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["0123", "123"], Staff=["008", "07"]), columns("Name", "Staff"), answers)
    assert done.sf_id.to_pylist() == ["b", "a"]


def test_exponents_and_quoted_line_breaks_among_other_cells():
    answers = Answers(
        successful(["b", "a"], Amount=["9.12260031E8", "1.25"], Notes=["one\r\ntwo", 'say "x"']), EMPTY, EMPTY
    )
    done = reconcile(
        sent(Amount=["1.249", "912260031"], Notes=['say "x"', "one\ntwo"]),
        columns("Amount", "Notes", scale=2),
        answers,
    )
    assert done.sf_id.to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "bad", "value", "echo"),
    [
        ("currency", "12,5", "20000000", "2.0E7"),
        ("datetime", "2024-13-45T00:00:00Z", "2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05.000+0000"),
        ("datetime", "2023-02-29T00:00:00Z", "2024-02-29T03:04:05.000Z", "2024-02-29T03:04:05.000+0000"),
        ("datetime", "soon", "2024-01-02T05:04:05+02", "2024-01-02T03:04:05.000Z"),
        ("datetime", "soon", "2024-01-02T05:04+02", "2024-01-02T03:04:00.000Z"),
        ("int", "many", "15000000", "1.5E7"),
        ("int", "1E999999999", "15000000", "1.5E7"),
        ("double", "?=1.0", "=1.0", "=1.0"),
    ],
)
def test_a_cell_echoed_raw_does_not_change_how_others_compare(kind, bad, value, echo):
    column = Column("X", "X", FieldDescribe("X", FieldType(kind), scale=2))
    answers = Answers(successful(["good"], X=[echo]), failed(["E:m:--"], X=[bad]), EMPTY)
    done = reconcile(sent(X=[bad, value, bad]), [column], answers)
    assert done.sf_id.to_pylist() == [None, "good", None]
    assert done.status.tolist() == [2, 1, 0]


@pytest.mark.parametrize("digits", ["1" * 29, "1" * 20 + "." + "1" * 15])
def test_whole_numbers_beyond_decimals_are_compared_as_text(digits):
    one, other = f"+{digits}1", f"+{digits}2"
    answers = Answers(successful(["a"], Staff=[one]), EMPTY, EMPTY)
    done = reconcile(sent(Staff=[other, one]), columns("Staff"), answers)
    assert done.sf_id.to_pylist() == [None, "a"]


def test_an_answer_that_shares_some_values_with_a_row_is_not_its_answer():
    answers = Answers(successful(["a", "b"], Name=["x", "y"], Notes=["1", "3"]), EMPTY, EMPTY)
    done = reconcile(sent(Name=["x", "y"], Notes=["1", "2"]), columns("Name", "Notes"), answers)
    assert done.sf_id.to_pylist() == ["a", None]
    assert done.unmatched["Notes"].to_pylist() == ["3"]


def test_a_blank_key_is_no_key():
    answers = Answers(successful(["a"], Key__c=[""], Name=["other"]), EMPTY, EMPTY)
    assert_nothing_certain(reconcile(sent(Key__c=[None], Name=["x"]), columns("Key__c", "Name"), answers, "Key__c"))


def test_nothing_sent_leaves_every_answer_unmatched():
    done = reconcile(sent(Name=[]), columns("Name"), Answers(successful(["a"], Name=["x"]), EMPTY, EMPTY))
    assert (len(done.status), done.unmatched_answers) == (0, 1)


def test_rows_in_no_file_have_status_0():
    done = reconcile(sent(Name=["x", "y"]), columns("Name"), Answers(successful(["a"], Name=["y"]), EMPTY, EMPTY))
    assert done.status.tolist() == [0, 1]
    assert done.status.dtype == np.int8
    assert done.unknown_rows == 1


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


def test_pairs_of_codes_of_a_large_part_are_told_apart_and_numbered_from_0():
    """Their product passes 32 bits: the last pair would be the first one there; and a table of it takes no room."""
    codes = np.arange(2**16 + 1, dtype=np.int32)
    for more in (codes % 2**16, codes[::-1], codes // 2, codes * 0):
        assert sorted(refine(codes, more)) == codes.tolist()


def test_numbers_of_codes_have_no_gaps():
    assert dense(np.array([7, 3, 7, 12], np.int32)).tolist() == [1, 0, 1, 2]
