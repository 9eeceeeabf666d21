"""Texts of ``sf__Error``: what went in comes out, and the reader of one text and that of a column agree on any."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from sfbulk_pandas.reconcile import each_error, split_errors
from sfbulk_pandas.salesforce.row_error import RowError, split_row_errors, summarise_row_errors

CODES = st.sampled_from(["REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "CODE_X", "X_Y", "A_1_B"])
NAMES = st.sampled_from(["Name", "Name__c", "Parent__r.Key__c", "F1", "Größe__c", "x"])
# Salesforce's sentences, with all that looks like a part of the form but is none: dashes, colons, words in capitals.
WORDS = st.sampled_from(
    ["a", "B", "m:", "Name:", "--", " -- ", "-", "see -- b", "A--B", "Ratio:A--B:1", "x --STOP: wait", "B--STRING_X: y",
     "it isn't", "(max length=80)", "[F1, F2]", ",", "\n", "\u00fc", "CODE:", "NO_CODE is", "10:30"]
)  # fmt: skip
MESSAGES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join).map(str.strip).filter(bool)
ERRORS = st.builds(RowError, CODES, MESSAGES, st.lists(NAMES, max_size=3, unique=True).map(tuple))
COMMAS = st.sampled_from([" ", ",", ", "])
ENDS = st.sampled_from(["--", " --", "-- ", " --\n"])
ANY_PIECE = st.sampled_from(
    [
        "A_B",
        "C",
        "C_D:",
        ":",
        "--",
        " --",
        "-",
        " ",
        ",",
        "Name",
        "F1 F1",
        "\n",
        "\x1c",
        "\x85",
        "\u3000",
        "é",
        ".",
        "_",
        "1st",
    ]
)


@st.composite
def written(draw):
    errors = draw(st.lists(ERRORS, min_size=1, max_size=3))
    return errors, "".join(
        f"{each.code}:{each.message}:{draw(COMMAS).join(each.fields)}{draw(ENDS)}" for each in errors
    )


def assert_read_alike(text):
    column = pa.array([text], pa.large_string())
    assert tuple(each.to_pylist() for each in split_errors(column)) == tuple(
        [each] for each in summarise_row_errors(text)
    )
    found, one = each_error(column), split_row_errors(text)
    read = zip(*(each.to_pylist() for each in (found.code, found.message, found.fields)), strict=True)
    assert list(read) == [(each.code, each.message, ", ".join(each.fields)) for each in one]


@given(written())
@example(([RowError("CODE_X", "Name__c", ("Name",))], "CODE_X:Name__c:Name--"))
@example(([RowError("CODE_X", "m", ("F1", "F2"))], "CODE_X:m:F1,F2--"))
def test_errors_come_out_as_they_went_in(case):
    errors, text = case
    assert list(split_row_errors(text)) == errors
    assert_read_alike(text)


@given(st.lists(ANY_PIECE, max_size=12).map("".join))
@example("A_B:m:F1 F1 --")
@example("--")
def test_any_text_is_read_alike_by_both(text):
    assert_read_alike(text)
