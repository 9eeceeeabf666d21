"""What became of every row of a load, as arrays beside the frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.reconcile import Reconciled

_TEXT = pa.large_string()


class RowStatus(IntEnum):
    """Where a row stands. ``UNKNOWN`` is only ever seen on the result an error carries."""

    UNKNOWN = 0
    SUCCESSFUL = 1
    FAILED = 2
    UNPROCESSED = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status, Id and error of each row, in the frame's order.

    Attributes
    ----------
    status : numpy int8, one a row
        Values of RowStatus.
    sf_id, sf_created, sf_error : pyarrow string array, one a row
        As the result files have them; null where they have nothing.
    """

    status: npt.NDArray[np.int8]
    sf_id: pa.ChunkedArray
    sf_created: pa.ChunkedArray
    sf_error: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.status)

    @classmethod
    def of(cls, rows: int, status: RowStatus) -> Outcome:
        """Build the outcome of rows that have nothing but a status."""
        nothing = pa.chunked_array([pa.nulls(rows, _TEXT)])
        return cls(np.full(rows, status, np.int8), nothing, nothing, nothing)

    @classmethod
    def answered(cls, paired: Reconciled) -> Outcome:
        """Build the outcome of a part from its paired result rows."""
        texts = (paired.sf_id, paired.sf_created, paired.sf_error)
        return cls(paired.status, *(pa.chunked_array([each], _TEXT) for each in texts))

    @classmethod
    def joined(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Put the outcomes of consecutive parts together."""
        return cls(
            np.concatenate([each.status for each in outcomes]),
            _joined([each.sf_id for each in outcomes]),
            _joined([each.sf_created for each in outcomes]),
            _joined([each.sf_error for each in outcomes]),
        )

    def count(self, status: RowStatus) -> int:
        """Return how many rows have this status."""
        return int(np.count_nonzero(self.status == status))

    def positions(self, *statuses: RowStatus) -> npt.NDArray[np.intp]:
        """Return the positions of the rows with one of these statuses, ascending."""
        return np.flatnonzero(np.isin(self.status, statuses))

    def placed(self, positions: npt.NDArray[np.intp], newer: Outcome) -> Outcome:
        """Return this outcome with the rows at these positions replaced by newer ones."""
        source = np.arange(len(self))
        source[positions] = len(self) + np.arange(len(newer))
        both = Outcome.joined([self, newer])
        picked = pa.array(source)
        return Outcome(
            both.status[source],
            pc.take(both.sf_id, picked),
            pc.take(both.sf_created, picked),
            pc.take(both.sf_error, picked),
        )


def _joined(arrays: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pa.chunked_array([chunk for array in arrays for chunk in array.chunks], _TEXT)
