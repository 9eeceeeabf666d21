"""Why rows failed: a line a cause, in which a row counts once."""

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.jobs.causes import causes_of
from sfbulk_pandas.salesforce.status_codes import PASSING

RULE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
FRAME = pd.DataFrame({"Email": ["a", "b", "c"]}, index=["x", "y", "z"])


def causes(*errors):
    failed = np.arange(3)[3 - len(errors) :]
    return causes_of(FRAME, failed, pa.chunked_array([list(errors)], pa.large_string()), {"email": "Email"})


def test_a_row_counts_once_a_cause_however_often_its_error_names_it():
    found = causes(f"{RULE}:one:--{RULE}:two:--")
    assert found[["code", "fields", "count", "example"]].to_numpy().tolist() == [[RULE, "", 1, "one"]]
    assert found["rows"].tolist() == [["z"]]


def test_a_row_counts_for_each_of_its_causes():
    found = causes(f"{RULE}:one:Email --{RULE}:two:--{RULE}:three:Email --", f"{RULE}:four:Email --")
    assert found[["fields", "count", "example"]].to_numpy().tolist() == [["Email", 2, "one"], ["", 1, "two"]]
    assert found["rows"].tolist() == [["y", "z"], ["y"]]
    assert found["values"].tolist() == [["b", "c"], []]


def test_retrying_helps_where_the_code_passes_by_itself():
    for code in PASSING:
        found = causes(f"{RULE}:one:--", f"{code}:two:--").set_index("code")
        assert found["retry_helps"].to_dict() == {RULE: False, code: True}


def test_rows_that_failed_without_a_reason_are_a_cause_of_their_own():
    found = causes(None, f"{RULE}:one:Email --", "")
    assert found[["code", "fields", "count", "example"]].to_numpy().tolist() == [
        ["", "", 2, ""],
        [RULE, "Email", 1, "one"],
    ]
    assert found["rows"].tolist() == [["x", "z"], ["y"]]
    assert "no status code" in found["advice"][0]
    assert found.dtypes.equals(causes(f"{RULE}:one:Email --").dtypes)
