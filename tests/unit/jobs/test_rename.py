"""What ``rename=`` may be, and what is said of the rest."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.options import LoadOptions


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        ({"a": 5}, "maps 'a' to 5, which is no text"),
        ({"a": ["X", "Y"]}, r"maps 'a' to \['X', 'Y'\], which is no text"),
        (5, "rename=5 is no mapping"),
        (["a"], r"rename=\['a'\] is no mapping"),
        ("a\0b", r"'a\\x00b' cannot be read"),
        ({pd.Timestamp("2024-01-01"): "Name"}, "neither a text nor a number"),
        ({dt.date(2024, 1, 1): "Name"}, "neither a text nor a number"),
        ({np.datetime64("2024-01-01"): "Name"}, "neither a text nor a number"),
        ({("a", pd.Period("2024-01")): "Name"}, "neither a text nor a number"),
    ],
)
def test_what_no_mapping_can_be_is_refused_in_words(rename, said):
    with pytest.raises(UsageError, match=said):
        with_mapping(LoadOptions(rename=rename))


def test_labels_that_the_journal_gives_back_are_taken():
    rename = {"a": "Name", 1: "Phone", np.int64(2): "Fax", 1.5: "Site", ("a", None, 3): "Industry", False: "Type"}
    options = LoadOptions(rename=rename)
    assert with_mapping(options) is options
    assert LoadOptions.from_json(options.to_json()).rename == rename
