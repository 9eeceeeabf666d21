"""The options of a load: what cannot be right is refused at once, and numbers are plain."""

import json

import numpy as np
import pandas as pd
import pytest

from sfbulk_pandas.errors import JournalError, UsageError
from sfbulk_pandas.jobs.options import LoadOptions

COUNTS = {"part_bytes": 1, "part_rows": 1, "parallel_parts": 1, "row_retries": 0}  # and the least of each


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("given", [1.5, 2.0, "2", True, np.bool_(1), -1, np.int64(-1), float("nan"), pd.NA, [2]])
def test_what_is_no_count_is_refused_with_what_to_give(name, given):
    with pytest.raises(UsageError, match=f"{name}=.* does not fit") as caught:
        LoadOptions(**{name: given})
    assert "np." not in str(caught.value)
    assert "whole number" in caught.value.hint


@pytest.mark.parametrize("name", sorted(COUNTS.keys() - {"part_rows"}))
def test_only_part_rows_may_be_none(name):
    assert LoadOptions(part_rows=None).part_rows is None
    with pytest.raises(UsageError, match=f"{name}=None does not fit"):
        LoadOptions(**{name: None})


@pytest.mark.parametrize(("name", "least"), COUNTS.items())
@pytest.mark.parametrize("kind", [int, np.int64, np.uint8])
def test_whole_numbers_of_any_kind_are_kept_as_plain_ones(name, least, kind):
    options = LoadOptions(**{name: kind(least)})
    assert type(getattr(options, name)) is int
    assert json.loads(json.dumps(options.to_json()))[name] == least
    with pytest.raises(UsageError, match=f"{name}={least - 1} "):
        LoadOptions(**{name: least - 1})


def test_a_part_is_100_mb_of_csv_where_nothing_is_said():
    assert LoadOptions().part_bytes == 100_000_000


def test_a_part_is_no_larger_than_salesforce_takes():
    most = 112_500_000
    assert most // 3 * 4 == 150_000_000  # in base64
    assert LoadOptions(part_bytes=most).part_bytes == most
    with pytest.raises(UsageError, match="does not fit") as caught:
        LoadOptions(part_bytes=most + 1)
    assert "112,500,000" in caught.value.hint


@pytest.mark.parametrize("given", [None, 0, 2.5, np.int64(3), np.float32(0.5), float("inf")])
def test_a_wait_is_a_number_of_seconds(given):
    assert LoadOptions(wait_seconds=given).wait_seconds == given


@pytest.mark.parametrize("given", ["5", True, -1, np.float64(-0.5), float("nan"), pd.Timedelta("1s"), pd.NA])
def test_another_wait_is_refused(given):
    with pytest.raises(UsageError, match=r"wait_seconds=.* does not fit") as caught:
        LoadOptions(wait_seconds=given)
    assert "np." not in str(caught.value)
    assert "seconds" in caught.value.hint


def test_columns_are_several_and_a_policy_is_one_word():
    with pytest.raises(UsageError, match="columns=5 is no list of column labels"):
        LoadOptions(columns=5)
    with pytest.raises(UsageError, match=r"nulls=\['clear'\] is no policy"):
        LoadOptions(nulls=["clear"])


def test_a_correlation_field_is_named_by_a_text():
    with pytest.raises(UsageError, match="correlation_field=5 is no name") as caught:
        LoadOptions(correlation_field=np.int64(5))
    assert "text field" in caught.value.hint


@pytest.mark.parametrize("held", [LoadOptions().to_json() | {"newer": 1}, {"nulls": "ignore"}])
def test_options_of_another_version_are_an_error_of_the_journal(held):
    with pytest.raises(JournalError, match="this version does not know"):
        LoadOptions.from_json(held)
