"""Which rows are refused for a column: those that the check refuses, and those that Salesforce's answer named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfbulk_pandas.preflight.cells import as_text, read_block
from sfbulk_pandas.preflight.check import find_problems
from sfbulk_pandas.preflight.texts import SPELLED_OTHERWISE
from sfbulk_pandas.reconcile.codes import equal
from sfbulk_pandas.salesforce.status_codes import PASSING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from sfbulk_pandas.mending.terms import Terms
    from sfbulk_pandas.preflight.problems import Problem
    from sfbulk_pandas.salesforce.columns import Column

    Mask = NDArray[np.bool_]

ERROR, CODE, FIELDS = "sf__Error", "error_code", "error_fields"


def look(frame: pd.DataFrame, label: Hashable, terms: Terms) -> list[Problem]:
    """Return what is wrong with the cells of one column: what the check refuses, and what a picklist spells otherwise.

    Parameters
    ----------
    frame : DataFrame
    label : Hashable
        Stands once among its columns.
    terms : Terms
    """
    columns = [column for column in terms.columns if column.label == label]
    found = find_problems(frame, columns, terms.describe, terms.call)
    return [each for each in found if each.severity == "row" or each.check == SPELLED_OTHERWISE]


def mask_of(problems: list[Problem], rows: int) -> Mask:
    """Return which of so many rows have a problem."""
    mask = np.zeros(rows, bool)
    for each in problems:
        mask[each.positions] = True
    return mask


@dataclass(frozen=True, slots=True)
class Answers:
    """What Salesforce answered to rows, and what does not pass by itself: a line a row that has failed.

    Attributes
    ----------
    rows : array of int
        The row's position.
    codes : array of str
        The first status code of each.
    kinds : list of str
        The names of fields that come together, in lower case with commas between.
    which : array of int
        Which of the kinds each answer has.
    messages : pandas.Series
        All of ``sf__Error``.
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.object_]
    kinds: list[str]
    which: NDArray[np.intp]
    messages: pd.Series[Any]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Answers:
        """Read the columns that a result adds to rows."""
        codes = frame[CODE].astype(object)
        rows = np.flatnonzero(codes.notna() & ~codes.isin(PASSING))
        which, kinds = pd.factorize(frame[FIELDS].iloc[rows].astype(object).fillna(""))
        names = [str(kind).lower().replace(" ", "") for kind in kinds]
        return cls(rows, codes.to_numpy(object)[rows], names, which, frame[ERROR].iloc[rows].astype(object))

    def naming(self, column: Column, terms: Terms, cells: pd.Series[Any]) -> Mask:
        """Return which of them name a column: by its field, or a parent's key by its value, for want of a field."""
        known = [bool(terms.names_of(column) & set(kind.split(","))) for kind in self.kinds]
        named: Mask = np.array([*known, False], bool)[self.which]
        if "." in column.header and "" in self.kinds:
            at = np.flatnonzero(self.which == self.kinds.index(""))
            named[at] = is_told(cells.iloc[self.rows[at]], self.messages.iloc[at])
        return named


def is_told(cells: pd.Series[Any], messages: pd.Series[Any]) -> Mask:
    """Tell of each cell whether its message holds it, in any case."""
    pairs = zip(cells.astype(object), messages, strict=True)
    told = [str(cell).lower() in message.lower() if pd.notna(cell) and str(cell) else False for cell, message in pairs]
    return np.array(told, bool)


def differing(before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Return where the cells of two columns of the same rows differ, by what would be sent of them."""
    if before is after:
        return np.zeros(len(before), bool)
    texts = [as_text(read_block(each, None)) for each in (before, after)]
    return ~equal(*texts)
