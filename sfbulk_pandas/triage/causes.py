"""The causes for which rows of a load are still open, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfbulk_pandas.salesforce.status_codes import PASSING, advice_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNPROCESSED = "not processed"
_UNPROCESSED_ADVICE = "nothing is wrong with these rows: Salesforce did not come to them, or they were never sent"


@dataclass(frozen=True, eq=False)
class Cause:
    """One cause, and its rows.

    Attributes
    ----------
    code : str
        The status code; ``"not processed"`` where there is none.
    fields : str
        The fields that the answer names.
    rows : array of int
        The positions of its rows among all that are open.
    message : str
        Salesforce's own words for the first of them.
    """

    code: str
    fields: str
    rows: NDArray[np.int64]
    message: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether Salesforce refused the rows."""
        return self.code != UNPROCESSED

    @property
    def passes(self) -> bool:
        """Whether the cause passes by itself: then a retry is all that is needed."""
        return not self.is_failure or self.code in PASSING

    @property
    def advice(self) -> str:
        """What it means, and what usually mends it."""
        return advice_for(self.code) if self.is_failure else _UNPROCESSED_ADVICE

    @property
    def name(self) -> str:
        """The code and the fields."""
        return f"{self.code} {self.fields}".strip() or "no status code"


def causes_of(frame: pd.DataFrame) -> tuple[Cause, ...]:
    """Return the causes of the rows of a result, the most frequent first.

    Parameters
    ----------
    frame : DataFrame
        Rows as a result hands them out, with ``sf__Error``, ``error_code``, ``error_fields`` and ``error_message``.
    """
    is_open = frame["sf__Error"].isna().to_numpy(bool)
    codes = frame["error_code"].astype(object).fillna("").where(~is_open, UNPROCESSED)
    fields = frame["error_fields"].astype(object).fillna("")
    which, kinds = pd.factorize(pd.Series(list(zip(codes, fields, strict=True)), dtype=object))
    found = [
        _cause(frame, str(code), str(named), np.flatnonzero(which == at)) for at, (code, named) in enumerate(kinds)
    ]
    return tuple(sorted(found, key=lambda cause: -len(cause.rows)))


def _cause(frame: pd.DataFrame, code: str, fields: str, rows: NDArray[np.int64]) -> Cause:
    return Cause(code, fields, rows, _message(frame, int(rows[0])))


def _message(frame: pd.DataFrame, row: int) -> str:
    message = frame["error_message"].iloc[row]
    return "" if pd.isna(message) else str(message)
