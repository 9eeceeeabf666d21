"""Values that can be put into a query, and those that cannot."""

import pandas as pd
import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.bound import bound


@pytest.mark.parametrize(
    ("value", "message"), [(pd.DataFrame({"Id": ["x"]}), "give one of its columns"), ({"Id": "x"}, "for a dict")]
)
def test_the_keys_of_a_mapping_and_the_labels_of_a_frame_are_never_taken_for_values(value, message):
    with pytest.raises(UsageError, match=message):
        bound("SELECT Id FROM Contact WHERE Id IN {ids}", {"ids": value})
