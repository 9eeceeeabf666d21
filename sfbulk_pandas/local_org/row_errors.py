"""What is wrong with rows: the first fault of each, in Salesforce's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.local_org.values import from_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.local_org.values import Mask


class RowErrors:
    """Gather the ``sf__Error`` of each row of a slice; a later one never replaces an earlier.

    Parameters
    ----------
    rows : int

    Attributes
    ----------
    failed : array of bool
        Where a row has an error.
    """

    def __init__(self, rows: int) -> None:
        self.failed: Mask = np.zeros(rows, bool)
        self._places: list[np.ndarray] = []
        self._texts: list[pa.StringArray] = []

    def add(self, wrong: Mask | None, texts: Callable[[Mask], pa.StringArray] | str) -> None:
        """Fail rows.

        Parameters
        ----------
        wrong : array of bool or None
            The rows; those that failed before are passed over. None: no row.
        texts : callable or str
            Called with the mask of the rows that fail now, returns their texts; or one text for all.
        """
        if wrong is None:
            return
        new = wrong & ~self.failed
        count = int(np.count_nonzero(new))
        if count:
            self._places.append(np.flatnonzero(new))
            self._texts.append(pa.repeat(texts, count).cast(pa.string()) if isinstance(texts, str) else texts(new))
            self.failed |= new

    def merge(self, rows: np.ndarray, other: RowErrors) -> None:
        """Take over the errors of some rows that were looked at by themselves.

        Parameters
        ----------
        rows : array of int
            Which rows of this slice the other's rows are.
        other : RowErrors
        """
        for places, texts in zip(other._places, other._texts, strict=True):
            self._places.append(rows[places])
            self._texts.append(texts)
            self.failed[rows[places]] = True

    def texts(self) -> pa.StringArray:
        """Return the texts of the failed rows, in the rows' order."""
        if not self._places:
            return pa.array([], pa.string())
        order = np.argsort(np.concatenate(self._places), kind="stable")
        return pa.concat_arrays([each.cast(pa.string()) for each in self._texts]).take(pa.array(order))


def about(before: str, values: pa.StringArray, after: str) -> Callable[[Mask], pa.StringArray]:
    """Return what builds an error text around each row's value."""

    def build(rows: Mask) -> pa.StringArray:
        return pc.binary_join_element_wise(pa.scalar(before), values.filter(from_mask(rows)), pa.scalar(after), "")

    return build
