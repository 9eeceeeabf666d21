"""Rows that a result gave and somebody has mended, in the form in which they are sent again."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy import intp
    from numpy.typing import NDArray

RESULT_COLUMNS = ("sf__Id", "sf__Created", "sf__Error", "error_code", "error_message", "error_fields", "sf__Attempts")


def given_rows(rows: object) -> pd.DataFrame:
    """Return mended rows.

    Raises
    ------
    UsageError
        Where they are no DataFrame.
    """
    if isinstance(rows, pd.DataFrame):
        return rows
    hint = "mend the frame that result.failed gives, and give it whole"
    raise UsageError(f"mended rows are a DataFrame, not a {type(rows).__name__}", hint=hint)


def added_to(rows: pd.DataFrame, key: Hashable = None) -> list[str]:
    """Return the columns that a result has added, but for the one whose Ids are the key by which rows were sent."""
    return [name for name in RESULT_COLUMNS if name in rows.columns and name != key]


def as_sent(
    rows: pd.DataFrame, frame: pd.DataFrame, positions: NDArray[intp], labels: Mapping[str, Hashable]
) -> pd.DataFrame:
    """Return mended rows without what results add; a column of such a name that was sent is as it was then.

    Parameters
    ----------
    rows : DataFrame
    frame : DataFrame
        All rows of the load.
    positions : array of int
        Which of them these are.
    labels : mapping of field name in lower case to column label
        What was sent.
    """
    sent = set(labels.values())
    lacking = [repr(label) for label in frame.columns if label in sent and label not in rows.columns]
    if lacking:
        warnings.warn(f"the rows lack {', '.join(lacking)}, which is not sent this time", stacklevel=4)
    added = added_to(rows, labels.get("id"))
    own = {name: frame[name].take(positions).array for name in added if name in sent}
    return rows.drop(columns=added).assign(**own)
