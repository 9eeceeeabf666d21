"""Which rows are refused for a column: those that the check refuses, and those that Salesforce's answer named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sfbulk_pandas.preflight.cells import as_text, read_block
from sfbulk_pandas.preflight.check import check_frame
from sfbulk_pandas.reconcile import each_error
from sfbulk_pandas.reconcile.codes import equal
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.salesforce.status_codes import PASSING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from sfbulk_pandas.mending.terms import Terms
    from sfbulk_pandas.salesforce.columns import Column

    Mask = NDArray[np.bool_]

_PICKLISTS = frozenset({FieldType.PICKLIST, FieldType.MULTIPICKLIST})


@dataclass(frozen=True, slots=True)
class Looked:
    """What the check says of one column.

    Attributes
    ----------
    refused : array of bool, a row a cell
        Where it refuses the row for this column.
    said : DataFrame
        Its findings: ``index`` is the row's position; ``check``, ``suggestion``, ``severity``.
    """

    refused: Mask
    said: pd.DataFrame


def look(frame: pd.DataFrame, label: Hashable, terms: Terms) -> Looked:
    """Check one column of a frame.

    Parameters
    ----------
    frame : DataFrame
    label : Hashable
        Stands once among its columns.
    terms : Terms
    """
    alone = frame.iloc[:, [frame.columns.get_loc(label)]].reset_index(drop=True)
    rename = {label: named} if (named := (terms.call.rename or {}).get(label)) else None
    checked = check_frame(alone, terms.describe, replace(terms.call, columns=[label], rename=rename))
    refused = np.zeros(len(frame), bool)
    refused[checked.blocked] = True
    report = checked.report
    return Looked(refused, report[report["severity"].isin(["row", "note"]) & report["index"].notna()])


@dataclass(frozen=True, slots=True)
class Answers:
    """What Salesforce answered to the rows of a frame, an error a line: a row may have several.

    Attributes
    ----------
    rows : array of int
        The row's position.
    codes, fields : array of str
        Status code, and the names of the fields in lower case, between commas: ``",email,phone,"``.
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.object_]
    fields: NDArray[np.object_]

    @classmethod
    def of(cls, errors: pd.Series[Any]) -> Answers:
        """Read a column of ``sf__Error``; those that pass by themselves are left out."""
        found = each_error(pa.array(errors.astype(object), pa.large_string(), from_pandas=True))
        codes, fields = (each.to_numpy(zero_copy_only=False) for each in (found.code, found.fields))
        lasting = ~np.isin(codes.astype(str), list(PASSING)) if len(codes) else np.zeros(0, bool)
        named = pd.Series(fields[lasting], dtype=object).fillna("").str.lower().str.replace(" ", "")
        return cls(found.rows[lasting], codes[lasting], ("," + named + ",").to_numpy(object))

    def naming(self, column: Column, terms: Terms) -> Mask:
        """Return which of the errors name a column."""
        known = [kind for kind in set(self.fields.tolist()) if terms.names_of(column) & set(kind.split(","))]
        return np.isin(self.fields.astype(str), known) if known else np.zeros(len(self.fields), bool)


def differing(before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Return where the cells of two columns of the same rows differ, by what would be sent of them."""
    if before is after:
        return np.zeros(len(before), bool)
    texts = [as_text(read_block(each, FieldType.STRING)) for each in (before, after)]
    return ~equal(*texts)
